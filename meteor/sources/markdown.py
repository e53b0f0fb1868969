"""Markdown stays Markdown: its code is never touched, its islands of HTML become Markdown, its
entities characters, its comments nothing.
"""

import html
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

from meteor.sources.markup import BLOCK, from_html, script

ISLAND = re.compile(
    rf"<({BLOCK}|a|b|i|u|s|em|strong|kbd|sub|sup|code|span|font|del|ins|small|big)\b[^<>]*>"
    r".{0,4000}?</\1\s*>|<(?:img|br|hr)\b[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
IS_BLOCK = re.compile(rf"<(?:{BLOCK})\b", re.IGNORECASE)
STARTS_WITH_BLOCK = re.compile(rf"\s*</?(?:{BLOCK}|summary|t[rdh]|tbody|thead)\b", re.IGNORECASE)
PAGE = re.compile(r"\s*(?:<!DOCTYPE html\b|<html\b)", re.IGNORECASE)
"""How the source of a whole page begins, which is code."""
COMMENT = re.compile(r"[ \t]*<!--.*?-->", re.DOTALL)
LONE_TAGS = re.compile(rf"^[ \t]*(?:</?(?:{BLOCK}|summary)\b[^<>]*>[ \t]*)+$", re.I | re.M)
VERBATIM = re.compile(r"([ \t]*<!--.*?-->|``[^`]+``|`[^`\n]+`|\$\$.+?\$\$|\$[^$\n]+\$)", re.DOTALL)
ENTITY = re.compile(r"&(?:amp;#x200B|#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
SIGN = re.compile(r"^\s*(?:#{1,6} |[-*+] |\d{1,3}[.)] |> |```|~~~)", re.MULTILINE)
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200b\u2060\u00ad\u202a-\u202e\u2066-\u2069]"
)
BLANK_LINES = re.compile(r"\n{3,}")
FENCE = re.compile(r"^(?P<before>[ >]*)(?P<fence>`{3,})[^`\n]*$")
SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")


class Line(NamedTuple):
    """A line, and whether it is code, of which nothing is touched."""

    text: str
    is_code: bool


def from_markdown(text: str) -> str:
    """Clean Markdown of Markdown."""
    text = text.strip("\n")
    indented = text.startswith(("    ", "\t"))
    if "<" not in text and not indented and not _may_have_code(text):
        lines = [line.rstrip() for line in _prose(text).replace("\xa0", " ").split("\n")]
        text = "\n".join(lines)
        return _begun((BLANK_LINES.sub("\n\n", text) if "\n\n\n" in text else text).strip("\n"))
    lines = text.split("\n")
    made: list[Line] = []
    last = 0
    for start, end, kind in _blocks(text, lines):
        made += _lines(lines[last:start])
        if kind == "code":
            made += (Line(line, True) for line in lines[start:end])
        else:
            converted = from_html("\n".join(lines[start:end])).strip("\n")
            made += fenced_lines(f"\n\n{converted}\n\n")
        last = end
    made += _lines(lines[last:])
    return tidied(made)


def from_converted(text: str) -> str:
    """Clean Markdown of what HTML has become: spaces that HTML does not show are one."""

    def spaced(line: Line) -> Line:
        if line.is_code or "  " not in line.text:
            return line
        parts = VERBATIM.split(line.text)
        parts[::2] = [SPACES.sub(" ", part) for part in parts[::2]]
        return Line("".join(parts), False)

    return tidied(map(spaced, fenced_lines(text)))


def _may_have_code(text: str) -> bool:
    return "```" in text or "~~~" in text or "\n    " in text or "\n\t" in text


def tidied(lines: Iterable[Line]) -> str:
    """The lines as a text, without spaces at the ends of lines and more than one empty line, but
    in code.
    """
    kept: list[Line] = []
    for line in lines:
        if not line.is_code:
            line = Line(line.text.replace("\xa0", " ").rstrip(), False)
            if not line.text and (not kept or (not kept[-1].text and not kept[-1].is_code)):
                continue
        kept.append(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    text = "\n".join(line.text for line in kept)
    return text if kept and kept[0].is_code else _begun(text)


def _begun(text: str) -> str:
    """A text without blanks before it, but where the next line begins with some, too: then they
    put it in its place.
    """
    _, _, rest = text.partition("\n")
    return text if rest.lstrip("\n").startswith((" ", "\t")) else text.lstrip()


def _lines(lines: list[str]) -> Iterator[Line]:
    return fenced_lines(_prose("\n".join(lines))) if lines else iter(())


def fenced_lines(text: str) -> Iterator[Line]:
    """The lines of Markdown, of which the only code is fenced by backticks."""
    fence = ""
    for text_of_line in text.split("\n"):
        found = FENCE.match(text_of_line) if "```" in text_of_line else None
        if fence:
            yield Line(text_of_line, True)
            if text_of_line.strip(" >") == fence:
                fence = ""
        elif found:
            fence = found["fence"]
            yield Line(text_of_line, True)
        else:
            yield Line(text_of_line, False)


def _blocks(text: str, lines: list[str]) -> list[tuple[int, int, str]]:
    """Where code and blocks of HTML stand: first line, line after the last, and which."""
    found: list[tuple[int, int, str]] = []
    last = 0
    for token in _parser().parse(text):
        if token.map is None or token.map[0] < last:
            continue
        start, end = token.map
        if token.type in ("fence", "code_block"):
            found.append((start, end, "code"))
        elif token.type == "html_block" and PAGE.match(lines[start]):
            end = _closed(lines, start, end, "</html")
            found.append((start, end, "code"))
        elif token.type == "html_block" and token.level == 0:
            block = "\n".join(lines[start:end])
            if not STARTS_WITH_BLOCK.match(COMMENT.sub("", block)):
                continue
            end = _whole(lines, start, end)
            if SIGN.search(block.partition("\n")[2]):
                continue  # what follows the tag without an empty line is Markdown
            found.append((start, end, "html"))
        else:
            continue
        last = end
    return found


def _whole(lines: list[str], start: int, end: int) -> int:
    """The end of a block of HTML; a table's is where it is closed, past empty lines."""
    if "<table" not in "\n".join(lines[start:end]).lower():
        return end
    return _closed(lines, start, end, "</table")


def _closed(lines: list[str], start: int, end: int, tag: str) -> int:
    """The end of a block where it is where a tag is closed, past empty lines."""
    for at in range(start, len(lines)):
        if tag in lines[at].lower():
            return max(end, at + 1)
    return end


def _prose(text: str) -> str:
    """Text without code blocks: islands, comments and entities, but for code in the line and
    formulas.
    """
    if "<" not in text and "&" not in text:
        return text
    parts = VERBATIM.split(LONE_TAGS.sub("", text))
    parts[1::2] = ["" if COMMENT.fullmatch(part) else part for part in parts[1::2]]
    parts[::2] = [ENTITY.sub(_character, ISLAND.sub(_island, part)) for part in parts[::2]]
    return "".join(parts)


def _character(found: re.Match[str]) -> str:
    once = html.unescape(found[0])
    return without_control(html.unescape(once) if once.startswith("&#") else once)


def _island(found: re.Match[str]) -> str:
    if found.group().lower().startswith("<br"):
        return "\n"
    inside = from_html(found.group()).strip()
    if found[1] and (tag := found[1].lower()) in ("sub", "sup"):
        return script(tag, found.string[max(found.start() - 1, 0) : found.start()], inside)
    return f"\n\n{inside}\n\n" if IS_BLOCK.match(found.group()) else inside


def without_control(text: str) -> str:
    """A text without characters that nobody sees, but blanks and ends of lines."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return CONTROL.sub("", text)


@cache
def _parser() -> Any:
    """A parser of blocks alone: what stands in a line is not looked at."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
