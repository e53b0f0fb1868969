"""What a text file is encoded in: its first bytes tell, or all of it is UTF-8, or it is guessed."""

import codecs
import io
import logging
from pathlib import Path
from typing import IO

from meteor.core.errors import MeteorError
from meteor.sources.unpacking import opened

log = logging.getLogger("meteor")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
USUAL = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2"),
    *("iso8859_15", "koi8_r", "koi8_u", "cp866", "cp850", "cp437", "mac_roman"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
"""What programs write that do not write UTF-8; of a few words others would do as well."""
CHUNK = 2**20
AROUND = 2**16
"""Bytes about the first one that is not UTF-8, from which an encoding is guessed."""


def marked(start: bytes) -> str | None:
    """The encoding that the first bytes of a file tell."""
    return next((name for mark, name in MARKS if start.startswith(mark)), None)


def _wide(start: bytes) -> str | None:
    """UTF-16 without its mark, by the zeros between the first letters."""
    zeros = [byte == 0 for byte in start]
    if zeros == [False, True, False, True]:
        return "utf-16-le"
    return "utf-16-be" if zeros == [True, False, True, False] else None


def encoding_of(path: Path) -> str:
    """The encoding of a text file. One that is UTF-8 but for few bytes is UTF-8; another one is
    guessed, and told. Raises MeteorError where it cannot be guessed.
    """
    from charset_normalizer import from_bytes

    with opened(path) as file:
        start = file.peek(4)[:4]
        if found := marked(start) or _wide(start):
            return found
        foreign = _not_utf_8(file)
    if foreign is None:
        return "utf-8"
    matches = list(from_bytes(foreign, cp_isolation=list(USUAL)))
    best = next(iter(matches), None)
    if best is None:
        raise MeteorError(
            f"{path}: not UTF-8, and its encoding cannot be told; set source.table.encoding"
        )
    # Of encodings that read the bytes alike, or as well, the one that most programs write.
    marks = [one for one in matches if (one.chaos, one.coherence) == (best.chaos, best.coherence)]
    alike = [name for one in marks for name in one.could_be_from_charset]
    name = "cp1252" if "cp1252" in alike else best.encoding
    log.warning("%s: not UTF-8; read as %s (source.table.encoding)", path.name, name)
    return str(name)


def text(data: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """The characters of a stream, line ends as they are; what is broken becomes U+FFFD."""
    try:
        return io.TextIOWrapper(data, encoding=encoding, errors="replace", newline="")
    except LookupError:
        raise MeteorError(f"source.table.encoding: there is no encoding {encoding!r}") from None


def _not_utf_8(file: IO[bytes]) -> bytes | None:
    """What stands around the first bytes that are not UTF-8; None where there are none, or where
    most about them that is not ASCII is UTF-8 after all.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(CHUNK):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            around = error.object[max(0, error.start - AROUND // 2) :][:AROUND]
            decoded = around.decode("utf-8", "replace")
            broken = decoded.count("\ufffd")
            other = sum(not character.isascii() for character in decoded) - broken
            return around if broken > other else None
    return None
