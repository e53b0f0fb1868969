"""Judges that are no judges are found out: by their flips, by the controls, by the lengths."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pluggy
import pytest

from meteor.core import hookspecs
from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import read_records, write_records
from meteor.core.judgements import (
    ASPECTS,
    Compared,
    Comparison,
    Judgement,
    Preference,
    Scores,
    Shares,
)
from meteor.core.params import Params, load_params
from meteor.core.records import Answer, Failed, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Settings
from meteor.evaluation.comparing import Match, prefer
from meteor.evaluation.controls import AGAIN, controls
from meteor.evaluation.health import family, health, warnings
from meteor.evaluation.preferences import WinRate, win_rates
from meteor.running.stage import Stage
from stages import compare as stage

Verdict = Callable[[Comparison], float | None]


class Judge:
    """A judge that says what its rule says; None is garbage."""

    def __init__(self, rule: Verdict) -> None:
        self.rule = rule
        self.asked: list[Comparison] = []

    @hookimpl
    def plugin_params(self) -> type[Settings]:
        return Settings

    @hookimpl
    def judge_score(self, answers: Sequence[Answer]) -> Iterator[Judgement]:
        for row in answers:
            yield Judgement(id=row.id, scores=Scores(**dict.fromkeys(ASPECTS[:5], 5)))

    @hookimpl
    def judge_compare(self, pairs: Sequence[Comparison]) -> Iterator[Compared | Failed]:
        self.asked += pairs
        for pair in reversed(pairs):
            share = self.rule(pair)
            if share is None:
                yield Failed(id=pair.id, error="no verdict in the last reply")
            else:
                yield Compared(id=pair.id, shares=Shares(**dict.fromkeys(ASPECTS, share)))

    @property
    def plugin(self) -> Plugin:
        manager = pluggy.PluginManager("meteor")
        manager.add_hookspecs(hookspecs)
        manager.register(self)
        return Plugin("judge", "fake", Settings(), manager.hook)


def first(pair: Comparison) -> float:
    return 1.0


def longer(pair: Comparison) -> float:
    ours, theirs = len(pair.first.split()), len(pair.second.split())
    return 0.5 if ours == theirs else float(ours > theirs)


def sound(pair: Comparison) -> float:
    """Knows good answers: their own question's number, one full stop, no repetition."""

    def worth(text: str) -> float:
        own = pair.question.id in text
        return own + text.rstrip().endswith(".") - text.count(".") / 10

    return (
        0.5
        if worth(pair.first) == worth(pair.second)
        else float(worth(pair.first) > worth(pair.second))
    )


def answers(model: str, count: int = 20, padding: str = "") -> list[Answer]:
    return [
        Answer(
            id=f"q{number:02}",
            question=Question(id=f"q{number:02}", title="What?", category="ml"),
            text=f"What {model} says about q{number:02} is this{padding}.",
            finish_reason="stop",
            tokens=9,
            flops=None,
        )
        for number in range(count)
    ]


def checked(rule: Verdict, repeat: bool = False) -> list[Preference]:
    matches = controls(answers("base"), 10, 7, repeat)
    return [row for _, row in prefer(Judge(rule).plugin, matches) if isinstance(row, Preference)]


def compared(rule: Verdict, ours: list[Answer], theirs: list[Answer]) -> list[Preference | Failed]:
    matches = [
        Match(mine.question, "base", mine.text, other.text)
        for mine, other in zip(ours, theirs, strict=True)
    ]
    return [row for _, row in prefer(Judge(rule).plugin, matches)]


def overall(ours: list[Answer], theirs: list[Answer], rows: Sequence[Any]) -> WinRate:
    known = [row for row in rows if isinstance(row, Preference)]
    table = win_rates("sft", {"sft": ours, "base": theirs}, known)
    return next(row for row in table if (row.category, row.dimension) == ("all", "overall"))


def test_a_judge_that_always_says_the_first_wins_half_flips_always_and_fails() -> None:
    ours, theirs = answers("sft"), answers("base")
    rows = compared(first, ours, theirs)
    found = overall(ours, theirs, rows)
    assert (found.win_rate, found.inconsistent, found.ties) == (0.5, 1.0, 20)
    report = health(checked(first), [row for row in rows if isinstance(row, Preference)], [], 0.8)
    assert (report["passed"], report["inconsistent"], report["first_place"]) == (False, 1.0, 1.0)
    assert [row["real_wins"] for row in report["controls"][:3]] == [0.5] * 3
    said = list(warnings(report, [], [], []))
    assert any("fails its controls" in line for line in said)
    assert any("100% of the verdicts hang on the order" in line for line in said)


def test_a_judge_that_prefers_length_is_exposed() -> None:
    ours, theirs = answers("sft", padding=" and so on and on"), answers("base")
    ours[:4] = answers("sft", 4)  # four of one length, which it calls ties
    theirs[4:6] = answers("base", 6, padding=" and so on and on and on for ever")[4:6]
    found = overall(ours, theirs, compared(longer, ours, theirs))
    assert found.win_rate == 0.8  # 14 won, 4 ties, 2 lost
    assert (found.win_rate_longer, found.win_rate_shorter, found.longer_wins) == (1.0, 0.0, 1.0)
    assert found.length_controlled is not None
    assert abs(found.length_controlled - 0.5) < 0.2 < found.win_rate - 0.5
    report = health(checked(longer), [], [], 0.8)
    wins = {row["control"]: row["real_wins"] for row in report["controls"]}
    assert wins["repeated"] == 0.0 and not report["passed"]


def test_a_judge_that_returns_garbage_leaves_rows_unjudged_with_bounds() -> None:
    """For a tenth of the questions, in one order only, as it happens."""
    ours, theirs = answers("sft"), answers("base")
    rows = compared(
        lambda pair: (
            None
            if pair.id in ("q03 against base, shown first", "q08 against base, shown second")
            else float("sft" in pair.first)
        ),
        ours,
        theirs,
    )
    failed = [row for row in rows if isinstance(row, Failed)]
    assert [row.id for row in failed] == ["q03 against base", "q08 against base"]
    found = overall(ours, theirs, rows)
    assert (found.questions, found.unjudged, found.win_rate) == (18, 2, 1.0)
    assert (found.lowest, found.highest) == (0.9, 1.0)


def test_a_sound_judge_passes_and_agrees_with_itself() -> None:
    rows = checked(sound, repeat=True)
    report = health(rows, [], [], 0.8)
    assert report["passed"] and report["inconsistent"] == 0.0 and report["first_place"] == 0.5
    assert [row["pairs"] for row in report["controls"]] == [10, 10, 10, 0, 0]
    agreed = report["agreement"]
    assert (agreed["verdicts"], agreed["exact"], agreed["kappa"]) == (180, 1.0, None)
    said = list(warnings(report, ["gpt-4o"], ["gpt-4"], ["Qwen/Qwen2.5-0.5B"]))
    assert said == [
        f"no {name} answer could be made, so that control says nothing"
        for name in ("dressed", "near")
    ]


def test_a_judge_of_changing_moods_does_not_agree_with_itself() -> None:
    """The second time it contradicts itself on every other question."""

    def moody(pair: Comparison) -> float:
        turned = pair.sample and int(pair.question.id[1:]) % 2
        return 1 - sound(pair) if turned else sound(pair)

    found = health(checked(moody, repeat=True), [], [], 0.8)["agreement"]
    assert 0 < found["exact"] < 1 and found["kappa"] is not None and found["kappa"] <= 0


def test_who_judges_whom_is_said() -> None:
    report = {**health([], [], [], 0.8), "passed": True}
    assert "is the teacher" in "".join(warnings(report, ["gpt-4o"], ["gpt-4o"], []))
    said = "".join(warnings(report, ["Qwen2.5-72B"], [], ["Qwen/Qwen2.5-0.5B-Instruct"]))
    assert "of one family (qwen)" in said
    assert family("models/SmolLM2-135M-Instruct.Q4_1.gguf") == "smollm"


@pytest.mark.parametrize(("count", "made"), [(0, []), (1, ["truncated", "repeated"])])
def test_controls_of_few_answers_are_those_that_can_be_made(count: int, made: list[str]) -> None:
    matches = controls(answers("base", count), 10, 7, False)
    assert [match.against for match in matches] == made
    report = health([], [], [], 0.8)
    assert not report["passed"] and report["inconsistent"] is None
    assert "no shuffled answer" in "".join(warnings(report, [], [], []))


def test_a_shuffled_answer_is_of_another_category() -> None:
    rows = answers("base", 4)
    rows[3] = rows[3].model_copy(
        update={"question": rows[3].question.model_copy(update={"category": "cv"})}
    )
    shuffled = {m.question.id: m.theirs for m in controls(rows, 4, 7, False) if "shuf" in m.against}
    assert {shuffled[f"q0{n}"] for n in range(3)} == {rows[3].text}
    assert shuffled["q03"] == rows[0].text


def test_answers_that_end_by_themselves_are_taken_where_there_are_any() -> None:
    cut = [row.model_copy(update={"finish_reason": "length"}) for row in answers("base")]
    assert len(controls(cut, 10, 7, False)) == 30
    kept = controls([*cut[:10], *answers("base")[10:]], 20, 7, False)
    assert {match.question.id for match in kept} == {f"q{n}" for n in range(10, 20)}


def test_empty_answers_are_no_controls() -> None:
    rows = [row.model_copy(update={"text": " "}) for row in answers("base")]
    assert controls(rows, 10, 7, True) == []
    assert len(controls(answers("base"), 10, 7, True)) == 60
    assert AGAIN in controls(answers("base"), 1, 7, True)[1].against


def run(
    judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **texts: list[Answer]
) -> list[Preference]:
    """The stage `compare@r1`, against base and sft."""
    files = {name: tmp_path / f"{name}.jsonl" for name in ("r1", "base", "sft")}
    for name, file in files.items():
        write_records(file, texts[name])
    monkeypatch.setattr(Stage, "load", lambda self, role: judge.plugin)
    out = tmp_path / "preferences.jsonl"
    params: Params = load_params()
    stage.compare(
        Stage("compare@r1", params),
        files["r1"],
        files["base"],
        files["sft"],
        "r1",
        out,
        tmp_path / "rows",
    )
    return list(read_records(out, Preference))


def test_both_orders_are_asked_and_one_text_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two answers of r1 are those of sft, one is as empty as base's."""
    ours, base, sft = answers("r1", 4), answers("base", 4), answers("sft", 4)
    sft[:2] = ours[:2]
    ours[3], base[3] = (row.model_copy(update={"text": ""}) for row in (ours[3], base[3]))
    judge = Judge(lambda pair: float("r1" in pair.first))
    rows = run(judge, tmp_path, monkeypatch, r1=ours, base=base, sft=sft)
    assert [(row.id, row.against, row.same) for row in rows] == [
        *((f"q{n:02}", "base", n == 3) for n in range(4)),
        *((f"q{n:02}", "sft", n < 2) for n in range(4)),
    ]
    assert len(judge.asked) == 2 * 5
    shown = {(pair.first, pair.second) for pair in judge.asked}
    assert shown == {(second, first) for first, second in shown}
    assert [row.share("overall") for row in rows] == [1, 1, 1, 0.5, 0.5, 0.5, 1, 0.5]


def test_base_against_itself_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge(first)
    rows = answers("base", 3)
    found = run(judge, tmp_path, monkeypatch, r1=rows, base=rows, sft=rows)
    assert judge.asked == [] and {row.share("overall") for row in found} == {0.5}


def test_a_question_that_the_other_did_not_answer_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run(
        Judge(longer),
        tmp_path,
        monkeypatch,
        r1=answers("r1", 3),
        base=answers("base", 3),
        sft=answers("sft", 2),
    )
    assert len(rows) == 5
    assert '"sft has no answer": 1' in (tmp_path / "rows").read_text()
