# SPDX-License-Identifier: AGPL-3.0-or-later
# Sourced by the tools: where the site, its data and its sounds are.

site=${MARTLET_SITE:-$root/Dialplans/default}
if [ -n "${MARTLET_DATA:-}" ]; then
    data=$MARTLET_DATA
elif [ "$(id -u)" = 0 ]; then
    data=/var/lib/martlet
else
    data=${XDG_DATA_HOME:-${HOME:-/nonexistent}/.local/share}/martlet
fi
sounds=${MARTLET_SOUNDS:-$root/.build/sounds}

# seat_secret NUMBER: the generated secret of a seat, nothing when there is none yet.
seat_secret() {
    [ -r "$data/secrets.toml" ] || return 0
    sed -nE '/^\[seats\]/,/^\[[^s]/ s/^"?'"$1"'"?[[:space:]]*=[[:space:]]*"([^"]*)".*/\1/p' "$data/secrets.toml" | head -n 1
}
