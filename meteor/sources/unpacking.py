"""Lines of a file, plain or packed (`.gz`, `.bz2`, `.xz`, `.zst`, in a `.zip`, `.7z` or `.tar`), in
flat memory whatever its size. Nothing is unpacked to disk; a line that is too long is skipped and
told.
"""

import io
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources.archives import ARCHIVES, archived
from meteor.sources.bounded import BROKEN, PACKED, Bounded

LONGEST_LINE = 16 * 2**20
"""Bytes; a post of Stack Exchange has at most some 100,000."""


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
    except (*BROKEN, tarfile.TarError) as error:
        raise MeteorError(f"{path}: cannot be unpacked ({error})") from None
    except OSError as error:
        raise MeteorError(f"{path}: cannot be read ({error.strerror or error})") from None


def _unpacked(path: Path, member: str) -> "AbstractContextManager[io.BufferedReader[Any]]":
    if archived(path):
        return _from_archive(path, member)
    packing = path.suffix.lower()
    if packing in PACKED:
        return io.BufferedReader(Bounded(PACKED[packing](path), path))
    return path.open("rb")


@contextmanager
def _from_archive(path: Path, member: str) -> "Iterator[io.BufferedReader[Any]]":
    with (
        ARCHIVES[archived(path)](path, member) as packed,
        io.BufferedReader(Bounded(packed, path)) as file,
    ):
        yield file
