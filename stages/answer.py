"""Answer: a checkpoint answers the held-out questions.

Reads the test questions and the checkpoint; writes its answers, and how likely it finds the
experts' answers (no judge can flatter that).
"""

from pathlib import Path

from meteor.core.domain import Domain
from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Answer, Failed, Likelihood, Question
from meteor.core.roles import Plugin
from meteor.prompts import wording
from meteor.running.asking import ask
from meteor.running.stage import Stage, log, run_stage


def answer(
    stage: Stage, questions: Path, checkpoint: Path, name: str, out: Path, summary: Path
) -> None:
    params, student = stage.params, stage.load("student")
    asking = wording.answer(params.domain)
    asked = list(read_records(questions, Question))
    count = stage.tally(len(asked))
    ready = [asking(question) for question in asked]
    decoding = params.answer.decoding
    written = {
        prompt.id: completion
        for prompt, completion in count.generate(student, ready, checkpoint, decoding, params.seed)
    }
    answered = [question for question in asked if question.id in written]
    likely, unweighed = likelihoods(student, answered, checkpoint, params.domain)
    rows = [
        Answer(
            id=question.id,
            question=question,
            text=written[question.id].text,
            finish_reason=written[question.id].finish_reason,
            tokens=written[question.id].completion_tokens,
            flops=written[question.id].flops,
            thought=written[question.id].thought,
            reference_nll=likely[question.id].nll if question.id in likely else None,
            reference_tokens=likely[question.id].tokens if question.id in likely else None,
        )
        for question in answered
    ]
    count.rows_out = len(rows)
    count.close(summary, **({"unweighed": unweighed} if unweighed else {}))
    write_records(out, rows)


def likelihoods(
    student: Plugin, questions: list[Question], checkpoint: Path, domain: Domain
) -> tuple[dict[str, Likelihood], dict[str, str]]:
    """Of the expert answers, where there are any and the student can tell; and why it cannot tell
    of single ones (longer than its window, say), whose questions are judged all the same.
    """
    example = wording.example(domain)
    examples = [
        example(question, question.answer) for question in questions if question.answer is not None
    ]
    likely: dict[str, Likelihood] = {}
    unweighed: dict[str, str] = {}
    if not examples or not student.has("student_score"):
        return likely, unweighed
    arguments = {"examples": examples, "checkpoint": checkpoint}
    for weighed, result in ask(student, "student_score", examples, Likelihood, **arguments):
        if isinstance(result, Failed):
            unweighed[weighed.id] = result.error
            log.warning("no likelihood of the answer to %s: %s", weighed.id, result.error)
        else:
            likely[weighed.id] = result
    return likely, unweighed


if __name__ == "__main__":
    run_stage(answer)
