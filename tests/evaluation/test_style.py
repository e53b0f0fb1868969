"""What a judge likes is told apart from what is good: length is taken out, lists are named."""

import numpy as np
import pytest

from meteor.evaluation.style import MARKS, Text, differences, length_controlled, style


def controlled(shares: list[float], longer: list[int]) -> float:
    found = length_controlled(shares, longer)
    assert found is not None
    low, high = found.interval
    assert low is not None and high is not None and 0 <= low <= found.value <= high <= 1
    return found.value


def drawn(number: int, seed: int, liking: float) -> tuple[list[float], list[int]]:
    """Answers about 40 words longer that win for their length alone: the truth is 0.5."""
    rng = np.random.default_rng(seed)
    longer = np.rint(rng.normal(40, 40, number))
    felt = np.tanh(longer / np.sqrt((longer**2).mean()))
    won = rng.random(number) < 1 / (1 + np.exp(-liking * felt))
    return won.astype(float).tolist(), longer.astype(int).tolist()


def test_length_that_alone_decides_is_taken_out_of_forty_questions() -> None:
    samples = [drawn(40, seed, 3.0) for seed in range(60)]
    assert np.mean([np.mean(won) for won, _ in samples]) > 0.7
    assert np.mean([controlled(*sample) for sample in samples]) == pytest.approx(0.5, abs=0.06)


def test_length_that_does_not_matter_changes_little() -> None:
    won, longer = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0] * 5, [10, -10] * 20
    assert controlled(won, longer) == pytest.approx(0.75, abs=0.03)
    assert controlled([1.0, 0.0, 1.0, 1.0], [0, 0, 0, 0]) == 0.75
    assert controlled([1.0, 1.0], [5, -5]) == 1.0


def test_both_sides_make_one_and_what_length_separates_is_finite() -> None:
    won, longer = drawn(40, 3, 1.0)
    turned = controlled([1 - share for share in won], [-by for by in longer])
    assert controlled(won, longer) + turned == pytest.approx(1, abs=1e-4)
    apart = controlled([1, 1, 1, 0, 0, 0], [30, 20, 10, -10, -20, -30])
    assert apart == pytest.approx(0.5, abs=0.01)


def test_equal_length_that_was_never_seen_is_not_guessed() -> None:
    assert length_controlled([1.0] * 35 + [0.0] * 5, [30] * 40) is None
    assert length_controlled([1.0] * 35 + [0.0] * 5, [30] * 39 + [-1]) is None
    assert length_controlled([], []) is None


def test_marks_of_style_are_counted() -> None:
    plain = "It drops units. It helps."
    dressed = "# Dropout\n\n- **It** drops units.\n- It helps.\n\n```python\nx = 1\n```\n"
    more = dict(zip(MARKS, differences(dressed, plain), strict=True))
    assert 0 < more.pop("words") < 1
    assert set(more.values()) == {1.0}
    assert differences(plain, plain) == [0.0] * len(MARKS)


def listed(judge_likes_lists: bool) -> list[Text]:
    """A better model that also writes more lists, under a judge that likes lists, or does not."""
    rng = np.random.default_rng(5)
    rows = []
    for place in range(120):
        ours, theirs = (rng.random() < 0.7), (rng.random() < 0.3)
        better = 0.7 if not judge_likes_lists else 0.5 + 0.4 * (int(ours) - int(theirs))
        text = {True: "- One thing.\n- Another.", False: "One thing. Another."}
        won = float(rng.random() < better)
        rows.append(Text(won, text[bool(ours)], text[bool(theirs)], "sft / base", f"q{place}"))
    return rows


def test_a_love_of_lists_is_seen_and_a_better_model_is_no_love_of_lists() -> None:
    liked = {row.mark: row for row in style(listed(True))}["list items"]
    assert liked.pull is not None and liked.low is not None
    assert liked.pull > 0.75 and liked.low > 0.6
    fair = {row.mark: row for row in style(listed(False))}["list items"]
    assert fair.low is not None and fair.high is not None and fair.low < 0.5 < fair.high
    assert all(row.pull is None for row in style([]))
