"""Small files of data sets that hold a question and its answer in a form of their own."""

import json
from typing import Any

from tests.sources.shaping import CONTEXT, WORSE, A, Expected, Q, Shape, lines, table, tarred

HELLO, HOW = "Hello.", "How can I help?"
BEFORE = f"The conversation before it:\n\nUser: {HELLO}\n\nAssistant: {HOW}"
ASKED = {"role": "user", "content": Q}
SAID = {"role": "assistant", "content": A}
PAIRED = [
    {"input_text": Q, "turn_id": 1},
    {"input_text": "Which?", "turn_id": 2},
]
REPLIES = [
    {"input_text": A, "span_text": "x", "turn_id": 1},
    {"input_text": "Two.", "span_text": "y", "turn_id": 2},
]
GRID: dict[str, list[Any]] = {"header": ["Year", "Margin"], "rows": [["2019", "5"], ["2020", "6"]]}
SHOWN = "| Year | Margin |\n| --- | --- |\n| 2019 | 5 |\n| 2020 | 6 |"
SQL = {"sel": 1, "agg": 0, "conds": {"column_index": [0], "operator_index": [0], "condition": [7]}}
NODES = {
    "r": {"message": None, "parent": None},
    "a": {"message": {"author": {"role": "user"}, "content": {"parts": [Q]}}, "parent": "r"},
    "x": {
        "message": {"author": {"role": "assistant"}, "content": {"parts": [WORSE]}},
        "parent": "a",
    },
    "b": {"message": {"author": {"role": "assistant"}, "content": {"parts": [A]}}, "parent": "a"},
}
CHOICES = f"A. {WORSE}\nB. {A}"
CHOSEN = Expected(body=CHOICES, answer=f"B. {A}")


def report(**more: Any) -> dict[str, Any]:
    return {
        "pre_text": [CONTEXT],
        "table": [GRID["header"], *GRID["rows"]],
        "post_text": [],
        **more,
    }


FORMS: dict[str, Shape] = {
    "Alpaca with history": Shape(
        "sft.json",
        json.dumps(
            [
                {
                    **{"instruction": Q, "input": "", "output": A, "system": "Be brief."},
                    "history": [[HELLO, HOW]],
                },
                {"instruction": "B?", "input": CONTEXT, "output": A, "history": []},
            ]
        ),
        Expected(body=BEFORE, rows=2),
    ),
    "CoQA": Shape(
        "coqa.jsonl",
        lines(
            {
                **{"id": "c", "source": "mctest", "story": CONTEXT, "questions": [Q, "Which?"]},
                "answers": {"input_text": [A, "Two."], "answer_start": [0, 1]},
            }
        ),
        Expected(body=CONTEXT, rows=2, more={"id": "c-1"}),
    ),
    "CoQA, official file": Shape(
        "coqa-dev-v1.0.json",
        json.dumps(
            {
                "version": "1.0",
                "data": [
                    {
                        "id": "c",
                        "story": CONTEXT,
                        "questions": PAIRED,
                        "answers": REPLIES,
                        "name": "n",
                    }
                ],
            }
        ),
        Expected(body=CONTEXT, rows=2, more={"id": "c-1"}),
    ),
    "QuAC": Shape(
        "quac.jsonl",
        lines(
            {
                **{"title": "Margins", "context": CONTEXT, "questions": [Q, "Which?"]},
                "answers": {"texts": [[A], ["Two.", "2"]], "answer_starts": [[0], [1, 2]]},
            }
        ),
        Expected(body=CONTEXT, rows=2),
    ),
    "WikiSQL": Shape(
        "wikisql.jsonl",
        lines({"question": Q, "table": GRID, "sql": {**SQL, "human_readable": A}}),
        Expected(body=SHOWN),
    ),
    "WikiSQL, official file": Shape(
        "train.jsonl",
        lines(
            {"question": Q, "table_id": "1-1", "sql": {**SQL, "agg": 3, "conds": [[0, 1, "a'b"]]}}
        ),
        Expected(answer="SELECT COUNT(col1) FROM table WHERE col0 > 'a''b'"),
    ),
    "WikiTableQuestions": Shape(
        "wtq.jsonl",
        lines({"id": "nt-0", "question": Q, "answers": [A], "table": GRID}),
        Expected(body=SHOWN),
    ),
    "FinQA": Shape(
        "finqa.json",
        json.dumps([report(id="f", qa={"question": Q, "answer": A, "program": "add(1, 2)"})]),
        Expected(body=f"{CONTEXT}\n\n{SHOWN}"),
    ),
    "DROP, official file": Shape(
        "drop.json",
        json.dumps(
            {
                f"nfl_{at}": {
                    "passage": CONTEXT,
                    "qa_pairs": [{"question": Q, "answer": {"number": "", "spans": [A]}}],
                }
                for at in range(4)
            }
        ),
        Expected(body=CONTEXT, rows=4),
    ),
    "FAQ by topic": Shape(
        "faq.json",
        json.dumps(
            [
                {
                    "topic": "svm",
                    "faqs": [{"question": Q, "answer": A}, {"question": "B?", "answer": "C"}],
                }
            ]
        ),
        Expected(rows=2, more={"category": "svm"}),
    ),
    "MMLU as CSV": Shape(
        "mmlu.csv",
        table({"question": Q, "A": WORSE, "B": A, "C": "x", "D": "y", "answer": "B"}),
        Expected(body=f"{CHOICES}\nC. x\nD. y", answer=f"B. {A}"),
    ),
    "MedMCQA": Shape(
        "medmcqa.jsonl",
        lines({"question": Q, "opa": WORSE, "opb": A, "cop": 1, "exp": "x"}),
        CHOSEN,
    ),
    "PIQA": Shape("piqa.jsonl", lines({"goal": Q, "sol1": WORSE, "sol2": A, "label": 1}), CHOSEN),
    "Nectar": Shape(
        "nectar.jsonl",
        lines(
            {
                "prompt": f"\n\nHuman: {Q}\n\nAssistant: ",
                "answers": [{"answer": WORSE, "rank": 2.0}, {"answer": A, "rank": 1.0}],
            }
        ),
    ),
    "SHP": Shape(
        "shp.jsonl", lines({"history": Q, "human_ref_A": WORSE, "human_ref_B": A, "labels": 0})
    ),
    "PKU-SafeRLHF": Shape(
        "safe.jsonl",
        lines({"prompt": Q, "response_0": WORSE, "response_1": A, "better_response_id": 1}),
    ),
    "Chatbot Arena": Shape(
        "arena.jsonl",
        lines(
            {
                "question_id": "q",
                "winner": "model_b",
                "conversation_a": [ASKED, {**SAID, "content": WORSE}],
                "conversation_b": [ASKED, SAID],
            }
        ),
    ),
    "Llama 2 prompts": Shape(
        "llama.jsonl",
        lines({"text": f"<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n{Q} [/INST] {A} </s>"}),
    ),
    "Alpaca prompts": Shape(
        "prompts.jsonl",
        lines({"text": f"Below is an instruction.\n\n### Instruction:\n{Q}\n\n### Response:\n{A}"}),
    ),
    "OpenAI preferences": Shape(
        "dpo.jsonl",
        lines(
            {
                "input": {"messages": [ASKED], "tools": []},
                "preferred_output": [SAID],
                "non_preferred_output": [{**SAID, "content": WORSE}],
            }
        ),
    ),
    "ChatGPT export": Shape(
        "conversations.json",
        json.dumps(
            [{"title": "Margins", "mapping": NODES, "current_node": "b", "conversation_id": "c"}]
        ),
        Expected(more={"id": "c"}),
    ),
    "LangSmith": Shape(
        "examples.jsonl", lines({"id": "e", "inputs": {"question": Q}, "outputs": {"answer": A}})
    ),
    "Label Studio": Shape(
        "export.json",
        json.dumps(
            [
                {
                    "id": 1,
                    "data": {"question": Q},
                    "annotations": [
                        {"result": [], "was_cancelled": True},
                        {"result": [{"from_name": "answer", "value": {"text": [A]}}]},
                    ],
                }
            ]
        ),
    ),
    "Argilla": Shape(
        "records.jsonl",
        lines(
            {
                "fields": {"prompt": Q},
                "responses": {"response": [{"value": A, "status": "submitted"}]},
            }
        ),
    ),
    "RACE, official file": Shape(
        "1.json",
        json.dumps(
            {
                "answers": ["B", "A"],
                "options": [[WORSE, A], ["Two.", "One."]],
                "questions": [Q, "Which?"],
                "article": CONTEXT,
                "id": "high1.txt",
            }
        ),
        Expected(body=f"{CONTEXT}\n\n{CHOICES}", answer=f"B. {A}", rows=2),
    ),
    "Rows of lists": Shape("rows.json", json.dumps([["question", "answer"], [Q, A]])),
    "Answers by question": Shape("faq.json", json.dumps({Q: A, "B?": "C."}), Expected(rows=2)),
    "Tar": Shape(
        "rows.tar.gz",
        lambda path: tarred(
            path,
            {
                "data/README.md": b"# Rows",
                "data/rows.jsonl": lines({"question": Q, "answer": A}).encode(),
            },
        ),
    ),
}
"""By the name that docs/data.md gives them."""
