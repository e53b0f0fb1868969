"""Conversations that do not stand in one column: turns before a question beside it, an answer
beside its conversation, the tree of messages that ChatGPT exports.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.columns import tidy
from meteor.sources.conversations import WORDS, is_conversation, marked, turns_of
from meteor.sources.fields import USUAL
from meteor.sources.rows import SAMPLE, Row
from meteor.sources.values import as_text, is_nothing, read_back

HISTORY = ("history", "chat_history", "conversation_history")
ASKED = ("instruction", "question", "prompt", "query", "input")
SAID = ("output", "response", "answer", "completion", "target")
PREFERRED = ("preferred_output", "completion", "response", "output", "message")
MESSAGES = "messages"
TEXTS = ("text", "chat", "conversation", "dialogue", "prompt", "content")
GROUPS = (
    *("conversation_id", "conv_id", "conversation", "dialogue_id", "dialog_id", "session_id"),
    *("chat_id", "thread_id", "ticket_id", "conversation_hash"),
)
"""Columns that say which conversation a turn belongs to."""
OF_MANY = {
    "Slack": {"type", "ts", "text", "user"},
    "Discord": {"id", "type", "content", "author", "attachments"},
}
"""The fields of a message."""


def with_history(row: dict[str, Any]) -> list[Any] | None:
    """A row of a question, its answer and a list of the turns before (LLaMA-Factory's Alpaca,
    ChatGLM) as a conversation.
    """
    fields = {tidy(str(key)): value for key, value in row.items()}
    name = next((name for name in HISTORY if name in fields), None)
    if name is None or MESSAGES in fields:
        return None
    history = fields[name]
    if isinstance(history, str):
        history = read_back(history) if history.lstrip().startswith("[") else history
    before = [] if is_nothing(history) else _before(history)
    asked = [fields[name] for name in ASKED if not is_nothing(fields.get(name))]
    if before is None or not asked:
        return None
    said = next((fields[name] for name in SAID if not is_nothing(fields.get(name))), None)
    question = "\n\n".join(text for value in asked if (text := as_text(value)))
    turns = [*before, _turn("user", question)]
    turns += [_turn("assistant", said)] if said is not None else []
    if not is_nothing(fields.get("system")):
        turns.insert(0, _turn("system", fields["system"]))
    return [{**row, MESSAGES: turns}]


def in_words(row: dict[str, Any]) -> list[Any] | None:
    """A row whose one text is a whole conversation with a word before each turn (`USER: `, `Q: `),
    and that has no answer beside it.
    """
    fields = {tidy(str(key)): value for key, value in row.items()}
    if any(not is_nothing(fields.get(name)) for name in (*USUAL["answer"], MESSAGES)):
        return None
    for name in TEXTS:
        text = fields.get(name)
        if isinstance(text, str) and (turns := marked(text.strip(), WORDS)):
            return [{**row, MESSAGES: turns}]
    return None


def _before(history: Any) -> list[dict[str, Any]] | None:
    """Turns from pairs of texts, or of any conversation; None where they are none."""
    if not isinstance(history, list):
        return None
    if all(isinstance(pair, list) and len(pair) == 2 for pair in history):
        sides = (("user", pair[0], "assistant", pair[1]) for pair in history)
        turns = [turn for a, asked, b, said in sides for turn in (_turn(a, asked), _turn(b, said))]
        return [turn for turn in turns if turn["content"]]
    found = turns_of(history)
    return [_turn(turn.side, turn.text) for turn in found] if found else None


def continued(row: dict[str, Any]) -> list[Any] | None:
    """A row of messages that end with the user's, and the assistant's next one in another column
    (preferences of OpenAI, runs of LangSmith), as one conversation.
    """
    asked = row.get("input") if isinstance(row.get("input"), Mapping) else row
    messages = asked.get(MESSAGES) if isinstance(asked, Mapping) else None
    if not isinstance(messages, list) or not is_conversation(messages):
        return None
    for name in PREFERRED:
        said = row.get(name)
        said = [said] if isinstance(said, Mapping) else said
        if isinstance(said, list) and (turns := turns_of(said)) and turns[-1].side == "assistant":
            return [{**row, MESSAGES: [*messages, *said]}]
    return [{**row, MESSAGES: messages}] if asked is not row else None


def exported(row: dict[str, Any]) -> list[Any] | None:
    """A conversation of ChatGPT's export: the messages from the root to the current one."""
    nodes, at = row.get("mapping"), row.get("current_node")
    if not isinstance(nodes, Mapping) or not isinstance(at, str):
        return None
    turns: list[dict[str, Any]] = []
    while isinstance(at, str) and at in nodes and len(turns) <= len(nodes):
        message = _member(nodes[at], "message")
        said = _member(_member(message, "content"), "parts")
        role = _member(_member(message, "author"), "role")
        if role in ("user", "assistant") and not is_nothing(said):
            turns.insert(0, _turn(role, said))
        at = _member(nodes[at], "parent")
    about = {"id": row["conversation_id"]} if "conversation_id" in row else {}
    return [{**about, MESSAGES: turns}]


def are_turns(rows: list[dict[str, Any]]) -> bool:
    """Whether each row is a turn: who speaks, and what is said."""
    return bool(rows) and all(turns_of([row], pairs=False) for row in rows)


def grouped(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows that are turns as a row for each conversation: those behind each other with one value of
    a column that tells it, or all where there is no such column and they are few.

    Raises MeteorError where they are many.
    """
    rows = iter(rows)
    first = list(itertools.islice(rows, SAMPLE))
    known = {tidy(str(key)): str(key) for key in first[0].content}
    name = next((known[group] for group in GROUPS if group in known), None)
    if name is None and len(first) == SAMPLE:
        raise MeteorError(
            f"{first[0].where}: each row is one turn, and no column tells its conversation; "
            f"expected one of {', '.join(GROUPS)}"
        )
    for key, group in itertools.groupby(itertools.chain(first, rows), lambda row: _key(row, name)):
        turns = list(group)
        messages = [turn.content for turn in turns if isinstance(turn.content, dict)]
        if len(messages) < len(turns) or (name and key is None):
            yield from turns
            continue
        about = {"id": key} if key else {}
        yield Row(turns[0].where, {**about, MESSAGES: messages}, turns[0].split)


def _key(row: Row, name: str | None) -> str | None:
    value = _member(row.content, name) if name else None
    return None if is_nothing(value) else as_text(value)


def require_sides(rows: list[dict[str, Any]], where: str) -> None:
    """Raise MeteorError where rows are the messages of a chat of many, of which none is known as a
    question or an answer.
    """
    for name, fields in OF_MANY.items():
        if rows and all(fields <= row.keys() for row in rows):
            raise MeteorError(
                f"{where}: messages of {name}, of which none is known as the answer to another; "
                "make rows of them that have a question and its answer"
            )


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _turn(side: str, said: Any) -> dict[str, Any]:
    return {"role": side, "content": "" if is_nothing(said) else as_text(said) or ""}
