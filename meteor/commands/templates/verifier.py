"""A verifier that wants certain words in an answer: `check` is the list of them."""

from collections.abc import Iterator, Sequence

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Draft, Failed
from meteor.core.settings import Field, Settings
from meteor.core.verdicts import Verdict


class Words(Settings):
    """How many of them."""

    share: float = Field(1.0, gt=0, le=1, description="least share of the words")


@hookimpl
def plugin_params() -> type[Settings]:
    return Words


@hookimpl
def verifier_verify(drafts: Sequence[Draft], params: Words) -> Iterator[Verdict | Failed]:
    for draft in drafts:
        written = set(draft.text.lower().split())
        result = " ".join(sorted(written)) or None
        wanted = draft.question.check
        if wanted is None:
            yield Verdict(id=draft.id, passed=None, result=result)
        elif not isinstance(wanted, list) or not wanted:
            yield Failed(id=draft.id, error="the question's check: a list of words is expected")
        else:
            found = sum(str(word).lower() in written for word in wanted)
            passed = found / len(wanted) >= params.share
            feedback = "" if passed else f"{len(wanted) - found} words are missing."
            yield Verdict(id=draft.id, passed=passed, feedback=feedback, result=result)
