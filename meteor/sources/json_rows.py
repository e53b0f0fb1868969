"""Rows of JSON: lines, an array, an object around one, an object of rows by id, columns. One row is
in memory at a time, but for columns.
"""

import io
import itertools
import json
import logging
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.records import Failed
from meteor.sources.encodings import encoding_of, marked
from meteor.sources.json_mending import mended, recoded
from meteor.sources.rows import split_named
from meteor.sources.unpacking import LONGEST_LINE, lines, opened
from meteor.sources.values import shortened

log = logging.getLogger("meteor")
NAMES_OF_A_ROW = ("row", "_source", "node")
"""An only object inside of each row that holds the row: of servers of data sets and searches."""
LONG = 64 * 2**20
"""Bytes of a file that is not read twice to see whether other lists stand behind the first."""
FIRST = 2**20
"""Bytes of a file in which its first object is looked for."""
LENIENT = json.JSONDecoder(strict=False)
"""Takes a tab or an end of line within a text."""


def rows_of(file: Path, inner: str | None = None) -> Iterator[tuple[int, Any]]:
    """The rows of a JSON file, whatever it is, each with the number of its line or its place. An
    object that has the member `inner` is a row itself.

    Raises MeteorError where it is none.
    """
    with _strict(file) as data:
        start = _start(data)
    if start == b"{" and not _is_lines(file):
        rows = _one_after_another(file) if _is_followed(file) else _of_object(file, inner)
        yield from enumerate(map(_inner, rows), start=1)
    elif start == b"[" and not _is_lines(file):
        yield from enumerate(map(_inner, _items(file, "item")), start=1)
    elif start in (b"{", b"["):
        yield from lines_of(file)
    else:
        shown = f"it begins with {start.decode(errors='replace')!r}" if start else "it is empty"
        raise MeteorError(f"{file}: a JSON array or object is expected, and {shown}")


def lines_or_array(file: Path) -> Iterator[tuple[int, Any]]:
    """The rows of JSON Lines, or of an array under such a name."""
    with _strict(file) as data:
        start = _start(data)
    is_whole = start == b"[" and _is_array(file)
    is_whole = is_whole or (start == b"{" and not _is_lines(file) and _is_spread(file))
    yield from rows_of(file) if is_whole else lines_of(file)


def lines_of(file: Path) -> Iterator[tuple[int, Any]]:
    """The rows of JSON Lines, each with the number of its line. Empty lines are no rows."""
    encoding: str | None = None
    for number, line in enumerate(_decoded(file), start=1):
        if line is None:
            error = f"the line is longer than {LONGEST_LINE} bytes"
            yield number, Failed(id=f"{file.name}:{number}", error=error)
        elif not line.isspace() and line:
            try:
                text = line.removeprefix(BOM_UTF8).decode()
            except UnicodeDecodeError:
                encoding = encoding or encoding_of(file)
                text = line.removeprefix(BOM_UTF8).decode(encoding, "replace")
            try:
                yield number, _value(text)
            except (ValueError, RecursionError) as error:
                wrong = f"not valid JSON: {shortened(str(error))}"
                yield number, Failed(id=f"{file.name}:{number}", error=wrong)


def _value(line: str) -> Any:
    """The value of a line; a tab in a text or a comma after the line is no harm."""
    try:
        return LENIENT.decode(line)
    except ValueError:
        if line.rstrip()[-1:] != ",":
            raise
    return LENIENT.decode(line.rstrip()[:-1])


def _decoded(file: Path) -> Iterator[bytes | None]:
    with opened(file) as data:
        if _is_wide(data):
            with _strict(file) as coded:
                yield from coded
            return
    yield from lines(file)


def _is_wide(data: "io.BufferedReader[Any]") -> bool:
    """Whether a file's mark says that it is UTF-16 or UTF-32."""
    return marked(data.peek(4)[:4]) not in (None, "utf-8-sig")


def _start(data: "io.BufferedReader[Any]") -> bytes:
    return data.peek(4096).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]


def _is_lines(file: Path) -> bool:
    """Whether the first line is a whole object, and the next one begins another."""
    first, second = _two_lines(file)
    return second.lstrip()[:1] == b"{" and isinstance(_whole(first), dict)


def _is_array(file: Path) -> bool:
    """Whether a file that begins as an array is one: its first line is all, or none by itself."""
    first, second = _two_lines(file)
    return not second or _whole(first) is None


def _two_lines(file: Path) -> tuple[bytes, bytes]:
    """The first two lines that are not empty; an overlong one counts as empty."""
    whole = (line or b"" for line in _decoded(file) if line is None or line.strip())
    first, second = itertools.islice(itertools.chain(whole, (b"", b"")), 2)
    return first, second


def _is_followed(file: Path) -> bool:
    """Whether another object stands behind the first one of a file."""
    return bool(_behind_first(file))


def _is_spread(file: Path) -> bool:
    """Whether the first line is no object, but the beginning of one, or more than one."""
    first, _ = _two_lines(file)
    return _whole(first.rstrip(b" ,\r\n")) is None and _behind_first(file) is not None


def _behind_first(file: Path) -> str | None:
    """What stands behind the first object of a file; None where it has no end that is near."""
    with _strict(file) as data:
        text = data.read(FIRST).decode("utf-8-sig", "replace").lstrip()
    try:
        _, end = LENIENT.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return text[end:].strip()


def _whole(line: bytes) -> Any:
    """What a line holds; None where it is no JSON."""
    try:
        return LENIENT.decode(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _of_object(file: Path, inner: str | None) -> Iterator[Any]:
    """The rows inside an object: those of the first list of objects, or of an object of objects,
    whose keys are the ids; a table by columns; or the object itself.
    """
    lists = _lists_inside(file)
    inner = inner or ("Instances" if "Instances" in lists else None)  # Natural Instructions
    if inner is not None and any(key == inner for key, _ in _pairs(file)):
        yield dict(_pairs(file))
        return
    if len(lists) > 1 and all(map(split_named, lists)):
        for name in lists:
            for row in _items(file, f"{name}.item"):
                yield {"split": name, **row} if isinstance(row, dict) else row
        return
    if lists:
        if others := ", ".join(map(repr, lists[1:])):
            said = "%s: the rows are those of %r; %s: not read, `each` names another list"
            log.warning(said, file, lists[0], others)
        yield from _items(file, f"{lists[0]}.item")
        return
    pairs = _pairs(file)
    first = list(itertools.islice(pairs, 2))
    kinds = {type(value) for _, value in first}
    if kinds == {dict} and not _is_column(first[0][1]):
        for key, value in itertools.chain(first, pairs):
            yield {"id": key, **value} if isinstance(value, dict) else value
    elif kinds in ({dict}, {list}) and first[0][1]:
        yield from _of_columns(dict([*first, *pairs]))
    else:
        yield dict([*first, *pairs])


def _lists_inside(file: Path) -> list[str]:
    """Where lists of objects stand in an object (of a long file the first, but for splits); where
    there is none, the first one inside of an inner object. Such a list belongs to the only object
    around it, not to one of many rows.
    """
    import ijson

    found: list[str] = []
    is_long = file.stat().st_size > LONG
    deep: str | None = None
    tops = 0
    before = ("", "")
    for prefix, event, _ in _found(file, partial(ijson.parse, use_float=True)):
        if event == "map_key" and prefix == "":
            tops += 1
        if event == "start_map" and before[1] == "start_array":
            inside, place = prefix.count("."), str(prefix.removesuffix(".item"))
            if inside == 1:
                found.append(place)
                if is_long and not split_named(place):
                    break
            elif inside == 2 and deep is None:
                deep = place
        before = (prefix, event)
        if tops > 20 and deep is None and not found:
            return []
    return found or ([deep] if deep is not None and tops <= 3 else [])


def _is_column(value: dict[str, Any]) -> bool:
    """Whether an object is a column as pandas writes it: values by the number of the row."""
    keys = list(itertools.islice(value, 2))
    return keys[:1] == ["0"] and keys[1:] in ([], ["1"])


def _of_columns(columns: dict[str, Any]) -> Iterator[Any]:
    tables = [v for v in columns.values() if isinstance(v, list) and v and isinstance(v[0], list)]
    if "columns" in columns and tables:  # pandas, orient="split"
        for row in tables[0]:
            yield dict(zip(columns["columns"], row, strict=False))
        return
    if not all(isinstance(value, (dict, list)) for value in columns.values()):
        yield columns  # one row that has lists, as RACE's
        return
    lists = {name: list(v.values()) if isinstance(v, dict) else v for name, v in columns.items()}
    for cells in itertools.zip_longest(*lists.values()):
        yield dict(zip(lists, cells, strict=True))


def _inner(row: Any) -> Any:
    """The row inside a row, where that is all that counts."""
    if isinstance(row, dict):
        for name in NAMES_OF_A_ROW:
            if isinstance(row.get(name), dict):
                return row[name]
    return row


def _items(file: Path, place: str) -> Iterator[Any]:
    import ijson

    return _found(file, partial(ijson.items, prefix=place, use_float=True))


def _one_after_another(file: Path) -> Iterator[Any]:
    """Objects that stand behind each other in whatever lines."""
    import ijson

    return _found(file, partial(ijson.items, prefix="", use_float=True, multiple_values=True))


def _pairs(file: Path) -> Iterator[tuple[str, Any]]:
    import ijson

    return _found(file, partial(ijson.kvitems, prefix="", use_float=True))


def _found(file: Path, read: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
    """What a reader finds in a JSON file. Where it is none by the letter, the rest is read from
    what can be made of it. Raises MeteorError where that is none either.
    """
    import ijson

    done = 0
    try:
        with _strict(file) as data:
            if data.peek(3).startswith(BOM_UTF8):
                data.read(len(BOM_UTF8))
            for one in read(data):
                done += 1
                yield one
            return
    except (ijson.JSONError, UnicodeDecodeError) as error:
        log.info("%s: no strict JSON: %s", file, shortened(str(error)))
    with opened(file) as raw:
        try:
            yield from itertools.islice(read(mended(raw, encoding_of(file))), done, None)
        except ijson.JSONError as error:
            wrong = shortened(" ".join(str(error).split()))
            raise MeteorError(f"{file}: not valid JSON: {wrong}") from None


@contextmanager
def _strict(file: Path) -> "Iterator[io.BufferedReader[Any]]":
    """The bytes of a file, as UTF-8 where its mark says that they are something else."""
    with opened(file) as data:
        encoding = marked(data.peek(4)[:4]) if _is_wide(data) else None
        yield recoded(data, encoding) if encoding else data
