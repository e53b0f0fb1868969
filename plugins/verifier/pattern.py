"""A regular expression: an answer is right when all of what is taken from it matches.

`check` is the expression, or `{pattern: …}`; or it is `true`, and the expression is the setting's.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Extraction
from meteor.verification.verifying import BadCheck, Found, unfamiliar, verify


class Pattern(Extraction):
    """Which expression, and how it is read (syntax of the package `regex`)."""

    pattern: str | None = Field(None, description="of questions whose `check` is true")
    ignore_case: bool = Field(False, description="capitals make no difference")
    seconds: float = Field(2, gt=0, description="longest search in one answer")


@hookimpl
def plugin_params() -> type[Settings]:
    return Pattern


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Pattern) -> Iterator[Verdict | Failed]:
    yield from verify(drafts, params, lambda part, check: _look(part, check, params))


def _look(part: str, check: Any, params: Pattern) -> Found:
    unfamiliar(check, ("pattern",))
    expression = check.get("pattern") if isinstance(check, dict) else check
    if expression is True or expression is None:
        expression = params.pattern
    if check is None and expression is None:
        return Found(passed=None, result=part)
    if not isinstance(expression, str):
        raise BadCheck("a regular expression is expected, or true and the setting `pattern`")
    try:
        fits = _fits(expression, part, params)
    except TimeoutError:
        return Found(passed=False, feedback="The answer takes too long to match.", result=part)
    return Found(passed=fits, feedback="" if fits else "The form is not right.", result=part)


def _fits(expression: str, part: str, params: Pattern) -> bool:
    import regex

    flags = regex.VERSION1 | (regex.IGNORECASE if params.ignore_case else 0)
    try:
        compiled = regex.compile(expression, flags)
    except regex.error as error:
        raise BadCheck(f"not a regular expression: {error}") from None
    return compiled.fullmatch(part, timeout=params.seconds) is not None
