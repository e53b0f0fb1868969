"""The section `controls` of `params.yaml`: what else steps, answers and pairs could have done."""

from typing import Literal

from meteor.core.settings import Field, Name, Settings


class RoundControl(Settings):
    """Another way to get better than by rounds: a checkpoint to be evaluated beside theirs."""

    start: Name = Field(
        alias="from", description="the checkpoint that it begins with, on the way to `of`"
    )
    of: Name = Field(description="the checkpoint that it is a control of")
    kind: Literal["steps", "answers", "gold"] = Field(
        description="steps: as many further optimizer steps on phase 1's rows as the way from "
        "`from` to `of` took; answers: one training on the answers that its rounds accepted, "
        "without the loop; gold: as phase 1, on the accepted answers of all training questions, "
        "an upper bound"
    )


class TurnControl(Settings):
    """A turn on its own pairs, of which a fair coin says which answer is chosen."""

    start: Name = Field(alias="from", description="the checkpoint that the turn begins with")
    of: Name = Field(description="the turn whose pairs it takes")


class Controls(Settings):
    """Whether a phase earns its place: what else its steps, answers and pairs could do."""

    rounds: dict[Name, RoundControl] = Field({}, description="trained as in phases 1 and 2")
    turns: dict[Name, TurnControl] = Field({}, description="trained as in phase 3")
