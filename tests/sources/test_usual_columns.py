"""What columns of well-known data sets are called: the question and its answer are found."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question
from meteor.core.sections import Cleaning
from meteor.sources.cleaning import clean
from plugins.source.table import Table, source_load

Q, A, WORSE, C = "Why is it so?", "So it is.", "No idea.", "It is about this."
USER, BOT = {"role": "user", "content": Q}, {"role": "assistant", "content": A}
ROWS: dict[str, dict[str, Any]] = {
    "MetaMath": {"type": "x", "query": Q, "original_question": "Else?", "response": A},
    "NuminaMath": {"problem": Q, "solution": A, "messages": [USER, BOT]},
    "Magicoder": {"lang": "python", "raw_index": 1, "problem": Q, "solution": A},
    "APPS": {"problem_id": 0, "question": Q, "solutions": json.dumps([A, WORSE]), "url": "u"},
    "Code Contests": {"description": Q, "solutions": {"language": [2, 3], "solution": [A, WORSE]}},
    "CoNaLa": {"question_id": 1, "intent": Q, "rewritten_intent": "x", "snippet": A},
    "DS-1000": {"prompt": Q, "reference_code": A, "metadata": {"library": "Pandas"}},
    "ELI5 of KILT": {"id": "1", "input": Q, "output": [{"answer": A, "meta": {"score": 5}}]},
    "TriviaQA": {"question": Q, "question_id": "t", "answer": {"aliases": ["x"], "value": A}},
    "Natural Questions, open": {"question": Q, "answer": [A, "x"]},
    "BioASQ": {"body": Q, "documents": ["u"], "ideal_answer": [A], "type": "summary"},
    "HC3": {"question": Q, "human_answers": [A], "chatgpt_answers": [WORSE]},
    "Firefly": {"kind": "x", "input": Q, "target": A},
    "DPO pairs": {"system": "", "input": Q, "chosen": A, "rejected": WORSE},
    "gretel, text to SQL": {"sql_prompt": Q, "sql": A, "sql_explanation": "x", "domain": "y"},
    "Natural Reasoning": {"question": Q, "reference_answer": A, "responses": [{"response": WORSE}]},
    "an evaluation": {"question": Q, "response": WORSE, "ground_truth": A},
    "sentence-transformers": {"anchor": Q, "positive": A, "negative": WORSE},
    "Databricks": {"request": Q, "response": A},
    "Vertex AI": {"input_text": Q, "output_text": A},
    "MATH-500": {"problem": Q, "answer": A, "subject": "Algebra", "level": 1},
    "a prompt as a chat": {"prompt": [USER], "completion": [BOT]},
    "a prompt in marks": {
        "prompt": f"<|im_start|>user\n{Q}<|im_end|>\n<|im_start|>assistant\n",
        "completion": A,
    },
    "WildChat": {"conversation_hash": "x", "conversation": [{**USER, "country": "US"}, BOT]},
    "MedDialog": {"description": "x", "utterances": [f"patient: {Q}", f"doctor: {A}"]},
    "turns aside": {"dialogue_turns": {"speaker": ["Patient", "Doctor"], "utterance": [Q, A]}},
    "texts in turn": {"id": "0", "data": [Q, A]},
    "a form": {"Timestamp": "2024-01-02", "What is your question?": Q, "Answer of the team": A},
    "support": {
        "ticket id": "1",
        "Customer Question": Q,
        "Agent Response": A,
        "Response Time": "3 h",
    },
    "German": {"Nr": 1, "Frage": Q, "Antwort": A},
    "Spanish": {"Pregunta": Q, "Respuesta": A},
    "Chinese": {"问题": Q, "答案": A},
    "a user's page": {"title": Q, "user": {"login": "ann"}, "answers": [A]},
    "Huatuo": {"questions": [[Q, "Why so?"]], "answers": [A]},
}
MARKED = {
    "HH-RLHF": f"\n\nHuman: {Q}\n\nAssistant: {A}",
    "lines": f"User: {Q}\nAssistant: {A}",
    "OIG": f"<human>: {Q}\n<bot>: {A}",
    "Vicuna": f"A chat between a user and an assistant. USER: {Q} ASSISTANT: {A}</s>",
    "Llama 2": f"<s>[INST] {Q} [/INST] {A} </s>",
    "Llama 3": f"<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n{Q}<|eot_id|>"
    f"<|start_header_id|>assistant<|end_header_id|>\n\n{A}<|eot_id|>",
    "Gemma": f"<start_of_turn>user\n{Q}<end_of_turn>\n<start_of_turn>model\n{A}<end_of_turn>\n",
    "Alpaca": f"Below is an instruction.\n\n### Instruction:\n{Q}\n\n### Response:\n{A}",
    "Phi": f"Instruct: {Q}\nOutput: {A}",
    "letters": f"Q: {Q}\nA: {A}",
    "words": f"Question: {Q}\nAnswer: {A}",
}


def read(folder: Path, *rows: Any, name: str = "a.jsonl") -> list[Question | Failed]:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / name).write_text(json.dumps(rows[0]) if name == "a.json" else text)
    return [
        clean(row, Cleaning()) if isinstance(row, Question) else row
        for row in source_load(folder / name, Table())
    ]


def texts(rows: list[Question | Failed]) -> list[tuple[str, str, str | None]]:
    return [(row.title, row.body, row.answer) for row in rows if isinstance(row, Question)]


@pytest.mark.parametrize("what", ROWS)
def test_the_question_and_its_answer_are_found(tmp_path: Path, what: str) -> None:
    assert texts(read(tmp_path, ROWS[what])) == [(Q, "", A)]


@pytest.mark.parametrize("what", MARKED)
def test_marks_of_turns_are_known(tmp_path: Path, what: str) -> None:
    assert texts(read(tmp_path, {"text": MARKED[what]})) == [(Q, "", A)]


def test_examples_before_a_question_are_no_conversation(tmp_path: Path) -> None:
    prompt = "Q: One?\nA: 1\n\nQ: Two?\nA: 2\n\nQ: Three?\nA:"
    ((title, body, answer),) = texts(read(tmp_path, {"prompt": prompt, "completion": "3"}))
    assert (title, answer) == ("Q: One?", "3") and body.endswith("Q: Three?\nA:")


def test_a_text_that_begins_with_a_word_before_a_colon_stays(tmp_path: Path) -> None:
    for text in ("User: ann has no rights.", "Question: is it so?", "Q: and why?", "[INST] alone"):
        ((title, _, answer),) = texts(read(tmp_path, {"question": text, "answer": A}))
        assert (title, answer) == (text, A)


OTHERS: tuple[dict[str, Any], ...] = (
    {"instruction": Q, "output": "User: Why?\nAssistant: So."},
    {"question": Q, "answer": "Q: Why?\nA: So."},
    {"question": Q, "answer": "So.", "reference": "Smith 2019", "definition": "x", "user": "ann"},
    {"title": Q, "data": ["one tag", "another"], "answer": "So."},
    {"text": Q, "intent": "to_ask", "response": "So."},
)


@pytest.mark.parametrize("row", OTHERS)
def test_what_is_called_so_by_chance_is_not_taken(tmp_path: Path, row: dict[str, Any]) -> None:
    said = next(row[name] for name in ("answer", "output", "response") if name in row)
    assert texts(read(tmp_path, row)) == [(Q, "", said)]


def test_turns_that_are_rows_are_joined(tmp_path: Path) -> None:
    log = [{"conversation_id": n, **turn} for n in (1, 2) for turn in (USER, BOT)]
    rows = read(tmp_path, *log)
    assert texts(rows) == [(Q, "", A)] * 2 and [row.id for row in rows] == ["1", "2"]
    for one in ({"messages": [USER, BOT]}, [USER, BOT]):  # what one call writes to a file
        assert texts(read(tmp_path, one, name="a.json")) == [(Q, "", A)]
    with pytest.raises(MeteorError, match="each row is one turn, and no column tells"):
        read(tmp_path, *[USER, BOT] * 150)
    pairs = [{"session_id": 1, "question": Q, "answer": A}, {"session_id": 1, "question": "B?"}]
    assert len(read(tmp_path, *pairs)) == 2


def test_messages_of_many_are_refused(tmp_path: Path) -> None:
    said = {"type": "message", "text": Q, "user": "U1", "ts": "1.1"}
    with pytest.raises(MeteorError, match=r"a\.jsonl:1: messages of Slack, of which none is known"):
        read(tmp_path, said, {**said, "text": A})


ODD: tuple[Any, ...] = (None, 5, "x", "[", [], {}, [None], [{}], {"x": 1}, ["a", 5], [["a"]], True)


@pytest.mark.parametrize("what", ROWS)
def test_a_value_of_another_kind_costs_at_most_its_row(tmp_path: Path, what: str) -> None:
    odd = [{**ROWS[what], key: value} for key in ROWS[what] for value in ODD]
    assert len(read(tmp_path, *odd, ROWS[what])) >= len(odd)
