"""An advisor that wants the words of the question to come up in the answer."""

from collections.abc import Iterator, Sequence

from meteor.plugin import Advice, Draft, Failed, Field, Settings, hookimpl


class Words(Settings):
    """How many words."""

    share: float = Field(0.5, ge=0, le=1, description="least share of the title's words")


@hookimpl
def advisor_advise(drafts: Sequence[Draft], params: Words) -> Iterator[Advice | Failed]:
    for draft in drafts:
        wanted = [word.strip("?.,:;!") for word in draft.question.title.lower().split()]
        missing = [word for word in wanted if word not in draft.text.lower()]
        if 1 - len(missing) / len(wanted) >= params.share:
            yield Advice(id=draft.id, correct=True)
        else:
            yield Advice(id=draft.id, correct=False, advice=f"Say more about {missing[0]!r}.")
