"""Phases 2 and 3: what the student is asked, what is accepted, what it learns from, and pairs."""

import shutil
from pathlib import Path

import pytest

from meteor.core.jsonl import read_records
from meteor.core.records import Pair, Question
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.rounds import PATHS, Round


@pytest.fixture
def the_round(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    return Round(project, tmp_path / "calls")


def test_a_revision_shows_the_students_own_draft_and_the_advice(the_round: Round) -> None:
    refined = the_round.refine()
    first, second = fakes.calls(the_round.calls, "student_generate")[:2]
    draft, revision = first["rows"][0]["messages"], second["rows"][0]["messages"]
    attempt = refined["q0"].attempts[0]
    assert [message["role"] for message in revision] == ["user", "assistant", "user"]
    assert revision[0] == draft[0]
    assert "What is 0?" in draft[0]["content"] and "Tell me of 0." in draft[0]["content"]
    assert revision[1]["content"] == attempt.text == "q0 try 1." + attempt.text[9:]
    assert attempt.advice == "Mend q0 try 1, says fake."
    assert attempt.advice in revision[2]["content"]


def test_every_attempt_is_kept_and_marked(the_round: Round) -> None:
    accepts = {"q0": 1, "q1": 2, "q2": 3, "q3": 4, "q4": 0}
    the_round.project.set({"advisor.fake.accepts_by_id": accepts})
    refined = the_round.refine()
    marks = {name: [a.correct for a in row.attempts] for name, row in refined.items()}
    assert list(refined) == [question.id for question in the_round.questions]
    assert marks["q0"] == [True]
    assert marks["q1"] == [False, True]
    assert marks["q2"] == [False, False, True]
    assert marks["q3"] == marks["q4"] == [False, False, False], "no more than max_iterations"
    assert {name for name, row in refined.items() if row.accepted} == {"q0", "q1", "q2", "q5", "q6"}
    assert the_round.summary()["accepted"] == 5
    assert the_round.summary()["attempts"] == 1 + 2 + 3 + 3 + 3 + 2 + 2


def test_the_summary_counts_what_was_written(the_round: Round) -> None:
    attempts = [attempt for row in the_round.refine().values() for attempt in row.attempts]
    told = the_round.summary()["written"]
    assert told["texts"] == len(attempts) == the_round.summary()["attempts"]
    assert told["tokens"] == 12 * len(attempts), "the fake says so of each text"
    assert told["flops"] == 1000 * len(attempts)


def test_it_learns_the_accepted_answers_and_only_those(the_round: Round) -> None:
    the_round.project.set({"advisor.fake.accepts_by_id": {"q1": 1, "q2": 0, "q5": 0}})
    refined = the_round.refine()
    examples = [row for call in fakes.calls(the_round.calls, "sft_train") for row in call["rows"]]
    assert [row["id"] for row in examples] == ["q0", "q1", "q3", "q4", "q6"]
    for row in examples:
        assert row["answer"] == refined[row["id"]].attempts[-1].text
        assert [message["role"] for message in row["prompt"]["messages"]] == ["user"]
        assert f"What is {row['id'][1:]}?" in row["prompt"]["messages"][0]["content"]


def test_it_fine_tunes_on_every_interval_and_at_the_end_on_the_rest(the_round: Round) -> None:
    the_round.project.set({"advisor.fake.accepts": 1})
    refined = the_round.refine()
    assert the_round.learned() == [
        ("sft", ["q0", "q1", "q2"]),
        ("r1.0.partial", ["q3", "q4", "q5"]),
        ("r1.1.partial", ["q6"]),
    ]
    assert the_round.asked() == [
        ("sft", ["q0", "q1"]),
        ("sft", ["q2", "q3"]),
        ("r1.0.partial", ["q4", "q5"]),
        ("r1.1.partial", ["q6"]),
    ]
    assert [row.weights for row in refined.values()] == [0, 0, 0, 0, 1, 1, 2]
    assert the_round.summary()["finetunes"] == 3


def test_a_group_may_fill_more_than_one_interval(the_round: Round) -> None:
    the_round.set(in_flight=7)
    the_round.refine()
    assert [ids for _, ids in the_round.learned()] == [
        ["q0", "q1", "q2"],
        ["q3", "q4", "q5"],
        ["q6"],
    ]
    assert {checkpoint for checkpoint, _ in the_round.asked()} == {"sft"}


def test_only_questions_without_an_accepted_answer_are_asked_again(the_round: Round) -> None:
    the_round.set(in_flight=7)
    the_round.project.set({"advisor.fake": {"accepts": 1, "accepts_by_id": {"q1": 2, "q4": 3}}})
    the_round.refine()
    assert [ids for _, ids in the_round.asked()][1:] == [["q1", "q4"], ["q4"]]


def test_the_new_checkpoint_is_the_last_and_the_start_is_untouched(the_round: Round) -> None:
    the_round.refine()
    start = the_round.folder / "models/sft/model.safetensors"
    assert start.read_bytes() == b"sft"
    weights = (the_round.folder / "models/r1/model.safetensors").read_bytes()
    assert weights not in (b"sft", b"")
    assert fakes.leftovers(the_round.project) == []
    assert len((the_round.folder / PATHS["losses"]).read_text().splitlines()) == 1 + 3 * 2


def told(the_round: Round, question: str) -> str:
    """The last turn of the first revision of a question."""
    calls = fakes.calls(the_round.calls, "student_generate")
    asked = [row["messages"] for call in calls for row in call["rows"] if row["id"] == question]
    return str(next(turns for turns in asked if len(turns) == 3)[2]["content"])


def test_an_answer_that_is_cut_off_is_never_accepted(the_round: Round) -> None:
    cut_off = ["q0 try 1", "q1 try 1", "q1 try 2", "q1 try 3"]
    the_round.project.set({"student.fake.cut_off": cut_off, "advisor.fake.accepts": 1})
    refined = the_round.refine()
    assert [attempt.correct for attempt in refined["q0"].attempts] == [False, True]
    assert refined["q0"].attempts[0].finish_reason == "length"
    assert "Be shorter: the answer was cut off." in told(the_round, "q0")
    assert not refined["q1"].accepted
    assert "q1" not in the_round.learned_ids()


def test_an_empty_answer_is_never_accepted_and_the_advice_does_not_call_it_cut_off(
    the_round: Round,
) -> None:
    the_round.project.set({"student.fake.silent": ["q2"], "advisor.fake.accepts": 1})
    refined = the_round.refine()
    assert not refined["q2"].accepted
    assert "q2" not in the_round.learned_ids()
    said = told(the_round, "q2")
    assert "Write an answer." in said and "cut off" not in said


def test_a_question_that_the_advisor_fails_on_is_counted_and_not_learned(the_round: Round) -> None:
    the_round.project.set({"advisor.fake.fails": ["q1 try 1", "q3 try 2"]})
    the_round.project.set({"max_failed_fraction": 0.5})
    refined = the_round.refine()
    assert list(refined) == ["q0", "q2", "q4", "q5", "q6"]
    assert the_round.summary()["rows"] == {"in": 7, "out": 5, "rejected": 0, "failed": 2}
    assert the_round.summary()["failed"] == [
        {"id": "q1", "error": "the advisor is ill"},
        {"id": "q3", "error": "the advisor is ill"},
    ]
    assert the_round.learned_ids() == ["q0", "q2", "q4", "q5", "q6"]


def test_questions_that_are_never_answered_rightly_are_listed(the_round: Round) -> None:
    the_round.project.set({"advisor.fake": {"accepts": 1, "accepts_by_id": {"q1": 0, "q4": 0}}})
    the_round.refine()
    left = read_records(the_round.folder / PATHS["unsolved"], Question)
    assert [question.id for question in left] == ["q1", "q4"]


def test_too_many_failed_questions_end_the_round(the_round: Round) -> None:
    the_round.project.set({"advisor.fake.fails": ["q1 try 1"]})
    message = fakes.refused(the_round.run())
    assert "iterate@r1: 1 of 7 rows failed, more than max_failed_fraction (0) allows" in message
    assert "q1: the advisor is ill" in message
    assert_nothing_written(the_round)


def test_where_nothing_is_accepted_the_round_says_so(the_round: Round) -> None:
    the_round.project.set({"advisor.fake.accepts": 0})
    message = fakes.refused(the_round.run())
    assert "models/r1: no answer was accepted" in message and "iterate.questions" in message
    assert_nothing_written(the_round)


def test_a_verifier_without_a_check_is_told_before_any_draft(the_round: Round) -> None:
    advisor = {"plugin": "verifier", "verifier": {}}
    the_round.project.set({"advisor": advisor, "verifier.plugin": "json", "verifier.json": {}})
    message = fakes.refused(the_round.run(), code=2)
    assert message.startswith("params.yaml: advisor lets the verifier decide, and none of 7 ")
    assert "source.check" in message and not the_round.calls.exists()
    assert_nothing_written(the_round)


def assert_nothing_written(the_round: Round) -> None:
    for name in ("out", "checkpoint", "losses", "metrics", "summary"):
        assert not (the_round.folder / PATHS[name]).exists(), PATHS[name]
    assert fakes.leftovers(the_round.project) == []


def test_a_second_run_writes_the_same_bytes(the_round: Round) -> None:
    the_round.refine()
    first = fakes.results(the_round.project)
    assert b'"q0"' in first[PATHS["out"]]
    for path in ("out", "losses", "summary"):
        (the_round.folder / PATHS[path]).write_text("left over from another run")
    shutil.rmtree(the_round.folder / PATHS["checkpoint"])
    the_round.refine()
    assert fakes.results(the_round.project) == first


@pytest.mark.parametrize("number", [0, 1, 9])
def test_what_a_killed_round_left_behind_changes_nothing_and_is_gone(
    the_round: Round, number: int
) -> None:
    left = the_round.folder / f"models/r1.{number}.partial"
    left.mkdir()
    (left / "half-written").write_text("by a trainer that was killed")
    the_round.refine()
    assert not (the_round.folder / "models/r1/half-written").exists()
    assert fakes.leftovers(the_round.project) == []


# --- phase 3: pairs -------------------------------------------------------------------------------


def pairs(the_round: Round) -> dict[str, Pair]:
    """Run the stage for turn t1: beam search by sft, greedy by base."""
    done = fakes.stage(
        the_round.project,
        "pairs",
        questions=PATHS["questions"],
        checkpoint="models/sft",
        against="models/base",
        name="t1",
        out="data/pairs/t1.jsonl",
        summary=PATHS["summary"],
    )
    assert done.returncode == 0, done.stderr
    return {row.id: row for row in read_records(the_round.folder / "data/pairs/t1.jsonl", Pair)}


def test_a_pair_prefers_more_computation_whatever_the_length(the_round: Round) -> None:
    the_round.project.set({"pairs.questions": 4})
    made = pairs(the_round)
    assert len(made) == 4
    assert [checkpoint for checkpoint, _ in the_round.asked()] == ["sft", "base"]
    assert the_round.asked()[0][1] == the_round.asked()[1][1] == list(made)
    for pair in made.values():
        assert pair.chosen != pair.rejected
        assert (pair.chosen_flops, pair.rejected_flops) == (10_000, 1_000), "10 beams and greedy"
        assert [message.role for message in pair.prompt.messages] == ["user"]
    assert the_round.summary()["chosen_flops"] == 10_000
    assert the_round.summary()["rejected_flops"] == 1_000


def test_pairs_that_teach_nothing_are_dropped_and_counted(the_round: Round) -> None:
    the_round.project.set({"pairs.questions": None, "student.fake.alike": ["q1", "q5"]})
    the_round.project.set({"student.fake.cut_off_beams": ["q2"], "student.fake.silent": ["q3"]})
    (the_round.folder / "models/base/model.safetensors").write_bytes(b"sft")
    assert list(pairs(the_round)) == ["q0", "q4", "q6"]
    assert the_round.summary()["rows"] == {"in": 7, "out": 3, "rejected": 4, "failed": 0}
    assert the_round.summary()["rejected"] == {
        "an answer is empty": 1,
        "both answers are the same": 2,
        "the high-FLOPs answer is cut off": 1,
    }
