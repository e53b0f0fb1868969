"""Calls of the kernel whose memory no limit counts, or that reach keys and other processes, are
refused to an answer's code, and the rest of Python goes on as ever.
"""

import platform

import pytest

from meteor.verification.confined import REFUSED
from tests.verification.asking import verdict

NUMBERS = {"x86_64": (29, 68, 101, 250, 319, 425), "aarch64": (194, 186, 117, 219, 279, 425)}
NUMBERS["riscv64"] = NUMBERS["aarch64"]
CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    ctypes.set_errno(0)
    done = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return done, ctypes.get_errno()
"""
SETTINGS = {"take": "whole", "seconds": 20}


def test_these_machines_are_those_where_calls_are_refused() -> None:
    assert NUMBERS.keys() == REFUSED.keys()


@pytest.mark.skipif(platform.machine() not in REFUSED, reason="docs/verifiers.md names no such one")
def test_such_calls_are_refused() -> None:
    here = NUMBERS[platform.machine()]
    x32 = [0x40000000 + number for number in here] if platform.machine() == "x86_64" else []
    tests = [f"assert call({number}, 0, 0, 0) == (-1, 1)" for number in (*here, *x32)]
    said = verdict("python", CALL, tests, **SETTINGS)
    assert said.passed is True, said.feedback


def test_what_python_needs_is_allowed() -> None:
    code = """
import hashlib, json, math, random, re, tempfile, threading, time

def work():
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps([math.pi, random.random()]).encode())
    time.sleep(0.01)
    return hashlib.sha256(re.sub("a", "b", "abc").encode()).hexdigest()[:4]
"""
    tests = ["assert len(work()) == 4", "assert work() == work()"]
    said = verdict("python", code, tests, **SETTINGS)
    assert said.passed is True, said.feedback
