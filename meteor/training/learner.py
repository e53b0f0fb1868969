"""The student's weights in a round of phase 2: what they learn when, and which of them go on."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from meteor.core.choice import choose_replay
from meteor.core.errors import MeteorError
from meteor.core.records import Example
from meteor.core.roles import Plugin
from meteor.core.settings import Schedule
from meteor.models.model_card import ITERATIVE, Learned, write_card
from meteor.training.gate import Gate
from meteor.training.process import LossCurve, train
from meteor.training.replay import replayed


@dataclass
class Learner:
    """The student's weights during a round: fine-tuned on every `interval` accepted answers (None:
    never before the end), and at the end on the rest. Beside each accepted answer, `replay` of the
    rows that phase 1 taught train again. New weights that the gate refuses are not taken.
    """

    trainer: Plugin
    schedule: Schedule
    seed: int
    interval: int | None
    start: Path
    checkpoint: Path
    gate: Gate
    replay: float = 0.0
    known: list[Example] = field(default_factory=list)
    waiting: list[list[Example]] = field(default_factory=list)
    finetunes: int = 0
    learned: list[Example] = field(default_factory=list)
    curve: LossCurve = field(default_factory=LossCurve)

    def __post_init__(self) -> None:
        self.weights = self.start

    def take(self, accepted: list[list[Example]]) -> None:
        """Collect what accepted answers teach, a list for each, and fine-tune whenever there are
        enough.
        """
        self.waiting += accepted
        while self.interval and len(self.waiting) >= self.interval:
            self._train(self.waiting[: self.interval])
            self.waiting = self.waiting[self.interval :]

    def finish(self) -> None:
        """Fine-tune on the rest. Raises MeteorError where nothing at all was accepted."""
        if self.waiting:
            self._train(self.waiting)
            self.waiting = []
        if not self.finetunes:
            raise MeteorError(
                f"{self.checkpoint}: no answer was accepted, so there is nothing to learn; ask "
                "more questions (iterate.questions) or a less strict advisor"
            )

    def _train(self, accepted: list[list[Example]]) -> None:
        examples = [example for lesson in accepted for example in lesson]
        again = (len(accepted), self.replay, self.seed, self.finetunes)
        examples += map(replayed, choose_replay(self.known, *again))
        out = self.checkpoint.with_name(f"{self.checkpoint.name}.{self.finetunes}.partial")
        report = train(self.trainer, examples, self.weights, out, self.schedule, self.seed)
        self.curve.add(report)
        self.learned += examples
        self.finetunes += 1
        if self.gate.admits(out, before=self.weights):
            self.clean()
            self.weights = out

    def write(self) -> Path:
        """Let the weights be the round's checkpoint, with a model card; return where it is."""
        learned = Learned(
            phase=ITERATIVE,
            data=self.learned,
            trainer=self.trainer,
            schedule=self.schedule,
            seed=self.seed,
            rows=self.curve.rows,
            losses=self.curve.points,
            gate=self.gate.told(),
        )
        if self.weights == self.start:
            self.weights = self.checkpoint.with_name(f"{self.checkpoint.name}.kept.partial")
            shutil.copytree(self.start, self.weights)
        write_card(self.weights, self.start, self.checkpoint.name, learned)
        self.weights.replace(self.checkpoint)
        return self.checkpoint

    def clean(self) -> None:
        """Remove the weights between two fine-tunes."""
        if self.weights != self.start:
            shutil.rmtree(self.weights, ignore_errors=True)
