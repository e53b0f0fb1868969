"""The gate on a new checkpoint of phases 2 and 3: what a model learns from its own answers must
not make it worse.

Where a verifier is chosen, worse is who answers fewer dev questions rightly, beyond chance. Else it
is who finds the experts' answers to them less likely than `gate.max_increase` allows: in nats a
token, which no judge and no advisor can flatter. Both are written. The general texts may in any
case become less likely by `gate.max_general_increase` alone.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
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
from meteor.core.verdicts import Shift
from meteor.prompts.wording import Exampling
from meteor.running.asking import ask

log = logging.getLogger("meteor")
Measured = dict[str, Likelihood]
Shifting = Callable[[Path, Path], Shift | None]
"""What becomes of the right answers from one checkpoint to another."""


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
    """One look at new weights: at the dev answers' and the general texts' likelihood, at right
    answers to the dev questions, and whether they go on. None: not measured.
    """

    dev: Change | None
    general: Change | None
    right: Shift | None
    taken: bool


@dataclass
class Gate:
    """Measures checkpoints with the student plugin, each one once: the likelihood of `examples`
    and `general`, and with `shifting` right answers. `off` says why it does not.
    """

    student: Plugin
    settings: GateSettings
    examples: list[Example]
    general: list[Example] = field(default_factory=list)
    shifting: Shifting | None = None
    off: str = ""
    passages: list[Passage] = field(default_factory=list)
    way: list[Path] = field(default_factory=list)
    """The weights that went in, and those that came out until now."""
    _measured: dict[Path, Measured] = field(default_factory=dict)

    def admits(self, after: Path, before: Path) -> bool:
        """Whether the checkpoint `after` may go on, trained from `before`; one that may not is
        removed. Raises MeteorError where `gate.above` is `fail` and it is worse.
        """
        if self.off:
            return True
        old, new = self._measure(before), self._measure(after)
        dev, general = (_change(old, new, part) for part in (self.examples, self.general))
        right = self.shifting(before, after) if self.shifting else None
        if dev is None and right is None:
            self.off = "the student could score no dev answer"
            log.warning("gate: not measured: %s", self.off)
            return True
        look = Passage(dev, general, right, taken=True)
        if what := self._worse(look):
            look = replace(look, taken=self._tolerates(after, what))
        self.passages.append(look)
        self.way = [*(self.way[:1] or [before]), after if look.taken else before]
        return look.taken

    def _worse(self, look: Passage) -> str:
        """The first limit that a look is above, in words; empty for none."""
        right, level = look.right, self.settings.level
        if right and right.p < level:
            return (
                f"of {right.questions} dev questions {right.before} were answered rightly before, "
                f"{right.after} now (+{right.gained} -{right.lost}, p = {right.p:.2g}): so many "
                f"losses come by chance less often than gate.level ({level:g}) allows"
            )
        limits = (
            (
                "dev answers",
                None if right else look.dev,
                "max_increase",
                self.settings.max_increase,
            ),
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

    def _measure(self, checkpoint: Path) -> Measured:
        if checkpoint not in self._measured:
            self._measured[checkpoint] = {
                example.id: result
                for texts in filter(None, (self.examples, self.general))
                for example, result in self._weigh(texts, checkpoint)
                if not isinstance(result, Failed)
            }
        return self._measured[checkpoint]

    def _weigh(
        self, texts: list[Example], checkpoint: Path
    ) -> Iterator[tuple[Example, Likelihood | Failed]]:
        """Each kind by itself, as the stage `general` weighs it after the gate."""
        arguments = {"examples": texts, "checkpoint": checkpoint}
        return ask(self.student, "student_score", texts, Likelihood, **arguments)

    def metrics(self) -> dict[str, Any]:
        """One row: what decided, the measures of the checkpoint that came out beside those of the
        one that went in, and how many new weights were refused; None where nothing was measured.
        """
        looks = self.passages
        taken = [look.taken for look in looks]
        dev, general = (
            _over([(getattr(look, part), look.taken) for look in looks])
            for part in ("dev", "general")
        )
        right = self.shifting(self.way[0], self.way[-1]) if self.shifting and self.way else None
        return {
            "by": ("correct" if right else "likelihood") if looks else None,
            "dev_nll": round(dev.after, 4) if dev else None,
            "dev_increase": round(dev.increase, 4) if dev else None,
            "general_nll": round(general.after, 4) if general else None,
            "general_increase": round(general.increase, 4) if general else None,
            **_shifted(right),
            "refused": taken.count(False) if looks else None,
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
                    **(_told(look.dev) if look.dev else {}),
                    "taken": look.taken,
                    "general": _told(look.general) if look.general else None,
                    "right": _shifted(look.right) if look.right else None,
                }
                for look in self.passages
            ],
        }


def open_gate(
    student: Plugin,
    settings: GateSettings,
    dev: Path,
    general: Path,
    example: Exampling,
    shifting: Shifting | None,
) -> Gate:
    """The gate of one stage: off, with a message, where it cannot measure. `example` words the dev
    questions as the student is asked them; `shifting` is there where right answers decide.
    """
    examples = [
        example(question, question.answer)
        for question in read_records(dev, Question)
        if question.answer is not None
    ]
    off = ""
    if not student.has("student_score"):
        off = f"the student plugin {student.name!r} cannot tell how likely it finds an answer"
        shifting = None  # nor does an endpoint have the new weights
    elif settings.max_increase is None:
        off = "gate.max_increase is null"
    elif not examples:
        off = f"{dev} has no question with an accepted answer"
    if off:
        log.warning("gate: %s: %s", "likelihood not measured" if shifting else "not measured", off)
    texts = ([], []) if off else (examples, general_examples(general))
    return Gate(student, settings, *texts, shifting, "" if shifting else off)


def _change(old: Measured, new: Measured, examples: list[Example]) -> Change | None:
    """Over the texts that both could weigh; None for none."""
    both = [row.id for row in examples if row.id in old and row.id in new]
    before = nats_per_token(old[name] for name in both)
    after = nats_per_token(new[name] for name in both)
    return None if before is None or after is None else Change(before, after)


def _over(looks: list[tuple[Change | None, bool]]) -> Change | None:
    """From the weights that went in to those that came out; None for no look."""
    seen = [(change, taken) for change, taken in looks if change]
    if not seen:
        return None
    last, taken = seen[-1]
    return Change(seen[0][0].before, last.after if taken else last.before)


def _told(seen: Change) -> dict[str, float]:
    return {
        "before": round(seen.before, 4),
        "after": round(seen.after, 4),
        "increase": round(seen.increase, 4),
    }


def _shifted(right: Shift | None) -> dict[str, float | None]:
    """Right answers to the dev questions, in shares and counts, and how sure the change is."""
    low, high = right.interval if right else (None, None)
    values: dict[str, float | None] = {
        "dev_correct": right.after / right.questions if right else None,
        "dev_correct_before": right.before / right.questions if right else None,
        "dev_change_low": low,
        "dev_change_high": high,
        "dev_p": float(f"{right.p:.2g}") if right else None,
    }
    counts = {
        "dev_questions": right.questions if right else None,
        "dev_gained": right.gained if right else None,
        "dev_lost": right.lost if right else None,
    }
    return {k: v if v is None else round(v, 4) for k, v in values.items()} | counts
