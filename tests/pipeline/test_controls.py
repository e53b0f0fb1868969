"""Controls: checkpoints that are trained otherwise, to be evaluated beside those of the phases."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.models.model_card import read_front
from meteor.training.controlling import as_many_steps
from stages.shuffle import tails
from tests.conftest import Project
from tests.pipeline import fakes
from tests.training import finetuning

ROUNDS = {
    "more": {"from": "sft", "of": "r2", "kind": "steps"},
    "flat": {"from": "sft", "of": "r2", "kind": "answers"},
    "gold": {"from": "base", "of": "sft", "kind": "gold"},
}
CONTROLS = {"rounds": ROUNDS, "turns": {"random": {"from": "r2", "of": "t1"}}}
SETTINGS: dict[str, Any] = {
    "rounds": {"r1": {"from": "sft"}, "r2": {"from": "r1"}},
    "turns": {"t1": {"from": "r2", "against": "sft"}},
    "evaluate": {"base": {"before": "base"}, "more": {"before": "base"}},
    "controls": CONTROLS,
    "advisor.fake": {"accepts_by_id": {"q003": 0}},
    "iterate.replay": 0.5,
    "pairs.questions": None,
}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, finished: Project) -> Project:
    """A pipeline of fakes with two rounds, a turn and a control of each kind, run to its end."""
    folder = tmp_path_factory.mktemp("controls")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAKE_CALLS", str(folder / "calls"))
        project = fakes.twin(finished, folder / "project")
        project.set(SETTINGS)
        project.repro()
    return project


def lines(project: Project, path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.folder / path).read_text().splitlines()]


def plan(project: Project, name: str) -> dict[str, Any]:
    return fakes.read_json(project.folder / f"data/lessons/{name}.json")


def story(project: Project, name: str) -> list[dict[str, Any]]:
    front = read_front(project.folder / f"models/{name}/README.md")
    return list(front["meteor"])


def test_further_steps_are_as_many_as_the_rounds_took_on_what_phase_1_taught(done: Project) -> None:
    took = sum(training["steps"] for training in story(done, "r2")[1:])
    told = plan(done, "more")
    assert told["steps"] == took > 2
    assert told["schedule"] == {
        "epochs": (took - 0.5) / 2,  # the fake makes two steps of phase 1's one epoch
        "learning_rate": load_params().iterate.schedule.learning_rate,
    }
    learned = lines(done, "data/lessons/more.jsonl")
    taught = lines(done, "data/distilled/train.jsonl")
    assert [row["answer"] for row in learned] == [row["answer"] for row in taught]
    assert [each["checkpoint"] for each in story(done, "more")] == ["sft", "more"]


def test_the_rounds_answers_are_learned_at_once(done: Project) -> None:
    accepted = [
        (f"{row['id']}@{name}", row["attempts"][-1]["text"])
        for name in ("r1", "r2")
        for row in lines(done, f"data/iterative/{name}.jsonl")
        if row["accepted"]
    ]
    rows = [(row["id"], row["answer"]) for row in lines(done, "data/lessons/flat.jsonl")]
    assert rows[: len(accepted)] == accepted and accepted
    replayed = rows[len(accepted) :]
    assert len(replayed) == round(len(accepted) / 2)
    assert all(name.endswith("#replay") for name, _ in replayed)
    assert plan(done, "flat")["steps"] is None
    summary = fakes.read_json(done.folder / "metrics/rows/lessons-flat.json")["rows"]
    assert summary["in"] == 12 and summary["out"] == len(accepted)


def test_the_upper_bound_learns_every_expert_answer_from_base(done: Project) -> None:
    questions = lines(done, "data/raw/train.jsonl")
    rows = lines(done, "data/lessons/gold.jsonl")
    assert [row["answer"] for row in rows] == [row["answer"] for row in questions]
    assert [each["from"] for each in story(done, "gold")] == ["base"]
    history = fakes.read_json(done.folder / "models/gold/questions.json")
    assert history["taught"] == [row["id"] for row in questions]
    assert plan(done, "gold")["schedule"]["learning_rate"] == pytest.approx(4e-4)


def test_a_coin_says_which_answer_of_a_pair_is_chosen(done: Project) -> None:
    pairs = {row["id"]: row for row in lines(done, "data/pairs/t1.jsonl")}
    calls = fakes.calls(done.folder.parent / "calls", "pairwise_train")
    assert [call["checkpoint"] for call in calls] == ["r2", "r2"], "the turn, and its control"
    texts = {name: row["chosen"] for name, row in pairs.items()}
    both = [{row["id"]: row for row in call["rows"]} for call in calls]
    learned = next(
        rows for rows in both if {name: row["chosen"] for name, row in rows.items()} != texts
    )
    assert list(learned) == list(pairs)
    turned = [name for name, row in learned.items() if row["chosen"] == pairs[name]["rejected"]]
    kept = [name for name, row in learned.items() if row["chosen"] == pairs[name]["chosen"]]
    assert turned and kept and len(turned) + len(kept) == len(pairs)
    summary = fakes.read_json(done.folder / "metrics/rows/shuffle-random.json")
    assert summary["exchanged"] == len(turned)


def test_the_coin_is_fair_and_falls_the_same_again() -> None:
    thrown = [tails(f"q{number}", 7) for number in range(1000)]
    assert 450 < sum(thrown) < 550
    assert thrown == [tails(f"q{number}", 7) for number in range(1000)]
    assert thrown != [tails(f"q{number}", 8) for number in range(1000)]


def test_a_control_is_evaluated_like_any_checkpoint(done: Project) -> None:
    assert fakes.read_json(done.folder / "metrics/more.json")["overall"] > 0
    told = done.run("python", "-m", "meteor", "check").stdout
    assert "checkpoint base > sft > more" in told
    assert "metrics/more.json" in done.run("dvc", "metrics", "show").stdout


def test_what_a_control_shares_with_the_phases_runs_it_again(done: Project, tmp_path: Path) -> None:
    project = fakes.twin(done, tmp_path / "project")
    assert project.repro() == []
    project.set({"pairwise.plugin": "same"})
    assert fakes.changed(project) == {"selftrain@t1", "shuffle@random"}
    project.set({"pairwise.plugin": "fake", "sft.plugin": "same"})
    concerned = {"finetune", "iterate@r1", "iterate@r2", *(f"retrain@{name}" for name in ROUNDS)}
    assert fakes.changed(project) == concerned


def test_another_round_gathers_anew_and_trains_no_control_again(
    done: Project, tmp_path: Path
) -> None:
    project = fakes.twin(done, tmp_path / "project")
    project.set({"rounds.r3": {"from": "r2"}})
    ran = set(project.repro())
    assert {"iterate@r3", "lessons@flat"} <= ran
    assert not {name for name in ran if name.startswith(("retrain", "shuffle", "answer"))}


@pytest.mark.parametrize(
    ("controls", "message"),
    [
        ({"rounds": {"r1": ROUNDS["more"]}}, "controls.rounds.r1: there is a checkpoint of this"),
        ({"rounds": {"more": {**ROUNDS["more"], "of": "r9"}}}, "there is no checkpoint 'r9'"),
        (
            {"rounds": {"more": {**ROUNDS["more"], "from": "r2", "of": "r1"}}},
            "more.from: 'r1' does not come from 'r2', but by way of base > sft > r1",
        ),
        (
            {"rounds": {"flat": {"from": "base", "of": "sft", "kind": "answers"}}},
            "there is no round between 'base' and 'sft'",
        ),
        ({"turns": {"random": {"from": "sft", "of": "t1"}}}, "name a turn in `of`"),
        ({"turns": {"random": {"from": "sft", "of": "r1"}}}, "name a turn in `of`"),
    ],
)
def test_a_control_of_nothing_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch, controls: dict[str, Any], message: str
) -> None:
    project.set({"controls": controls})
    monkeypatch.chdir(project.folder)
    with pytest.raises(SettingsError) as refused:
        load_params()
    assert message in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1, 3, 8])
def test_the_trainer_makes_just_so_many_steps(
    tiny_checkpoint: Path, tmp_path: Path, steps: int
) -> None:
    """Seven rows in batches of two, three epochs: four steps an epoch."""
    rows = [finetuning.example(number, "It is useful.") for number in range(7)]
    whole, _ = finetuning.train(tiny_checkpoint, tmp_path / "whole", rows, 3, batch_size=2)
    taught = {"steps": len(whole.steps), "epochs": whole.epochs}
    schedule = as_many_steps(steps, taught, 1e-4)
    more, _ = finetuning.train(
        tiny_checkpoint, tmp_path / "more", rows, schedule.epochs, batch_size=2
    )
    assert (len(whole.steps), len(more.steps)) == (12, steps)
