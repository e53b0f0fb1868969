"""HTML becomes Markdown: code stays fenced code, LaTeX stays as it is, an image leaves a mark."""

import re
from functools import cache
from typing import Any, Literal

from meteor.core.errors import MeteorError
from meteor.sources.tree import prepared

Markup = Literal["html", "markdown"]

BLOCK = (
    "p|pre|h[1-6]|ul|ol|li|dl|blockquote|hr|div|table|details|center|section|article|figure|main"
    "|header|footer|aside|address"
)
COMMENTS = re.compile(r"(?:\s*<!--.*?-->)*", re.DOTALL)
STARTS_WITH_BLOCK = re.compile(rf"\s*</?(?:{BLOCK})\b[^<>]*>", re.IGNORECASE)
SET_APART = re.compile(r"<(pre|script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
EDGE = re.compile(rf"<(/?)(?!hr\b)(?:{BLOCK})\b[^<>]*>", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
FENCE_OF_MARKDOWN = re.compile(r"^ {0,3}(?:```|~~~)|^\n#{1,6} \S", re.MULTILINE)
SIGN_OF_MARKDOWN = re.compile(
    r"^(?:#{1,6} |[-*+] |\d{1,3}[.)] |> | {4}\S|\||\[[^\]]+\]: )", re.MULTILINE
)
IMAGE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp)$", re.IGNORECASE)
NUMBERS = re.compile(r"\s*1\s+2(?:\s+\d+)*\s*")
"""The numbers of lines beside a block of code."""
MOST_BARE = 0.2
"""Share of a text that may stand outside of every block, where it is HTML."""


class Unreadable(MeteorError):
    """A text that no reader could follow either."""


def markup_of(text: str) -> Markup:
    """What a text is written in: HTML begins with a block, as every post of Stack Exchange does,
    and is HTML throughout. A README or a form of an issue that begins so is Markdown.
    """
    if text.lstrip()[:1] != "<":
        return "markdown"
    start = COMMENTS.match(text)
    if not STARTS_WITH_BLOCK.match(text, start.end() if start else 0):
        return "markdown"
    rest = SET_APART.sub(" ", text)
    if FENCE_OF_MARKDOWN.search(rest):
        return "markdown"
    bare = _bare(rest)
    if SIGN_OF_MARKDOWN.search(bare):
        return "markdown"
    whole = len(TAG.sub("", text).strip())
    return "markdown" if len(bare.strip()) > MOST_BARE * whole else "html"


def _bare(text: str) -> str:
    """The text outside of every block."""
    parts, depth, last = [], 0, 0
    for edge in EDGE.finditer(text):
        if depth == 0:
            parts.append(text[last : edge.start()])
        depth = max(0, depth - 1) if edge[1] else depth + 1
        last = edge.end()
    if depth == 0:
        parts.append(text[last:])
    return TAG.sub("", "\n".join(parts))


def from_html(text: str) -> str:
    """The Markdown of an HTML fragment. Raises Unreadable where its tags are nested too deep."""
    try:
        return str(_converter().convert_soup(prepared(text)))
    except RecursionError:
        raise Unreadable("the HTML is nested too deep") from None


@cache
def _converter() -> Any:
    from markdownify import MarkdownConverter

    base: Any = MarkdownConverter  # its types leave out the methods that one overrides

    class Converter(base):  # type: ignore[misc]
        def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
            return image(el.get("alt") or "")

        def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
            del el["title"]  # what a browser shows under the pointer
            if el.img is not None and not el.get_text(strip=True):
                return text
            if IMAGE.search(str(el.get("href") or "")) and "_noformat" not in parent_tags:
                return image(text)
            if re.search(r"[\s()]", str(el.get("href") or "")):
                el["href"] = f"<{' '.join(el['href'].split())}>"
            return str(super().convert_a(el, text, parent_tags))

        def convert_pre(self, el: Any, text: str, parent_tags: Any) -> str:
            return fenced(el.get_text(), el.get("data-language") or "")

        def convert_br(self, el: Any, text: str, parent_tags: Any) -> str:
            return " " if "_inline" in parent_tags else "\n"

        def convert_table(self, el: Any, text: str, parent_tags: Any) -> str:
            cells = [row.find_all(["td", "th"], recursive=False) for row in el("tr")]
            blocks = [block.get_text().strip() for block in el("pre")]
            if any(len(row) > 1 for row in cells) and not any("\n" in block for block in blocks):
                return str(super().convert_table(el, text, parent_tags))
            # A frame around a picture, a text, or code with the numbers of its lines: no table.
            cells = [
                [cell for cell in row if not NUMBERS.fullmatch(cell.get_text())] for row in cells
            ]
            insides = (from_html(cell.decode_contents()) for row in cells for cell in row)
            return "\n\n" + "\n\n".join(filter(None, insides)) + "\n\n"

        def convert_td(self, el: Any, text: str, parent_tags: Any) -> str:
            return str(super().convert_td(el, re.sub(r"(?<!\\)\|", r"\\|", text), parent_tags))

        convert_th = convert_td

        def convert_video(self, el: Any, text: str, parent_tags: Any) -> str:
            return text

        def convert_sub(self, el: Any, text: str, parent_tags: Any) -> str:
            return script("sub", _before(el), text)

        def convert_sup(self, el: Any, text: str, parent_tags: Any) -> str:
            return script("sup", _before(el), text)

    for name in ("details", "summary", "center", "figure", "main", "header", "footer", "aside"):
        setattr(Converter, f"convert_{name}", Converter.convert_div)
    return Converter(
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        heading_style="ATX",
        bullets="-",
        table_infer_header=True,
    )


def image(description: str) -> str:
    """The mark that a dropped image leaves."""
    words = " ".join(description.split())
    empty = words.lower() in ("", "enter image description here", "image", "image description")
    return "[image]" if empty else f"[image: {words}]"


def fenced(code: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any inside it. Empty for no code."""
    if not code.strip():
        return ""
    runs = re.findall(r"`{3,}", code)
    fence = "`" * max((len(run) + 1 for run in runs), default=3)
    return f"\n\n{fence}{language}\n{code.strip(chr(10)).rstrip()}\n{fence}\n\n"


def _before(element: Any) -> str:
    """The character before an element."""
    before = element.previous_sibling
    return "" if before is None else str(before.get_text()[-1:])


def script(tag: str, before: str, text: str) -> str:
    """An index (`sub`) or a power (`sup`) stands right after what it belongs to, of which `before`
    is the end; else it is small print.
    """
    sign, text = {"sub": "_", "sup": "^"}[tag], text.strip(" \n")
    if not text:
        return ""
    is_tight = bool(before) and not before.isspace()
    is_ordinal = sign == "^" and text in ("st", "nd", "rd", "th", "®", "™", "TM")
    if not is_tight or is_ordinal or len(text) > 24 or text[0] in "[(*":
        return text
    return sign + (text if re.fullmatch(r"\w+", text) else f"({text})")
