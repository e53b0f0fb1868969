"""Calls of the kernel whose memory no limit counts, or that reach keys and other processes, are
refused to an answer's code, and the rest of Python goes on as ever.
"""

import platform

import pytest

from tests.verification.asking import verdict

NUMBERS = {"x86_64": (29, 68, 101, 250, 319, 425), "aarch64": (194, 186, 117, 219, 279, 425)}
HERE = NUMBERS.get(platform.machine(), ())
CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)

def call(number, *arguments):
    ctypes.set_errno(0)
    done = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return done, ctypes.get_errno()
"""
SETTINGS = {"take": "whole", "seconds": 20}


@pytest.mark.skipif(not HERE, reason="the calls of this machine are not known")
def test_such_calls_are_refused() -> None:
    tests = [f"assert call({number}, 0, 0, 0) == (-1, 1)" for number in HERE]
    said = verdict("python", CALL, tests, **SETTINGS)
    assert said.passed is True, said.feedback


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another way in of this machine alone")
def test_there_is_no_other_way_to_call_them() -> None:
    tests = [f"assert call({0x40000000 + number}, 0, 0, 0) == (-1, 1)" for number in HERE]
    assert verdict("python", CALL, tests, **SETTINGS).passed is True


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
