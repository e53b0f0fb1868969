"""The gate on a new checkpoint of phases 2 and 3: what a model learns from its own answers must
not make the experts' answers to the dev questions less likely than `gate.max_increase` allows.

The measure is the negative log-likelihood of the accepted answers, in nats a token, which no
judge and no advisor can flatter.
"""

import logging
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.likelihood import nats_per_token
from meteor.core.records import Example, Failed, Likelihood, Question
from meteor.core.roles import Plugin
from meteor.core.sections import GateSettings
from meteor.prompts.wording import Exampling
from meteor.running.asking import ask

log = logging.getLogger("meteor")
Measured = dict[str, Likelihood]


@dataclass(frozen=True)
class Passage:
    """One look at new weights: `before` and `after` in nats a token, and whether they go on."""

    before: float
    after: float
    taken: bool

    @property
    def increase(self) -> float:
        """By which share the negative log-likelihood rose; negative where it fell."""
        return self.after / self.before - 1 if self.before > 0 else 0.0


@dataclass
class Gate:
    """Measures checkpoints with the student plugin, each one once. `off` says why it does not."""

    student: Plugin
    settings: GateSettings
    examples: list[Example]
    off: str = ""
    passages: list[Passage] = field(default_factory=list)
    _measured: dict[Path, Measured] = field(default_factory=dict)

    def admits(self, after: Path, before: Path) -> bool:
        """Whether the checkpoint `after` may go on, trained from `before`; one that may not is
        removed. Raises MeteorError where `gate.above` is `fail` and the increase is too large.
        """
        if self.off:
            return True
        old, new = self._measure(before), self._measure(after)
        both = [identifier for identifier in old if identifier in new]
        if not both:
            self.off = "the student could score no dev answer"
            log.warning("gate: not measured: %s", self.off)
            return True
        look = Passage(_mean(old, both), _mean(new, both), taken=True)
        if look.increase > (self.settings.max_increase or 0.0):
            look = replace(look, taken=self._tolerates(after, look))
        self.passages.append(look)
        return look.taken

    def _tolerates(self, checkpoint: Path, look: Passage) -> bool:
        what = (
            f"{checkpoint.name}: the negative log-likelihood of the dev answers went from "
            f"{look.before:.4f} to {look.after:.4f} nats a token ({look.increase:+.1%}), more than "
            f"gate.max_increase ({self.settings.max_increase:.1%}) allows"
        )
        if self.settings.above == "warn":
            log.warning("gate: %s; it goes on all the same (gate.above: warn)", what)
            return True
        shutil.rmtree(checkpoint)
        if self.settings.above == "fail":
            raise MeteorError(f"{what}; lower the learning rate, or set gate.above to keep or warn")
        log.warning("gate: %s; the weights before it are kept (gate.above: keep)", what)
        return False

    def _measure(self, checkpoint: Path) -> Measured:
        if checkpoint not in self._measured:
            self._measured[checkpoint] = {
                example.id: result
                for example, result in ask(
                    self.student,
                    "student_score",
                    self.examples,
                    Likelihood,
                    examples=self.examples,
                    checkpoint=checkpoint,
                )
                if not isinstance(result, Failed)
            }
        return self._measured[checkpoint]

    def metrics(self) -> dict[str, Any]:
        """One row: the measure of the checkpoint that came out, its increase over the one that
        went in, and how many new weights were refused; None where nothing was measured.
        """
        if not self.passages:
            return {"dev_nll": None, "dev_increase": None, "refused": None}
        first, last = self.passages[0].before, self.passages[-1]
        final = last.after if last.taken else last.before
        return {
            "dev_nll": round(final, 4),
            "dev_increase": round(Passage(first, final, taken=True).increase, 4),
            "refused": sum(not look.taken for look in self.passages),
        }

    def told(self) -> dict[str, Any] | None:
        """What a model card says of the gate; None where nothing was measured."""
        return self.metrics() if self.passages else None

    def summary(self) -> dict[str, Any]:
        """Every look, or why there was none."""
        return {
            "off": self.off or None,
            "answers": len(self.examples),
            "passages": [
                {
                    "before": round(look.before, 4),
                    "after": round(look.after, 4),
                    "increase": round(look.increase, 4),
                    "taken": look.taken,
                }
                for look in self.passages
            ],
        }


def open_gate(student: Plugin, settings: GateSettings, dev: Path, example: Exampling) -> Gate:
    """The gate of one stage: off, with a message, where it cannot measure. `example` words the dev
    questions as the student is asked them.
    """
    examples = [
        example(question, question.answer)
        for question in read_records(dev, Question)
        if question.answer is not None
    ]
    off = ""
    if settings.max_increase is None:
        off = "gate.max_increase is null"
    elif not student.has("student_score"):
        off = f"the student plugin {student.name!r} cannot tell how likely it finds an answer"
    elif not examples:
        off = f"{dev} has no question with an accepted answer"
    if off:
        log.warning("gate: not measured: %s", off)
    return Gate(student, settings, examples, off)


def _mean(measured: Measured, identifiers: list[str]) -> float:
    return nats_per_token(measured[identifier] for identifier in identifiers) or 0.0
