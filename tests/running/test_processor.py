"""Threads wait as the user says, or else neither long nor not at all; freed memory is kept."""

import ctypes
import subprocess
import sys

import pytest

from meteor.running.processor import PATIENT, wait_patiently


def waits(monkeypatch: pytest.MonkeyPatch, **told: str) -> dict[str, str]:
    """What the environment says after it, of the variables that count."""
    surroundings = dict(told)
    monkeypatch.setattr("os.environ", surroundings)
    wait_patiently()
    return surroundings


def test_who_says_nothing_gets_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch) == PATIENT


@pytest.mark.parametrize("told", [{"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "7"}])
def test_what_is_said_stays_alone(monkeypatch: pytest.MonkeyPatch, told: dict[str, str]) -> None:
    assert waits(monkeypatch, **told) == told


FREED = """
import psutil
from meteor.running.processor import give_memory_back, keep_memory
{call}
held = bytearray(300_000_000)
del held
kept = psutil.Process().memory_info().rss
give_memory_back()
print(kept > 250_000_000, psutil.Process().memory_info().rss > 250_000_000)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="there is no glibc")
@pytest.mark.parametrize(("call", "kept"), [("", "False False"), ("keep_memory()", "True False")])
def test_memory_is_kept_until_another_process_needs_it(call: str, kept: str) -> None:
    line = [sys.executable, "-c", FREED.format(call=call)]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout.split() == kept.split()
