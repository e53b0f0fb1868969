"""The source meteor_json: a row becomes a question, and what cannot become one is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.params import Params
from meteor.core.records import Failed, Question
from meteor.core.roles import load_role
from tests.sources.raw import ROW, SETTINGS


def load(path: Path, content: Any, **settings: Any) -> list[Question | Failed]:
    """What the plugin makes of a file's content: bytes, or a value to write as JSON."""
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return source(path, **settings)


def source(path: Path, **settings: Any) -> list[Question | Failed]:
    section = {"plugin": "meteor_json", "path": path, "meteor_json": settings}
    plugin = load_role("source", Params.model_validate({**SETTINGS, "source": section}))
    return list(plugin.call("source_load", path=path))


def test_a_row_becomes_a_question(tmp_path: Path) -> None:
    row = {**ROW, "id": 77, "answer": " Zeros at random. ", "score": 3}
    assert load(tmp_path / "ml_data.json", [row]) == [
        Question(
            id="77",
            title="What is dropout?",
            body="I read about it.",
            category="ml",
            answer="Zeros at random.",
            score=3,
        )
    ]


@pytest.mark.parametrize(
    ("name", "row", "category"),
    [
        ("ml_data.json", ROW, "ml"),
        ("tax_law_data.json", ROW, "tax_law"),
        ("questions.json", ROW, ""),
        ("ml_data.json", {**ROW, "category": "cv"}, "cv"),
        ("ml_data.json", {**ROW, "category": None}, "ml"),
    ],
)
def test_the_category_comes_from_the_file_name_unless_the_row_has_one(
    tmp_path: Path, name: str, row: dict[str, Any], category: str
) -> None:
    (question,) = load(tmp_path / name, [row])
    assert isinstance(question, Question), question
    assert question.category == category


def test_names_of_fields_can_be_chosen(tmp_path: Path) -> None:
    row = {"q": "What?", "text": "I ask.", "best": "This."}
    (question,) = load(tmp_path / "a.json", [row], title="q", body="text", answer="best")
    assert isinstance(question, Question)
    assert (question.title, question.body, question.answer) == ("What?", "I ask.", "This.")


def test_an_id_is_a_fingerprint_of_the_text_and_stays(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "title": "Why?"}, {**ROW, "question_content": "I ask."}]
    first = {row.id for row in load(tmp_path / "ml_data.json", rows)}
    more = [{"answer": "Now.", **rows[2]}, {**ROW, "title": "New?"}, rows[1], rows[0]]
    second = {row.id for row in load(tmp_path / "other_data.json", more)}
    assert len(first) == 3 and len(second) == 4
    assert first < second


def test_an_id_of_zero_is_an_id(tmp_path: Path) -> None:
    assert [row.id for row in load(tmp_path / "a.json", [{**ROW, "id": 0}])] == ["0"]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        pytest.param({**ROW, "title": None}, "title is None", id="null title"),
        pytest.param({**ROW, "title": "  "}, "title is '  '", id="blank title"),
        pytest.param({**ROW, "title": ["a"]}, "title is .*not a text", id="a list as title"),
        pytest.param({"question_content": "I ask."}, "title is missing", id="missing title"),
        pytest.param({"title": "What?"}, "question_content is missing", id="missing body"),
        pytest.param({**ROW, "question_content": ""}, "question_content is ''", id="empty body"),
        pytest.param({**ROW, "answer": {"by": "a"}}, "answer is .*not an answer", id="no answer"),
        pytest.param({**ROW, "score": "many"}, "score: .*got 'many'", id="a word as score"),
        pytest.param("What?", "an object is expected, not a str", id="a text as row"),
        pytest.param(None, "an object is expected, not a NoneType", id="null as row"),
    ],
)
def test_a_row_that_is_no_question_is_named_and_stops_no_other(
    tmp_path: Path, row: Any, wrong: str
) -> None:
    """Fault 2: a null title crashed, and rows without a title or body vanished."""
    good = [{**ROW, "id": name} for name in ("before", "after")]
    before, bad, after = load(tmp_path / "ml_data.json", [good[0], row, good[1]])
    assert isinstance(bad, Failed)
    assert bad.id == "ml_data.json[1]"
    assert re.search(wrong, bad.error)
    assert (before.id, after.id) == ("before", "after")


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        pytest.param(b'[\n{"title": "A?"},\n{"title" "B?"}\n]', ":3: not valid JSON", id="broken"),
        pytest.param(b"", ":1: not valid JSON", id="empty"),
        pytest.param(b'["\xff"]', ": not UTF-8 at byte 2", id="not UTF-8"),
        pytest.param({"rows": []}, ": a JSON array is expected, not a dict", id="an object"),
        pytest.param(7, ": a JSON array is expected, not a int", id="a number"),
    ],
)
def test_a_file_that_is_no_array_is_named_with_its_line(
    tmp_path: Path, content: Any, wrong: str
) -> None:
    with pytest.raises(MeteorError) as caught:
        load(tmp_path / "ml_data.json", content)
    assert str(caught.value).startswith(f"{tmp_path / 'ml_data.json'}{wrong}")


def test_a_file_of_another_form_names_the_command_that_knows_it(tmp_path: Path) -> None:
    with pytest.raises(MeteorError, match=r"`meteor look .*ml_data.json` says which source reads"):
        load(tmp_path / "ml_data.json", b'{"title": "A?"}\n{"title": "B?"}\n')


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("nlp", "cv", "ml"):
        load(tmp_path / f"{name}_data.json", [{**ROW, "id": name}])
    (tmp_path / "README.md").write_text("not data")
    assert [row.id for row in source(tmp_path)] == ["cv", "ml", "nlp"]
    assert [row.id for row in source(tmp_path / "nlp_data.json")] == ["nlp"]


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert len(load(tmp_path / "a.json", b"\xef\xbb\xbf" + json.dumps([ROW]).encode())) == 1
