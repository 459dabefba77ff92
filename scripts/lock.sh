#!/bin/sh
# Writes the lock files anew from pyproject.toml: every version with its hashes, no registry address.
#   scripts/lock.sh            newest versions that fit what is locked already
#   scripts/lock.sh --upgrade  newest versions that fit pyproject.toml
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || uv=uv

# UV_DEFAULT_INDEX and the like may name a mirror of this machine: the flags keep it out of what we write.
lock() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --custom-compile-command "make lock" "$@"
}
lock pyproject.toml -o requirements.lock "$@"
lock pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock "$@"
echo uv | lock - -c requirements-dev.lock -o requirements-bootstrap.lock "$@"

scripts/console.sh install --package-lock-only --ignore-scripts
.venv/bin/python scripts/clean_npm_lock.py cloud/console/package-lock.json
