"""A judge that likes answers of a certain length, in every dimension."""

from collections.abc import Iterator, Sequence

from meteor.plugin import DIMENSIONS, Answer, Failed, Field, Judgement, Scores, Settings, hookimpl


class Length(Settings):
    """Which length."""

    words: int = Field(100, gt=0, description="length of the best answer, in words")


@hookimpl
def plugin_params() -> type[Settings]:
    return Length


@hookimpl
def judge_score(answers: Sequence[Answer], params: Length) -> Iterator[Judgement | Failed]:
    for answer in answers:
        words = len(answer.text.split())
        nearness = min(words, params.words) / max(words, params.words)
        score = round(1 + 9 * nearness, 3)
        yield Judgement(
            id=answer.id,
            scores=Scores(**dict.fromkeys(DIMENSIONS, score)),
            reasons=dict.fromkeys(DIMENSIONS, f"{words} words"),
        )
