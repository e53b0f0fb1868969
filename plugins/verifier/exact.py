"""Equal texts: an answer is right when its normalised text is the expected one.

`check` is the expected text, or a list of texts each of which is right.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Settings
from meteor.core.verdicts import Verdict
from meteor.verification.verifying import WRONG, BadCheck, Found, verify
from meteor.verification.wording import Wording, normalised


class Exact(Wording):
    """What is compared, and how closely."""


@hookimpl
def plugin_params() -> type[Settings]:
    return Exact


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Exact) -> Iterator[Verdict | Failed]:
    yield from verify(
        drafts, params, lambda part, due: _look(part, due, params), read=lambda c: _read(c, params)
    )


def _look(part: str, due: set[str] | None, params: Exact) -> Found:
    written = normalised(part, params)
    if due is None or written in due:
        return Found(passed=due is not None, result=written)
    return Found(passed=False, feedback=WRONG, result=written)


def _read(check: Any, params: Exact) -> set[str]:
    texts = check if isinstance(check, list) else [check]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise BadCheck("a text is expected, or a list of texts each of which is right")
    return {normalised(text, params) for text in texts}
