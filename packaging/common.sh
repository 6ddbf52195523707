# What the scripts of all packages begin with. They run in the root of the repository and have
# an empty folder, $folder, which is removed at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
built=${CARGO_TARGET_DIR:-$root/target}/release
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Ends with the status that means "skipped" if a program is missing.
need() {
    local program
    for program; do
        command -v "$program" > /dev/null || {
            echo "$program is not installed"
            exit 77
        }
    done
}

# expect TEXT COMMAND...: checks what a command prints.
expect() {
    local told
    told=$("${@:2}")
    [ "$told" = "$1" ] || {
        printf '%s\nprints:\n%s\nexpected:\n%s\n' "${*:2}" "$told" "$1"
        return 1
    }
}

# Checks that a command fails.
fails() {
    if "$@"; then
        echo "succeeded: $*"
        return 1
    fi
}

# Checks that a folder has nothing left but other folders.
empty() {
    local left
    left=$(find "$1" ! -type d)
    [ -z "$left" ] || {
        printf 'not removed:\n%s\n' "$left"
        return 1
    }
}
