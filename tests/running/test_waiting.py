"""Threads wait as the user says, or else neither long nor not at all."""

import pytest

from meteor.running.waiting import PATIENT, wait_patiently


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
