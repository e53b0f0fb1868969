"""The gate on a new checkpoint of phases 2 and 3: what a model learns from its own answers must
not make the experts' answers to the dev questions less likely than `gate.max_increase` allows, nor
the general texts than `gate.max_general_increase` does.

The measure is the negative log-likelihood in nats a token, which no judge and no advisor can
flatter.
"""

import logging
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.general import general_examples
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
class Change:
    """A measure of the weights `before` and `after`, in nats a token."""

    before: float
    after: float

    @property
    def increase(self) -> float:
        """By which share the negative log-likelihood rose; negative where it fell."""
        return self.after / self.before - 1 if self.before > 0 else 0.0


@dataclass(frozen=True)
class Passage:
    """One look at new weights: at the dev answers, at the general texts, and whether they go on."""

    dev: Change
    general: Change | None
    taken: bool


@dataclass
class Gate:
    """Measures checkpoints with the student plugin, each one once. `off` says why it does not."""

    student: Plugin
    settings: GateSettings
    examples: list[Example]
    general: list[Example] = field(default_factory=list)
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
        dev, general = (_change(old, new, part) for part in (self.examples, self.general))
        if dev is None:
            self.off = "the student could score no dev answer"
            log.warning("gate: not measured: %s", self.off)
            return True
        look = Passage(dev, general, taken=True)
        if what := self._exceeded(look):
            look = replace(look, taken=self._tolerates(after, what))
        self.passages.append(look)
        return look.taken

    def _exceeded(self, look: Passage) -> str:
        """The first limit that a look is above, in words; empty for none."""
        limits = (
            ("dev answers", look.dev, "max_increase", self.settings.max_increase),
            (
                "general texts",
                look.general,
                "max_general_increase",
                self.settings.max_general_increase,
            ),
        )
        for texts, seen, name, limit in limits:
            if seen and limit is not None and seen.increase > limit:
                return (
                    f"the negative log-likelihood of the {texts} went from {seen.before:.4f} to "
                    f"{seen.after:.4f} nats a token ({seen.increase:+.1%}), more than "
                    f"gate.{name} ({limit:.1%}) allows"
                )
        return ""

    def _tolerates(self, checkpoint: Path, exceeded: str) -> bool:
        what = f"{checkpoint.name}: {exceeded}"
        if self.settings.above == "warn":
            log.warning("gate: %s; it goes on all the same (gate.above: warn)", what)
            return True
        shutil.rmtree(checkpoint)
        if self.settings.above == "fail":
            raise MeteorError(f"{what}; lower the learning rate, or set gate.above to keep or warn")
        log.warning("gate: %s; the weights before it are kept (gate.above: keep)", what)
        return False

    @property
    def measured_on(self) -> list[Example]:
        """All texts that are weighed."""
        return [*self.examples, *self.general]

    def _measure(self, checkpoint: Path) -> Measured:
        if checkpoint not in self._measured:
            self._measured[checkpoint] = {
                example.id: result
                for example, result in ask(
                    self.student,
                    "student_score",
                    self.measured_on,
                    Likelihood,
                    examples=self.measured_on,
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
            keys = ("dev_nll", "dev_increase", "general_nll", "general_increase", "refused")
            return dict.fromkeys(keys)
        taken = [look.taken for look in self.passages]
        dev = _over([look.dev for look in self.passages], taken)
        general = _over([look.general for look in self.passages if look.general], taken)
        return {
            "dev_nll": round(dev.after, 4) if dev else None,
            "dev_increase": round(dev.increase, 4) if dev else None,
            "general_nll": round(general.after, 4) if general else None,
            "general_increase": round(general.increase, 4) if general else None,
            "refused": taken.count(False),
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
                    **_told(look.dev),
                    "taken": look.taken,
                    "general": _told(look.general) if look.general else None,
                }
                for look in self.passages
            ],
        }


def open_gate(
    student: Plugin, settings: GateSettings, dev: Path, general: Path, example: Exampling
) -> Gate:
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
    return Gate(student, settings, examples, [] if off else general_examples(general), off)


def _change(old: Measured, new: Measured, examples: list[Example]) -> Change | None:
    """Over the texts that both could weigh; None for none."""
    both = [row.id for row in examples if row.id in old and row.id in new]
    before = nats_per_token(old[name] for name in both)
    after = nats_per_token(new[name] for name in both)
    return None if before is None or after is None else Change(before, after)


def _over(looks: list[Change], taken: list[bool]) -> Change | None:
    """From the weights that went in to those that came out; None for no look."""
    if not looks:
        return None
    last = looks[-1]
    return Change(looks[0].before, last.after if taken[-1] else last.before)


def _told(seen: Change) -> dict[str, float]:
    return {
        "before": round(seen.before, 4),
        "after": round(seen.after, 4),
        "increase": round(seen.increase, 4),
    }
