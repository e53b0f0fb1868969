"""A regular expression: an answer is right when all of what is taken from it matches.

`check` is the expression, or `{pattern: …}`; or it is `true`, and the expression is the setting's.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meteor.core.errors import SettingsError
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
    try:
        shared = _compiled(params.pattern, params) if params.pattern is not None else None
    except BadCheck as error:
        raise SettingsError(f"params.yaml: verifier.pattern.pattern: {error}") from None
    yield from verify(
        drafts,
        params,
        lambda part, due: _look(part, due or shared, params),
        read=lambda check: _read(check, shared, params),
    )


def _look(part: str, expression: Any, params: Pattern) -> Found:
    if expression is None:
        return Found(passed=None, result=part)
    try:
        fits = expression.fullmatch(part, timeout=params.seconds) is not None
    except TimeoutError:
        return Found(passed=False, feedback="The answer takes too long to match.", result=part)
    return Found(passed=fits, feedback="" if fits else "The form is not right.", result=part)


def _read(check: Any, shared: Any, params: Pattern) -> Any:
    """The expression of a check. Raises BadCheck."""
    unfamiliar(check, ("pattern",))
    written = check.get("pattern", True) if isinstance(check, dict) else check
    if written is True and shared is not None:
        return shared
    if not isinstance(written, str):
        raise BadCheck("a regular expression is expected, or true and the setting `pattern`")
    return _compiled(written, params)


def _compiled(expression: str, params: Pattern) -> Any:
    import regex

    flags = regex.VERSION1 | (regex.IGNORECASE if params.ignore_case else 0)
    try:
        return regex.compile(expression, flags)
    except (regex.error, OverflowError, RecursionError) as error:
        raise BadCheck(f"not a regular expression: {error}") from None
