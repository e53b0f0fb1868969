"""Right answers: their share with its interval, and McNemar's exact test beside others'."""

import pytest

from meteor.core.records import Answer, Question
from meteor.core.verdicts import Verdict
from meteor.evaluation.correctness import metrics, right, table


def known(passed: int, lost: int, both: int, neither: int) -> tuple[dict[str, bool], ...]:
    """Two checkpoints: `passed` only the first is right in, `lost` only the second."""
    pairs = [(True, False)] * passed + [(False, True)] * lost
    pairs += [(True, True)] * both + [(False, False)] * neither
    return tuple({f"q{n}": pair[side] for n, pair in enumerate(pairs)} for side in (0, 1))


def test_what_is_not_known_counts_for_nobody() -> None:
    verdicts = [Verdict(id="a", passed=True), Verdict(id="b", passed=None)]
    assert right(verdicts) == {"a": True}
    assert metrics({}, {}, {}) == {}


def test_the_share_has_wilsons_interval_and_mcnemars_test() -> None:
    ours, theirs = known(30, 9, 144, 89)
    row = metrics(ours, theirs, theirs)
    assert row == {
        **{"correct": 0.64, "correct_low": 0.581, "correct_high": 0.694},
        **{"p_before": pytest.approx(0.0011, rel=0.1), "p_base": row["p_before"]},
    }


def test_each_category_and_opponent_has_a_row_over_common_questions() -> None:
    rest = {"text": "x", "finish_reason": "stop", "tokens": 1, "flops": None}
    answers = [
        Answer(id=n, question=Question(id=n, title="What?", category=c), **rest)
        for n, c in (("a", "one"), ("b", "one"), ("c", "two"))
    ]
    said = {"base": {"a": False, "b": False}, "sft": {"a": True, "b": False, "c": True}}
    rivals = {"base": ("base", "base"), "sft": ("base", "base")}
    rows = {(r.model, r.category): r for r in table(dict.fromkeys(said, answers), said, rivals)}
    assert set(rows) == {("base", "all"), ("base", "one"), ("sft", "all"), ("sft", "one")}
    assert (rows["sft", "all"].questions, rows["sft", "all"].gained) == (2, 1)
    assert rows["sft", "all"].p == 1.0 and rows["base", "all"].p is None
