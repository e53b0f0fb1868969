"""`meteor table` says what is shown and what is not, in a terminal of 100 columns."""

from meteor.commands.table import behind, overall, scores, table, verdict, wins
from meteor.core.judgements import ASPECTS


def compared(model: str, against: str, rate: str, p: str) -> list[dict[str, str]]:
    row = {
        "model": model,
        "against": against,
        "category": "all",
        "questions": "40",
        "win_rate": rate,
        "low": "0.6",
        "high": "0.9",
        "shows": "0.148",
        "p_holm": p,
        "flips": "0.05",
        "inconsistent": "0.1",
        "length_controlled": "",
        "length_low": "",
        "length_high": "",
        "score_lead": "-0.125",
        "score_low": "-0.5",
        "score_high": "0.25",
        "score_p": "0.0374",
    }
    return [{**row, "dimension": aspect} for aspect in ASPECTS]


ROWS = overall(
    [
        *compared("sft", "base", "0.8125", "0.00049"),
        *compared("r1", "sft", "0.375", "0.26"),
        *compared("base", "base", "0.5", ""),
    ]
)


def test_a_table_names_what_is_shown_and_what_is_not() -> None:
    said = list(verdict([own["overall"] for own in ROWS]))
    assert said == [
        "40 questions can show a lead of 15 points over 50, and no smaller one.",
        "Shown (p below 0.05, adjusted for 2 comparisons): sft over base (+31).",
        "Not shown: r1 over sft (-12).",
    ]


def test_p_values_have_two_digits_and_what_is_unknown_is_a_dash() -> None:
    assert wins(ROWS)[2].split(" | ")[-2:] == ["81 (60-90)", "<0.001"]
    cells = [cell.strip() for cell in behind([own["overall"] for own in ROWS])[2].split("|")]
    assert cells[1:] == ["-", "-", "-0.12", "-0.50 to +0.25", "0.037", "5", "10"]


def test_the_tables_fit_a_hundred_columns() -> None:
    assert max(map(len, wins(ROWS))) <= 100
    assert max(map(len, behind([own["overall"] for own in ROWS]))) <= 100
    lines = table([["model", "a"], ["t1", "10.5"]])
    assert lines == ["model |    a", "----- | ---:", "t1    | 10.5"]


def test_what_unjudged_answers_leave_open_is_said_where_there_are_any() -> None:
    row = {"model": "sft", "score": "7", "low": "6", "high": "8", "lowest": "5", "highest": "9"}
    rows = [{**row, "dimension": aspect, "unjudged": "0"} for aspect in ASPECTS]
    assert "unjudged" not in scores(rows)[1][0]
    rows[-1]["unjudged"] = "2"
    assert scores(rows)[1][0].endswith("unjudged")
    assert scores(rows)[1][2].endswith("7.00 (6.00-8.00) | 2: 5.00-9.00")


def test_a_judge_that_gives_no_scores_has_no_table_of_them() -> None:
    """As `verifier`, which prefers what is right: a table of dashes told nothing."""
    row = {"model": "sft", "score": "", "low": "", "high": "", "lowest": "1", "highest": "10"}
    assert scores([{**row, "dimension": aspect, "unjudged": "6"} for aspect in ASPECTS]) == []
