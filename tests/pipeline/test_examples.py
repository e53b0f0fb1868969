"""The examples whose answers a program can check: the whole pipeline, with a student that knows
every other answer, and no Python is touched.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tests.pipeline import fakes
from tests.pipeline.test_end_to_end import lines, metrics
from tests.verification.asking import verdicts

EXAMPLES = {"programming": "python", "sums": "number"}
TAKE = {"programming": "fenced", "sums": "last_line"}


def rows(name: str) -> list[dict[str, Any]]:
    """The questions of an example."""
    text = (ROOT / "examples" / name / "questions.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reference_is_right_and_that_of_another_question_is_not(name: str) -> None:
    questions = rows(name)
    assert len({row["title"] for row in questions}) == len(questions) == 30
    own = [(row["answer"], row["check"]) for row in questions]
    others = [
        (answer, check) for (answer, _), (_, check) in zip(own, own[1:] + own[:1], strict=True)
    ]
    said = verdicts(EXAMPLES[name], [*own, *others], take=TAKE[name])
    assert [getattr(verdict, "passed", None) for verdict in said] == [True] * 30 + [False] * 30


@pytest.fixture(scope="module")
def project(
    begun: Project, tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path
) -> Project:
    """A project in git, in which fakes stand for the models; all else is what ships."""
    project = fakes.twin(begun, tmp_path_factory.mktemp("examples"))
    shutil.copytree(ROOT / "examples", project.folder / "examples")
    fakes.install(project, tiny_checkpoint, fakes.MODELS)
    project.set(
        {
            "duplicates": {"near": None, "held_out": None},
            "guideline.enabled": False,
            "distill.questions": 6,
            "iterate.questions": None,
            "iterate.max_iterations": 1,
            "pairs.questions": None,
        }
    )
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "As it comes")
    return project


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_whole_pipeline_takes_it_by_params_and_texts_alone(project: Project, name: str) -> None:
    project.run("meteor", "preset", f"examples/{name}/settings.yaml")
    project.set({"student.fake.knows": f"examples/{name}/questions.jsonl"})
    assert project.run("meteor", "check").returncode == 0
    ran = project.repro()
    assert {"ingest", "iterate@r1", "selftrain@t1", "verify@t1", "report"} <= set(ran)
    verified = lines(project, "data/verdicts/t1.jsonl")
    held_out = [row["id"] for row in rows(name) if row["split"] == "test"]
    assert sorted(row["id"] for row in verified) == sorted(held_out)
    assert all(isinstance(row["passed"], bool) for row in verified)
    known = {row["id"] for row in rows(name)[::2]}
    assert {row["id"] for row in verified if row["passed"]} == known & set(held_out)
    assert metrics(project, "t1")["correct"] == round(len(known & set(held_out)) / len(held_out), 3)
    accepted = {row["id"] for row in lines(project, "data/iterative/r1.jsonl") if row["accepted"]}
    assert accepted and accepted <= known
    changed = project.run("git", "diff", "--name-only").stdout.split()
    assert "params.yaml" in changed and not [file for file in changed if file.endswith(".py")]
