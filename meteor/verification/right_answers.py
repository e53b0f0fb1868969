"""How many dev questions a checkpoint answers rightly, beside another checkpoint."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.records import Completion, Draft, Failed, Prompt, Question
from meteor.core.roles import Plugin
from meteor.core.sections import GateSettings
from meteor.core.settings import Decoding
from meteor.core.verdicts import Shift, Verdict
from meteor.running.asking import ask

Asking = Callable[[Question], Prompt]
log = logging.getLogger("meteor")
NONE = "none"
"""The verifier that knows nothing."""


class RightAnswers:
    """Lets checkpoints answer the questions that have a `check`, each checkpoint once."""

    def __init__(
        self,
        student: Plugin,
        verifier: Plugin,
        questions: Iterable[Question],
        asking: Asking,
        decoding: Decoding,
    ) -> None:
        self.student, self.verifier, self.decoding = student, verifier, decoding
        self.questions = {row.id: row for row in questions if row.check is not None}
        self.prompts = [asking(question) for question in self.questions.values()]
        self._known: dict[Path, dict[str, bool]] = {}

    def shift(self, before: Path, after: Path) -> Shift | None:
        """From one checkpoint to another, over the questions with a verdict on both answers; None
        where there is none.
        """
        old, new = self._right(before), self._right(after)
        both = [(old[name], new[name]) for name in old if name in new]
        if not both:
            return None
        return Shift(
            questions=len(both),
            before=sum(one for one, _ in both),
            after=sum(other for _, other in both),
            gained=sum(other and not one for one, other in both),
            lost=sum(one and not other for one, other in both),
        )

    def _right(self, checkpoint: Path) -> dict[str, bool]:
        if checkpoint not in self._known:
            more = {"checkpoint": checkpoint, "decoding": self.decoding, "seed": 0}
            asked = self.prompts
            written = ask(
                self.student, "student_generate", asked, Completion, prompts=asked, **more
            )
            drafts = [
                Draft(id=prompt.id, question=self.questions[prompt.id], text=done.text)
                for prompt, done in written
                if not isinstance(done, Failed)
            ]
            verdicts = ask(self.verifier, "verifier_verify", drafts, Verdict, drafts=drafts)
            self._known[checkpoint] = {
                draft.id: verdict.passed
                for draft, verdict in verdicts
                if not isinstance(verdict, Failed) and verdict.passed is not None
            }
        return self._known[checkpoint]


def shifts(
    student: Plugin, verifier: Plugin, settings: GateSettings, dev: Path, asking: Asking
) -> Callable[[Path, Path], Shift | None] | None:
    """How a gate learns what becomes of right answers; None where they do not decide, or where no
    dev question has a `check`, which is said.
    """
    if settings.by == "likelihood" or verifier.name == NONE:
        return None
    right = RightAnswers(student, verifier, read_records(dev, Question), asking, settings.decoding)
    if not right.questions:
        log.warning("gate: right answers not measured: %s has no question with a check", dev)
        return None
    return right.shift
