"""A judge that knows: of two answers the one that the chosen verifier finds right is better; both
right or both wrong is a tie.

It gives no scores, and its preference is one in accuracy and overall: whether an answer is right
says nothing of its completeness or coherence, which are a tie.
"""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import ASPECTS, Aspect, Compared, Comparison, Shares
from meteor.core.records import Draft, Failed, Rejected
from meteor.core.settings import Settings
from meteor.core.verdicts import Verdict
from meteor.verification.chosen import UNKNOWN, verdicts


class Knowing(Settings):
    """There is nothing to set."""


@hookimpl
def plugin_params() -> type[Settings]:
    return Knowing


@hookimpl
def judge_compare(pairs: Sequence[Comparison]) -> Iterator[Compared | Failed]:
    shown = {pair.id: (_draft(pair, pair.first), _draft(pair, pair.second)) for pair in pairs}
    said = verdicts(list({draft.id: draft for both in shown.values() for draft in both}.values()))
    for pair in pairs:
        first, second = (said[draft.id] for draft in shown[pair.id])
        yield _compared(pair, first, second)


def _draft(pair: Comparison, text: str) -> Draft:
    """An answer of its own, so that one text is verified once however often it is shown."""
    return Draft(id=f"{pair.question.id}: {text or '(empty)'}", question=pair.question, text=text)


def _compared(
    pair: Comparison, first: Verdict | Failed, second: Verdict | Failed
) -> Compared | Failed:
    for verdict in (first, second):
        if isinstance(verdict, Failed):
            return Failed(id=pair.id, error=verdict.error)
    assert isinstance(first, Verdict) and isinstance(second, Verdict)
    if first.passed is None or second.passed is None:
        return Rejected(id=pair.id, error=UNKNOWN)
    share = 0.5 + (first.passed - second.passed) / 2
    reason = f"first: {_said(first)} second: {_said(second)}"
    tied: dict[Aspect, float] = dict.fromkeys(ASPECTS, 0.5)
    shares = {**tied, "accuracy": share, "overall": share}
    return Compared(id=pair.id, shares=Shares(**shares), reasons={"overall": reason})


def _said(verdict: Verdict) -> str:
    return "It is right." if verdict.passed else verdict.feedback or "It is not right."
