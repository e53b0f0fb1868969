"""Which row names the columns: no row of data is taken for a header, and no title above one."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from meteor.core.records import Question
from plugins.source.table import Table, source_load
from tests.sources.shaping import workbook

NO_HEADER = {
    "sentences": "What is the capital of France?\tParis\nWho wrote Ulysses?\tJames Joyce\n",
    "one word each": "Why?\tSo.\nHow?\tThus.\n",
    "one row": "What is the capital of France?\tParis\n",
    "numbers": "1\tIt is bad\tx\n2\tIt is good\ty\n",
    "a label that stands again": "spam\tBuy now\nham\tHello you\nspam\tBuy more\n",
    "a label with a usual name": "code\tWhat does it mean?\tIt.\ncode\tWhat is ML?\tThis.\n",
    "no Latin": "什么是机器学习?\t一种方法。\n什么是深度学习?\t另一种。\n",
}
HEADER = {
    "usual names": "question\tanswer\nWhy?\tSo.\n",
    "names of another language": "Frage\tAntwort\nWarum?\tDarum.\n",
    "questions of a form": "Timestamp\tWhat is your question?\tWhat is your e-mail?\n"
    "2024-01-02 10:00\tWhy?\ta@b.c?\n",
    "a number in each row": "Nr.\tWhat do you want to know?\n1\tWhy?\n2\tHow?\n3\tWho?\n",
    "an index": "\tFrage\tAntwort\n0\tWarum?\tDarum.\n1\tWer?\tEr.\n",
    "one of a usual name": "label\ttext\nspam\tBuy now!\nham\tHello you.\n",
    "short words": "hello\thi there\nhow are you\tfine\n",
}
ABOVE = {
    "a title": "FAQ of 2023\n\nQuestion;Answer\nWhy?;So, and so.\nHow?;Thus.\n",
    "a title with empty cells": "FAQ of 2023,,\n,,\nQuestion,Answer,Id\nWhy?,So,1\nHow?,Thus,2\n",
    "comments": "# exported 2024, by me\n# and by you\nid\tquestion\tanswer\n1\tWhy?\tSo.\n",
    "a title, and names of another language": "Liste,,\n"
    "Frage,Antwort,Thema\nWas?,Das.,x\nWer?,Er.,y\n",
}


def contents(path: Path, **settings: Any) -> list[Any]:
    from meteor.sources.headers import Named
    from meteor.sources.tables import Format, rows_of

    how = Format(named=Named(**settings))
    return [row.content for _, rows in rows_of(path, how) for row in rows]


@pytest.mark.parametrize("what", NO_HEADER)
def test_a_row_of_data_is_no_header(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = NO_HEADER[what]
    (tmp_path / "a.tsv").write_text(text)
    rows = contents(tmp_path / "a.tsv")
    assert [list(row.values()) for row in rows] == [line.split("\t") for line in text.splitlines()]
    are_pairs = all(line.split("\t")[0][-1] in "?\uff1f" for line in text.splitlines())
    assert list(rows[0])[:2] == (["question", "answer"] if are_pairs else ["column 1", "column 2"])
    assert "the first row is no header" in caplog.text and "`columns: [" in caplog.text
    names = tuple("abc"[: len(rows[0])])
    named = contents(tmp_path / "a.tsv", columns=names)
    assert [tuple(row) for row in named] == [names] * len(rows)


@pytest.mark.parametrize("what", HEADER)
def test_in_doubt_the_first_row_is_the_header(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    head, *lines = HEADER[what].splitlines()
    (tmp_path / "a.tsv").write_text(HEADER[what])
    rows = contents(tmp_path / "a.tsv")
    assert [list(row) for row in rows] == [head.split("\t")] * len(lines)
    assert not caplog.text
    assert len(contents(tmp_path / "a.tsv", header=False)) == len(lines) + 1


@pytest.mark.parametrize("what", ABOVE)
def test_what_stands_above_the_header_is_no_row(
    tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text(ABOVE[what])
    rows = contents(tmp_path / "a.csv")
    assert [row.get("question", row.get("Question", row.get("Frage"))) for row in rows] in (
        *(["Why?", "How?"], ["Why?"], ["Was?", "Wer?"]),
    )
    assert "above" in caplog.text and ABOVE[what].split(",")[0].split("\n")[0] in caplog.text


def test_a_title_above_a_sheet_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    title = ["FAQ of the house", None, None]
    rows = [["Why?", "So.", "x"], ["How?", "Thus.", "y"]]
    workbook(title, [], ["as of 2024"], ["Question", "Answer", "Topic"], *rows)(tmp_path / "a.xlsx")
    found = list(source_load(tmp_path / "a.xlsx", Table()))
    assert [(row.title, row.category) for row in found if isinstance(row, Question)] == [
        *(("Why?", "x"), ("How?", "y")),
    ]
    assert "above it stands 'FAQ of the house'; 'as of 2024'" in caplog.text
    workbook(*rows)(tmp_path / "b.xlsx")
    how = Table(columns=("question", "answer", "topic"))
    assert [row.id for row in source_load(tmp_path / "b.xlsx", how)] == [row.id for row in found]


def test_a_row_that_has_a_column_of_the_users_is_the_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Is it so?,Which one?\nYes?,The first?\nNo?,None?\n")
    found = list(source_load(tmp_path / "a.csv", Table(title="Which one?", answer="Is it so?")))
    assert [row.title for row in found if isinstance(row, Question)] == ["The first?", "None?"]


def test_names_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Why?,So.,1\n")
    with pytest.raises(SettingsError, match=r"columns: 2 names, and .* has 3 columns: 'Why\?'"):
        list(source_load(tmp_path / "a.csv", Table(columns=("question", "answer"))))


def test_names_that_are_given_take_the_place_of_usual_ones(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Title,Text\nWhy?,So.\n")
    assert contents(tmp_path / "a.csv", columns=("a", "b")) == [{"a": "Why?", "b": "So."}]
    (tmp_path / "a.csv").write_text("Frage,Antwort\nWarum?,Darum.\n")
    how = {"columns": ("a", "b"), "header": True}
    assert contents(tmp_path / "a.csv", **how) == [{"a": "Warum?", "b": "Darum."}]


def test_comments_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("#separator:tab\n#html:true\nWhat is it?\tA thing.\tx\n")
    assert [list(row.values()) for row in contents(tmp_path / "a.tsv")] == [
        ["What is it?", "A thing.", "x"]
    ]
    (tmp_path / "a.tsv").write_text("#question\tanswer\nWhat is it?\tA thing.\n")
    assert list(contents(tmp_path / "a.tsv")[0]) == ["#question", "answer"]


def test_answers_may_stand_before_their_questions(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("It is a thing.\tWhat is it?\nNobody.\tWho is it?\n")
    assert [row["question"] for row in contents(tmp_path / "a.tsv")] == [
        "What is it?",
        "Who is it?",
    ]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_rows_of_json_may_be_lists(tmp_path: Path, name: str) -> None:
    chat = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    for rows, read in (
        ([["question", "answer"], ["Why?", "So."]], [{"question": "Why?", "answer": "So."}]),
        ([["Why?", "So."]] * 2, [{"question": "Why?", "answer": "So."}] * 2),
        ([chat, chat], [{"messages": chat}, {"messages": chat}]),
    ):
        lines = "\n".join(map(json.dumps, rows))
        (tmp_path / name).write_text(lines if name == "a.jsonl" else json.dumps(rows))
        assert contents(tmp_path / name) == read
