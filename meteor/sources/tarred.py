"""Tar archives, plain or packed, read from the front to the end: what they hold, and one file of it
as a stream.
"""

import functools
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from meteor.core.errors import MeteorError
from meteor.sources.bounded import BROKEN, PACKED, Bounded

ENDINGS = {
    **{".tar": "", ".tgz": ".gz", ".tbz2": ".bz2", ".tbz": ".bz2", ".txz": ".xz", ".tzst": ".zst"},
    **{f".tar{packing}": packing for packing in PACKED},
}
"""By the ending of a name, how the archive is packed."""
MOST_NAMES = 4 * 2**20
"""Characters of all names together."""
LONGEST_HEADER = 2**16
"""Bytes of what tells a file's name and more, which is read at once."""
HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
AT_ONCE = 2**18


class Listed(NamedTuple):
    """The names of an archive's files and folders, and of what is neither."""

    names: tuple[str, ...]
    odd: tuple[str, ...]


def listed(path: Path) -> Listed:
    """What an archive holds. Of a packed one all is unpacked for that, once as long as it stays
    what it is. Raises MeteorError where it cannot be read.
    """
    known = path.stat()
    return _listed(path, known.st_mtime_ns, known.st_size)


@functools.lru_cache(maxsize=64)
def _listed(path: Path, changed: int, size: int) -> Listed:
    names: list[str] = []
    odd: list[str] = []
    left = MOST_NAMES
    with _read(path) as archive:
        for part in _parts(archive):
            left -= len(part.name)
            if left < 0:
                raise MeteorError(f"{path}: holds too many files; unpack it by hand")
            is_plain = part.isreg() or part.isdir()
            (names if is_plain else odd).append(part.name + "/" * part.isdir())
        _require_end(path, archive)
    return Listed(tuple(names), tuple(odd))


@contextmanager
def opened(path: Path, member: str) -> Iterator[Any]:
    """The file of that name inside of an archive, as a stream. Raises MeteorError where it cannot
    be read.
    """
    with _read(path) as archive:
        part = next(part for part in _parts(archive) if part.name == member)
        yield archive.extractfile(part)


@contextmanager
def _read(path: Path) -> Iterator[tarfile.TarFile]:
    name = path.name.lower()
    packing = next(packing for ending, packing in ENDINGS.items() if name.endswith(ending))
    try:
        with (
            Bounded(PACKED[packing](path), path) if packing else path.open("rb") as data,
            # Of a plain one the files that are not wanted are passed over unread.
            tarfile.open(
                fileobj=data, mode="r|" if packing else "r:", tarinfo=Part, bufsize=AT_ONCE
            ) as archive,
        ):
            yield archive
    except (*BROKEN, tarfile.TarError) as error:
        raise MeteorError(f"{path}: cannot be unpacked ({error})") from None


def _parts(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """What an archive holds, one after another; the library would keep them all."""
    while part := archive.next():
        archive.members.clear()  # type: ignore[attr-defined]
        yield part


def _require_end(path: Path, archive: tarfile.TarFile) -> None:
    """Raise MeteorError where something stands behind the end; a header that is damaged is taken
    for the end.
    """
    while rest := archive.fileobj.read(AT_ONCE):
        if rest.strip(b"\0"):
            raise MeteorError(f"{path}: is damaged, or another archive stands behind it")


class Part(tarfile.TarInfo):
    """A part of an archive, whose header is no bomb."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> Self:
        """The part that a header tells. Raises tarfile.ReadError where a further header that
        belongs to it has more bytes than names need.
        """
        part = super().frombuf(buf, encoding, errors)
        if part.type in HEADERS and part.size > LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {part.size} bytes")
        return part
