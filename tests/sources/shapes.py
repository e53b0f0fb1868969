"""Small files in the shapes of well-known data sets, and what is to come of the first row."""

import json

from tests.sources.dumps import answer, dump, question
from tests.sources.shapes_of_forms import FORMS
from tests.sources.shapes_of_tests import TESTS
from tests.sources.shaping import (
    ASKED,
    CONTEXT,
    WORSE,
    A,
    Expected,
    Q,
    Shape,
    dataset_dict,
    lines,
    message,
    parquet,
    table,
    workbook,
)

TREE = {
    "message_tree_id": "1",
    "prompt": {
        **message("1", None, "prompter", Q),
        "replies": [
            {**message("2", "1", "assistant", WORSE, rank=1), "replies": []},
            {**message("3", "1", "assistant", A, rank=0), "replies": []},
        ],
    },
}
FLAT = (
    message("1", None, "prompter", Q, lang="en"),
    message("2", "1", "assistant", WORSE, lang="en", rank=1.0),
    message("3", "1", "assistant", A, lang="en", rank=0.0),
    message("4", None, "prompter", "And why else?", lang="en"),
)
CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello."},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": Q},
    {"role": "assistant", "content": A},
]
BEFORE = "The conversation before it:\n\nUser: Hello.\n\nAssistant: Hello!"
SHAREGPT = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": A}]
OLD = question(1, Tags="<pytorch>", ContentLicense=None, AcceptedAnswerId=2)
NEW = question(1, Tags="|pytorch|", AcceptedAnswerId=2)
POSTS = Expected("Why?", "Why does `a < b` fail?", "Because.", more={"category": "dl"})
SQUAD = {"id": "5", "question": Q, "answers": [{"text": A, "answer_start": 0}]}
SQUAD_FLAT = {
    **{"id": "5", "title": "Margins", "context": CONTEXT, "question": Q},
    "answers": {"text": [A], "answer_start": [0]},
}
INSTANCES = [{"input": CONTEXT, "output": [A]}, {"input": "Another one.", "output": [WORSE]}]
PUBMED = {"QUESTION": Q, "CONTEXTS": [CONTEXT], "LONG_ANSWER": A, "final_decision": "yes"}
STACKSAMPLE = {
    "Questions.csv": table({"Id": 1, "Score": 3, "Title": Q, "Body": f"<p>{CONTEXT}</p>"}),
    "Answers.csv": table(
        {"Id": 2, "ParentId": 1, "Score": 1, "Body": f"<p>{WORSE}</p>"},
        {"Id": 3, "ParentId": 1, "Score": 9, "Body": f"<p>{A}</p>"},
    ),
    "Tags.csv": table({"Id": 1, "Tag": "svm"}, {"Id": 1, "Tag": "margin"}),
}

SHAPES: dict[str, Shape] = {
    **TESTS,
    **FORMS,
    "METEOR's authors": Shape(
        "ml_data.json",
        json.dumps([{"title": Q, "question_content": CONTEXT, "answer": A}]),
        Expected(body=CONTEXT, more={"category": "ml"}),
    ),
    "Alpaca": Shape(
        "alpaca_data.json",
        json.dumps([{"instruction": Q, "input": CONTEXT, "output": A}]),
        Expected(body=CONTEXT),
    ),
    "Dolly": Shape(
        "databricks-dolly-15k.jsonl",
        lines({"instruction": Q, "context": "", "response": A, "category": "open_qa"}),
        Expected(more={"category": "open_qa"}),
    ),
    "Self-Instruct": Shape(
        "seed_tasks.jsonl",
        lines({"id": "t", "instruction": Q, "instances": [{"input": CONTEXT, "output": A}]}),
        Expected(body=CONTEXT),
    ),
    "Natural Instructions": Shape(
        "task001.json",
        json.dumps({"Definition": [Q], "Positive Examples": [], "Instances": INSTANCES}),
        Expected(body=CONTEXT, rows=2),
    ),
    "OpenOrca": Shape(
        "1M-GPT4.jsonl", lines({"id": "1", "system_prompt": "", "question": Q, "response": A})
    ),
    "OpenAI chat": Shape("train.jsonl", lines({"messages": CHAT}), Expected(body=BEFORE)),
    "ShareGPT": Shape(
        "sharegpt.json",
        json.dumps([{"id": "x_0", "conversations": SHAREGPT}]),
        Expected(body=CONTEXT),
    ),
    "UltraChat": Shape(
        "ultrachat.jsonl", lines({"id": "0", "data": [ASKED, A]}), Expected(body=CONTEXT)
    ),
    "UltraChat 200k": Shape(
        "ultrachat_200k",
        dataset_dict(
            train_sft=[{"prompt": Q, "prompt_id": "a", "messages": CHAT[3:]}],
            test_sft=[{"prompt": "Else?", "prompt_id": "b", "messages": CHAT[1:3]}],
        ),
        Expected(rows=2, more={"split": "train"}),
    ),
    "UltraFeedback": Shape(
        "ultrafeedback.jsonl",
        lines({"prompt": Q, "chosen": CHAT[3:], "rejected": CHAT[1:3], "score_chosen": 8.5}),
    ),
    "LIMA": Shape(
        "lima.jsonl", lines({"conversations": [ASKED, A], "source": "x"}), Expected(body=CONTEXT)
    ),
    "OpenAssistant trees": Shape("oasst_trees.jsonl", lines(TREE)),
    "OpenAssistant messages": Shape("oasst.jsonl", lines(*FLAT), Expected(rows=2)),
    "SQuAD": Shape("squad.parquet", parquet(SQUAD_FLAT), Expected(body=CONTEXT)),
    "SQuAD, official file": Shape(
        "train-v1.1.json",
        json.dumps(
            {
                "version": "1.1",
                "data": [
                    {
                        "title": "Margins",
                        "paragraphs": [{"context": CONTEXT, "qas": [SQUAD, SQUAD]}],
                    }
                ],
            }
        ),
        Expected(body=CONTEXT, rows=2),
    ),
    "PubMedQA": Shape(
        "pubmedqa.parquet",
        parquet(
            {
                "pubid": 7,
                "question": Q,
                "context": {"contexts": [CONTEXT], "labels": ["X"]},
                "long_answer": A,
                "final_decision": "yes",
            }
        ),
        Expected(body=CONTEXT, more={"id": "7"}),
    ),
    "PubMedQA, official file": Shape(
        "ori_pqal.json",
        json.dumps({"21645374": PUBMED, "16418930": PUBMED}),
        Expected(body=CONTEXT, rows=2, more={"id": "21645374", "check": "yes"}),
    ),
    "GSM8K": Shape("train.jsonl", lines({"question": Q, "answer": A})),
    "MBPP": Shape(
        "mbpp.jsonl",
        lines({"task_id": 2, "text": Q, "code": A, "test_list": ["assert f(1)"]}),
        Expected(more={"id": "2", "check": ["assert f(1)"]}),
    ),
    "HumanEval": Shape(
        "HumanEval.jsonl",
        lines(
            {"task_id": "H/0", "prompt": ASKED, "canonical_solution": A, "test": "def check(): 0"}
        ),
        Expected(body=CONTEXT, more={"id": "H/0", "check": "def check(): 0"}),
    ),
    "Spider": Shape(
        "train_spider.json",
        json.dumps([{"db_id": "zoo", "question": Q, "query": A, "query_toks": ["a"]}]),
        Expected(more={"category": "zoo"}),
    ),
    "ARC": Shape(
        "arc.jsonl",
        lines(
            {
                "id": "m",
                "question": Q,
                "choices": {"text": ["x", "y"], "label": ["A", "B"]},
                "answerKey": "B",
            }
        ),
        Expected(body="x\n\ny", answer="B"),
    ),
    "ELI5": Shape(
        "eli5.jsonl",
        lines(
            {
                "q_id": "1",
                "title": Q,
                "selftext": CONTEXT,
                "answers": {"a_id": ["b", "c"], "text": [WORSE, A], "score": [2, 5]},
            }
        ),
        Expected(body=CONTEXT),
    ),
    "Yahoo Answers": Shape(
        "yahoo.jsonl",
        lines(
            {
                "id": 0,
                "topic": 5,
                "question_title": Q,
                "question_content": CONTEXT,
                "best_answer": A,
            }
        ),
        Expected(body=CONTEXT, more={"category": "5"}),
    ),
    "StackSample": Shape(
        "stacksample", STACKSAMPLE, Expected(body=CONTEXT, more={"category": "svm", "score": 3})
    ),
    "Stack Exchange, since 2023": Shape(
        "Posts.xml", dump("<!-- a licence -->\n", NEW, answer(2, to=1)).decode(), POSTS
    ),
    "Stack Exchange, before": Shape(
        "Posts.xml", dump(OLD, answer(2, to=1, ContentLicense=None)).decode(), POSTS
    ),
    "Stack Exchange API": Shape(
        "questions.json",
        json.dumps(
            {
                "items": [
                    {
                        "question_id": 4,
                        "title": "Is a &lt; b?",
                        "body": f"<p>{CONTEXT}</p>",
                        "answers": [
                            {"body": WORSE, "score": 7},
                            {"body": A, "score": 1, "is_accepted": True},
                        ],
                    }
                ],
                "has_more": False,
            }
        ),
        Expected("Is a < b?", CONTEXT, more={"id": "4"}),
    ),
    "Rows without a header": Shape("a.tsv", f"{Q}\t{A}\nB?\tC.\n", Expected(rows=2)),
    "A title above the header": Shape("a.csv", f"Our FAQ\n\nQuestion,Answer\n{Q},{A}\n"),
    "FAQ of a spreadsheet": Shape(
        "faq.csv",
        table({" Question ": "Warum größer?", "Answer": "Für die Größe."}, delimiter=";").encode(
            "cp1252"
        ),
        Expected("Warum größer?", answer="Für die Größe."),
    ),
    "Excel": Shape(
        "faq.xlsx",
        workbook([], ["Question", "Answer", "Topic"], [Q, A, "svm"], [None, None, None]),
        Expected(more={"category": "svm"}),
    ),
    "Hugging Face DatasetDict": Shape(
        "dataset",
        dataset_dict(
            train=[{"question": Q, "answer": A}],
            validation=[{"question": "B?", "answer": A}],
            test=[{"question": "C?", "answer": A}],
        ),
        Expected(rows=3, more={"split": "train"}),
    ),
    "Hugging Face rows API": Shape(
        "rows.json",
        json.dumps({"features": [], "rows": [{"row_idx": 0, "row": {"question": Q, "answer": A}}]}),
    ),
    "Files named for splits": Shape(
        "splits",
        {
            "test.jsonl": lines({"question": Q, "answer": A}),
            "train-00000-of-00001.jsonl": lines({"question": "B?", "answer": A}),
        },
        Expected(rows=2, more={"split": "test"}),
    ),
    "JSON Lines named .json": Shape(
        "train.json", lines({"question": Q, "answer": A}, {"question": "B?"}), Expected(rows=2)
    ),
    "pandas, columns": Shape(
        "frame.json",
        json.dumps({"question": {"0": Q, "1": "B?"}, "answer": {"0": A, "1": None}}),
        Expected(rows=2),
    ),
}
"""By the name that docs/data.md gives them."""
