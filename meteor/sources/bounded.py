"""Packed streams (`.gz`, `.bz2`, `.xz`, `.zst`) that refuse to unpack to far more than text ever
does, so that a bomb costs neither memory nor a night.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError

LARGEST_RATIO = 100
"""Unpacked over packed size; text reaches 10, seldom 20."""
HARMLESS = 64 * 2**20
"""Bytes that any file may unpack to."""
BROKEN = (gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, EOFError, zlib.error)


def _zstandard(path: Path) -> Any:
    import pyarrow

    return pyarrow.CompressedInputStream(str(path), "zstd")


PACKED: dict[str, Any] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstandard,
}


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
