"""Records survive the way through a file, and what is wrong with a file is said with its line."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records, write_json, write_records
from meteor.core.records import Guideline, Question

ODD = 'line one\nline two\twith \u2028 and \x85, 数学 \U0001f600, "quotes" and \\ and $x_{i}$'
GOOD = b'{"id": "a", "title": "A?"}\n'


def questions(count: int) -> list[Question]:
    return [
        Question(id=f"q{n}", title=f"Title {n}?", body=ODD, category="ml") for n in range(count)
    ]


def test_what_is_written_is_read_again_one_object_a_line(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "rows.jsonl"
    rows = [*questions(3), Question(id="bare", title="Nothing else?")]
    assert write_records(file, rows) == 4
    assert list(read_records(file, Question)) == rows
    lines = file.read_bytes().removesuffix(b"\n").split(b"\n")
    assert [json.loads(line)["id"] for line in lines] == ["q0", "q1", "q2", "bare"]


def test_same_records_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write_records(first, questions(3))
    write_records(second, (row for row in questions(3)))
    assert first.read_bytes() == second.read_bytes()


def test_no_records_make_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    assert write_records(file, []) == 0
    assert file.read_bytes() == b""
    assert list(read_records(file, Question)) == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        pytest.param(b'{"id": "b"}', "title: Field required", id="a field is missing"),
        pytest.param(b'{"id": "b", "title": null}', "title: .*, got None", id="null"),
        pytest.param(b'{"id": "b", "title": "  "}', "title: .*, got '  '", id="blank text"),
        pytest.param(b'{"id": 7, "title": "B?"}', "id: .*, got 7", id="a number as id"),
        pytest.param(b'{"id": "b", "title": "B?", "titel": ""}', "titel: ", id="unknown field"),
        pytest.param(b'{"id": "b", "title": "B?"', "JSON", id="half a line"),
        pytest.param(b"", "JSON", id="an empty line"),
        pytest.param(b'["b", "B?"]', ".*got \\['b', 'B\\?'\\]", id="not an object"),
        pytest.param(b'{"id": "b", "title": "\xff"}', "JSON", id="not UTF-8"),
        pytest.param(b'{"id": "a", "title": "B?"}', "'a' stands already in line 1", id="id twice"),
    ],
)
def test_an_error_names_file_line_and_field(tmp_path: Path, line: bytes, wrong: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(GOOD + line + b"\n")
    rows = read_records(file, Question)
    assert next(rows).id == "a"
    with pytest.raises(MeteorError, match=rf"^\S*rows\.jsonl:2: .*{wrong}") as caught:
        next(rows)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 1


def test_an_error_does_not_repeat_a_whole_answer(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"id": "a", "title": ["word"] * 5000}))
    with pytest.raises(MeteorError) as caught:
        list(read_records(file, Question))
    assert len(str(caught.value)) < 200 + len(str(file))


def test_guidelines_without_a_question_are_refused(tmp_path: Path) -> None:
    """Fault 1: METEOR's own guideline file holds the guideline alone, so nothing can be joined."""
    file = tmp_path / "guidelines.jsonl"
    file.write_text('{"guideline": "Title: What? Content: I ask. Please provide guidelines"}\n')
    with pytest.raises(MeteorError, match=r"guidelines\.jsonl:1: id: Field required"):
        list(read_records(file, Guideline))


@pytest.mark.parametrize("name", ["gone.jsonl", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(MeteorError, match="cannot be read") as caught:
        list(read_records(tmp_path / name, Question))
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("before", [None, "what stood there before\n"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MeteorError])
def test_a_file_is_written_wholly_or_not_at_all(
    tmp_path: Path, before: str | None, error: type[BaseException]
) -> None:
    file = tmp_path / "rows.jsonl"
    if before is not None:
        file.write_text(before)

    def broken() -> Iterator[Question]:
        yield from questions(2)
        raise error("in the middle")

    with pytest.raises(error, match="in the middle"):
        write_records(file, broken())
    assert (file.read_text() if file.exists() else None) == before
    assert list(tmp_path.iterdir()) == ([file] if before is not None else [])


def test_a_file_can_be_rewritten_from_itself(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    write_records(file, questions(4))
    write_records(file, (row for row in read_records(file, Question) if row.id != "q2"))
    assert [row.id for row in read_records(file, Question)] == ["q0", "q1", "q3"]


def test_json_holds_its_value_and_ends_with_a_newline(tmp_path: Path) -> None:
    file = tmp_path / "metrics" / "base.json"
    write_json(file, {"overall": 5.02, "nll": None, "rows": {"in": 3}})
    assert json.loads(file.read_text()) == {"overall": 5.02, "nll": None, "rows": {"in": 3}}
    assert file.read_text().endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_is_no_number_is_refused(tmp_path: Path, value: float) -> None:
    file = tmp_path / "base.json"
    write_json(file, {"overall": 1.0})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(file, {"overall": value})
    assert json.loads(file.read_text()) == {"overall": 1.0}
    assert list(tmp_path.iterdir()) == [file]
