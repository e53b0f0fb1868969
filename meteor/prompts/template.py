"""A template file: turns of a chat in Jinja2, and what may be done with the texts in it.

A template is a file of the project, a question's texts are anybody's: they are put in as they
are and never read as a template. The sandbox has no way to files, to chance or to the system.
"""

import hashlib
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

from meteor.core.errors import SettingsError
from meteor.core.records import Message

Role = Literal["system", "user", "assistant"]
SEPARATOR = re.compile(r"^---[ \t]*([A-Za-z]+)[ \t]*$", re.MULTILINE)
ORDER = re.compile(r"(system )?user (assistant user )*")
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
GLOBALS = ("range", "dict", "namespace")
MARKS = "the marks"
"""Where a rendering keeps its own; no template can name it, for its space."""


class Sealed:
    """A text under judgement: a template can show it between its marks, and in no other way."""

    def __init__(self, name: str, text: str, around: Callable[[str], str]) -> None:
        self._name, self._whole = name, around(text)

    def __str__(self) -> str:
        raise ValueError(
            f"an answer under judgement is shown sealed: {{{{ {self._name} | sealed }}}}"
        )


@dataclass
class Marks:
    """The texts of one turn that may be shortened. A mark stands for each until all is put
    together; it is made of a hash of all that is shown, and so stands nowhere in it.
    """

    nonce: str
    texts: list[str] = field(default_factory=list)

    def shorten(self, text: object) -> str:
        """The mark that stands for a text."""
        self.texts.append(str(text))
        return f"\0{self.nonce}\0"


@dataclass(frozen=True)
class Turn:
    """One turn of a template. `line` is where it begins in the file, `code` is Jinja2's."""

    role: Role
    line: int
    code: Any


@dataclass(frozen=True)
class Template:
    """A template, read and compiled; `mentions` are those of the names it may use that it has."""

    file: Path
    turns: tuple[Turn, ...]
    mentions: frozenset[str] = frozenset()

    def render(self, values: Mapping[str, object]) -> tuple[Message, ...]:
        """The turns with these values; one that comes to nothing is left out. Raises
        SettingsError with file and line where the template does what it may not.
        """
        texts = "\0".join(_texts(values)).encode("utf-8", "surrogatepass")
        nonce = hashlib.sha256(texts).hexdigest()
        messages = (self._message(turn, values, Marks(nonce)) for turn in self.turns)
        return tuple(message for message in messages if message.content.strip())

    def _message(self, turn: Turn, values: Mapping[str, object], marks: Marks) -> Message:
        try:
            content = turn.code.render({**values, MARKS: marks})
        except Exception as error:  # whatever an expression in a template can raise
            raise self.fault(_line(error, self.file) or turn.line, _words(error)) from None
        first, *rest = content.split(f"\0{marks.nonce}\0")
        if not rest:
            return Message(role=turn.role, content=first)
        if len(rest) > 1 or len(marks.texts) > 1:
            raise self.fault(turn.line, "one turn shortens two texts; put `shorten` around both")
        cut = (len(first), len(first) + len(marks.texts[0]))
        return Message(role=turn.role, content=first + marks.texts[0] + rest[0], cut=cut)

    def fault(self, line: int | None, what: str) -> SettingsError:
        """An error that names the file and, where it is known, the line."""
        return SettingsError(f"{self.file}:{line}: {what}" if line else f"{self.file}: {what}")


def read_template(file: Path, names: Mapping[str, str]) -> Template:
    """Read a template that may use these names. Raises SettingsError with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: the template cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 ({error.reason})") from None
    template = Template(file, ())
    turns = tuple(
        Turn(role, line, _compiled(template, source, line, names))
        for role, line, source in _turns(template, text)
    )
    return Template(file, turns, frozenset(n for n in names if re.search(rf"\b{n}\b", text)))


def _turns(template: Template, text: str) -> Iterator[tuple[Role, int, str]]:
    """The role of each turn, its first line in the file, and its source."""
    found = list(SEPARATOR.finditer(text))
    if not found:
        yield "user", *_source(text, 0, len(text))
        return
    if COMMENT.sub("", text[: found[0].start()]).strip():
        raise template.fault(1, f"text before the first turn ({found[0].group()!r})")
    roles = [mark.group(1) for mark in found]
    for mark in found:
        if mark.group(1) not in ("system", "user", "assistant"):
            line = text.count("\n", 0, mark.start()) + 1
            raise template.fault(line, f"a turn is of system, user or assistant, not {mark[1]!r}")
    if not ORDER.fullmatch("".join(f"{role} " for role in roles)):
        raise template.fault(
            None,
            f"the turns are {', '.join(roles)}; at most one of system comes first, then user and "
            "assistant by turns, and the last is user",
        )
    ends = [*(mark.start() for mark in found[1:]), len(text)]
    for mark, end in zip(found, ends, strict=True):
        yield cast(Role, mark.group(1)), *_source(text, mark.end(), end)


def _source(text: str, start: int, end: int) -> tuple[int, str]:
    """A turn's source without the empty lines around it, and its first line in the file."""
    source = text[start:end]
    begun = source.lstrip("\n")
    line = text.count("\n", 0, start) + len(source) - len(begun) + 1
    return line, begun.rstrip("\n")


def _compiled(template: Template, source: str, line: int, names: Mapping[str, str]) -> Any:
    from jinja2 import TemplateSyntaxError, meta, nodes

    environment = _environment()
    source = "{#" + "\n" * (line - 1) + "#}" + source  # so that Jinja2 counts the file's lines
    try:
        tree = environment.parse(source)
        code = environment.compile(source, filename=str(template.file))
    except TemplateSyntaxError as error:
        raise template.fault(error.lineno, f"not valid Jinja2: {error.message}") from None
    foreign = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    for node in tree.find_all(foreign):
        raise template.fault(node.lineno, "a template stands alone, it takes in no other file")
    unknown = meta.find_undeclared_variables(tree) - {*names, *GLOBALS}
    for name in tree.find_all(nodes.Name):
        if name.name in unknown:
            known = ", ".join(names)
            raise template.fault(
                name.lineno, f"there is no {name.name!r} here (there are: {known})"
            )
    return environment.template_class.from_code(
        environment, code, environment.make_globals(None), None
    )


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    environment.globals = {name: environment.globals[name] for name in GLOBALS}
    del environment.filters["random"]
    environment.filters |= {"shorten": _shorten_filter(), "sealed": _sealed}
    return environment


def _shorten_filter() -> Callable[..., str]:
    from jinja2 import pass_context

    @pass_context
    def shorten(context: Any, text: object) -> str:
        marks: Marks = context[MARKS]
        return marks.shorten(text)

    return shorten


def _sealed(text: object) -> str:
    if not isinstance(text, Sealed):
        raise ValueError("`sealed` is for answers under judgement alone")
    return text._whole


def _texts(value: object) -> Iterator[str]:
    """All texts in the values of a rendering."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    else:
        yield value._whole if isinstance(value, Sealed) else str(value)


def _line(error: Exception, file: Path) -> int | None:
    """The line of the template in which an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return lines[-1] if lines else None


def _words(error: Exception) -> str:
    known = str(error).replace("'dict object' has no attribute", "there is no")
    return known or type(error).__name__
