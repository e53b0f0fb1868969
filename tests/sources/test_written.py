"""Lists and objects that stand in a cell as a text are read as what they are."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.records import Question
from meteor.sources.values import read_back
from meteor.sources.written import with_values
from plugins.source.table import Table, source_load
from tests.sources.shaping import table

Q, A, WORSE = "Why is it so?", "It's so, \"yes\" 'no'.", "No idea."
OBJECT = "dtype=object)"
OF_JSON = json.dumps(A)
CHOSEN = (f"A. x\nB. {A}", f"B. {A}")
CELLS: dict[str, tuple[dict[str, str], tuple[str, str]]] = {
    "SQuAD of numpy": (
        {"answers": f"{{'text': array([{A!r}], {OBJECT}, 'at': array([5], dtype=int32)}}"},
        ("", A),
    ),
    "a list of numpy": ({"answers": f"[{A!r} 'x'\n 'y']"}, ("", A)),
    "SQuAD of JSON": ({"answers": f'{{"text": [{OF_JSON}], "answer_start": [5]}}'}, ("", A)),
    "choices of numpy": (
        {
            "choices": f"{{'text': array(['x', {A!r}], {OBJECT},\n 'label': array(['A' 'B'],\n"
            f"      {OBJECT}}}",
            "answerKey": "B",
        },
        CHOSEN,
    ),
    "a list of choices": ({"choices": f"['x' {A!r}]", "answer": "1"}, CHOSEN),
    "options": ({"options": f'["x", {OF_JSON}]', "answer": "B"}, CHOSEN),
    "no list at all": ({"answers": "[sic] it's so"}, ("", "[sic] it's so")),
    "broken": ({"answers": "[dtype dtype ) 'a"}, ("", "[dtype dtype ) 'a")),
}


def read(file: Path, row: dict[str, Any]) -> Question:
    file.write_text(table(row, row), newline="")
    first = next(iter(source_load(file, Table())))
    assert isinstance(first, Question)
    return first


@pytest.mark.parametrize("what", CELLS)
def test_a_value_in_a_cell_is_read(tmp_path: Path, what: str) -> None:
    cells, (body, answer) = CELLS[what]
    row = read(tmp_path / "a.csv", {"question": Q, **cells})
    assert ("\n\n".join(filter(None, (row.title, row.body))), row.answer) == (
        "\n\n".join(filter(None, (Q, body))),
        answer,
    )


@pytest.mark.parametrize("sign", [", ", "\n "])
def test_a_conversation_that_numpy_printed_is_one(tmp_path: Path, sign: str) -> None:
    turns = [{"from": "human", "value": Q}, {"from": "gpt", "value": A}]
    row = read(tmp_path / "a.csv", {"id": "1", "conversations": f"[{sign.join(map(repr, turns))}]"})
    assert (row.title, row.answer) == (Q, A)


def test_what_python_cannot_make_of_a_cell_is_a_text() -> None:
    assert read_back("{[1]: 2}") is None
    assert with_values({"choices": "{[1]: 2}"}) is None
