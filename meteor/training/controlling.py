"""Controls: for how long a checkpoint learns that is to be compared with what rounds came to."""

from collections.abc import Sequence
from typing import Any, Literal

from meteor.core.errors import MeteorError
from meteor.core.records import Record
from meteor.core.settings import Schedule

PHASES = {
    "steps": "control: further steps on phase 1",
    "answers": "control: the rounds' answers at once",
    "gold": "upper bound: all accepted answers",
}


class Plan(Record):
    """How a control learns its rows; `steps` are those that it is to make, None where the schedule
    tells.
    """

    kind: Literal["steps", "answers", "gold"]
    schedule: Schedule
    steps: int | None = None


def since(story: Sequence[dict[str, Any]], start: str, of: str) -> list[dict[str, Any]]:
    """The trainings behind the checkpoint `of` that came after the checkpoint `start`, as its model
    card tells them. Raises MeteorError where there is none.
    """
    names = [training["checkpoint"] for training in story]
    after = list(story[names.index(start) + 1 if start in names else 0 :])
    if not after:
        raise MeteorError(f"the model card of {of!r} tells of no training after {start!r}")
    return after


def as_many_steps(steps: int, taught: dict[str, Any], learning_rate: float) -> Schedule:
    """The schedule that makes so many optimizer steps on the rows that phase 1 taught; `taught` is
    what the summary of `finetune` says of its training.
    """
    an_epoch = max(1, int(taught["steps"] / taught["epochs"] + 1e-9))
    # Trainers round the last step up: half a step less than asked for is the same for any of them.
    return Schedule(epochs=(steps - 0.5) / an_epoch, learning_rate=learning_rate)
