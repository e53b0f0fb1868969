"""The accounting of a stage: rows in = rows out + rows rejected + rows failed, always.

The sum is printed and written, and a stage with too many failed rows ends with exit code 1. What
stages ask of each role stands here, too, so that every asked row is accounted for.
"""

import logging
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_json
from meteor.core.judgements import Judgement
from meteor.core.records import (
    Advice,
    Answer,
    Completion,
    Draft,
    Example,
    Failed,
    Likelihood,
    Prompt,
    Question,
    Rejected,
)
from meteor.core.roles import HasId, Plugin
from meteor.core.settings import Decoding
from meteor.core.verdicts import Verdict
from meteor.running.asking import ask
from meteor.running.observers import summarised

log = logging.getLogger("meteor")
In = TypeVar("In", bound=HasId)
Out = TypeVar("Out", bound=HasId)


@dataclass
class Written:
    """What models wrote for a stage: texts that were kept, and their tokens."""

    texts: int = 0
    tokens: int = 0
    flops: list[float] = field(default_factory=list)
    """Of all samples and beams behind each text, where they are counted."""

    def add(self, completion: Completion) -> None:
        """Count one."""
        self.texts += 1
        self.tokens += completion.completion_tokens
        if completion.flops is not None:
            self.flops.append(completion.flops)

    def told(self) -> dict[str, Any]:
        """As the summary has it: the same, in whichever order the texts came. FLOPs are None
        where no text's are counted.
        """
        flops = math.fsum(self.flops) if self.flops else None
        return {"texts": self.texts, "tokens": self.tokens, "flops": flops}


@dataclass
class Tally:
    """What became of the rows of one stage."""

    stage: str
    allowed: float
    rows_in: int = 0
    rows_out: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    failed: list[Failed] = field(default_factory=list)
    shortened: int = 0
    """Prompts that were shortened to fit into the model's window."""
    written: Written = field(default_factory=Written)

    def reject(self, row: str, reason: str) -> None:
        """Count a row that is left out on purpose."""
        self.rejected[reason] += 1
        log.info("rejected %s: %s", row, reason)

    def drop(self, reason: str, rows: int) -> None:
        """Count rows that somebody else left out on purpose."""
        if rows:
            self.rejected[reason] += rows
            log.info("%s: rejected %d rows: %s", self.stage, rows, reason)

    def fail(self, failure: Failed) -> None:
        """Count a row that could not be done."""
        self.failed.append(failure)
        log.warning("failed %s: %s", failure.id, failure.error)

    def keep(self, results: Iterable[tuple[In, Out | Failed]]) -> Iterator[tuple[In, Out]]:
        """Yield what succeeded and count what failed."""
        for row, result in results:
            if isinstance(result, Rejected):
                self.reject(result.id, result.error)
            elif isinstance(result, Failed):
                self.fail(result)
            else:
                self.shortened += getattr(result, "shortened", False)
                if isinstance(result, Completion):
                    self.written.add(result)
                yield row, result

    def ask(
        self, plugin: Plugin, hook: str, rows: list[In], kind: type[Out], **arguments: Any
    ) -> Iterator[tuple[In, Out]]:
        """Ask a plugin about rows; yield what succeeded, count what failed."""
        yield from self.keep(ask(plugin, hook, rows, kind, **arguments))

    def generate(
        self,
        student: Plugin,
        prompts: list[Prompt],
        checkpoint: Path,
        decoding: Decoding,
        seed: int,
    ) -> Iterator[tuple[Prompt, Completion]]:
        """What a checkpoint writes for each prompt."""
        more = {"checkpoint": checkpoint, "decoding": decoding, "seed": seed}
        return self.ask(student, "student_generate", prompts, Completion, prompts=prompts, **more)

    def weigh(
        self, student: Plugin, examples: list[Example], checkpoint: Path
    ) -> Iterator[tuple[Example, Likelihood]]:
        """How likely a checkpoint finds each example's answer."""
        more = {"examples": examples, "checkpoint": checkpoint}
        return self.ask(student, "student_score", examples, Likelihood, **more)

    def teach(
        self, teacher: Plugin, questions: list[Question], prompts: list[Prompt], seed: int
    ) -> Iterator[tuple[Question, Completion]]:
        """The teacher's answer to each question; `prompts` word them, in the same order."""
        more = {"prompts": prompts, "questions": questions, "seed": seed}
        return self.ask(teacher, "teacher_answer", questions, Completion, **more)

    def advise(self, advisor: Plugin, drafts: list[Draft]) -> Iterator[tuple[Draft, Advice]]:
        """What the advisor says of each draft."""
        return self.ask(advisor, "advisor_advise", drafts, Advice, drafts=drafts)

    def verify(self, verifier: Plugin, drafts: list[Draft]) -> Iterator[tuple[Draft, Verdict]]:
        """What the verifier finds out about each draft."""
        return self.ask(verifier, "verifier_verify", drafts, Verdict, drafts=drafts)

    def score(self, judge: Plugin, answers: list[Answer]) -> Iterator[tuple[Answer, Judgement]]:
        """The judge's scores of each answer."""
        return self.ask(judge, "judge_score", answers, Judgement, answers=answers)

    def check(self) -> None:
        """Raise MeteorError where rows are unaccounted for or too many failed."""
        rejected, failed = sum(self.rejected.values()), len(self.failed)
        accounted = self.rows_out + rejected + failed
        if accounted != self.rows_in:
            raise MeteorError(f"{self.stage}: {self.rows_in} rows in, {accounted} accounted for")
        if self.rows_in and failed / self.rows_in > self.allowed:
            shown = "".join(f"\n  {f.id}: {f.error}" for f in self.failed[:5])
            raise MeteorError(
                f"{self.stage}: {failed} of {self.rows_in} rows failed, more than "
                f"max_failed_fraction ({self.allowed:g}) allows:{shown}"
                + (f"\n  and {failed - 5} more" if failed > 5 else "")
            )

    def sums(self) -> dict[str, int]:
        """Rows in, out, rejected and failed."""
        return {
            "in": self.rows_in,
            "out": self.rows_out,
            "rejected": sum(self.rejected.values()),
            "failed": len(self.failed),
        }

    def close(self, summary: Path, **extra: Any) -> None:
        """Check the accounting and write it to `summary`."""
        self.check()
        rows = self.sums()
        log.info("%s: %d rows in = %d out + %d rejected + %d failed", self.stage, *rows.values())
        account = {
            "rows": rows,
            "rejected": dict(sorted(self.rejected.items())),
            "failed": [failure.model_dump() for failure in self.failed],
            **({"shortened_prompts": self.shortened} if self.shortened else {}),
            **({"written": self.written.told()} if self.written.texts else {}),
            **extra,
        }
        if self.shortened:
            what = "prompts were longer than the model's window and have been shortened"
            log.warning("%s: %d %s", self.stage, self.shortened, what)
        write_json(summary, account)
        summarised(account)
