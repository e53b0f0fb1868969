"""What a checkpoint has been through, and which questions rounds and turns take."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.core.sections import Round, Turn
from meteor.models.history import History, read_history, write_history

TWENTY = [Question(id=f"q{number}", title=f"What is {number}?") for number in range(20)]


@pytest.mark.parametrize(
    ("which", "left"),
    [("all", [0, 1, 2, 3]), ("untaught", [1, 2, 3]), ("unsolved", [2, 3]), ("unasked", [3])],
)
def test_a_round_takes_the_questions_that_are_left(
    tmp_path: Path, which: str, left: list[int]
) -> None:
    assert read_history(tmp_path) == History()
    write_history(tmp_path, History(taught=("q0",)).after(asked=["q1", "q2"], solved=["q1"]))
    taken = read_history(tmp_path).among(which, TWENTY[:4])  # type: ignore[arg-type]
    assert [question.id for question in taken] == [f"q{number}" for number in left]


def taken(history: History, step: dict[str, Any], name: str = "r2", **changes: Any) -> list[str]:
    """The ids that a round takes of the questions."""
    settings = load_params().iterate.model_copy(update={"questions": None, **changes})
    its_round = Round.model_validate({"from": "r1", **step})
    return [row.id for row in history.for_round(name, its_round, settings, 7, TWENTY)]


def test_a_share_of_what_is_solved_is_asked_again() -> None:
    solved = [row.id for row in TWENTY[2:12]]
    history = History(taught=("q0", "q1"), asked=tuple(solved), solved=tuple(solved))
    its = taken(history, {"among": "unsolved", "again": 0.3})
    again = [name for name in its if name in solved]
    assert len(again) == 3 and set(its) - set(again) == {row.id for row in TWENTY[12:]}
    assert its == taken(history, {"among": "unsolved", "again": 0.3})
    assert its != taken(history, {"among": "unsolved", "again": 0.3}, "r3")


@pytest.mark.parametrize("which", ["all", "untaught", "unsolved", "unasked"])
def test_what_is_set_aside_no_round_asks_and_a_turn_can_take(which: str) -> None:
    before = History(taught=("q0", "q1", "q2", "q3"))
    first = taken(before, {"among": which}, "r1", set_aside=0.25)
    after = before.after(asked=first, solved=first[:6])
    if which != "unasked":
        later = taken(after, {"among": which}, set_aside=0.25)
        after = after.after(asked=later)
        assert set(later) <= set(first)
    left = {row.id for row in TWENTY} - set(first) - set(before.taught)
    assert len(left) == 4
    turn = Turn.model_validate({"from": "r2", "against": "r2", "among": "unasked"})
    pairs = load_params().pairs.model_copy(update={"questions": None})
    assert {row.id for row in after.for_turn("t1", turn, pairs, 7, TWENTY)} == left


def test_where_no_question_is_left_the_setting_is_named() -> None:
    every = tuple(row.id for row in TWENTY)
    with pytest.raises(SettingsError) as caught:
        taken(History(taught=every[:5], asked=every[5:]), {"among": "unasked"})
    assert str(caught.value) == (
        "rounds.r2.among: of 20 training questions, 5 taught and 15 asked in rounds, none is left "
        "that is unasked; teach fewer (distill.questions), or ask fewer (iterate.questions, "
        "iterate.set_aside)"
    )


def test_what_was_asked_and_never_right_is_left_for_an_expert() -> None:
    history = History(taught=("q0",)).after(asked=["q1", "q2"], solved=["q1"])
    history = history.after(asked=["q2", "q3"], solved=["q3"])
    assert [row.id for row in history.never_right(TWENTY)] == ["q2"]
