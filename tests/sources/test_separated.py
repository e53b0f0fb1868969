"""CSV as people have it: any separator, quotes, encoding; a bad row costs that row."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from meteor.core.records import Failed
from meteor.sources.separated import rows_of

HEADER = ("title", "text")
ROWS = [("One?", 'a, "b"; c'), ("Two?", "several\nlines"), ("Three?", "x")]


def written(sign: str, quote: str = '"') -> str:
    cells = [[c.replace(quote, quote * 2) for c in row] for row in (HEADER, *ROWS)]
    return "".join(sign.join(f"{quote}{c}{quote}" for c in row) + "\n" for row in cells)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_seen(tmp_path: Path, sign: str) -> None:
    (tmp_path / "a.csv").write_text(written(sign))
    read = [row for _, row in rows_of(tmp_path / "a.csv")]
    assert read == [dict(zip(HEADER, row, strict=True)) for row in ROWS]


@pytest.mark.parametrize("sign", [",", ";"])
def test_the_quotes_are_seen(tmp_path: Path, sign: str) -> None:
    (tmp_path / "a.csv").write_text(written(sign, "'"))
    read = [row for _, row in rows_of(tmp_path / "a.csv")]
    assert read == [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    (tmp_path / "b.csv").write_text("'title','text'\n'One?','x'\n")
    assert [row for _, row in rows_of(tmp_path / "b.csv")] == [{"title": "One?", "text": "x"}]
    (tmp_path / "c.csv").write_text("title,text\n'Tis one?,\"it's, 'x'\"\n")
    read = [row for _, row in rows_of(tmp_path / "c.csv")]
    assert read == [{"title": "'Tis one?", "text": "it's, 'x'"}]


def test_a_first_line_that_names_the_separator_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\n" + written(";"))
    read = list(rows_of(tmp_path / "a.csv"))
    assert [row for _, row in read] == [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    assert [number for number, _ in read] == [3, 4, 6]


def test_a_name_that_stands_twice_hides_no_column(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text("title,text,title\nOne?,x,y\n")
    assert [row for _, row in rows_of(tmp_path / "a.csv")] == [
        {"title": "One?", "text": "x", "title (2)": "y"}
    ]
    assert "two columns are named 'title'; one is read as 'title (2)'" in caplog.text


def test_what_is_told_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(written("#", "'").encode("cp1251"))
    how: Any = {"delimiter": "#", "quote": "'", "encoding": "cp1251"}
    assert [row for _, row in rows_of(tmp_path / "a.csv", **how)][1] == {
        "title": "Two?",
        "text": "several\nlines",
    }


ENCODED = {
    "utf-8": "Größe \u2013 ja",
    "utf-8-sig": "Größe",
    "utf-16": "Größe 測",
    "cp1252": "Für die Größe é \u2013 so, über „Maße“ hinaus.",
    "cp1251": "Как измерить расстояние между двумя словами?",
    "shift_jis": "日本語の質問です。どうすればよいですか。",
}


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("packed", [False, True])
def test_the_encoding_is_seen(tmp_path: Path, encoding: str, packed: bool) -> None:
    lines = "".join(f"{n};{ENCODED[encoding]}\n" for n in range(40))
    content = f"id;text\n{lines}".encode(encoding)
    file = tmp_path / ("a.csv.gz" if packed else "a.csv")
    file.write_bytes(gzip.compress(content) if packed else content)
    assert {row["text"] for _, row in rows_of(file) if isinstance(row, dict)} == {ENCODED[encoding]}


FRENCH = "question,answer\nQu'est-ce que c'est?,C'est l'été à la mer.\n"
GERMAN = "Frage;Antwort\nWas ist das?;Für die Größe.\n"


@pytest.mark.parametrize("text", [FRENCH, GERMAN])
def test_of_few_words_the_usual_encoding_is_meant(tmp_path: Path, text: str) -> None:
    """They are sound in encodings of other languages, too, and were read as such."""
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252"))
    (row,) = [row for _, row in rows_of(tmp_path / "a.csv") if isinstance(row, dict)]
    assert ",".join(row.values()) == text.splitlines()[1].replace(";", ",")


def test_few_broken_bytes_do_not_change_the_encoding(tmp_path: Path) -> None:
    content = "id,text\n" + "1,Größe ist groß\n" * 30
    (tmp_path / "a.csv").write_bytes(content.encode() + b"2,caf\xe9\n")
    read = [row["text"] for _, row in rows_of(tmp_path / "a.csv") if isinstance(row, dict)]
    assert read[0] == "Größe ist groß" and read[-1] == "caf\ufffd"


BROKEN = {
    "inner quotes": ('"The "fast" mode",b\n', ['The "fast" mode', "b"]),
    "a quote at the beginning": ('"Fast" mode,b\n', ['"Fast" mode', "b"]),
    "a quote that is never closed": ('"Fast mode,b\n', ['"Fast mode', "b"]),
    "too many cells": ("a,b,c\n", "3 cells where the header has 2"),
    "too few cells": ("a\n", "1 cells where the header has 2"),
    "a null": ("a\0,b\n", ["a", "b"]),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("last", [False, True])
def test_a_bad_row_costs_at_most_that_row(tmp_path: Path, what: str, last: bool) -> None:
    line, expected = BROKEN[what]
    after = "" if last else '\nB?,"more\nlines"\n , \n'
    (tmp_path / "a.csv").write_text(f"title,text\nA?,x\n{line}{after}")
    read = list(rows_of(tmp_path / "a.csv"))
    assert [number for number, _ in read[:3]] == [2, 3, 5][: len(read)]
    bad = read[1][1]
    assert expected == ([*bad.values()] if isinstance(bad, dict) else bad.error)
    assert isinstance(bad, dict) or (isinstance(bad, Failed) and bad.id == "a.csv:3")
    assert read[0][1] == {"title": "A?", "text": "x"}
    assert last or read[2][1] == {"title": "B?", "text": "more\nlines"}


MYSQL = (
    '"id","text"\n"1","He said \\"hi, you\\" and \\\\alpha"\n"2","two\\\nlines"\n'
    '"3",\\N\n"4","C:\\\\"\n',
    ['He said "hi, you" and \\alpha', "two\nlines", "\\N", "C:\\"],
)
SPARK = (
    'id,text\n1,"print(\\"a, b\\n\\")"\n2,\\frac{1}{2}\n3,"ends, C:\\\\"\n',
    ['print("a, b\\n")', "\\frac{1}{2}", "ends, C:\\"],
)
PLAIN = ('id,text\n1,"In C:\\dir\\"\n2,"a ""b\\"" c"\n', ["In C:\\dir\\", 'a "b\\" c'])


@pytest.mark.parametrize(("text", "expected"), [MYSQL, SPARK, PLAIN])
def test_a_backslash_escapes_where_the_file_is_so_written(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    (tmp_path / "a.csv").write_text(text)
    read = [row["text"] for _, row in rows_of(tmp_path / "a.csv") if isinstance(row, dict)]
    assert read == expected


def test_a_separator_at_the_end_of_each_row_is_no_cell(tmp_path: Path) -> None:
    for text in ("title,text\nA?,x,\nB?,y,\n", "title,text,\nA?,x\nB?,y,\n"):
        (tmp_path / "a.csv").write_text(text)
        read = [row for _, row in rows_of(tmp_path / "a.csv") if isinstance(row, dict)]
        assert [(row["title"], row["text"]) for row in read] == [("A?", "x"), ("B?", "y")]


def test_one_column_has_no_separator(tmp_path: Path) -> None:
    texts = ["Why is it so, and not other?", 'What; "then"?', "How?"]
    (tmp_path / "a.csv").write_text("question\n" + "\n".join(texts) + '\n"Quoted, too?"\n')
    read = [row["question"] for _, row in rows_of(tmp_path / "a.csv") if isinstance(row, dict)]
    assert read == [*texts, "Quoted, too?"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_seen(tmp_path: Path, encoding: str) -> None:
    """Its signs below 256 make sound UTF-8, in which the dash was lost."""
    (tmp_path / "a.csv").write_bytes("id,text\n1,so \u2013 it is\n".encode(encoding))
    assert [row for _, row in rows_of(tmp_path / "a.csv")] == [
        {"id": "1", "text": "so \u2013 it is"}
    ]
