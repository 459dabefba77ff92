# How the installer speaks and acts. Sourced by install.sh; every change of the machine goes through `run` or `put`.
# shellcheck shell=sh disable=SC2154 # what is not assigned here is an option of install.sh

changed=""
notices=0

# Both languages, one line each.
tell() { printf '%s\n%s\n' "$1" "$2"; }
warn() { notices=$((notices + 1)) && printf 'warning: %s\n警告：%s\n' "$1" "$2" >&2; }
# What is wrong and what to do next; nothing was changed when it comes from checks.sh.
fault() { printf 'error: %s\n错误：%s\n' "$1" "$2" >&2 && exit 2; }

# Does a command, and says so first; with --dry-run it only says so.
run() {
    printf '+ %s\n' "$*"
    changed="$changed $1"
    [ "$dry_run" = 1 ] || "$@" || fault "This failed: $*. Mend what it says above, then run the installer again." \
        "此命令失败：$*。请按上面的提示处理，再次运行安装程序。"
}

# As `run`, but only on the machine itself, never for a --root.
run_here() { [ -n "$root" ] || run "$@"; }

# Whether a file in the root is just what `source` is, with that mode.
same() { [ -f "$2" ] && cmp -s "$1" "$2" && [ "$(stat -c %a "$2")" = "${3#0}" ]; }

# put SOURCE DESTINATION MODE OWNER[:GROUP]: the destination is written whole or not at all, and not when it is so already.
put() {
    if same "$1" "$root$2" "$3"; then return; fi
    printf '+ write %s (mode %s, of %s)\n' "$2" "$3" "$4"
    changed="$changed $2"
    if [ "$dry_run" = 1 ]; then return; fi
    install -D -m "$3" "$1" "$root$2.new"
    own "$4" "$root$2.new"
    mv -f "$root$2.new" "$root$2"
}

# folder PATH MODE OWNER[:GROUP]
folder() {
    if [ -d "$root$1" ] && [ "$(stat -c %a "$root$1")" = "${2#0}" ]; then return; fi
    run install -d -m "$2" "$root$1"
    if [ "$dry_run" = 0 ]; then own "$3" "$root$1"; fi
}

# Names are those of the root, whose numbers may be others here. Who is not root leaves files as their own.
own() {
    if [ "$(id -u)" != 0 ]; then return; fi
    user=$(number "${1%%:*}" passwd) group=$(number "${1##*:}" group)
    chown "${user:-0}:${group:-0}" "$2"
}
number() { awk -F: -v name="$1" '$1 == name { print $3 }' "$root/etc/$2" 2>/dev/null || true; }

# The lines read from stdin as a file, for `put`.
made() {
    file=$work/$1
    cat >"$file"
    printf '%s' "$file"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
