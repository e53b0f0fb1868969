"""One of several labels: an answer is right when it names the expected one, and no other.

`check` is the label, or `{label: …, labels: […]}` where each question has labels of its own.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.extraction import Unreadable
from meteor.verification.verifying import WRONG, BadCheck, Found, unfamiliar, verify
from meteor.verification.wording import Wording, normalised, occurs


class Choice(Wording):
    """Which labels there are, and how an answer names one."""

    labels: tuple[str, ...] = Field((), description="all labels, where a `check` has none")


@hookimpl
def plugin_params() -> type[Settings]:
    return Choice


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Choice) -> Iterator[Verdict | Failed]:
    yield from verify(drafts, params, lambda part, check: _look(part, check, params))


def _look(part: str, check: Any, params: Choice) -> Found:
    unfamiliar(check, ("label", "labels"))
    own = check if isinstance(check, dict) else {"label": check}
    labels = own.get("labels") or params.labels
    if not all(isinstance(label, str) and normalised(label, params) for label in labels):
        raise BadCheck("labels are a list of texts")
    expected = own.get("label")
    if check is not None and expected not in labels:
        raise BadCheck(f"{expected!r} is not one of the labels, which are {', '.join(labels)}")
    named = _named(part, labels, params)
    if named == expected:
        return Found(passed=True, result=named)
    return Found(passed=False, feedback=WRONG if check is not None else "", result=named)


def _named(part: str, labels: Sequence[str], params: Choice) -> str:
    """The one label that the answer names: by being it, or by saying it and no other."""
    text = normalised(part, params)
    known = {normalised(label, params): label for label in labels}
    if text in known:
        return known[text]
    said = [label for label in known if occurs(label, text)]
    inside = {short for short in said for long in said if short != long and occurs(short, long)}
    said = [label for label in said if label not in inside]
    if len(said) > 1:
        raise Unreadable(f"The answer names {len(said)} of the labels; name one.")
    if not said:
        raise Unreadable("The answer names none of the labels.")
    return known[said[0]]
