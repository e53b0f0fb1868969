"""Guideline: the student writes how an expert would go about each answer (paper, section 3.1).

Reads the training questions and the base checkpoint; writes one guideline a question.
"""

from collections.abc import Iterator
from pathlib import Path

from meteor import prompts
from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Completion, Failed, Guideline, Question
from meteor.core.roles import load_role
from meteor.running.stage import run_stage, tally


def guideline(params: Params, questions: Path, checkpoint: Path, out: Path, summary: Path) -> None:
    student = load_role("student", params)
    asked = [prompts.guideline(question) for question in read_records(questions, Question)]
    count = tally(params, "guideline", rows_in=len(asked))

    def guidelines() -> Iterator[Guideline]:
        for prompt, written in count.ask(
            student,
            "student_generate",
            asked,
            Completion,
            prompts=asked,
            checkpoint=checkpoint,
            decoding=params.guideline.decoding,
            seed=params.seed,
        ):
            if not written.text.strip():
                count.fail(Failed(id=prompt.id, error="the student wrote an empty guideline"))
                continue
            count.rows_out += 1
            yield Guideline(id=prompt.id, text=written.text, finish_reason=written.finish_reason)

    rows = list(guidelines())
    count.close(summary)
    write_records(out, rows)


if __name__ == "__main__":
    run_stage(guideline)
