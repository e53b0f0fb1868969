"""Folders as the scripts of METEOR's authors leave them."""

import json
from pathlib import Path
from typing import Any

FIVE = {"Accuracy": 8, "Completeness": 7, "Relevance": 9, "Coherence": 9, "Reliability": 6}
TAIL = "Based on the above, please provide guidelines for a model to answer."
ASKED = [
    (f"What is concept {n}?", f"I read about concept {n} in book {n * 7}.\nTell me <b>all</b>.")
    for n in range(12)
]


def echo(number: int, guideline: str) -> str:
    title, body = ASKED[number]
    return f"Title: {title} Content: {body} {TAIL}\n{guideline}"


def write(folder: Path, name: str, rows: list[Any]) -> None:
    folder.mkdir(exist_ok=True)
    if name.endswith(".jsonl"):
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    else:
        (folder / name).write_text(json.dumps(rows))


def a_run(folder: Path) -> None:
    """What the scripts leave: 8 questions taught, 2 held out."""
    write(
        folder,
        "ml_data.json",
        [{"title": title, "question_content": body} for title, body in ASKED],
    )
    guidelines: list[Any] = [{"guideline": echo(n, f"1. Say {n}.")} for n in range(9)]
    guidelines += [guidelines[0], {"guideline": "1. Be clear."}, {"guideline": echo(9, "")}, "{"]
    write(folder, "guidelines.jsonl", guidelines)
    distilled = [
        {
            "question_title": ASKED[n][0],
            "question_content": ASKED[n][1],
            "guideline": echo(n, f"1. Say {n}."),
            "answer": f"It is thing {n}.",
        }
        for n in range(8)
    ]
    write(
        folder, "distilled_data.jsonl", [*distilled, distilled[0], {**distilled[1], "answer": None}]
    )
    iterative = [
        {"question": f"{ASKED[0][0]} {ASKED[0][1]}", "answer": "A thing.", "evaluation": text}
        for text in ("Correct.", "Correct.")
    ]
    iterative += [
        {"question": ASKED[1][1], "answer": "No.", "evaluation": "Not Correct"},
        {"question": ASKED[2][1], "answer": "Hm.", "evaluation": "It is about things."},
    ]
    write(folder, "iterative_training_data.jsonl", iterative)
    write(folder, "test.jsonl", [{"question_content": ASKED[n][1]} for n in (0, 10, 10, 11)])
    evaluation = [
        {
            "question": ASKED[n][1],
            "answers": {"out/base": "a", "out/tuned": "b"},
            "evaluation": json.dumps([{"Answer": "1", **FIVE}, {"Answer": "2", **FIVE}]),
        }
        for n in (10, 11)
    ]
    write(folder, "evaluation_results.jsonl", [*evaluation, {**evaluation[0], "evaluation": "?"}])


OTHER = (
    *("gradients", "kernels", "tokens", "margins", "priors", "batches", "filters", "trees"),
    *("losses", "layers", "masks", "beams", "prompts", "scores", "splits", "ranks"),
)
RAW = [
    {
        "title": f"Why don't {name} behave , when I change the {OTHER[at - 1]} ?",
        "question_content": f"<p>I 've read about {name} ( in book {at} ) .</p>\n"
        f"<p>Is it so , or do {OTHER[at - 5]} matter more than {OTHER[at - 3]} ?</p>",
    }
    for at, name in enumerate(OTHER)
]
TAUGHT = 12
"""Of RAW so many have guidelines; the others are held out."""


def cleaned_up(text: str) -> str:
    """What a tokenizer's clean-up makes of a text when it decodes it."""
    for sign in (" .", " ?", " !", " ,", " 'm", " 's", " 've", " 're"):
        text = text.replace(sign, sign[1:])
    return text.replace(" n't", "n't").replace("\n", " ")


def guideline(row: dict[str, str], kind: str) -> dict[str, str]:
    text = f"Title: {row['title']} Content: {row['question_content']} {TAIL}"
    if kind == "marked":
        text = f"<s> {text}"
    if kind == "small":
        text = text.replace(row["title"], row["title"].lower())
    if kind == "cut":
        body = row["question_content"]
        text = text.replace(body, body[: len(body) * 4 // 5])
    return {"guideline": f"{cleaned_up(text)}\n1. Say what it is."}


def leave(folder: Path, what: str, kind: str = "plain") -> None:
    """Write the files of a run: letters of r(aw), g(uidelines), d(istilled), t(est)."""
    if "r" in what:
        write(folder, "ml_data.json", RAW)
    if "g" in what:
        write(folder, "guidelines.jsonl", [guideline(row, kind) for row in RAW[:TAUGHT]])
    if "d" in what:
        rows = [
            {
                "question_title": cleaned_up(row["title"]),
                "question_content": cleaned_up(row["question_content"]),
                **guideline(row, kind),
                "answer": f"It is thing {at}. It is useful.",
            }
            for at, row in enumerate(RAW[:TAUGHT])
        ]
        write(folder, "distilled_data.jsonl", rows)
    if "t" in what:  # with some that were trained on, as another tokenizer writes them
        rows = [{"question_content": row["question_content"]} for row in RAW[TAUGHT - 4 :]]
        write(folder, "test.jsonl", rows)
