#!/bin/sh
# Resolve the dependencies of pyproject.toml anew, in a fresh environment, into run.lock and
# test.lock. Usage: sh requirements/lock.sh [python], best the oldest Python that is supported,
# 3.11.0: what it can install, a later one can (tests/test_locks.py holds it).
set -eu
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"${1:-python3}" -m venv "$fresh"
freeze() {
    # A local build's suffix (torch 2.13.0+cpu) would tie the lock to one kind of machine. --all:
    # torch needs setuptools, which freeze leaves out.
    "$fresh/bin/pip" freeze --all --exclude pip --exclude meteor-pipeline | sed 's/+[a-z0-9.]*$//'
}
"$fresh/bin/pip" install --quiet .
freeze >requirements/run.lock
"$fresh/bin/pip" install --quiet '.[test]'
freeze | grep -v -x -F -f requirements/run.lock >requirements/test.lock
wc -l requirements/*.lock
