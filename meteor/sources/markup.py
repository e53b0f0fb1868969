"""HTML becomes Markdown: code stays fenced code, LaTeX stays as it is, an image leaves a mark."""

import re
from functools import cache
from typing import Any, Literal

from meteor.core.errors import MeteorError

Markup = Literal["html", "markdown"]

BLOCK = "p|pre|h[1-6]|ul|ol|li|dl|blockquote|hr|div|table|details|center|section|article"
STARTS_WITH_BLOCK = re.compile(rf"\s*<(?:!--|/?(?:{BLOCK})\b)", re.IGNORECASE)
ISLAND = re.compile(
    rf"<({BLOCK}|a|b|i|u|s|em|strong|kbd|sub|sup|code|span|font)\b[^<>]*>.{{0,4000}}?</\1\s*>"
    r"|<(?:img|br|hr)\b[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
VERBATIM = re.compile(
    r"(^```.*?^```[^\n]*|``[^`]+``|`[^`\n]+`|\$\$.+?\$\$|\$[^$\n]+\$)", re.DOTALL | re.MULTILINE
)
LANGUAGE = re.compile(r"\b(?:lang|language)-([\w+#-]+)")


class Unreadable(MeteorError):
    """A text that no reader could follow either."""


def markup_of(text: str) -> Markup:
    """What a text is written in: HTML begins with a block, as every post of Stack Exchange does."""
    return "html" if STARTS_WITH_BLOCK.match(text) else "markdown"


def from_html(text: str) -> str:
    """The Markdown of an HTML fragment. Raises Unreadable where its tags are nested too deep."""
    from bs4 import BeautifulSoup

    try:
        return str(_converter().convert_soup(BeautifulSoup(text, "lxml")))
    except RecursionError:
        raise Unreadable("the HTML is nested too deep") from None


def from_markdown(text: str) -> str:
    """Markdown with its islands of HTML (a table, an image, a line break) made Markdown, and its
    code and formulas left alone.
    """
    if "<" not in text:
        return text
    parts = VERBATIM.split(text)
    parts[::2] = [ISLAND.sub(_island, part) for part in parts[::2]]
    return "".join(parts)


def _island(found: re.Match[str]) -> str:
    if found.group().lower().startswith("<br"):
        return "\n"
    inside = from_html(found.group()).strip()
    is_block = re.match(rf"<(?:{BLOCK})\b", found.group(), re.IGNORECASE)
    return f"\n\n{inside}\n\n" if is_block else inside


@cache
def _converter() -> Any:
    from markdownify import MarkdownConverter

    base: Any = MarkdownConverter  # its types leave out the methods that one overrides

    class Converter(base):  # type: ignore[misc]
        def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
            return image(el.get("alt") or "")

        def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
            del el["title"]  # what a browser shows under the pointer
            only_image = el.img is not None and not el.get_text(strip=True)
            return text if only_image else str(super().convert_a(el, text, parent_tags))

        def convert_pre(self, el: Any, text: str, parent_tags: Any) -> str:
            classes = [name for tag in (el, *el("code")) for name in tag.get("class", [])]
            language = LANGUAGE.search(" ".join(classes))
            return fenced(el.get_text(), language.group(1) if language else "")

        def convert_br(self, el: Any, text: str, parent_tags: Any) -> str:
            return " " if "_inline" in parent_tags else "\n"

        def convert_table(self, el: Any, text: str, parent_tags: Any) -> str:
            cells = [row.find_all(["td", "th"], recursive=False) for row in el("tr")]
            if any(len(row) > 1 for row in cells):
                return str(super().convert_table(el, text, parent_tags))
            # A frame around a picture or a text, which is no table.
            insides = (from_html(cell.decode_contents()) for row in cells for cell in row)
            return "\n\n" + "\n\n".join(filter(None, insides)) + "\n\n"

        def convert_sub(self, el: Any, text: str, parent_tags: Any) -> str:
            return _script("_", text)

        def convert_sup(self, el: Any, text: str, parent_tags: Any) -> str:
            return _script("^", text)

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
    empty = words.lower() in ("", "enter image description here", "image")
    return "[image]" if empty else f"[image: {words}]"


def fenced(code: str, language: str = "") -> str:
    """A block of code, in a fence that is longer than any inside it."""
    runs = re.findall(r"`{3,}", code)
    fence = "`" * max((len(run) + 1 for run in runs), default=3)
    return f"\n\n{fence}{language}\n{code.strip(chr(10)).rstrip()}\n{fence}\n\n"


def _script(sign: str, text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    return sign + (text if re.fullmatch(r"\w+", text) else f"({text})")
