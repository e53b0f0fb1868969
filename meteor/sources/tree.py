"""The tree of an HTML fragment, made ready for Markdown: what is no tag is text, formulas are
LaTeX, code knows its language, tables have all their cells, lists all their items.
"""

import re
from functools import cache
from typing import Any

NAME = re.compile(r"<(?=/?([A-Za-z][^\s<>/]*))")
NEWER_TAGS = (
    "details summary section article aside header footer nav main figure figcaption mark time "
    "video audio source picture track canvas output progress meter template wbr ruby rt rp bdi "
    "math semantics annotation mrow mi mn mo msup msub msubsup mfrac msqrt mroot mtext mspace "
    "mtable mtr mtd mover munder munderover mstyle mpadded mphantom menclose svg path g rect "
    "circle line polyline polygon text defs use mjx-container"
)
"""Elements of HTML 5, MathML and SVG that the parser's list of HTML 4 does not have."""
LANGUAGE = re.compile(r"\b(?:language|lang|brush:\s*|highlight-source|src)-?\s*([\w+#-]+)")
HINT = re.compile(r"\blanguage(-all)?:\s*(?:lang-|language-)?([\w+#.-]+)")
NO_LANGUAGE = ("none", "default", "text", "plaintext", "auto", "python-repl-none")
MOST_SPAN = 50


def prepared(text: str) -> Any:
    """The tree of a fragment. Raises RecursionError where its tags are nested too deep."""
    import bs4

    soup = bs4.BeautifulSoup(
        NAME.sub(_tag_or_text, text), "lxml", element_classes={bs4.Tag: _element()}
    )
    # To look through the tree takes longer than to make it; most texts have none of the most.
    raw = text.lower()
    if "math" in raw or "katex" in raw:
        _formulas(soup)
    if "<pre" in raw:
        _languages(soup, "<!--" in raw)
    if "<code" in raw or "<pre" in raw:
        _code(soup, "<br" in raw)
    if "<br" in raw and "\n" in raw:
        _breaks(soup)
    for table in _named(soup, "table") if "<table" in raw else ():
        _all_cells(table, soup)
    for inner in _named(soup, "ul", "ol") if "<ul" in raw or "<ol" in raw else ():
        _into_an_item(inner, soup)
    return soup


@cache
def _element() -> Any:
    """An element that looks for the one around it by name alone, as is asked of each element."""
    from bs4 import Tag

    class Element(Tag):
        def find_parent(self, name: Any = None, attrs: Any = None, **kwargs: Any) -> Any:
            if not isinstance(name, str) or attrs or kwargs:
                return super().find_parent(name, attrs or {}, **kwargs)
            around = self.parent
            while around is not None and around.name != name:
                around = around.parent
            return around

    return Element


def _named(tree: Any, *names: str) -> list[Any]:
    """The elements inside a tree that have one of these names."""
    return [element for element in tree.descendants if element.name in names]


@cache
def _names() -> frozenset[str]:
    from lxml.html import defs

    return frozenset((*defs.tags, *NEWER_TAGS.split()))


def _tag_or_text(found: re.Match[str]) -> str:
    """`List<String>` and `vector<int>` are text."""
    return "<" if found[1].lower() in _names() else "&lt;"


def _formulas(soup: Any) -> None:
    """LaTeX as its author wrote it, from what MathJax, KaTeX and MathML keep of it, once."""
    for script in soup("script", type=re.compile("^math/tex")):
        sign = "$$" if "display" in script["type"] else "$"
        script.replace_with(f"{sign}{script.get_text().strip()}{sign}")
    for shown in soup(class_=["MathJax", "MathJax_Preview", "MathJax_Display", "MathJax_SVG"]):
        shown.decompose()
    for formula in soup(class_=["katex-display", "katex", "mwe-math-element"]) + soup("math"):
        if formula.decomposed:
            continue
        tex = formula.find("annotation", encoding="application/x-tex")
        latex = tex.get_text() if tex else formula.get("alttext")
        if latex:
            is_display = "katex-display" in formula.get("class", []) or (
                formula.get("display") == "block"
            )
            sign = "$$" if is_display else "$"
            formula.replace_with(f"{sign}{latex.strip()}{sign}")
            formula.decompose()


def _languages(soup: Any, commented: bool) -> None:
    """The language of each block of code, from classes or from the comments of older posts."""
    from bs4 import Comment

    hints: dict[int, str] = {}
    everywhere = ""
    comments = soup.find_all(string=lambda text: isinstance(text, Comment)) if commented else ()
    for comment in comments:
        if found := HINT.search(comment):
            block = comment.find_next("pre")
            if found[1]:
                everywhere = found[2]
            elif block is not None:
                hints[id(block)] = found[2]
    for block in _named(soup, "pre"):
        told = hints.get(id(block)) or _of_classes(block) or everywhere
        if told and told.lower() not in NO_LANGUAGE:
            block["data-language"] = told.lower().removeprefix("lang-")


def _of_classes(block: Any) -> str:
    around = block.parent if block.parent is not None and block.parent.name == "div" else block
    places = (block, *_named(block, "code")[:1], around)
    classes = " ".join(name for tag in places for name in tag.get("class", []))
    if found := LANGUAGE.search(classes):
        return found[1]
    told = block.get("lang") or block.get("data-lang") or ""
    names = [name for name in classes.split() if name in ("python", "java", "js", "bash", "sql")]
    return told or next(iter(names), "")


def _code(soup: Any, broken: bool) -> None:
    """A break in code is a line; code of several lines is a block, even where it has no <pre>."""
    for code in _named(soup, "code"):
        lines = code.get_text().strip("\n").count("\n")
        if lines and code.find_parent("pre") is None and (lines > 1 or "\n " in code.get_text()):
            code.name = "pre"
    for line in soup.select("pre br") if broken else ():
        line.replace_with("\n")


def _breaks(soup: Any) -> None:
    """A line that ends with a break ends once."""
    from bs4.element import NavigableString

    for line in soup("br"):
        text = line.next_sibling
        if type(text) is NavigableString and line.find_parent("pre") is None:
            text.replace_with(text.lstrip())


def _all_cells(table: Any, soup: Any) -> None:
    """Give each row all cells: what spans rows or columns stands in each of them."""
    rows = [row for row in table("tr") if row.find_parent("table") is table]
    waiting: dict[int, tuple[int, Any]] = {}
    for row in rows:
        column = 0
        cells = row.find_all(["td", "th"], recursive=False)
        for cell in [*cells, None]:
            while column in waiting:
                left, above = waiting.pop(column)
                copy = soup.new_tag(above.name)
                copy.string = above.get_text(" ", strip=True)
                if cell is None:
                    row.append(copy)
                else:
                    cell.insert_before(copy)
                if left > 1:
                    waiting[column] = (left - 1, above)
                column += 1
            if cell is None:
                continue
            tall, wide = _span(cell, "rowspan"), _span(cell, "colspan")
            del cell["rowspan"], cell["colspan"]
            for at in range(column, column + wide):
                if tall > 1:
                    waiting[at] = (tall - 1, cell)
            for _ in range(wide - 1):
                cell.insert_after(soup.new_tag(cell.name))
            column += wide


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name, "1"))
    return min(max(int(value), 1), MOST_SPAN) if value.isdigit() else 1


def _into_an_item(inner: Any, soup: Any) -> None:
    """A list that stands in a list, and not in one of its items, belongs to the item before it."""
    if inner.parent is None or inner.parent.name not in ("ul", "ol"):
        return
    item = inner.find_previous_sibling("li")
    if item is None:
        inner.wrap(soup.new_tag("li"))
    else:
        item.append(inner)
