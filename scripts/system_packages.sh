#!/bin/sh
# Makes sure that the system's own packages are there, and says what it does.
#   scripts/system_packages.sh demo    what running Sealtrail needs
#   scripts/system_packages.sh test    the same, and what its tests need
#   scripts/system_packages.sh venv    Python's venv module (Debian keeps it in a package of its own)
# Installs with apt-get as root or by sudo without a password; else prints the one line to run and ends with 1.
# Where everything is there already it takes milliseconds and calls no package manager.
set -eu
PATH=$PATH:/usr/sbin:/sbin

has() { command -v "$1" >/dev/null 2>&1; }
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
has_cjk_font() { ls /usr/share/fonts/*/*/NotoSansCJK* >/dev/null 2>&1; }
has_chromium() { has chromium || has chromium-browser || has google-chrome || has google-chrome-stable; }
has_tpm_provider() { ls /usr/lib/*/ossl-modules/tpm2.so >/dev/null 2>&1 && has_library libtss2-tcti-swtpm; }
is_ubuntu() { grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; }

missing=""
case "${1:-}" in
venv)
    missing="python3-venv"
    ;;
demo | test)
    has mosquitto || missing="$missing mosquitto"
    has_library libzbar.so.0 || missing="$missing libzbar0"
    has_cjk_font || missing="$missing fonts-noto-cjk"
    if [ "$1" = test ]; then
        has_chromium || { if is_ubuntu; then missing="$missing chromium-browser"; else missing="$missing chromium"; fi; }
        has swtpm || missing="$missing swtpm"
        has_tpm_provider || missing="$missing tpm2-openssl libtss2-tcti-swtpm0"
    fi
    ;;
*)
    echo "usage: $0 demo|test|venv" >&2
    exit 2
    ;;
esac
missing=${missing# }
[ -n "$missing" ] || exit 0

if ! has apt-get; then
    echo "Sealtrail needs these from your system's package manager (Debian's names): $missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    as_root="sudo"
    if ! { has sudo && sudo -n true 2>/dev/null; }; then
        echo "Sealtrail needs system packages that are not installed yet. Run this line, then the same make again:" >&2
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
        exit 1
    fi
fi

echo "Installing system packages: $missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The demo and the tests start a Mosquitto of their own: one that comes new with this must not serve the whole machine.
# shellcheck disable=SC2016,SC2086
if ! $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 sh -c '
    set -e
    apt-get update -q
    apt-get install -q -y --no-install-recommends "$@"
    case " $* " in *" mosquitto "*) if [ -d /run/systemd/system ]; then systemctl disable --now mosquitto; fi ;; esac
' sh $missing >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install: $missing (its last lines are above)" >&2
    exit 1
fi
