"""Lines of a dump of posts: the attributes of a row, comments, and a set of numbers of posts."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from html.entities import html5

from meteor.core.errors import MeteorError

FRAME = re.compile(rb"(<\?xml [^<>]*\?>)?\s*(</?posts>)?")
"""What a line without a post may hold, less its comments."""
CHARACTER = re.compile(rb"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
LOOSE = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)(\w+;)?")
"""A sign that begins no reference which XML has, but maybe one of HTML, as `&nbsp;`."""
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def check_frame(line: bytes, where: str) -> None:
    """Raise MeteorError where a line is neither a post nor what stands around posts."""
    text = line.removeprefix(b"\xef\xbb\xbf")
    if not FRAME.fullmatch(text):
        shown = text[:60].decode("utf-8", "replace")
        raise MeteorError(
            f"{where}: no post of a Stack Exchange dump: {shown!r} (each stands "
            "on a line of its own, as <row ... />; there is no DOCTYPE)"
        )


def attributes(line: bytes) -> Mapping[str, str]:
    """The attributes of a row. A reference to a character that XML does not have, and a control
    character as it stands, costs that character alone; an ampersand that is no reference stays.
    """
    try:
        return ET.fromstring(line.decode("utf-8", "replace")).attrib
    except ET.ParseError:
        mended = LOOSE.sub(_as_text, CONTROL.sub(b"", CHARACTER.sub(_known, line)))
        if mended == line:
            raise
        return ET.fromstring(mended.decode("utf-8", "replace")).attrib


def _known(reference: re.Match[bytes]) -> bytes:
    """A reference to a character, empty where there is no such character in XML."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    known = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
    return reference[0] if known or 0x10000 <= number < 0x110000 else b""


def _as_text(loose: re.Match[bytes]) -> bytes:
    """An ampersand as text, but before a name that nobody knows."""
    name = loose[1]
    return loose[0] if name and name.decode() not in html5 else b"&amp;" + (name or b"")


def after_comment(line: bytes, inside: bool) -> tuple[bool, bytes]:
    """Whether a line leaves a comment open, and the line without comments."""
    if inside:
        _, end, line = line.partition(b"-->")
        if not end:
            return True, b""
    line = re.sub(rb"<!--.*?-->", b"", line)
    before, opened, _ = line.partition(b"<!--")
    return bool(opened), before.strip()


class Marks:
    """A set of numbers, an eighth of a byte for each up to the largest."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def add(self, number: int) -> None:
        """Put a number into the set. Raises ValueError where no post has such a number."""
        if not 0 <= number < 2**30:
            raise ValueError(f"{number} is no number of a post")
        self.bits.extend(bytes(max(0, number // 8 + 1 - len(self.bits))))
        self.bits[number // 8] |= 1 << number % 8

    def __contains__(self, number: int) -> bool:
        return number // 8 < len(self.bits) and bool(self.bits[number // 8] >> number % 8 & 1)
