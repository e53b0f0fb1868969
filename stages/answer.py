"""Answer: a checkpoint answers the held-out questions.

Reads the test questions and the checkpoint; writes its answers, and how likely it finds the
experts' answers (no judge can flatter that).
"""

from pathlib import Path

from meteor import prompts
from meteor.core.jsonl import read_records, write_records
from meteor.core.params import Params
from meteor.core.records import Answer, Completion, Likelihood, Question
from meteor.core.roles import Plugin, load_role
from meteor.core.stage import Tally, run_stage, tally


def answer(
    params: Params, questions: Path, checkpoint: Path, name: str, out: Path, summary: Path
) -> None:
    student = load_role("student", params)
    asked = list(read_records(questions, Question))
    count = tally(params, f"answer@{name}", rows_in=len(asked))
    ready = [prompts.answer(question) for question in asked]
    written = {
        prompt.id: completion
        for prompt, completion in count.ask(
            student,
            "student_generate",
            ready,
            Completion,
            prompts=ready,
            checkpoint=checkpoint,
            decoding=params.answer.decoding,
            seed=params.seed,
        )
    }
    answered = [question for question in asked if question.id in written]
    likely = likelihoods(student, answered, checkpoint, count)
    rows = [
        Answer(
            id=question.id,
            question=question,
            text=written[question.id].text,
            finish_reason=written[question.id].finish_reason,
            tokens=written[question.id].completion_tokens,
            flops=written[question.id].flops,
            reference_nll=likely[question.id].nll if question.id in likely else None,
            reference_tokens=likely[question.id].tokens if question.id in likely else None,
        )
        for question in answered
        if question.answer is None or question.id in likely or not student.has("student_score")
    ]
    count.rows_out = len(rows)
    count.close(summary)
    write_records(out, rows)


def likelihoods(
    student: Plugin, questions: list[Question], checkpoint: Path, count: Tally
) -> dict[str, Likelihood]:
    """Of the expert answers, where there are any and the student can tell."""
    examples = [
        prompts.example(question, question.answer)
        for question in questions
        if question.answer is not None
    ]
    if not examples or not student.has("student_score"):
        return {}
    scored = count.ask(
        student, "student_score", examples, Likelihood, examples=examples, checkpoint=checkpoint
    )
    return {example.id: likelihood for example, likelihood in scored}


if __name__ == "__main__":
    run_stage(answer)
