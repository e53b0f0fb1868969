"""What a checkpoint has been through: which training questions it was taught, asked and solved.

It lies beside the weights as `questions.json`, so that it travels with them and DVC versions it.
"""

from collections.abc import Iterable
from pathlib import Path

from meteor.core.choice import choose
from meteor.core.jsonl import write_json
from meteor.core.records import Question, Record
from meteor.core.sections import Among

FILE = "questions.json"


class History(Record):
    """Ids of training questions: those whose taught answers trained the model, those that it was
    asked in rounds of phase 2, and those of which an answer of its own was accepted there.
    """

    taught: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    solved: tuple[str, ...] = ()

    def after(
        self, taught: Iterable[str] = (), asked: Iterable[str] = (), solved: Iterable[str] = ()
    ) -> "History":
        """The history with more of each."""
        return History(
            taught=tuple(dict.fromkeys([*self.taught, *taught])),
            asked=tuple(dict.fromkeys([*self.asked, *asked])),
            solved=tuple(dict.fromkeys([*self.solved, *solved])),
        )

    def among(self, which: Among, questions: Iterable[Question]) -> list[Question]:
        """The questions that a round may take: all, those that were not taught, or those of them
        of which no answer was accepted yet.
        """
        left_out = {
            "all": frozenset[str](),
            "untaught": frozenset(self.taught),
            "unsolved": frozenset(self.taught) | frozenset(self.solved),
        }[which]
        return [question for question in questions if question.id not in left_out]

    def again(self, questions: Iterable[Question], share: float, salt: str) -> list[Question]:
        """The questions that were not taught, of those that are solved only a share."""
        solved = set(self.solved)
        untaught = self.among("untaught", questions)
        known = [question for question in untaught if question.id in solved]
        asked = {question.id for question in choose(known, round(share * len(known)), salt)}
        return [row for row in untaught if row.id not in solved or row.id in asked]

    def never_right(self, questions: Iterable[Question]) -> list[Question]:
        """The questions that were asked in rounds, and of which no answer was ever accepted."""
        open_ones = set(self.asked) - set(self.solved)
        return [question for question in questions if question.id in open_ones]


def read_history(checkpoint: Path) -> History:
    """The history of a checkpoint; of one without, as base is, nothing has happened."""
    file = checkpoint / FILE
    return History.model_validate_json(file.read_bytes()) if file.exists() else History()


def write_history(checkpoint: Path, history: History) -> None:
    """Write it beside the weights."""
    write_json(checkpoint / FILE, history.model_dump(mode="json"))
