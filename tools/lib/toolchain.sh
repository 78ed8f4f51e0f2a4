# SPDX-License-Identifier: AGPL-3.0-or-later
# Sourced by the tools: the Swift toolchain and the one set of flags everything is built with.

# The flags of every build and test, so that none rebuilds what another has built. The index store stays on: without it
# SwiftPM on Linux cannot list the tests.
build_flags=(--explicit-target-dependency-import-check error)

# The oldest Swift that reads Package.swift.
swift_needed=6.2

# Puts Swift on PATH, looking where Debian users unpack it; ends the tool when there is none.
locate_swift() {
    local folder
    if ! command -v swift >/dev/null 2>&1; then
        for folder in /opt/swift/usr/bin /opt/swift*/usr/bin /usr/share/swift/usr/bin /usr/local/swift/usr/bin \
            "${HOME:-/nonexistent}/.local/share/swiftly/bin" "${HOME:-/nonexistent}"/swift*/usr/bin; do
            if [ -x "$folder/swift" ]; then
                PATH="$folder:$PATH"
                break
            fi
        done
    fi
    command -v swift >/dev/null 2>&1 || fail \
        "no Swift toolchain was found, neither on PATH nor under /opt/swift or /usr/share/swift." \
        "找不到 Swift 工具链：PATH、/opt/swift 和 /usr/share/swift 下都没有。" \
        "unpack Swift $swift_needed or newer for Debian 12 from swift.org to /opt/swift, then run this again." \
        "从 swift.org 下载 Debian 12 用的 Swift $swift_needed 或更新版本，解压到 /opt/swift，然后再运行一次。"
}

# As above, and ends the tool when Swift does not answer or is too old.
find_swift() {
    local version
    locate_swift
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1) || true
    [ -n "$version" ] || fail \
        "'swift --version' does not answer; the toolchain at $(command -v swift) is damaged or lacks a library." \
        "“swift --version” 没有正常回答；$(command -v swift) 处的工具链已损坏或缺少依赖库。" \
        "run tools/setup; if that does not help, unpack the toolchain anew." \
        "运行 tools/setup；若无效，请重新解压工具链。"
    [ "$(printf '%s\n' "$swift_needed" "$version" | sort -V | head -n 1)" = "$swift_needed" ] || fail \
        "Swift $version is too old; Martlet needs $swift_needed or newer." \
        "Swift $version 太旧；Martlet 需要 $swift_needed 或更新版本。" \
        "unpack a newer toolchain to /opt/swift and put /opt/swift/usr/bin first on PATH." \
        "把更新的工具链解压到 /opt/swift，并把 /opt/swift/usr/bin 放到 PATH 最前面。"
    swift_version=$version
}

# build_folder debug|release: where SwiftPM put the programs.
build_folder() { printf '%s/.build/%s' "$root" "$1"; }
