"""The whole method with the plugins that ship, on a tiny model: one round, one turn."""

import csv
import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from meteor.core.judgements import ASPECTS
from meteor.evaluation.controls import CONTROLS
from meteor.models.model_card import read_front
from tests.conftest import Project
from tests.pipeline import fakes

pytestmark = pytest.mark.slow

MODELS = ["base", "sft", "r1", "t1"]
JUDGED = ["base", "sft", "t1"]
ROWS = ["ingest", "guideline", "distill", "finetune", "iterate-r1", "pairs-t1"]
ROWS += ["explore-t1", "vet-t1", "selftrain-t1"]
BEFORE = ["base", "base", "sft"]
EVALUATING = ("answer", "verify", "general", "judge", "compare")
ROWS += [f"{stage}-{model}" for stage in EVALUATING for model in JUDGED]
ROWS += ["control", "unguided", "quality"]
TABLES = ["dimensions", "comparisons", "correct", "categories", "phases", "acceptance", "lengths"]
ANSWERS = ["It is a good idea.", "It is not so simple.", "You should try it."]
SHORT = {"strategy": "greedy", "max_new_tokens": 20}
TRAINER = {"batch_size": 4, "max_length": 256, "dtype": "float32", "device": "cpu"}


def settings(tiny_checkpoint: Path) -> dict[str, Any]:
    """A tiny model learns to write a short sentence and to stop, so that some answers pass."""
    return {
        "source.path": "data/sources",
        "base.plugin": "hub",
        "base.local": str(tiny_checkpoint),
        "base.hub": {"model": str(tiny_checkpoint), "dtype": "float32"},
        "student.transformers": {"device": "cpu", "dtype": "float32", "batch_size": 40},
        "advisor.reference": {"coverage": 0.0, "support": 0.0, "max_repetition": 1.0},
        "sft.trl": TRAINER,
        "pairwise.trl": {"loss": "margin", "margin": 0.1, "anchor": 0.5, **TRAINER},
        "guideline.decoding": {"strategy": "sample", "max_new_tokens": 8},
        "finetune.schedule": {"epochs": 20, "learning_rate": 5.0e-3},
        "iterate.questions": 6,
        "iterate.max_iterations": 2,
        "iterate.finetune_interval": 10,
        "iterate.decoding": SHORT,
        "iterate.schedule": {"epochs": 2, "learning_rate": 1.0e-4},
        "rounds": {"r1": {"from": "sft"}},
        "pairs": {
            "questions": 6,
            "chosen": {"strategy": "beam", "num_beams": 4, "max_new_tokens": 20},
            "rejected": {"strategy": "sample", "temperature": 1.5, "max_new_tokens": 20},
        },
        "explore.strategies": {"mbr": {"strategy": "mbr", "samples": 3, "max_new_tokens": 20}},
        "vet.below": "warn",
        "selftrain.schedule": {"epochs": 2, "learning_rate": 1.0e-4},
        "turns": {"t1": {"from": "r1", "against": "base"}},
        "evaluate": {
            model: {"before": before} for model, before in zip(JUDGED, BEFORE, strict=True)
        },
        "answer.decoding": SHORT,
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Project:
    """The project after one `dvc repro`."""
    project = Project(tmp_path_factory.mktemp("end_to_end"))
    rows = project.questions(24)
    for number, row in enumerate(rows):
        row["answer"] = ANSWERS[number % len(ANSWERS)]
    (project.folder / "data/sources/ml_data.json").write_text(json.dumps(rows))
    project.set(settings(tiny_checkpoint))
    assert len(project.repro()) == 11 + 6 + 6 * len(JUDGED)
    return project


def lines(project: Project, path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.folder / path).read_text().splitlines()]


def table(project: Project, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader((project.folder / path).read_text().splitlines()))


def metrics(project: Project, name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((project.folder / "metrics" / f"{name}.json").read_text())
    return value


def test_every_stage_wrote_its_files(done: Project) -> None:
    written = {path for path in fakes.results(done) if not path.startswith("models/")}
    assert written == {
        "data/sources/ml_data.json",
        *(f"data/raw/{split}.jsonl" for split in ("train", "dev", "test")),
        "data/raw/card.md",
        "data/guidelines/train.jsonl",
        "data/distilled/train.jsonl",
        *("data/iterative/r1.jsonl", "data/unsolved/r1.jsonl"),
        *(f"data/pairs/t1{end}" for end in (".jsonl", "-explored.jsonl", "-passed.json")),
        *("metrics/gates/r1.json", "metrics/gates/t1.json"),
        *("metrics/pairs/t1.json", "metrics/pairs/t1.csv"),
        *(
            f"data/{kind}/{model}.jsonl"
            for kind in ("answers", "verdicts", "judgements", "likelihoods", "preferences")
            for model in JUDGED
        ),
        *(f"data/verifier/{name}.json" for name in ("advisor", "judge", "pairs", "gate")),
        "data/controls/preferences.jsonl",
        "data/unguided/train.jsonl",
        *(f"metrics/rows/{name}.json" for name in ROWS),
        *(f"metrics/training/{model}.csv" for model in MODELS[1:]),
        *(f"metrics/{model}.json" for model in JUDGED),
        *(f"metrics/plots/{name}.csv" for name in TABLES),
        "metrics/judge.json",
        "metrics/data_quality.json",
        "metrics/report.html",
    }
    assert {path.name for path in (done.folder / "models").iterdir()} == {*MODELS, ".gitignore"}
    for model in MODELS:
        folder = done.folder / "models" / model
        for name in ("model.safetensors", "tokenizer.json", "chat_template.jinja", "config.json"):
            assert (folder / name).is_file(), folder / name


def test_the_rows_of_every_stage_add_up(done: Project) -> None:
    outs = {}
    for name in ROWS:
        rows = metrics(done, f"rows/{name}")["rows"]
        assert rows["in"] == rows["out"] + rows["rejected"] + rows["failed"], name
        assert rows["failed"] == 0, name
        # The tiny base writes no words, so that there is nothing to spoil.
        assert rows["in"] > 0 or name == "control", name
        outs[name] = rows["out"]
    train, test = len(lines(done, "data/raw/train.jsonl")), len(lines(done, "data/raw/test.jsonl"))
    assert outs["guideline"] == len(lines(done, "data/guidelines/train.jsonl"))
    assert outs["distill"] == len(lines(done, "data/distilled/train.jsonl"))
    assert outs["guideline"] == outs["distill"] == outs["finetune"] == train
    assert outs["iterate-r1"] == len(lines(done, "data/iterative/r1.jsonl")) == 6
    assert outs["pairs-t1"] == len(lines(done, "data/pairs/t1.jsonl")) == outs["selftrain-t1"]
    for model in JUDGED:
        assert outs[f"answer-{model}"] == len(lines(done, f"data/answers/{model}.jsonl")) == test
        assert outs[f"judge-{model}"] == len(lines(done, f"data/judgements/{model}.jsonl")) == test


def test_every_model_has_weights_of_its_own(done: Project) -> None:
    weights = {
        model: (done.folder / "models" / model / "model.safetensors").read_bytes()
        for model in MODELS
    }
    for one, other in combinations(MODELS, 2):
        assert len(weights[one]) == len(weights[other])
        assert weights[one] != weights[other], (one, other)


def test_the_student_has_learned(done: Project) -> None:
    """Experts' answers are likelier than before, and its own answers end."""
    assert metrics(done, "sft")["nll"] < metrics(done, "base")["nll"] - 1
    assert metrics(done, "base")["cut_off"] == 1
    assert metrics(done, "sft")["cut_off"] < 1
    losses = [float(row["loss"]) for row in table(done, "metrics/training/sft.csv")]
    assert losses[-1] < losses[0] / 2


def test_answers_were_accepted_and_learned(done: Project) -> None:
    refined = lines(done, "data/iterative/r1.jsonl")
    accepted = [row for row in refined if row["accepted"]]
    assert accepted and all(row["attempts"][-1]["finish_reason"] == "stop" for row in accepted)
    summary = metrics(done, "rows/iterate-r1")
    assert summary["accepted"] == len(accepted)
    assert summary["finetunes"] == 1 and summary["steps"] >= 1


def test_beam_search_cost_more_than_sampling(done: Project) -> None:
    pairs = lines(done, "data/pairs/t1.jsonl")
    assert pairs and all(row["chosen"] != row["rejected"] for row in pairs)
    assert all(row["chosen_flops"] > 2 * row["rejected_flops"] > 0 for row in pairs)


def test_quality_stands_against_flops_for_every_strategy(done: Project) -> None:
    rows = {row["strategy"]: row for row in table(done, "metrics/pairs/t1.csv")}
    assert list(rows) == ["chosen (beam-4)", "rejected (sample)", "mbr"]
    tflops = {name: float(row["tflops"]) for name, row in rows.items()}
    assert min(tflops["chosen (beam-4)"], tflops["mbr"]) > 2 * tflops["rejected (sample)"] > 0
    assert all(1 <= float(row["score"]) <= 10 for row in rows.values())
    checked = metrics(done, "pairs/t1")
    assert checked["pairs_judged"] == len(lines(done, "data/pairs/t1.jsonl"))
    assert 0 <= checked["pairs_win_rate"] <= 1


def test_every_trained_model_has_a_card_and_went_through_the_gate(done: Project) -> None:
    for name, trainings in (("sft", 1), ("r1", 2), ("t1", 3)):
        front = read_front(done.folder / "models" / name / "README.md")
        assert [step["checkpoint"] for step in front["meteor"]] == ["sft", "r1", "t1"][:trainings]
        assert front["license"] and front["base_model"] == "checkpoint", "the folder's name"
        assert str(done.folder) not in (done.folder / "models" / name / "README.md").read_text()
    for name in ("r1", "t1"):
        dev = [row for row in lines(done, "data/raw/dev.jsonl") if row["answer"]]
        assert (metrics(done, f"gates/{name}")["dev_nll"] is not None) == bool(dev)


def test_the_metrics_are_one_row_a_model(done: Project) -> None:
    shown = done.run("dvc", "metrics", "show", "--md").stdout.splitlines()
    header, rows = shown[0], [line for line in shown if line.startswith("| metrics")]
    assert sorted(row.split("|")[1].strip() for row in rows) == sorted(
        f"metrics/{model}.json" for model in JUDGED
    )
    for column in ("overall", "win_rate", "win_low", "win_high", "nll", "words"):
        assert f" {column} " in header
    for model in JUDGED:
        row = metrics(done, model)
        if model == "base":  # beside itself it leaves nothing to chance
            assert row.pop("win_low") is row.pop("win_high") is None
        assert all(isinstance(value, (int, float)) for value in row.values()), model
        assert all(math.isfinite(value) for value in row.values()), model
    assert metrics(done, "base")["win_rate"] == 0.5
    assert max(map(len, done.run("dvc", "metrics", "show").stdout.splitlines())) <= 110


def test_the_plots_have_their_tables(done: Project) -> None:
    dimensions = table(done, "metrics/plots/dimensions.csv")
    assert len(dimensions) == 6 * len(JUDGED)
    pairs = {(row["model"], row["against"]) for row in table(done, "metrics/plots/comparisons.csv")}
    expected = {(m, b) for m, b in zip(JUDGED, BEFORE, strict=True)} | {(m, "base") for m in JUDGED}
    assert pairs == expected
    evolution = table(done, "metrics/plots/phases.csv")
    assert [row["model"] for row in evolution] == JUDGED
    assert [float(row["nll"]) for row in evolution] == [metrics(done, m)["nll"] for m in JUDGED]
    acceptance = table(done, "metrics/plots/acceptance.csv")
    assert [(row["round"], row["attempt"]) for row in acceptance] == [("r1", "1"), ("r1", "2")]


def test_the_judge_and_the_teacher_are_reported_on(done: Project) -> None:
    judge = metrics(done, "judge")
    assert [row["control"] for row in judge["controls"]] == list(CONTROLS)
    assert judge["inconsistent"] == 0.0, "it measures each answer alone"
    quality = metrics(done, "data_quality")
    assert not quality["applicable"] and "does not read guidelines" in quality["why"]


def test_the_table_is_that_of_the_paper(done: Project) -> None:
    said = done.run("python", "-m", "meteor", "table").stdout
    rows = [line.split("|") for line in said.splitlines() if " | " in line]
    heads = [n for n, row in enumerate(rows) if row[0].strip() == "model"]
    names = [row[0].strip() for row in rows]
    assert [cell.strip() for cell in rows[0][1:]] == list(ASPECTS)
    assert names[heads[0] + 2 : heads[1]] == JUDGED
    assert names[heads[1] + 2 :][:3] == ["sft over base", "t1 over base", "t1 over sft"]
    assert names[names.index("checkpoint") + 2 :][:3] == ["sft", "r1", "t1"]
    assert "questions can show a lead of" in said


def test_a_second_run_runs_nothing(done: Project) -> None:
    assert done.repro() == []
