"""Rows inside of others: questions on one text as a list or as parallel lists, objects around a
row, what a tool for annotation exports.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from meteor.core.records import Rejected
from meteor.sources.columns import tidy
from meteor.sources.fields import ASKED, BODIES, USUAL
from meteor.sources.values import as_text, is_nothing

QUESTIONS = frozenset((*ASKED, "inputs"))
ANSWERS = frozenset(USUAL["answer"])
INNER = (
    *("paragraphs", "qas", "qa_pairs", "qa", "questions", "faqs", "faq", "items", "entries"),
    *("qna", "pairs", "conversations"),
)
"""What a list of questions inside of a row is usually called."""
WRAPPERS = (("inputs", "outputs"), ("inputs", "expectations"), ("input", "output"))
"""Two objects of a row, one with the question, the other with the answer."""
TEXTS = ("story", "passage", "context", "article", "text")
STEPS = ("texts", "input_text", "text", "answer")
LISTS = ("questions", "patterns", "question")
REPLIES = ("answers", "answer", "responses")


def wrapped(row: dict[str, Any]) -> list[Any] | None:
    """A row whose question and answer stand in objects (LangSmith, MLflow, Langfuse; FinQA's `qa`;
    a request of OpenAI's batches), with their fields as columns.
    """
    for asked, said in WRAPPERS:
        before, after = row.get(asked), row.get(said)
        if isinstance(before, Mapping) and before and isinstance(after, Mapping):
            expected = {re.sub("^expected_", "", str(key)): part for key, part in after.items()}
            # An `input` beside its question would be taken for what that is about.
            around = {key: part for key, part in row.items() if key not in ("input", "output")}
            return [{**around, **before, **expected}]
    body = row.get("body")
    if isinstance(body, Mapping) and "messages" in body:
        return [{**row, **body, "id": row.get("custom_id")}]
    inner = row.get("qa")
    if isinstance(inner, Mapping) and _is_asked(inner):
        return [{**row, **inner}]
    return None


def annotated(row: dict[str, Any]) -> list[Any] | None:
    """A task of Label Studio, a record of Argilla, an example of Prodigy: what was written stands
    under the name that it has there. What an annotator refused is left out.
    """
    if "_input_hash" in row and row.get("answer") in ("accept", "reject", "ignore"):
        if row["answer"] != "accept":
            return [Rejected(id="row", error=f"the annotator says {row['answer']}")]
        kept = {key: value for key, value in row.items() if key != "answer"}
        options, accepted = row.get("options"), row.get("accept")
        if isinstance(options, list) and all(isinstance(one, Mapping) for one in options):
            kept["options"] = [{"label": o.get("id"), "text": o.get("text")} for o in options]
        if isinstance(accepted, list) and accepted:
            kept["answer"] = accepted[0]
        return [kept]
    if isinstance(row.get("data"), Mapping) and isinstance(row.get("annotations"), list):
        return [{**row, **row["data"], **dict(_results(row["annotations"]))}]
    fields, responses = row.get("fields"), row.get("responses")
    if isinstance(fields, Mapping) and isinstance(responses, Mapping):
        return [{**row, **fields, **dict(_responses(responses))}]
    return None


def _results(annotations: list[Any]) -> Iterator[tuple[str, Any]]:
    """What stands in the first annotation that was not cancelled."""
    kept = [one for one in annotations if isinstance(one, Mapping) and not one.get("was_cancelled")]
    results = kept[0].get("result") if kept else None
    for result in results if isinstance(results, list) else ():
        value = result.get("value") if isinstance(result, Mapping) else None
        for kind in ("text", "choices", "rating"):
            if isinstance(value, Mapping) and kind in value:
                yield str(result.get("from_name")), as_text(value[kind])


def _responses(responses: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The first response that was submitted, by the name of its question."""
    for name, given in responses.items():
        for one in given if isinstance(given, list) else ():
            if isinstance(one, Mapping) and one.get("status", "submitted") == "submitted":
                yield str(name), one.get("value")
                break


def by_key(row: dict[str, Any]) -> list[Any] | None:
    """An object whose keys are questions and whose values are their answers, as rows."""
    if len(row) < 2 or not all(isinstance(value, str) for value in row.values()):
        return None
    keys = [key.strip() for key in row]
    if not all(" " in key or key.endswith(("?", "\uff1f")) for key in keys):
        return None
    if 2 * sum(key.endswith(("?", "\uff1f")) for key in keys) < len(keys):
        return None
    return [{"question": key, "answer": value} for key, value in row.items()]


def instances(row: dict[str, Any]) -> list[Any] | None:
    """A task with instances of an input and an output (Self-Instruct, Natural Instructions) as a
    row for each.
    """
    for name in ("instances", "Instances"):
        parts = row.get(name)
        if isinstance(parts, list) and parts and all(map(_is_instance, parts)):
            return _told_apart([{**row, **part} for part in parts])
    return None


def _told_apart(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one row, whose id they share, each with its own."""
    for name in USUAL["id"]:
        known = [part[name] for part in parts if not is_nothing(part.get(name))]
        if len(set(map(str, known))) < len(known):
            return [{**part, name: f"{part.get(name)}-{n}"} for n, part in enumerate(parts, 1)]
    return parts


def _is_instance(part: Any) -> bool:
    return isinstance(part, Mapping) and {"input", "output"} <= part.keys()


def inner(row: dict[str, Any]) -> list[Any] | None:
    """A row with a list of questions (SQuAD's `paragraphs` of `qas`, DROP's `qa_pairs`) as a row
    for each, with the fields around it.
    """
    if _is_asked(row):
        return None
    found = list(_parts(row))
    return _told_apart(found) if found and found != [row] else None


def _parts(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in row.items():
        if tidy(str(name)) not in INNER or not isinstance(value, list) or not value:
            continue
        around = {key: part for key, part in row.items() if key != name}
        if all(isinstance(part, Mapping) and _is_around(part) for part in value):
            for part in value:
                yield from _parts({**around, **part})
            return
        if tidy(str(name)) == "conversations" and all(map(_is_pair, value)):
            yield from ({**around, name: part} for part in value)
            return
        if _holds_questions(value):
            yield from ({**around, **_part(name, part)} for part in value)
            return
    yield dict(row)


def _part(name: str, part: Any) -> Mapping[str, Any]:
    return part if isinstance(part, Mapping) else {name: part}


def _is_around(part: Mapping[str, Any]) -> bool:
    """Whether an object holds a list of questions."""
    lists = (value for name, value in part.items() if tidy(str(name)) in INNER)
    return any(
        isinstance(value, list) and (not value or _holds_questions(value)) for value in lists
    )


def _holds_questions(value: list[Any]) -> bool:
    first = value[0]
    return isinstance(first, Mapping) and _is_asked(first) and bool(_names(first) & ANSWERS)


def _is_pair(part: Any) -> bool:
    return isinstance(part, list) and len(part) > 1 and all(isinstance(text, str) for text in part)


def parallel(row: dict[str, Any]) -> list[Any] | None:
    """A row with a list of questions and one of their answers (CoQA, QuAC, RACE) as a row for each:
    what was asked before it stands behind the text that it asks about. Questions with one answer
    are ways to ask it, of which the first is taken.
    """
    fields = {tidy(str(key)): key for key in row}
    asked = next((fields[name] for name in LISTS if _is_list(row, fields.get(name))), None)
    said = next((fields[name] for name in REPLIES if name in fields), None)
    if asked is None or said is None:
        return None
    questions = [_step(one) for one in row[asked]]
    if not all(questions):
        return None
    answers, options = _each(row[said]), row.get("options")
    is_one = tidy(str(asked)) == "patterns" or answers is None or len(answers) == 1
    if is_one and tidy(str(asked)) != "question":
        return [{**row, "question": questions[0], "answer": answers[0] if answers else row[said]}]
    if answers is None or len(answers) != len(questions):
        return None
    text = next((fields[name] for name in TEXTS if name in fields), None)
    about = "" if text is None else as_text(row[text]) or ""
    is_spoken = text is not None and not isinstance(options, list)
    around = {key: value for key, value in row.items() if key not in (asked, said)}
    made = []
    for nth, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        part = {**around, "question": question, "answer": answer}
        if text is not None:
            turns = zip(questions[:nth], answers[:nth], strict=True) if is_spoken else ()
            before = "\n\n".join(f"User: {a}\n\nAssistant: {b}" for a, b in turns)
            told = f"{about}\n\nThe conversation before it:\n\n{before}" if before else about
            part |= {text: told}
        if isinstance(options, list) and len(options) == len(questions):
            part |= {"options": options[nth]}
        made.append(part)
    return _told_apart(made)


def _each(value: Any) -> list[str] | None:
    """The answers to questions, one for each."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in STEPS if isinstance(value.get(name), list)), None)
    return [_step(one) for one in value] if isinstance(value, list) else None


def _step(value: Any) -> str:
    """The text of a question or of an answer; of several the first."""
    if isinstance(value, list):
        value = next((one for one in value if not is_nothing(one)), "")
    if isinstance(value, Mapping):
        value = next((value[name] for name in STEPS if name in value), "")
    return "" if is_nothing(value) else as_text(value) or ""


def _is_list(row: Mapping[str, Any], key: Any) -> bool:
    """Whether a column has a list of texts, or of objects with one."""
    value = row.get(key) if key is not None else None
    return isinstance(value, list) and bool(value) and isinstance(value[0], (str, Mapping, list))


def _names(row: Mapping[str, Any]) -> set[str]:
    return {tidy(str(key)) for key in row}


def _is_asked(row: Mapping[str, Any]) -> bool:
    """Whether a row has a question of its own."""
    names = _names(row)
    return bool(names & QUESTIONS) or (bool(names & set(BODIES)) and bool(names & ANSWERS))
