"""Lines of a file, plain or packed (`.gz`, `.bz2`, `.xz`, `.zst`, in a `.zip` or `.7z`), in flat
memory whatever its size.

Nothing is unpacked to disk. A line that is too long is skipped and told, and a file that unpacks
to far more than text ever does is refused, so that a bomb costs neither memory nor a night.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.archives import ARCHIVES

LONGEST_LINE = 16 * 2**20
"""Bytes; a post of Stack Exchange has at most some 100,000."""
LARGEST_RATIO = 100
"""Unpacked over packed size; text reaches 10, seldom 20."""
BROKEN = (gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, EOFError, zlib.error)
HARMLESS = 64 * 2**20
"""Bytes that any file may unpack to."""


def _zstandard(path: Path) -> Any:
    import pyarrow

    return pyarrow.CompressedInputStream(str(path), "zstd")


PACKED: dict[str, Any] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstandard,
}


def lines(path: Path, member: str = "") -> Iterator[bytes | None]:
    """Yield the lines of a file without their ends; None for a line above LONGEST_LINE. `member`
    is the name of the wanted file inside an archive, in whatever folder. Raises as `opened`.
    """
    with opened(path, member) as file:
        while line := file.readline(LONGEST_LINE):
            whole = len(line) < LONGEST_LINE or line.endswith(b"\n")
            while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
            yield line.rstrip(b"\r\n") if whole else None


@contextmanager
def opened(path: Path, member: str = "") -> "Iterator[io.BufferedReader[Any]]":
    """A file's content, unpacked as it is read.

    Raises MeteorError where the file cannot be read or unpacked, or unpacks without end.
    """
    try:
        with _unpacked(path, member) as file:
            yield file
    except BROKEN as error:
        raise MeteorError(f"{path}: cannot be unpacked ({error})") from None
    except OSError as error:
        raise MeteorError(f"{path}: cannot be read ({error.strerror or error})") from None


def _unpacked(path: Path, member: str) -> "AbstractContextManager[io.BufferedReader[Any]]":
    packing = path.suffix.lower()
    if packing in PACKED:
        return io.BufferedReader(Bounded(PACKED[packing](path), path))
    if packing in ARCHIVES:
        return _from_archive(path, member)
    return path.open("rb")


@contextmanager
def _from_archive(path: Path, member: str) -> "Iterator[io.BufferedReader[Any]]":
    with (
        ARCHIVES[path.suffix.lower()](path, member) as packed,
        io.BufferedReader(Bounded(packed, path)) as file,
    ):
        yield file


def require_text(path: Path) -> None:
    """Raise MeteorError where a zip that a library reads whole says that it unpacks to far more
    than text does; more than it says nobody gets out of it.
    """
    with zipfile.ZipFile(path) as archive:
        if sum(part.file_size for part in archive.infolist()) > most_bytes(path):
            raise too_much(path)


def most_bytes(path: Path) -> int:
    """Bytes that a packed file may hold."""
    return max(HARMLESS, LARGEST_RATIO * path.stat().st_size)


def too_much(path: Path) -> MeteorError:
    """What is said of a file that holds more."""
    return MeteorError(
        f"{path}: unpacks to more than {LARGEST_RATIO} times its size, which no text does; "
        "unpack it by hand if it is what you want"
    )


class Bounded(io.RawIOBase):
    """A stream that refuses to unpack to far more than text does."""

    def __init__(self, stream: Any, path: Path) -> None:
        self.stream, self.path = stream, path
        self.left = most_bytes(path)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes. Raises MeteorError above the limit."""
        content = self.stream.read(len(buffer))
        self.left -= len(content)
        if self.left < 0:
            raise too_much(self.path)
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the stream below too."""
        self.stream.close()
        super().close()
