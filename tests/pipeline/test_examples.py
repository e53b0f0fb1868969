"""The examples whose answers a program can check: the whole pipeline on a tiny model, and no Python
is touched.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Project
from tests.pipeline.test_end_to_end import TRAINER, lines, metrics, settings
from tests.verification.asking import verdicts

EXAMPLES = {"programming": "python", "sums": "number"}
TAKE = {"programming": "fenced", "sums": "last_line"}
LONG = {**TRAINER, "batch_size": 8, "max_length": 500, "too_long": "cut"}
LONGER = {"strategy": "greedy", "max_new_tokens": 200}


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
def project(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Project:
    """A project in git, with the settings of a tiny model."""
    project = Project(tmp_path_factory.mktemp("examples"))
    shutil.copytree(ROOT / "examples", project.folder / "examples")
    project.set(
        {
            **settings(tiny_checkpoint),
            "sft.trl": LONG,
            "pairwise.trl": {"loss": "margin", "margin": 0.1, "anchor": 0.5, **LONG},
            "duplicates": {"near": None, "held_out": None},
            "guideline.enabled": False,
            "evaluate": {"base": {"before": "base"}, "t1": {"before": "base"}},
            # A few answers, which the tiny model learns by heart: so some are right, and whole.
            "distill.questions": 6,
            "finetune.schedule": {"epochs": 80, "learning_rate": 5.0e-3},
            "iterate.questions": None,
            "iterate.max_iterations": 1,
            "iterate.decoding": LONGER,
            "answer.decoding": LONGER,
            "pairs.questions": None,
            "pairs.chosen": {"strategy": "beam", "num_beams": 2, "max_new_tokens": 200},
            "pairs.rejected": {"strategy": "sample", "temperature": 2.0, "max_new_tokens": 200},
            "explore.strategies": {},
        }
    )
    project.run("git", "add", "--all")
    project.run("git", "commit", "--quiet", "--message", "As it comes")
    return project


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_whole_pipeline_takes_it_by_params_and_texts_alone(project: Project, name: str) -> None:
    project.run("meteor", "preset", f"examples/{name}/settings.yaml")
    assert project.run("meteor", "check").returncode == 0
    ran = project.repro()
    assert {"ingest", "iterate@r1", "selftrain@t1", "verify@t1", "report"} <= set(ran)
    verified = lines(project, "data/verdicts/t1.jsonl")
    held_out = [row["id"] for row in rows(name) if row["split"] == "test"]
    assert sorted(row["id"] for row in verified) == sorted(held_out)
    assert all(isinstance(row["passed"], bool) for row in verified)
    right = sum(row["passed"] for row in verified) / len(verified)
    assert metrics(project, "t1")["correct"] == round(right, 3)
    changed = project.run("git", "diff", "--name-only").stdout.split()
    assert "params.yaml" in changed and not [file for file in changed if file.endswith(".py")]
