"""The names of a table's columns: those that a user gives, and the usual ones to look for."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from meteor.core.settings import Field, Settings
from meteor.sources.choices import CHOICES
from meteor.sources.columns import holes, tidy
from meteor.sources.conversations import conversation, is_conversation, spoken
from meteor.sources.values import is_nothing

AUTO = "auto"
TITLES = ("title", "question_title", "questiontitle", "headline", "subject", "thread_title")
BODIES = (
    *("question_content", "question_body", "body", "content", "description", "question_text"),
    *("selftext", "details", "questiontext", "text"),
)
ASKED = (
    *("question", "instruction", "instructions", "prompt", "problem", "query", "faq_question"),
    *("question_1", "q", "user", "goal", "question_stem", "inputs_pretokenized", "inputs"),
    *("user_input", "input_text", "sql_prompt", "request", "intent", "sentence", "ctx"),
    *("anchor", "definition"),
    *("short_question", "title_body", "front", "frage", "pregunta", "pergunta", "domanda", "vraag"),
    *("\u0432\u043e\u043f\u0440\u043e\u0441", "\u95ee\u9898", "\u554f\u984c", "\u8cea\u554f"),
)
CONTEXTS = (
    *("context", "input", "passage", "contexts", "background", "abstract", "article", "support"),
    *("evidence", "story", "sql_context", "passages", "paragraphs", "retrieved_contexts"),
)
BESIDE = {
    **{"user": "assistant", "intent": "snippet", "front": "back", "ctx": "endings"},
    **{"anchor": "positive", "definition": "output", "short_question": "short_answer"},
}
"""Of names that say something else elsewhere, what must stand beside them."""
ALONE = ("input", "context", "article")
"""Of these, what is the question itself where nothing else is one, and there is an answer."""
USUAL: dict[str, tuple[str, ...]] = {
    "id": ("id", "_id", "question_id", "qid", "uuid", "task_id", "pubid"),
    "answer": (
        *("answer", "accepted_answer", "best_answer", "answer_text", "answer_body", "long_answer"),
        *("ground_truth", "reference_answer", "expected_output", "expectedoutput"),
        *("output", "response", "completion", "solution", "reply", "answers", "chosen", "target"),
        *("query", "sql", "code", "canonical_solution", "answer_1", "a", "assistant"),
        *("generated_solution", "correct_answer", "answerkey", "answer_key", "completions"),
        *("targets_pretokenized", "targets", "expected_answer", "answers_spans", "human_answers"),
        *("output_text", "answertext", "ideal_answer", "solutions", "generation", "positive"),
        *("reference_code", "snippet", "short_answer", "response_j", "antwort", "respuesta"),
        *("acceptedanswer", "possible_answers", "ans", "back", "reference"),
        *("resposta", "risposta", "antwoord", "r\u00e9ponse", "reponse", "correct_option"),
        *("\u043e\u0442\u0432\u0435\u0442", "\u7b54\u6848", "\u56de\u7b54"),
    ),
    "category": ("category", "topic", "kategorie", "categor\u00eda", "cat\u00e9gorie"),
    "score": ("score", "votes", "upvotes"),
    "link": ("link", "url"),
    "author": ("author",),
    "licence": ("licence", "license"),
    "check": ("check",),
    "split": ("split",),
}
"""What a column of each field is usually called, compared in small letters, the best name first."""
CHATS = (
    *("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "prompt", "chat"),
    *("utterances", "dialogue_turns", "data"),
)
WORD = re.compile(r"[^\W_]+")
WORDS = {
    "body": {"question", "query", "prompt", "instruction", "problem", "utterance", "ask"},
    "answer": {"answer", "answers", "response", "reply", "completion", "solution"},
}
"""Words of a column's name that say what it is."""
OF_OTHERS = {
    *("id", "type", "count", "number", "no", "num", "date", "time", "timestamp", "url", "link"),
    *("index", "idx", "score", "rating", "model", "author", "length", "tokens", "language"),
    *("lang", "status", "key", "label", "category", "topic", "title", "source", "format", "name"),
    *("mail", "rejected", "wrong", "incorrect", "worse", "worst", "bad", "unsafe", "downvoted"),
    *("system", "meta", "start", "end", "position", "quality", "level", "difficulty", "template"),
}
"""Words with which a name says something of a question or an answer, or a bad one."""
TEXTS_IN_TURN = ("conversations", "conversation", "dialogue", "dialog", "utterances", "data")
"""Of these, which may be a list of texts, the user's first."""


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
            columns[name] = next(free, None) or _worded(name, there, taken, objects) or usual[0]
    return columns


def _worded(
    name: str, there: Mapping[str, str], taken: set[str], rows: list[Mapping[str, Any]]
) -> str | None:
    """A column of texts with a word that says what it is (`What is your question?`), where none has
    a usual name; not one that says something of a question or an answer.
    """
    for key, column in there.items():
        words = set(WORD.findall(key))
        if words & WORDS.get(name, set()) and not words & OF_OTHERS and column not in taken:
            values = [row[column] for row in rows if not is_nothing(row.get(column))]
            if values and all(isinstance(value, str) for value in values):
                return column
    return None


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
        free = (there[n] for n in names if n in there and there[n] not in used)
        return next((n for n in free if BESIDE.get(tidy(n), tidy(n)) in there), None)

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
        own = {"answer": chat} if given["answer"] == AUTO and _is_answered(rows, chat) else {}
        return {"title": None, "body": chat, **own}
    headline, asked = first(TITLES), first(ASKED)
    if asked and headline and tidy(headline) != "subject" and not (context or choices):
        return {"title": headline, "body": asked}
    if asked and (context or not first(BODIES)):
        return _alone(asked, context, choices)
    text = first(BODIES)
    is_answered = given["answer"] != AUTO or any(name in there for name in USUAL["answer"])
    if not (asked or headline or text) and is_answered and (alone := first(ALONE)):
        return _alone(alone, first(tuple(n for n in CONTEXTS if n != tidy(alone))), choices)
    if not (asked or headline or text):
        asked = _worded("body", there, used, rows)
        if asked:
            return _alone(asked, context, choices)
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
            if is_conversation(value, pairs=key in CHATS) or _are_in_turn(row, key, value):
                return str(key)
    return None


def _are_in_turn(row: Mapping[str, Any], key: Any, value: Any) -> bool:
    """Whether a column has texts of two sides in turn, which is seen from its name alone."""
    is_list = key in TEXTS_IN_TURN and isinstance(value, list) and len(value) > 1
    if key == "data" and any(tidy(str(name)) in (*ASKED, *TITLES, *BODIES) for name in row):
        return False
    return is_list and all(isinstance(text, str) for text in value)


def _is_answered(rows: list[Mapping[str, Any]], chat: str) -> bool:
    """Whether a conversation has an answer, and not only what a column beside it answers."""
    said = (row[chat] for row in rows if chat in row)
    asked = (conversation(spoken(one) if isinstance(one, str) else one) for one in said)
    return any(one is not None and one.answer for one in asked)
