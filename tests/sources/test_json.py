"""JSON as people have it: none by the letter, in other encodings, objects behind each other."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Failed
from meteor.sources.json_mending import CHUNK, mended
from meteor.sources.json_rows import lines_or_array, rows_of

ROWS = [{"q": 'Why "NaN, ]" é?', "a": "So."}, {"q": "B?", "a": "C"}]
PRETTY = "\n".join(json.dumps(row, indent=1) for row in ROWS)
LONG = 10**29 + 7
CONTENTS: dict[str, tuple[str, list[Any]]] = {
    "no numbers": (
        '[{"a": "x: NaN, Infinity]", "b": NaN}, {"b": -Infinity}]',
        [{"a": "x: NaN, Infinity]", "b": None}, {"b": None}],
    ),
    "a comma too many": ('[{"a": "x,]",}, {"a": 2},\n]', [{"a": "x,]"}, {"a": 2}]),
    "long numbers": (f'[{{"a": {LONG}}}, {{"a": 1.25}}]', [{"a": str(LONG)}, {"a": 1.25}]),
    "a tab and a line in a text": ('[{"a": "x\ty\nz"}]', [{"a": "x\ty\nz"}]),
    "objects behind each other": (PRETTY, ROWS),
    "objects in one line": ("".join(map(json.dumps, ROWS)), ROWS),
    "by columns, with no number": (
        '{"a": [1, NaN], "b": ["x", "y"]}',
        [{"a": 1, "b": "x"}, {"a": None, "b": "y"}],
    ),
    "in an object": ('{"n": NaN, "rows": [{"a": 1}, {"a": NaN}]}', [{"a": 1}, {"a": None}]),
}


@pytest.mark.parametrize("what", CONTENTS)
def test_what_is_no_json_by_the_letter_is_read(tmp_path: Path, what: str) -> None:
    text, expected = CONTENTS[what]
    (tmp_path / "a.json").write_text(text)
    assert [row for _, row in rows_of(tmp_path / "a.json")] == expected


def test_rows_before_and_behind_a_fault_are_read_once(tmp_path: Path) -> None:
    rows = [
        {"q": f'What is \\ "{n}" {"x" * 300}?', "a": 0.1234567890123456789} for n in range(1500)
    ]
    texts = [json.dumps(row) for row in rows]
    texts[1200] = texts[1200].replace("0.12345678901234568", "NaN")
    (tmp_path / "a.json").write_text(f"[{', '.join(texts)}]")
    read = [row for _, row in rows_of(tmp_path / "a.json")]
    assert read == [*rows[:1200], {**rows[1200], "a": None}, *rows[1201:]]


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_nothing_is_cut_where_the_file_is_read_in_parts(tmp_path: Path, shift: int) -> None:
    """Strings, numbers and words that lie over the end of what was read."""
    tail = [{"a": "NaN \\", "b": 123456789.0123456789}, {"b": LONG}, {"b": None}, {"a": 'é\\"'}]
    text = json.dumps([{"x": "y" * (CHUNK - 300 + shift)}, *tail]).replace("null", "NaN")
    (tmp_path / "a.json").write_text(text)
    with (tmp_path / "a.json").open("rb") as data:
        read = json.loads(mended(data, "utf-8").read())[1:]
    assert read == [tail[0], {"b": str(LONG)}, *tail[2:]]


def test_a_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"a": NaN}, {"a": "b')
    with pytest.raises(MeteorError, match="not valid JSON"):
        list(rows_of(tmp_path / "a.json"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_the_encoding_is_seen(tmp_path: Path, encoding: str, name: str) -> None:
    rows = [
        {"q": f"Für was ist die Größe {n}?", "a": "Über „alles“ \u2013 so ist es."}
        for n in range(9)
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    text = json.dumps(rows, ensure_ascii=False) if name == "a.json" else lines
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert [row for _, row in lines_or_array(tmp_path / name)] == rows


def test_a_broken_byte_costs_no_row(tmp_path: Path) -> None:
    rows = [{"q": f"Größe {n}, größer und größte?"} for n in range(3)]
    lines = [json.dumps(row, ensure_ascii=False).encode() for row in rows]
    lines[1] = lines[1].replace(b"1", b"\xff")
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "a.json").write_bytes(b"[" + b",".join(lines) + b"]")
    for name in ("a.jsonl", "a.json"):
        read = [row for _, row in lines_or_array(tmp_path / name)]
        assert read == [rows[0], {"q": "Größe \ufffd, größer und größte?"}, rows[2]]


def test_lines_with_commas_and_objects_over_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(f"{json.dumps(row)},\n" for row in ROWS))
    assert [row for _, row in lines_or_array(file)] == ROWS
    file.write_text(PRETTY)
    assert [row for _, row in lines_or_array(file)] == ROWS
    file.write_text(json.dumps(ROWS[0]) + '\n{"q": "cut')
    good, bad = lines_or_array(file)
    assert good == (1, ROWS[0]) and isinstance(bad[1], Failed) and bad[1].id == "a.jsonl:2"
