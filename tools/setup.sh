#!/bin/sh
# Make .venv from requirements.lock. Quick and offline when nothing changed since the last time.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/pgkit-installed

wanted() { pwd; cat requirements.lock pyproject.toml; } # a virtual environment does not survive a move
if [ -x "$venv/bin/python" ] && wanted | cmp -s - "$stamp"; then
    exit 0
fi
if [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$(pwd)" ]; then
    echo "The folder has moved: setting up $venv anew."
    rm -rf "$venv"
fi

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        candidates=$PYTHON
    else
        candidates="python3 python3.11 python3.12 python3.13 python3.14 python"
    fi
    for python in $candidates; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "pgkit needs Python 3.11 or newer (with its venv module); found: $("${PYTHON:-python3}" --version 2> /dev/null || echo none)." >&2
    echo "Install one (Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 ..." >&2
    exit 1
}

if ! { [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }; then
    python=$(find_python)
    echo "Setting up $venv with $("$python" --version). The first time takes a few minutes."
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
echo "Installing the packages of requirements.lock ..."
if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.lock; then
    echo "The packages could not be installed (see above). The first set-up needs a network, about 3 GB of free disk, and a writable folder; run the same command again." >&2
    exit 1
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
wanted > "$stamp.new"
mv "$stamp.new" "$stamp"
"$venv/bin/pgkit" warmup
echo "Ready: make lab"
