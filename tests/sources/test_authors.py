"""A run of the authors' scripts becomes records, and the pipeline goes on from there."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.commands.authors.run import Run
from meteor.core.errors import MeteorError
from meteor.core.params import Cleaning
from tests.conftest import Project
from tests.pipeline import fakes

FIVE = {"Accuracy": 8, "Completeness": 7, "Relevance": 9, "Coherence": 9, "Reliability": 6}
TAIL = "Based on the above, please provide guidelines for a model to answer."
ASKED = [
    (f"What is concept {n}?", f"I read about concept {n} in book {n * 7}.\nTell me <b>all</b>.")
    for n in range(12)
]


def echo(number: int, guideline: str) -> str:
    title, body = ASKED[number]
    return f"Title: {title} Content: {body} {TAIL}\n{guideline}"


def write(folder: Path, name: str, rows: list[Any]) -> None:
    folder.mkdir(exist_ok=True)
    if name.endswith(".jsonl"):
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    else:
        (folder / name).write_text(json.dumps(rows))


def a_run(folder: Path) -> None:
    """What the scripts leave: 8 questions taught, 2 held out."""
    write(
        folder,
        "ml_data.json",
        [{"title": title, "question_content": body} for title, body in ASKED],
    )
    guidelines: list[Any] = [{"guideline": echo(n, f"1. Say {n}.")} for n in range(9)]
    guidelines += [guidelines[0], {"guideline": "1. Be clear."}, {"guideline": echo(9, "")}, "{"]
    write(folder, "guidelines.jsonl", guidelines)
    distilled = [
        {
            "question_title": ASKED[n][0],
            "question_content": ASKED[n][1],
            "guideline": echo(n, f"1. Say {n}."),
            "answer": f"It is thing {n}.",
        }
        for n in range(8)
    ]
    write(
        folder, "distilled_data.jsonl", [*distilled, distilled[0], {**distilled[1], "answer": None}]
    )
    iterative = [
        {"question": f"{ASKED[0][0]} {ASKED[0][1]}", "answer": "A thing.", "evaluation": text}
        for text in ("Correct.", "Correct.")
    ]
    iterative += [
        {"question": ASKED[1][1], "answer": "No.", "evaluation": "Not Correct"},
        {"question": ASKED[2][1], "answer": "Hm.", "evaluation": "It is about things."},
    ]
    write(folder, "iterative_training_data.jsonl", iterative)
    write(folder, "test.jsonl", [{"question_content": ASKED[n][1]} for n in (0, 10, 10, 11)])
    evaluation = [
        {
            "question": ASKED[n][1],
            "answers": {"out/base": "a", "out/tuned": "b"},
            "evaluation": json.dumps([{"Answer": "1", **FIVE}, {"Answer": "2", **FIVE}]),
        }
        for n in (10, 11)
    ]
    write(folder, "evaluation_results.jsonl", [*evaluation, {**evaluation[0], "evaluation": "?"}])


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    a_run(tmp_path / "old")
    run = Run(Cleaning())
    run.read(tmp_path / "old")
    told = {name: dict(count) for name, count in run.counts.items()}
    assert told == {
        "ml_data.json": {"rows": 12, "kept": 12},
        "distilled_data.jsonl": {
            "rows": 10,
            "mended: the echoed prompt taken off": 8,
            "dropped: a duplicate": 1,
            "dropped: TypeError in a field": 1,
        },
        "evaluation_results.jsonl": {"rows": 3, "kept": 2, "dropped: a duplicate": 1},
        "iterative_training_data.jsonl": {
            "rows": 4,
            "kept, marked accepted": 1,
            "dropped: a duplicate": 1,
            "kept, marked not accepted": 1,
            "kept, marked unknown: the evaluation does not tell": 1,
        },
        "guidelines.jsonl": {
            "rows": 13,
            "mended: the echoed prompt taken off, its question recovered": 1,
            "dropped: a duplicate": 9,
            "dropped: no question is to be found in it": 1,
            "dropped: only the prompt, no guideline": 1,
            "dropped: not a readable object": 1,
        },
        "test.jsonl": {
            "rows": 4,
            "kept": 2,
            "dropped: the question was trained on": 1,
            "dropped: a duplicate": 1,
        },
    }
    assert [q.title for q in run.tests.values()] == [ASKED[10][0], ASKED[11][0]]
    assert {q.category for q in run.questions.values()} == {"ml"}
    assert [(r.accepted, r.question.title) for r in run.refinements] == [
        (True, ASKED[0][0]),
        (False, ASKED[1][0]),
    ]
    assert {model: len(rows) for model, rows in run.judgements.items()} == {
        "out/base": 2,
        "out/tuned": 2,
    }


def test_questions_are_recovered_from_guidelines_alone(tmp_path: Path) -> None:
    """Fault 1: the guidelines named no question, so that nothing was ever distilled."""
    write(tmp_path, "guidelines.jsonl", [{"guideline": echo(n, f"1. Say {n}.")} for n in range(9)])
    run = Run(Cleaning())
    run.read(tmp_path)
    assert [q.title for q in run.questions.values()] == [title for title, _ in ASKED[:9]]
    assert [g.text for g in run.guidelines.values()] == [f"1. Say {n}." for n in range(9)]
    assert not run.distilled


def test_a_folder_without_such_files_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "other.jsonl", [{"a": 1}])
    with pytest.raises(MeteorError, match="no file of the authors' scripts"):
        Run(Cleaning()).read(tmp_path)


def test_the_pipeline_goes_on_from_there(project: Project, tiny_checkpoint: Path) -> None:
    """In a real DVC repository: the guidelines and the teacher's answers are not asked again."""
    fakes.install(project, tiny_checkpoint)
    a_run(project.folder / "old")
    project.run("dvc", "repro", "base")
    said = project.run("python", "-m", "meteor", "import-run", "old").stdout
    assert "8 questions to train on, 2 held out" in said
    assert "dvc commit --force ingest guideline distill" in said
    project.run("dvc", "commit", "--force", "ingest", "guideline", "distill")
    assert project.repro("finetune") == ["finetune"]  # and none of those before it
    learned = [
        json.loads(line)
        for line in (project.folder / "data/distilled/train.jsonl").read_text().splitlines()
    ]
    assert [row["answer"] for row in learned] == [f"It is thing {n}." for n in range(8)]
    assert learned[0]["question"]["body"].endswith("Tell me **all**.")
    beside = project.folder / "old" / "records"
    assert len((beside / "refinements.jsonl").read_text().splitlines()) == 2
    assert len(json.loads((beside / "unknown.json").read_text())) == 1
    assert {file.stem for file in (beside / "judgements").iterdir()} == {"out--base", "out--tuned"}
    shown = project.run("python", "-m", "meteor", "show", "data/raw/test.jsonl").stdout
    assert ASKED[10][0] in shown and "2 records" in shown
