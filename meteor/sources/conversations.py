"""Conversations: the last turn of the user is the question, what was said before it its context,
the assistant's next turn its answer.

Turns are objects (`role` and `content`, ShareGPT's `from` and `value`), pairs in one object
(`input` and `output`), texts that take turns, or parts of one text by its marks (`### Human:`). A
tree of OpenAssistant is read along its best-ranked replies.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from meteor.sources.columns import tidy
from meteor.sources.values import as_text, is_nothing, read_back

Side = Literal["user", "assistant", "system"]
ROLES = ("role", "from", "speaker", "author", "sender")
CONTENTS = ("content", "value", "text", "message", "utterance", "parts")
SIDES: dict[str, Side] = {
    **dict.fromkeys(
        (
            *("user", "human", "prompter", "question", "customer", "client", "student", "patient"),
            *("instruction", "instruct", "input", "q", "usr"),
        ),
        "user",
    ),
    **dict.fromkeys(
        (
            *("assistant", "gpt", "bot", "model", "chatgpt", "bing", "bard", "ai", "answer"),
            *("agent", "chatbot", "gpt-4", "gpt4", "claude", "gemini", "llm", "expert"),
            *("teacher", "tutor", "doctor", "response", "output", "a"),
        ),
        "assistant",
    ),
    **dict.fromkeys(
        (
            *("system", "developer", "tool", "tools", "function", "observation", "ipython"),
            *("function_call", "function-call", "function_response", "function-response"),
            *("tool_call", "tool_calls", "tool_response", "tool_result", "environment"),
        ),
        "system",
    ),
}
PAIRS = (
    *(("input", "output"), ("human", "assistant"), ("user", "assistant"), ("question", "answer")),
    *(("prompt", "response"), ("instruction", "output"), ("human", "gpt"), ("q", "a")),
)
"""Two fields of one object that are a turn of the user and the assistant's after it."""
WRITTEN = ("[{", "[ {", "[\n")
"""How a conversation begins that stands in a cell as a text."""
STARTS = (
    *("<|", "##", "Human:", "<human>:", "<s>[INST]", "<s> [INST]", "[INST]", "<bos>"),
    "<start_of_turn>",
)
BEGINNINGS = frozenset(start[:2] for start in (*WRITTEN, *STARTS))
"""Of texts that may be conversations; others, which are the most, are known as none at once."""
MARKS = tuple(
    map(
        re.compile,
        (
            r"<\|im_start\|>\s*(\w+)\n",
            r"<\|(user|assistant|system)\|>\n?",
            r"(?:<\|begin_of_text\|>)?<\|start_header_id\|>(\w+)<\|end_header_id\|>\s*",
            r"(?:<bos>)?<start_of_turn>(user|model)\n",
            r"#{2,3} ?(Human|User|Assistant|System) ?: ?",
            r"(?:\A|\n\n)(Human|Assistant): ?",
            r"(?:\A|\n)<(human|bot)>: ?",
        ),
    )
)
"""What stands before each turn of a text that is a whole conversation."""
WORDS = tuple(
    map(
        re.compile,
        (
            r"(?:\AA chat between[^\n]{,300}? |\A|\s)(USER|ASSISTANT|SYSTEM): ?",
            r"(?:\A[^#]*\n|\A|\n)### ?(Instruction|Input|Response):\s*",
            r"(?:\A|\n)(Human|User|Assistant|Bot|AI): ?",
            r"(?:\A|\n)(Instruct|Output): ?",
            r"(?:\A|\n)(Question|Answer): ?",
            r"(?:\A|\n)(Q|A): ?",
        ),
    )
)
"""The same in plain words, which other texts have, too."""
ONE_PAIR = ("Question", "Q")
"""Marks that are one only where they stand once: several are examples before a question."""
INSTRUCTED = re.compile(
    r"(?:<s>)?\s*\[INST\](.*?)\[/INST\](.*?)(?=(?:</s>)?\s*<s>|\[INST\]|\Z)", re.S
)
SYSTEM = re.compile(r"\s*<<SYS>>.*?<</SYS>>", re.S)
END = re.compile(
    r"\s*(?:<\|im_end\|>|<\|end\|>|</s>|<\|eot_id\|>|<end_of_turn>|<\|endoftext\|>)?\s*\Z"
)
SAID_BY = re.compile(r"\s*(\w+) ?[:\uff1a]\s*")
"""The side before a text of a list."""


@dataclass(frozen=True)
class Turn:
    """What one side said."""

    side: Side
    text: str


@dataclass(frozen=True)
class Asked:
    """The question of a conversation with what was said before it, and the answer to it."""

    question: str
    answer: str | None


def conversation(value: Any) -> Asked | None:
    """The question of a conversation; None where the value is no conversation."""
    turns = turns_of(value)
    if turns is None:
        return None
    spoken = _joined([turn for turn in turns if turn.side != "system"])
    # A user's turn that was answered; where none was, the last one.
    asked = [at for at, turn in enumerate(spoken) if turn.side == "user"]
    answered = [at for at in asked if at + 1 < len(spoken) and spoken[at + 1].side == "assistant"]
    if not asked:
        return None
    last = answered[-1] if answered else asked[-1]
    answer = spoken[last + 1].text if answered else None
    before = spoken[:last]
    question = spoken[last].text
    if before:
        said = "\n\n".join(f"{turn.side.capitalize()}: {turn.text}" for turn in before)
        question = f"{question}\n\nThe conversation before it:\n\n{said}"
    return Asked(question, answer)


def _joined(turns: list[Turn]) -> list[Turn]:
    """Turns of one side after each other as one: the user's together, the assistant's last, since
    those before it called tools.
    """
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].side == turn.side:
            before = joined.pop()
            turn = Turn("user", f"{before.text}\n\n{turn.text}") if turn.side == "user" else turn
        joined.append(turn)
    return joined


def turns_of(value: Any, pairs: bool = True) -> list[Turn] | None:
    """The turns of a conversation; None where the value is none. Without `pairs` an object with
    both sides is none, since tests and examples have such objects, too.
    """
    if isinstance(value, Mapping):
        if isinstance(value.get("replies"), list):
            return _branch(value)
        value = _aside(value)
    if not isinstance(value, list) or not value:
        return None
    if all(isinstance(item, str) for item in value):
        sides: tuple[Side, Side] = ("user", "assistant")
        return _by_name(value) or [Turn(sides[at % 2], text) for at, text in enumerate(value)]
    turns = [turn for item in value for turn in (pairs and _pair(item)) or (_turn(item),)]
    if not all(turns):
        return None
    return [turn for turn in turns if turn is not None and turn.text.strip()]


def spoken(text: str) -> Any:
    """The conversation that a cell of a table has as a text, in JSON, as Python writes it or with a
    mark before each turn; the text itself where it is none.
    """
    if text[:2] not in BEGINNINGS and not text[:1].isspace():
        return text
    if not text.startswith(WRITTEN):
        start = text.lstrip()
        return marked(start) or text if start.startswith(STARTS) else text
    value = read_back(text)
    return value if is_conversation(value) else text


def is_conversation(value: Any, pairs: bool = False) -> bool:
    """Whether a value is a list of turns that name who speaks, or a tree of them; with `pairs`, or
    of objects with both sides.
    """
    if not isinstance(value, (list, dict)):
        return False
    texts = isinstance(value, list) and any(isinstance(item, str) for item in value)
    return not texts and bool(turns_of(value, pairs))


def marked(text: str, marks: tuple[re.Pattern[str], ...] = MARKS) -> list[dict[str, str]] | None:
    """The turns of a text that begins with the mark of one and has others."""
    if "[INST]" in text[:20]:
        found = [(SYSTEM.sub("", asked), said) for asked, said in INSTRUCTED.findall(text)]
        sides = (part for pair in found for part in zip(("user", "assistant"), pair, strict=True))
        return [{"role": side, "content": END.sub("", said).strip()} for side, said in sides]
    for mark in marks:
        if mark.match(text):
            _, *parts = mark.split(text)
            if parts[0] in ONE_PAIR and len(parts) != 4:
                return None
            pairs = zip(parts[::2], parts[1::2], strict=True)
            turns = [{"role": side, "content": END.sub("", said).strip()} for side, said in pairs]
            if len(turns) > 1 and is_conversation(turns):
                return turns
    return None


def _by_name(texts: list[str]) -> list[Turn] | None:
    """Turns of texts that each begin with who speaks (`patient: ...`)."""
    found = [SAID_BY.match(text) for text in texts]
    sides = [SIDES.get(mark[1].lower()) for mark in found if mark]
    if len(sides) < len(texts) or not all(sides):
        return None
    ends = (mark.end() for mark in found if mark)
    parts = zip(sides, texts, ends, strict=True)
    return [Turn(side, text[end:]) for side, text, end in parts if side]


def _aside(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The turns of an object of two lists, of who speaks and of what is said."""
    roles = next((value[name] for name in ROLES if isinstance(value.get(name), list)), None)
    texts = next((value[name] for name in CONTENTS if isinstance(value.get(name), list)), None)
    if roles is None or texts is None or len(roles) != len(texts):
        return None
    return [{"role": side, "content": text} for side, text in zip(roles, texts, strict=True)]


def _pair(item: Any) -> list[Turn] | None:
    """The two turns of an object that holds both, and names no side."""
    if not isinstance(item, Mapping):
        return None
    fields = {tidy(str(key)): part for key, part in item.items()}
    if any(name in fields for name in ROLES):
        return None
    for asked, said in PAIRS:
        if asked in fields and said in fields:
            return [Turn("user", _said(fields[asked])), Turn("assistant", _said(fields[said]))]
    return None


def _turn(item: Any) -> Turn | None:
    if not isinstance(item, Mapping):
        return None
    fields = {tidy(str(key)): part for key, part in item.items()}
    role = next((fields[name] for name in ROLES if name in fields), None)
    said = next((fields[name] for name in CONTENTS if name in fields), None)
    if isinstance(role, Mapping):
        role = role.get("role")
    side = SIDES.get(str(role).strip().lower())
    return Turn(side, _said(said)) if side and role is not None else None


def _said(value: Any) -> str:
    """A turn's text; of a turn in parts, as multimodal chats have them, its texts."""
    if isinstance(value, list):
        parts = (part.get("text") if isinstance(part, Mapping) else part for part in value)
        return "\n\n".join(text for part in parts if (text := _said(part)))
    return "" if is_nothing(value) else as_text(value) or ""


def _branch(root: Mapping[str, Any]) -> list[Turn] | None:
    """A tree's first message and, from there on, the reply with the best rank."""
    turns: list[Turn] = []
    message: Mapping[str, Any] | None = root
    while message:
        turn = _turn(message)
        if turn is None:
            return None
        turns.append(turn)
        replies = [reply for reply in message.get("replies") or [] if isinstance(reply, Mapping)]
        message = min(replies, key=rank, default=None)
    return turns


def rank(message: Mapping[str, Any]) -> tuple[bool, float]:
    """The order of replies: deleted ones last, then by rank, where 0 is the best."""
    place = message.get("rank")
    known = isinstance(place, (int, float)) and place == place
    return bool(message.get("deleted")), float(place) if known else float("inf")  # type: ignore[arg-type]
