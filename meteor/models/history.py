"""What a checkpoint has been through: which training questions it was taught, asked and solved.

It lies beside the weights as `questions.json`, so that it travels with them and DVC versions it.
"""

from collections.abc import Iterable, Sequence, Sized
from pathlib import Path

from meteor.core.choice import choose_again, choose_questions, choose_set_aside
from meteor.core.errors import SettingsError
from meteor.core.jsonl import write_json
from meteor.core.records import Question, Record
from meteor.core.sections import Among, Iterate, Pairs, Round, Turn

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
        """The questions that a round or turn may take: all, those that were not taught, or those
        of them of which no answer was accepted yet, or that no round has asked.
        """
        left_out = {
            "all": frozenset[str](),
            "untaught": frozenset(self.taught),
            "unsolved": frozenset(self.taught) | frozenset(self.solved),
            "unasked": frozenset(self.taught) | frozenset(self.asked),
        }[which]
        return [question for question in questions if question.id not in left_out]

    def for_round(
        self, name: str, step: Round, settings: Iterate, seed: int, every: Sequence[Question]
    ) -> list[Question]:
        """The questions of a round that begins here. Raises SettingsError where none is left."""
        aside = choose_set_aside(self.among("untaught", every), settings.set_aside, seed)
        kept = {question.id for question in aside}
        within = [question for question in every if question.id not in kept]
        taken = {row.id for row in self.among(step.among, within)}
        if step.again:
            solved = set(self.solved)
            known = [row for row in self.among("untaught", within) if row.id in solved]
            taken |= {row.id for row in choose_again(known, step.again, seed, name)}
        rows = [row for row in within if row.id in taken]
        self._some_left(f"rounds.{name}", step.among, rows, every)
        return choose_questions(rows, settings.questions, seed, name)

    def for_turn(
        self, name: str, step: Turn, settings: Pairs, seed: int, every: Sequence[Question]
    ) -> list[Question]:
        """The questions of a turn that begins here. Raises SettingsError where none is left."""
        rows = self.among(step.among, every)
        self._some_left(f"turns.{name}", step.among, rows, every)
        return choose_questions(rows, settings.questions, seed, name)

    def _some_left(self, key: str, which: str, rows: Sized, every: Sized) -> None:
        if not rows:
            raise SettingsError(
                f"{key}.among: of {len(every)} training questions, {len(self.taught)} taught and "
                f"{len(self.asked)} asked in rounds, none is left that is {which}; teach fewer "
                "(distill.questions), or ask fewer (iterate.questions, iterate.set_aside)"
            )

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
