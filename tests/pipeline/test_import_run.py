"""The pipeline goes on from a run of the authors' scripts, and no held-out question trains."""

import json
import re
from pathlib import Path

import pytest

from meteor.commands.authors.run import Run
from meteor.commands.import_run import splits
from meteor.core.errors import MeteorError
from meteor.core.sections import Cleaning, Duplicates
from tests.conftest import Project
from tests.pipeline import fakes
from tests.sources.old_runs import ASKED, RAW, TAUGHT, a_run, leave


def test_the_pipeline_goes_on_from_there(begun: Project, tmp_path: Path) -> None:
    """In a real DVC repository: the guidelines and the teacher's answers are not asked again."""
    project = fakes.twin(begun, tmp_path / "project")
    a_run(project.folder / "old")
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


def letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub("<[^<>]+>", "", text).lower())


KINDS = [
    *(("rg", kind) for kind in ("plain", "marked", "small", "cut")),
    *((what, "plain") for what in ("rgd", "rgdt", "gt", "dt", "gdt", "rd")),
]


@pytest.mark.parametrize(("what", "kind"), KINDS)
def test_no_held_out_question_is_trained_on(tmp_path: Path, what: str, kind: str) -> None:
    """Where the echo of a question differs from its raw text, it was held out and trained on."""
    leave(tmp_path, what, kind)
    run = Run(Cleaning())
    run.read(tmp_path)
    train, test = ([letters(q.body) for q in rows] for rows in splits(run, Duplicates()))
    taught = {letters(row["question_content"]) for row in RAW[:TAUGHT]}
    assert len(train) == TAUGHT and set(test).isdisjoint(taught) and len(test) == len(RAW) - TAUGHT
    if kind != "cut":
        assert set(train) == taught


def test_a_run_without_a_guideline_is_refused(tmp_path: Path) -> None:
    leave(tmp_path, "rt")
    run = Run(Cleaning())
    run.read(tmp_path)
    with pytest.raises(MeteorError, match="no question with a guideline"):
        splits(run, Duplicates())


def test_the_pipeline_goes_on_to_the_end(
    begun: Project, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """From the guidelines, whose answers the teacher that ships gives. The raw data come along,
    since that teacher and the advisor that ships look at its accepted answers.
    """
    project = fakes.twin(begun, tmp_path / "project")
    fakes.install(project, tiny_checkpoint, (*fakes.MODELS, "judge"))
    project.set({"advisor.reference": {"coverage": 0.0, "support": 0.0, "max_repetition": 1.0}})
    leave(project.folder / "old", "rg")
    file = project.folder / "old/ml_data.json"
    rows = [{**row, "answer": "It is a good idea."} for row in json.loads(file.read_text())]
    file.write_text(json.dumps(rows))
    said = project.run("python", "-m", "meteor", "import-run", "old").stdout
    command = next(line for line in said.splitlines() if "dvc commit" in line)
    project.run(*command.partition("&& ")[2].split())
    ran = project.repro()
    assert {"distill", "finetune", "score@t1"} <= set(ran) and "ingest" not in ran
    taught = (project.folder / "data/distilled/train.jsonl").read_text().splitlines()
    assert {json.loads(row)["answer"] for row in taught} == {"It is a good idea."}
    assert fakes.read_json(project.folder / "metrics/t1.json")["overall"] > 0
