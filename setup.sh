#!/bin/sh
# One step of setting up .venv, called by make: `setup.sh runtime|self|dev`.
# Whatever goes wrong ends in one line that says what to do; pip's own words are in .venv/pip.log.
set -eu

python=${PYTHON:-python3}
venv=.venv
log=$venv/pip.log

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

check_python() {
    command -v "$python" >/dev/null ||
        fail "no '$python' here: install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"
    version=$("$python" --version 2>&1) || fail "'$python' does not run: $(echo "$version" | head -n 1)"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$version is too old: install 3.11 or newer, or say where it is: make PYTHON=/path/to/python3.11"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$version cannot make virtual environments: install python3-venv (Debian, Ubuntu: apt install python3-venv), then call make again"
}

install() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input install --no-deps "$@" >"$log" 2>&1 && return
    if grep -q 'DO NOT MATCH THE HASHES' "$log"; then
        fail "a downloaded package is not the one that the lock names; nothing of it was installed (details: $log)"
    elif grep -qi 'no space left' "$log"; then
        fail "the disk is full; free some space, then call make again"
    elif grep -qiE 'connection|timed out|name resolution|proxy|SSLError|max retries|from versions: none' "$log"; then
        fail "the package index cannot be reached: check the network, or name a mirror in PIP_INDEX_URL, then call make again (details: $log)"
    fi
    fail "pip could not install: $(grep -m 1 '^ERROR' "$log" | cut -c 8-200) (details: $log)"
}

case ${1:-} in
runtime)
    check_python
    echo "Setting up $venv with $version: $(grep -c '==' requirements.lock) locked packages," \
        "about 220 MB to download, 890 MB on disk, a minute or so." >&2
    "$python" -m venv --clear "$venv" >/dev/null 2>&1 || fail "$version could not make the virtual environment $venv here"
    install --require-hashes -r requirements.lock
    ;;
self)
    install --no-build-isolation --editable .
    ;;
dev)
    echo "Adding what tests and checks need: some 200 MB to download, 700 MB on disk." >&2
    install --require-hashes -r requirements-dev.lock
    ;;
*)
    fail "usage: setup.sh runtime|self|dev (make calls this)"
    ;;
esac
