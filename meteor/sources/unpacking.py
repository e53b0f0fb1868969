"""Lines of a file, plain or packed (`.gz`, `.bz2`, `.xz`, a member of a `.zip` or `.7z`), in flat
memory whatever its size.

Nothing is unpacked to disk. A line that is too long is skipped and told, and a file that unpacks
to far more than text ever does is refused, so that a bomb costs neither memory nor a night.
"""

import bz2
import gzip
import io
import lzma
import os
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError

LONGEST_LINE = 16 * 2**20
"""Bytes; a post of Stack Exchange has at most some 100,000."""
LARGEST_RATIO = 100
"""Unpacked over packed size; text reaches 10, seldom 20."""
BROKEN = (gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, EOFError, zlib.error)
HARMLESS = 64 * 2**20
"""Bytes that any file may unpack to."""


PACKED: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


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
    if path.suffix in PACKED:
        return io.BufferedReader(Bounded(PACKED[path.suffix](path), path))
    if path.suffix == ".zip":
        return _open_zip(path, member)
    if path.suffix == ".7z":
        return _open_7z(path, member)
    return path.open("rb")


class Bounded(io.RawIOBase):
    """A stream that refuses to unpack to far more than text does."""

    def __init__(self, stream: Any, path: Path) -> None:
        self.stream, self.path = stream, path
        self.left = max(HARMLESS, LARGEST_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes. Raises MeteorError above the limit."""
        content = self.stream.read(len(buffer))
        self.left -= len(content)
        if self.left < 0:
            raise MeteorError(
                f"{self.path}: unpacks to more than {LARGEST_RATIO} times its size, which no text "
                "does; unpack it by hand if it is what you want"
            )
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the stream below too."""
        self.stream.close()
        super().close()


@contextmanager
def _open_zip(path: Path, member: str) -> "Iterator[io.BufferedReader[Any]]":
    with zipfile.ZipFile(path) as archive:
        found = archive.getinfo(_inside(path, member, archive.namelist()))
        if found.flag_bits & 1:
            raise MeteorError(f"{path}: is encrypted")
        with archive.open(found) as packed, io.BufferedReader(Bounded(packed, path)) as file:
            yield file


def _inside(path: Path, member: str, names: list[str]) -> str:
    """The wanted file of an archive, in whatever folder; the only one where none is named."""
    files = [name for name in names if not name.endswith("/") and "__MACOSX" not in name]
    wanted = [name for name in files if not member or name.rpartition("/")[2] == member]
    if len(wanted) == 1:
        return wanted[0]
    shown = ", ".join(files[:9]) or "nothing"
    if wanted:
        raise MeteorError(f"{path}: holds {len(wanted)} files ({shown}); unpack the one you want")
    raise MeteorError(f"{path}: there is no {member} inside, but {shown}")


@contextmanager
def _open_7z(path: Path, member: str) -> "Iterator[io.BufferedReader[Any]]":
    """A member of a `.7z` as a stream: a thread unpacks into a pipe, as fast as it is read."""
    try:
        import py7zr
    except ImportError:
        raise MeteorError(
            f"{path}: to read .7z, run `pip install py7zr` (the extra `dumps`)"
        ) from None
    try:
        archive = py7zr.SevenZipFile(path)
    except py7zr.exceptions.ArchiveError as error:
        raise MeteorError(f"{path}: cannot be unpacked ({error})") from None
    with archive:
        if archive.needs_password():
            raise MeteorError(f"{path}: is encrypted")
        member = _inside(path, member, archive.getnames())
        read_end, write_end = os.pipe()
        failures: list[BaseException] = []

        def unpack() -> None:
            try:
                archive.extract(targets=[member], factory=_into(write_end))
            except BaseException as error:
                failures.append(error)
            finally:
                os.close(write_end)

        thread = threading.Thread(target=unpack, daemon=True)
        thread.start()
        file = io.BufferedReader(Bounded(os.fdopen(read_end, "rb"), path))
        try:
            yield file
            thread.join()
            if failures:
                raise MeteorError(f"{path}: cannot be unpacked ({failures[0]})")
        finally:
            file.close()  # the thread, if it still writes, ends with a broken pipe
            thread.join()


def _into(pipe: int) -> Any:
    """What py7zr writes a member to: the pipe."""
    from py7zr.io import Py7zIO, WriterFactory

    class Pipe(Py7zIO):
        written = 0

        def write(self, s: Any) -> int:
            view = memoryview(s)
            while view:
                view = view[os.write(pipe, view) :]
            self.written += len(s)
            return len(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def flush(self) -> None:
            """Nothing waits."""

        def size(self) -> int:
            return self.written

    class Factory(WriterFactory):
        def create(self, filename: str) -> Py7zIO:
            return Pipe()

    return Factory()
