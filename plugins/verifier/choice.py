"""One of several labels: an answer is right when it names the expected one, and no other.

`check` is the label, or `{label: …, labels: […]}` where each question has labels of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict
from meteor.verification.labels import named
from meteor.verification.verifying import WRONG, BadCheck, Found, unfamiliar, verify
from meteor.verification.wording import Wording, normalised


class Choice(Wording):
    """Which labels there are, and how an answer names one."""

    labels: tuple[str, ...] = Field((), description="all labels, where a `check` has none")


@hookimpl
def plugin_params() -> type[Settings]:
    return Choice


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Choice) -> Iterator[Verdict | Failed]:
    yield from verify(
        drafts,
        params,
        lambda part, due: _look(part, due, params),
        read=lambda check: _read(check, params),
    )


@dataclass(frozen=True)
class Due:
    """Which label is expected, and of which."""

    label: str
    labels: tuple[str, ...]


def _look(part: str, due: Due | None, params: Choice) -> Found:
    found = named(part, due.labels if due else params.labels, params)
    if due is None or found == due.label:
        return Found(passed=due is not None, result=found)
    return Found(passed=False, feedback=WRONG, result=found)


def _read(check: Any, params: Choice) -> Due:
    unfamiliar(check, ("label", "labels"))
    own = check if isinstance(check, dict) else {"label": check}
    labels = own.get("labels", params.labels)
    if not isinstance(labels, (list, tuple)) or not all(
        isinstance(label, str) and label.strip() for label in labels
    ):
        raise BadCheck("`labels` are a list of texts")
    if not labels:
        raise BadCheck("there are no labels: set verifier.choice.labels, or give it `labels`")
    forms: dict[str, str] = {}
    for label in labels:
        other = forms.setdefault(normalised(label, params), label)
        if other != label:
            raise BadCheck(
                f"the labels {other!r} and {label!r} are the same but for case or punctuation: "
                "set verifier.choice.ignore_case or ignore_punctuation to false"
            )
    expected = own.get("label")
    if expected not in labels:
        raise BadCheck(f"{expected!r} is not one of the labels, which are {', '.join(labels)}")
    return Due(str(expected), tuple(labels))
