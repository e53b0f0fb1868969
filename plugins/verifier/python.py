"""The answer's code under the question's tests: an answer is right when all of them pass.

`check` is the tests: a text, a list of texts, or `{tests: …, setup: …}`, each some `assert`
statements or functions `test_…` that call the answer's functions by name. Code and tests run in
two confined processes between which nothing but data crosses: what the code prints, raises,
replaces or exits with is no verdict.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Part
from meteor.verification.inside.statements import Unusable, runnable
from meteor.verification.unit_tests import Confinement, check_isolation, run_tests
from meteor.verification.verifying import BadCheck, Found, canonical, unfamiliar, verify


class Python(Extraction, Confinement):
    """How the code is confined."""

    take: Part = Field("fenced", description="what is taken from the answer: as everywhere")
    at_once: int = Field(2, gt=0, description="answers tested side by side")


@hookimpl
def plugin_params() -> type[Settings]:
    return Python


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Python) -> Iterator[Verdict | Failed]:
    if drafts:
        check_isolation(params)
    yield from verify(
        drafts, params, lambda part, tests: _look(part, tests, params), params.at_once, _read
    )


def _look(part: str, tests: list[str] | None, params: Python) -> Found:
    if tests is None:
        return Found(passed=None)
    found = run_tests(part, tests, params)
    if found is None:
        return Found(passed=False, feedback="The code takes too long, or too much memory.")
    if "unusable" in found:
        raise BadCheck(f"the tests: {found['unusable']}")
    result = canonical(found["outcomes"]) if found["outcomes"] else None
    asked, failed = found["tests"], found["failed"]
    if not failed:
        return Found(passed=True, result=result)
    passing = f" {max(asked - failed, 0)} of {asked} tests pass." if asked > 1 else ""
    return Found(passed=False, feedback=found["first"] + passing, result=result)


def _read(check: Any) -> list[str]:
    """The pieces of the tests, of which all can be run. Raises BadCheck."""
    unfamiliar(check, ("tests", "setup"))
    tests = check.get("tests") if isinstance(check, dict) else check
    pieces = [tests] if isinstance(tests, str) else tests
    setup = check.get("setup") if isinstance(check, dict) else None
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        raise BadCheck("tests are a text or a list of texts, each some Python")
    if not (setup is None or isinstance(setup, str)):
        raise BadCheck("setup is a text, some Python that runs before the tests")
    pieces = [setup, *pieces] if setup else pieces
    try:
        runnable(pieces)
    except Unusable as error:
        raise BadCheck(f"the tests: {error}") from None
    return pieces
