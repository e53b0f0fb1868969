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
    yield from verify(drafts, params, lambda part, check: _look(part, check, params))


def _look(part: str, check: Any, params: Exact) -> Found:
    written = normalised(part, params)
    expected = {normalised(text, params) for text in _texts(check)}
    if written in expected:
        return Found(passed=True, result=written)
    return Found(passed=False, feedback=WRONG if expected else "", result=written)


def _texts(check: Any) -> list[str]:
    texts = [] if check is None else check if isinstance(check, list) else [check]
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            raise BadCheck("a text is expected, or a list of texts each of which is right")
    return texts
