# SPDX-License-Identifier: AGPL-3.0-or-later
# Sourced by the tools: how they speak to a person, in English or Chinese by the locale.

chinese() { [[ "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" == zh* ]]; }

# text ENGLISH CHINESE: the one for this reader.
text() { if chinese; then printf '%s' "$2"; else printf '%s' "$1"; fi; }

# say ENGLISH CHINESE: one line about what is done now.
say() { printf '\033[1m==>\033[0m %s\n' "$(text "$1" "$2")" | plain_unless_terminal; }

# note ENGLISH CHINESE: a detail under the line before it.
note() { printf '    %s\n' "$(text "$1" "$2")"; }

# fail ENGLISH CHINESE [ENGLISH CHINESE]: what went wrong, what to do about it; ends the tool.
fail() {
    {
        printf '\033[1;31m%s\033[0m %s\n' "$(text 'Error:' '出错：')" "$(text "$1" "$2")"
        [ $# -lt 4 ] || printf '%s %s\n' "$(text 'What to do:' '怎么办：')" "$(text "$3" "$4")"
    } | plain_unless_terminal >&2
    exit 1
}

# Colours are for terminals; a log gets plain text.
plain_unless_terminal() { if [ -t 1 ] || [ -t 2 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi; }
