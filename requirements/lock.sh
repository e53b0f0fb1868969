#!/bin/sh
# Resolve the dependencies of pyproject.toml anew, in a fresh environment, into run.lock, test.lock
# and, for the plugins `vllm`, vllm.lock. Usage: sh requirements/lock.sh [python], best the oldest
# Python that is supported: what it can install, a later one can.
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
# vLLM wants another numpy, and gigabytes of CUDA: what it comes to is resolved, and not installed.
"$fresh/bin/pip" install --quiet --dry-run --ignore-installed --report "$fresh/vllm.json" '.[vllm]'
"$fresh/bin/python" - "$fresh/vllm.json" >requirements/vllm.lock <<'PYTHON'
import json
import sys

found = [each["metadata"] for each in json.load(open(sys.argv[1]))["install"]]
named = {each["name"].lower(): f"{each['name']}=={each['version'].partition('+')[0]}" for each in found}
for name in sorted(named.keys() - {"meteor-pipeline"}):
    print(named[name])
PYTHON
wc -l requirements/*.lock
