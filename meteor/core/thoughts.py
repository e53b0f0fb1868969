"""What a model thought before its answer, where both stand in one text.

Reasoning models write their thought between tags. Where the prompt's template has opened the
thought, the text holds the closing tag alone. Tags that a text talks about are left as they are.
"""

import re
from typing import NamedTuple

TAGS = ("think", "thinking", "thought", "reasoning", "seed:think")
"""DeepSeek-R1, Qwen and most others; Claude in prompts; Gemma's distillations; Seed-OSS."""
_NAMES = "|".join(TAGS)
_OPEN = re.compile(rf"\s*(?:<(?P<tag>{_NAMES})>|(?P<mark>\[THINK\]|◁think▷))", re.IGNORECASE)
"""`[THINK]` is Magistral's, `◁think▷` Kimi's."""
_CLOSE = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_ENDS = ".!?…)]}\u3002\uff01\uff1f"
"""What may stand right before a closing tag in the middle of a line: the end of a sentence."""
_LINE = 2000
"""Characters before a tag that are looked at."""


class Parted(NamedTuple):
    """A text without its thoughts, and these; `ended` is False for a thought that never ends."""

    answer: str
    thought: str
    ended: bool


def part(text: str) -> Parted:
    """Part an answer from the thoughts before it."""
    thoughts: list[str] = []
    while opened := _OPEN.match(text):
        closed = _CLOSE.search(text, opened.end())
        if not closed:
            thoughts.append(text[opened.end() :])
            return Parted("", _joined(thoughts), False)
        thoughts.append(text[opened.end() : closed.start()])
        text = text[closed.end() :]
    if position := _bare_close(text):
        thoughts.append(text[: position[0]])
        text = text[position[1] :]
    return Parted(text, _joined(thoughts), True)


def _bare_close(text: str) -> tuple[int, int] | None:
    """The last closing tag whose opening one stood in the prompt: at the end of a line or right
    after a sentence. In code, in a sentence or in a JSON string it is what the text talks about.
    """
    found, fences, seen, end = None, 0, 0, len(text.rstrip())
    data = text.lstrip().startswith(("{", "["))
    for tag in _CLOSE.finditer(text):
        start = tag.start()
        fences += text.count("```", seen, start)
        seen = start
        line = text[max(start - _LINE, 0) : start].rpartition("\n")[2]
        if fences % 2 or line.count("`") % 2:
            continue
        ends_line = tag.end() >= end or text[tag.end()] in "\r\n"
        if data:
            real = ends_line and not line.strip()
        else:
            real = ends_line or not line.strip() or line[-1] in _ENDS
        found = tag.span() if real else found
    return found


def _joined(thoughts: list[str]) -> str:
    return "\n\n".join(stripped for thought in thoughts if (stripped := thought.strip()))
