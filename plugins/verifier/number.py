"""A number: an answer is right when the number in it is the expected one, within a tolerance.

`check` is the number, or `{value: …, unit: …, tolerance: …}`; with `math: true` an expression in
LaTeX or plain text, which `math-verify` compares (`pip install 'meteor-pipeline[math]'`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction, Part, Unreadable
from meteor.verification.numbers import Expected, Measure, compared, expected, number_in, worth
from meteor.verification.verifying import WRONG, BadCheck, Found, shortened, verify
from meteor.verification.workers import Gone, Pool, pool


class Number(Extraction, Measure):
    """How a number is read, and how near it has to be."""

    take: Part = Field("last_line", description="what is taken from the answer: as everywhere")
    math: bool = Field(False, description="compare expressions, with math-verify")
    seconds: float = Field(10, gt=0, description="of `math`: for one answer")


@hookimpl
def plugin_params() -> type[Settings]:
    return Number


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Number) -> Iterator[Verdict | Failed]:
    if not params.math:
        yield from verify(drafts, params, partial(_look, params=params), read=_reader(params))
        return
    _check_installed()
    with pool("math_worker.py", "-I") if drafts else nullcontext() as workers:
        yield from verify(
            drafts,
            params,
            lambda part, gold: _look_at_math(part, gold, workers, params),
            read=lambda check: _expression(check, workers, params),
        )


def _reader(params: Number) -> Callable[[Any], Expected]:
    return lambda check: expected(check, params)


def _look(part: str, due: Expected | None, params: Number) -> Found:
    found = number_in(part, params)
    passed, feedback = compared(found, due) if due else (None, "")
    return Found(passed=passed, feedback=feedback, result=worth(found))


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("math_verify") is None:
        raise SettingsError(
            "params.yaml: verifier.number.math: math-verify is not installed: "
            "`pip install 'meteor-pipeline[math]'`"
        )


def _expression(check: Any, workers: Pool | None, params: Number) -> str:
    """The expected expression. Raises BadCheck for what math-verify cannot read."""
    assert workers
    if isinstance(check, (int, float)) and not isinstance(check, bool):
        check = str(check)
    if not isinstance(check, str):
        raise BadCheck("an expression is expected, as a text, or a number")
    try:
        readable = workers.ask({"gold": check}, params.seconds)["readable"]
    except Gone:
        readable = False
    if not readable:
        raise BadCheck(f"math-verify cannot read {shortened(check)!r}")
    return check


def _look_at_math(part: str, gold: str | None, workers: Pool | None, params: Number) -> Found:
    assert workers
    try:
        reply = workers.ask({"answer": part, "gold": gold}, params.seconds)
    except Gone:
        return Found(passed=False, feedback="The expression takes too long to work out.")
    if several := reply.get("several"):
        raise Unreadable(f"There are {several} expressions where one is expected.")
    if reply["result"] is None:
        raise Unreadable("There is no expression to be read.")
    wrong = "" if reply["passed"] or gold is None else WRONG
    return Found(passed=reply["passed"], feedback=wrong, result=reply["result"])
