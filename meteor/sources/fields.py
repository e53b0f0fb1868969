"""The names of a table's columns: those that a user gives, and the usual ones to look for."""

from collections.abc import Iterable, Mapping
from typing import Any

from meteor.core.settings import Field, Settings
from meteor.sources.choices import CHOICES
from meteor.sources.columns import holes, tidy
from meteor.sources.conversations import is_conversation, spoken

AUTO = "auto"
TITLES = ("title", "question_title", "headline", "subject", "thread_title")
BODIES = (
    *("question_content", "question_body", "body", "content", "description", "question_text"),
    *("selftext", "details", "text"),
)
ASKED = (
    *("question", "instruction", "instructions", "prompt", "problem", "query", "faq_question"),
    *("question_1", "q", "user", "goal", "question_stem", "inputs_pretokenized", "inputs"),
)
CONTEXTS = (
    *("context", "input", "passage", "contexts", "background", "abstract", "article", "support"),
    "evidence",
)
USUAL: dict[str, tuple[str, ...]] = {
    "id": ("id", "_id", "question_id", "qid", "uuid", "task_id", "pubid"),
    "answer": (
        *("answer", "accepted_answer", "best_answer", "answer_text", "answer_body", "long_answer"),
        *("output", "response", "completion", "solution", "reply", "answers", "chosen", "target"),
        *("query", "sql", "code", "canonical_solution", "answer_1", "a", "assistant"),
        *("generated_solution", "correct_answer", "answerkey", "answer_key", "completions"),
        *("targets_pretokenized", "targets", "expected_answer", "answers_spans"),
    ),
    "category": ("category", "topic"),
    "score": ("score", "votes", "upvotes"),
    "link": ("link", "url"),
    "author": ("author",),
    "licence": ("licence", "license"),
    "check": ("check",),
    "split": ("split",),
}
"""What a column of each field is usually called, compared in small letters, the best name first."""
CHATS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "prompt")


class Fields(Settings):
    """Columns of the fields: a name, a path (`answers[0].text`), or a template that joins columns
    (`{instruction} {input}`). `auto` looks for the usual names.
    """

    id: str | None = Field(
        AUTO, description="column with the id; null or without one: made of the text"
    )
    title: str | None = Field(
        AUTO, description="column with the question's title; null: the first line of the body"
    )
    body: str | None = Field(
        AUTO, description="column with the question's text; null: the title says all"
    )
    answer: str | None = Field(AUTO, description="column with the answer, or a list of them")
    category: str | None = Field(AUTO, description="column with the category; of a list the first")
    score: str | None = Field(AUTO, description="column with the votes: of duplicates, more win")
    link: str | None = Field(AUTO, description="column with the address, for attribution")
    author: str | None = Field(AUTO, description="column with the author, for attribution")
    licence: str | None = Field(AUTO, description="column with the licence")
    check: str | None = Field(AUTO, description="column with what a verifier holds an answer to")
    split: str | None = Field(
        AUTO, description="column with train, dev or test; null: split anew, by the hash of the id"
    )


def resolved(fields: Fields, rows: Iterable[Any]) -> dict[str, str | None]:
    """The column of each field, given the first rows: `auto` becomes a column that is there."""
    objects = [row for row in rows if isinstance(row, Mapping)]
    there: dict[str, str] = {}
    for row in objects:
        for key in row:
            if isinstance(key, str):
                there.setdefault(tidy(key), key)
    given = {name: _exact(column, there) for name, column in fields_of(fields).items()}
    columns = {name: column for name, column in given.items() if column != AUTO}
    columns |= _asked(given, there, objects)
    taken = {part for column in columns.values() if column for part in holes(column)}
    for name, usual in USUAL.items():
        if name not in columns:
            free = (there[u] for u in usual if u in there and there[u] not in taken)
            columns[name] = next(free, usual[0])
    return columns


def fields_of(fields: Fields) -> dict[str, str | None]:
    """The names of the columns by field, without the other settings of a subclass."""
    return {name: getattr(fields, name) for name in Fields.model_fields}


def named(fields: Fields) -> frozenset[str]:
    """The columns that a user names."""
    given = (column for column in fields_of(fields).values() if column not in (None, AUTO))
    return frozenset(part for column in given for part in holes(str(column)))


def _exact(column: str | None, there: Mapping[str, str]) -> str | None:
    """A header that differs in spaces and capitals is the one that is meant."""
    if column is None or column == AUTO or column in there.values():
        return column
    return there.get(tidy(column), column)


def _asked(
    given: Mapping[str, str | None], there: Mapping[str, str], rows: list[Mapping[str, Any]]
) -> dict[str, str | None]:
    """The columns of title and body (and of a chat's answer) where they are not given."""
    used = {column for column in given.values() if column}

    def first(names: tuple[str, ...]) -> str | None:
        return next((there[n] for n in names if n in there and there[n] not in used), None)

    title, body = given["title"], given["body"]
    context, choices = first(CONTEXTS), first(CHOICES)
    if title != AUTO and body != AUTO:
        return {}
    if title is None:
        return _alone(first(ASKED) or first(BODIES), context, choices)
    if title != AUTO:
        instruction = tidy(title) in ASKED
        return {"body": _joined(first(BODIES) or (context if instruction else None), choices)}
    if body != AUTO:
        is_made = body is not None and ("{" in body or tidy(body) in ASKED)
        return {"title": None if is_made else first(TITLES) or (first(ASKED) if body else None)}
    if chat := _chat(rows):
        own = {"answer": chat} if given["answer"] == AUTO else {}
        return {"title": None, "body": chat, **own}
    headline, asked = first(TITLES), first(ASKED)
    if asked and headline and not (context or choices):
        return {"title": headline, "body": asked}
    if asked and (context or not first(BODIES)):
        return _alone(asked, context, choices)
    text = first(BODIES)
    title = asked or headline or (None if text else TITLES[0])
    return {"title": title, "body": _joined(text, choices)}


def _alone(asked: str | None, *around: str | None) -> dict[str, str | None]:
    """A question of one column, with what belongs to it where there is some."""
    return {"title": None, "body": _joined(asked, *around) if asked else None}


def _joined(*columns: str | None) -> str | None:
    """One column, or a template of several; what is None is not there."""
    named = [column for column in columns if column]
    if len(named) < 2:
        return next(iter(named), None)
    return "\n\n".join(f"{{{column}}}" for column in named)


def _chat(rows: list[Mapping[str, Any]]) -> str | None:
    """The column that holds conversations, if one does."""
    for row in rows[:20]:
        named = sorted(row, key=lambda key: CHATS.index(key) if key in CHATS else len(CHATS))
        for key in named:
            value = spoken(row[key]) if isinstance(row[key], str) else row[key]
            if is_conversation(value, pairs=key in CHATS):
                return str(key)
    return None
