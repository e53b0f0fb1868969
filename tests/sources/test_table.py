"""Tables of every format become the same questions, and a bad row or file is named."""

import csv
import gzip
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question
from plugins.source.table import Table, source_load

ROWS: list[dict[str, Any]] = [
    {"id": "1", "title": "What, is\na margin?", "text": 'The "gap"', "votes": 3, "best": "A gap."},
    {"id": "2", "title": "Why größer?", "text": "", "votes": None, "best": None},
]
NAMES: dict[str, Any] = {
    "body": "text",
    "score": "votes",
    "answer": "best",
    "defaults": {"category": "ml"},
}
QUESTIONS = [
    Question(
        id="1",
        title="What, is\na margin?",
        body='The "gap"',
        category="ml",
        answer="A gap.",
        score=3,
    ),
    Question(id="2", title="Why größer?", category="ml"),
]


def load(path: Path, **settings: Any) -> list[Question | Failed]:
    return list(source_load(path, Table(**settings)))


def separated(delimiter: str) -> bytes:
    out = io.StringIO()
    table = csv.DictWriter(out, list(ROWS[0]), delimiter=delimiter)
    table.writeheader()
    table.writerows(ROWS)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


JSON_LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
CONTENTS = {
    "a.jsonl": JSON_LINES,
    "a.jsonl.gz": gzip.compress(JSON_LINES),
    "a.json": json.dumps(ROWS, indent=1).encode(),
    "a.json.gz": gzip.compress(b"\xef\xbb\xbf" + json.dumps(ROWS).encode()),
    "a.csv": separated(","),
    "a.tsv": separated("\t"),
}


@pytest.mark.parametrize("name", [*CONTENTS, "a.parquet", "dataset", "a.hub.yaml"])
def test_every_format_gives_the_same_questions(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name in CONTENTS:
        path.write_bytes(CONTENTS[name])
    elif name == "a.parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    elif name == "dataset":
        from datasets import Dataset

        Dataset.from_list(ROWS).save_to_disk(path)
    else:
        (tmp_path / "of_the_hub").mkdir()
        (tmp_path / "of_the_hub" / "train.jsonl").write_bytes(JSON_LINES)
        path.write_text(f"dataset: {tmp_path / 'of_the_hub'}\n")
    assert load(path, **NAMES) == QUESTIONS


def test_a_default_can_be_given_for_attribution_and_category_alone() -> None:
    with pytest.raises(ValidationError, match=r"defaults\.title"):
        Table.model_validate({"defaults": {"title": "What?"}})


def test_a_folder_of_tables_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"title": "B?"}\n')
    (tmp_path / "a.json").write_text('[{"title": "A?"}]')
    (tmp_path / "README.md").write_text("not data")
    rows = load(tmp_path)
    assert [row.title for row in rows if isinstance(row, Question)] == ["A?", "B?"]
    assert len({row.id for row in rows}) == 2


@pytest.mark.parametrize("field", ["id", "title", "text", "votes", "best", "category", "licence"])
def test_a_null_in_a_field_is_no_value(tmp_path: Path, field: str) -> None:
    for null in (None, math.nan, ""):
        (tmp_path / "a.jsonl").write_text(json.dumps({**ROWS[0], field: null}) + "\n")
        (row,) = load(tmp_path / "a.jsonl", **NAMES)
        assert isinstance(row, Failed) == (field == "title")


DEEP = "[" * 100_000
BAD_ROWS: dict[str, str | bytes] = {
    "not JSON": '{"title": \n',
    "deep": DEEP + "\n",
    "no object": "5\n",
    "a list as title": '{"title": ["a"]}\n',
    "a word as score": '{"title": "A?", "score": "many"}\n',
    "a long line": b'{"title": "' + b"x" * 2**24 + b'"}\n',
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_line_is_named_and_stops_no_other(tmp_path: Path, what: str) -> None:
    text = BAD_ROWS[what]
    content = text.encode() if isinstance(text, str) else text
    (tmp_path / "a.jsonl").write_bytes(b'{"title": "B?"}\n' + content + b'{"title": "C?"}\n')
    before, bad, after = load(tmp_path)
    assert isinstance(bad, Failed) and bad.id == "a.jsonl:2" and len(bad.error) < 300
    assert isinstance(before, Question) and isinstance(after, Question)


def test_a_line_of_a_csv_with_too_few_cells_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title,text\nA?,a\nB?\nC?,c\n")
    rows = load(tmp_path)
    assert [type(row) for row in rows] == [Question, Failed, Question]
    assert "1 cells where the header has 2" in getattr(rows[1], "error", "")


BAD_FILES = {
    "a.json": (b'{"rows": [{"title": "A?"}', "not valid JSON"),
    "b.json": (b'[{"title": "A?"}, {"ti', "not valid JSON"),
    "c.json": (b"", "a JSON array or object is expected"),
    "a.parquet": (b"PAR1 or not", "cannot be read"),
    "a.xlsx": (b"PK or not", "not a workbook"),
    "a.jsonl.gz": (gzip.compress(b"\0" * 100 * 2**20), "unpacks to more than"),
    "a.hub.yaml": (b"dataset: no/such\nrevison: 1\n", "did you mean 'revision'"),
    "a.txt": (b"A?", "there is no table"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_an_error(tmp_path: Path, name: str) -> None:
    content, wrong = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MeteorError, match=wrong.replace("{", "\\{")):
        load(tmp_path)


def test_a_list_beside_the_first_is_a_split_or_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Four of ten rows went without a word where a file held {"train": [...], "test": [...]}."""
    rows = [{"title": f"What is {number}?", "body": "x"} for number in range(5)]
    (tmp_path / "a.json").write_text(json.dumps({"train": rows[:3], "test": rows[3:]}))
    read = [row for row in load(tmp_path / "a.json") if isinstance(row, Question)]
    assert [row.split for row in read] == ["train"] * 3 + ["test"] * 2
    (tmp_path / "b.json").write_text(json.dumps({"posts": rows, "users": [{"name": "x"}]}))
    assert len(load(tmp_path / "b.json")) == 5
    assert "the rows are those of 'posts'; 'users': not read" in caplog.text


@pytest.mark.parametrize("lines", ["[\n{}\n]\n", "[{}]"])
def test_an_array_may_be_named_as_lines(tmp_path: Path, lines: str) -> None:
    rows = [{"title": f"What is {number}?", "body": "x"} for number in range(3)]
    text = lines.replace("{}", ",\n".join(map(json.dumps, rows)))
    (tmp_path / "a.jsonl").write_text(text if "\n" in lines else json.dumps(rows))
    assert [row.title for row in load(tmp_path / "a.jsonl") if isinstance(row, Question)] == [
        row["title"] for row in rows
    ]
