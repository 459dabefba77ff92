#!/bin/sh
# Makes .venv/ and brings it to exactly what the lock files say; hashes are checked.
set -eu
cd "$(dirname "$0")/.."

# A name may be on the PATH and still not run (pyenv's placeholders), so each is tried.
fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }
pick_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if fits "$name" && has_venv "$name"; then
            echo "$name"
            return
        fi
    done
}

# A virtual environment whose Python has gone, or that was moved here from elsewhere, is made anew.
if ! .venv/bin/python -m pip --version >/dev/null 2>&1 && ! .venv/bin/uv --version >/dev/null 2>&1; then
    python=$(pick_python)
    if [ -z "$python" ] && fits python3; then
        scripts/system_packages.sh venv
        python=$(pick_python)
    fi
    if [ -z "$python" ]; then
        echo "Sealtrail needs Python 3.11 or later with its venv module; found: $(python3 --version 2>&1 || true)" >&2
        exit 1
    fi
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi
if ! .venv/bin/uv --version >/dev/null 2>&1; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock
fi
echo "Installing Python packages from requirements-dev.lock"
export VIRTUAL_ENV="$PWD/.venv" UV_LINK_MODE=copy
.venv/bin/uv pip sync --quiet --require-hashes requirements-dev.lock
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
