"""Rows that hold a question and its answer in a form of their own, through the real source."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.records import Failed, Question, Rejected
from plugins.source.table import Table, source_load

Q, A, WORSE = "Why is it so?", "So it is.", "No idea."
CHOICES = f"A. {WORSE}\nB. {A}"
NUMBERED = f"1. {WORSE}\n2. {A}"


def read(folder: Path, *rows: dict[str, Any], **settings: Any) -> list[Question | Failed]:
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(source_load(folder / "a.jsonl", Table(**settings)))


def texts(rows: list[Question | Failed]) -> list[tuple[str, str | None]]:
    return [
        ("\n\n".join(filter(None, (row.title, row.body))), row.answer)
        for row in rows
        if isinstance(row, Question)
    ]


EARLIER = "The conversation before it:\n\nUser: Hi.\n\nAssistant: Hello."
HISTORIES: dict[str, dict[str, Any]] = {
    "pairs": {"instruction": "Why", "input": "is it?", "output": A, "history": [["Hi.", "Hello."]]},
    "ChatGLM": {"prompt": "Why\n\nis it?", "response": A, "history": [["Hi.", "Hello."]]},
    "turns": {
        "query": "Why\n\nis it?",
        "response": A,
        "history": [
            {"role": "user", "content": "Hi."},
            {"role": "assistant", "content": "Hello."},
        ],
    },
    "a cell": {"instruction": "Why\n\nis it?", "output": A, "history": "[['Hi.', 'Hello.']]"},
    "one side alone": {
        "question": "Why\n\nis it?",
        "answer": A,
        "History": [["Hi.", "Hello."], ["", None]],
    },
    "with a system": {
        **{"system": "Be brief.", "instruction": "Why\n\nis it?", "output": A},
        "history": [["Hi.", "Hello."]],
    },
}


@pytest.mark.parametrize("what", HISTORIES)
def test_a_history_is_what_was_said_before(tmp_path: Path, what: str) -> None:
    plain = {key: [] if key.lower() == "history" else v for key, v in HISTORIES[what].items()}
    for rows in ((HISTORIES[what], plain), (plain, HISTORIES[what])):
        found = sorted(texts(read(tmp_path, *rows)), key=lambda row: len(row[0]))
        assert found == [("Why\n\nis it?", A), (f"Why\n\nis it?\n\n{EARLIER}", A)]


def test_columns_that_are_named_are_read_without_their_history(tmp_path: Path) -> None:
    (row,) = read(tmp_path, HISTORIES["pairs"], title="instruction", body="input", answer="output")
    assert texts([row]) == [("Why\n\nis it?", A)]


def test_a_history_that_is_a_text_is_no_turn(tmp_path: Path) -> None:
    (row,) = read(tmp_path, {"question": Q, "answer": A, "history": "Changed by Ann."})
    assert texts([row]) == [(Q, A)]


def test_each_question_on_a_text_knows_those_before_it(tmp_path: Path) -> None:
    story = {"id": 7, "story": "Ann sat.", "questions": ["Who?", "Where?"]}
    rows = read(tmp_path, {**story, "answers": {"input_text": ["Ann.", "Here."]}})
    assert texts(rows) == [
        ("Who?\n\nAnn sat.", "Ann."),
        (
            "Where?\n\nAnn sat.\n\nThe conversation before it:\n\nUser: Who?\n\nAssistant: Ann.",
            "Here.",
        ),
    ]
    assert [row.id for row in rows] == ["7-1", "7-2"]


def test_ways_to_ask_one_question_are_one_row(tmp_path: Path) -> None:
    rows = read(
        tmp_path, {"questions": [Q, "Why so?"], "answer": A}, {"questions": [Q], "answer": A}
    )
    assert texts(rows) == [(Q, A), (Q, A)]
    rows = read(tmp_path, {"tag": "x", "patterns": [Q, "Why so?"], "responses": [A, WORSE]})
    assert texts(rows) == [(Q, A)]


def test_questions_of_a_test_have_their_own_choices(tmp_path: Path) -> None:
    row = {"article": "Ann sat.", "questions": [Q, "Who?"], "options": [[WORSE, A], ["Ann", "Bob"]]}
    rows = read(tmp_path, {**row, "answers": ["B", "A"]}, {**row, "answers": ["B", "A"]})
    assert texts(rows)[:2] == [
        (f"{Q}\n\nAnn sat.\n\n{CHOICES}", f"B. {A}"),
        ("Who?\n\nAnn sat.\n\nA. Ann\nB. Bob", "A. Ann"),
    ]


APART: dict[str, tuple[dict[str, Any], str]] = {
    "letters": ({"question": Q, "A": WORSE, "B": A, "answer": "B"}, CHOICES),
    "small letters": ({"question": Q, "a": WORSE, "b": A, "correct": "b"}, CHOICES),
    "MedMCQA": ({"question": Q, "opa": WORSE, "opb": A, "cop": 1}, CHOICES),
    "options": ({"question": Q, "Option A": WORSE, "Option B": A, "Answer": "B"}, CHOICES),
    "PIQA": ({"goal": Q, "sol1": WORSE, "sol2": A, "label": 1}, CHOICES),
    "Cosmos QA": ({"question": Q, "answer0": WORSE, "answer1": A, "label": 1}, CHOICES),
    "Social IQa": ({"question": Q, "answerA": WORSE, "answerB": A, "label": "2"}, NUMBERED),
    "WinoGrande": ({"sentence": Q, "option1": WORSE, "option2": A, "answer": "2"}, NUMBERED),
    "HellaSwag": ({"ctx": Q, "endings": [WORSE, A], "label": "1"}, CHOICES),
    "a stem": (
        {
            "question": {
                "stem": Q,
                "choices": [{"text": WORSE, "label": "A"}, {"text": A, "label": "B"}],
            },
            "answerKey": "B",
        },
        CHOICES,
    ),
}


@pytest.mark.parametrize("what", APART)
def test_choices_may_stand_in_columns_of_their_own(tmp_path: Path, what: str) -> None:
    row, choices = APART[what]
    assert texts(read(tmp_path, row)) == [(f"{Q}\n\n{choices}", choices.splitlines()[1])]


@pytest.mark.parametrize("said", ["8", "1", "x"])
def test_columns_of_one_letter_need_not_be_choices(tmp_path: Path, said: str) -> None:
    rows = read(tmp_path, {"question": "What is a + b?", "a": 3, "b": 5, "answer": said})
    assert texts(rows) == [("What is a + b?", said)]


PREFERRED: dict[str, dict[str, Any]] = {
    "SHP": {"history": Q, "human_ref_A": A, "human_ref_B": WORSE, "labels": 1},
    "PKU-SafeRLHF": {"prompt": Q, "response_0": A, "response_1": WORSE, "better_response_id": 0},
    "WebGPT": {
        **{"question": {"full_text": Q, "id": "1"}, "answer_0": WORSE, "answer_1": A},
        **{"score_0": -0.5, "score_1": 0.5},
    },
    "HelpSteer3": {
        **{"context": [{"role": "user", "content": Q}], "response1": WORSE, "response2": A},
        "overall_preference": 2,
    },
    "Arena, 55k": {
        **{"prompt": f'["{Q}"]', "response_a": f'["{WORSE}"]', "response_b": f'["{A}"]'},
        **{"winner_model_a": 0, "winner_model_b": 1, "winner_tie": 0},
    },
}


@pytest.mark.parametrize("what", PREFERRED)
def test_the_preferred_answer_is_the_answer(tmp_path: Path, what: str) -> None:
    assert texts(read(tmp_path, PREFERRED[what])) == [(Q, A)]


def test_sql_in_parts_is_written_with_the_names_of_its_table(tmp_path: Path) -> None:
    sql = {"sel": 1, "agg": 5, "conds": [[0, 0, "x"], [1, 2, 3.5]]}
    table = {"header": ["Name", "Size"], "rows": [["x", "a|b"]]}
    (row,) = read(tmp_path, {"question": Q, "table": table, "sql": sql})
    assert texts([row]) == [
        (
            f"{Q}\n\n| Name | Size |\n| --- | --- |\n| x | a\\|b |",
            "SELECT AVG(Size) FROM table WHERE Name = 'x' AND Size < 3.5",
        )
    ]
    written = {**sql, "human_readable": "SELECT 1"}
    (row,) = read(tmp_path, {"question": Q, "sql": written}, answer="sql.human_readable")
    assert texts([row]) == [(Q, "SELECT 1")]
    (row,) = read(tmp_path, {"question": Q, "sql": {**sql, "agg": 9}})
    assert isinstance(row, Failed) or row.answer is None


def test_what_an_annotator_refused_is_left_out(tmp_path: Path) -> None:
    said = [{"text": Q, "_input_hash": n, "answer": a} for n, a in enumerate(("reject", "accept"))]
    rows = read(tmp_path, *said)
    assert isinstance(rows[0], Rejected) and rows[0].id == "a.jsonl:1"
    assert rows[0].error == "the annotator says reject" and texts(rows) == [(Q, None)]
    options = [{"id": "x", "text": WORSE}, {"id": "y", "text": A}]
    (row,) = read(tmp_path, {**said[1], "options": options, "accept": ["y"]})
    assert texts([row]) == [(f"{Q}\n\nx. {WORSE}\ny. {A}", f"y. {A}")]


WRAPPED: dict[str, dict[str, Any]] = {
    "LangSmith": {"inputs": {"question": Q}, "outputs": {"answer": A}, "metadata": {}},
    "LangSmith, chats": {
        "inputs": {"messages": [{"role": "user", "content": Q}]},
        "outputs": {"message": {"role": "assistant", "content": A}},
    },
    "MLflow": {"inputs": {"question": Q}, "expectations": {"expected_response": A}},
    "Langfuse": {"input": {"question": Q}, "output": {"answer": A}},
    "Langfuse, a data set": {"input": Q, "expectedOutput": A, "metadata": None},
}


@pytest.mark.parametrize("what", WRAPPED)
def test_objects_of_a_row_are_opened(tmp_path: Path, what: str) -> None:
    assert texts(read(tmp_path, {"id": "1", **WRAPPED[what]})) == [(Q, A)]


def test_a_request_of_a_batch_is_its_question(tmp_path: Path) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": Q}]}
    (row,) = read(tmp_path, {"custom_id": "r-1", "method": "POST", "url": "/v1", "body": body})
    assert texts([row]) == [(Q, None)] and row.id == "r-1"


def test_lists_of_conversations_are_conversations(tmp_path: Path) -> None:
    rows = read(tmp_path, {"categories": ["x"], "conversations": [[Q, A], ["B?", "C."]]})
    assert texts(rows) == [(Q, A), ("B?", "C.")]


def test_a_task_has_a_row_for_each_instance(tmp_path: Path) -> None:
    parts: list[dict[str, Any]] = [{"input": "one", "output": [A]}, {"input": "", "output": "Two."}]
    expected = [(f"{Q}\n\none", A), (Q, "Two.")]
    rows = read(tmp_path, {"id": "t", "instruction": Q, "instances": parts})
    assert texts(rows) == expected and [row.id for row in rows] == ["t-1", "t-2"]
    task = {"Definition": [Q], "Positive Examples": [{**parts[0], "explanation": "x"}]}
    (tmp_path / "b.json").write_text(json.dumps({**task, "Instances": parts}))
    assert texts(list(source_load(tmp_path / "b.json", Table()))) == expected


def test_questions_of_one_row_have_ids_of_their_own(tmp_path: Path) -> None:
    two = [{"question": Q, "answer": A}, {"question": "B?", "answer": "C."}]
    rows = read(tmp_path, {"task_id": 5, "faqs": two}, {"task_id": 6, "faqs": two[:1]})
    assert [row.id for row in rows] == ["5-1", "5-2", "6"]
    known = [{**one, "id": n} for n, one in enumerate(two)]
    assert [row.id for row in read(tmp_path, {"id": "a", "faqs": known})] == ["0", "1"]


def test_a_form_is_seen_in_whatever_row_it_stands(tmp_path: Path) -> None:
    plain = [{"question": f"What is {n}?", "answer": A} for n in range(150)]
    rows = read(tmp_path, *plain, {"question": Q, "A": WORSE, "B": A, "answer": "B"})
    assert len(rows) == 151 and texts(rows)[-1] == (f"{Q}\n\n{CHOICES}", f"B. {A}")
