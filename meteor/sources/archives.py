"""A file inside of an archive (`.zip`, `.7z`, `.tar`) as a stream: nothing is unpacked to disk, and
an archive that holds links, or names that lead out of it, is refused.
"""

import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.sources import tarred
from meteor.sources.values import shortened

ASIDE = re.compile(r"(?i)readme|licen[cs]e|copying|changelog|citation|.+\.(?:md|rst|pdf|html?)$")
"""Names of files that stand beside the data."""


@contextmanager
def _open_zip(path: Path, member: str) -> Iterator[Any]:
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            kind = stat.S_IFMT(part.external_attr >> 16)
            _require_plain(path, part.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR))
        found = archive.getinfo(_inside(path, member, archive.namelist()))
        if found.flag_bits & 1:
            raise MeteorError(f"{path}: is encrypted")
        with archive.open(found) as packed:
            yield packed


@contextmanager
def _open_tar(path: Path, member: str) -> Iterator[Any]:
    listed = tarred.listed(path)
    for name in listed.odd:
        _require_plain(path, name, False)
    for name in listed.names:
        _require_plain(path, name, True)
    with tarred.opened(path, _inside(path, member, list(listed.names))) as packed:
        yield packed


def archived(path: Path) -> str:
    """The ending of an archive's name, as in ARCHIVES; empty where it is none."""
    name = path.name.lower()
    return next((ending for ending in ARCHIVES if name.endswith(ending)), "")


def members(path: Path) -> list[str]:
    """The files inside of a `.zip` or `.tar`, without those that only tell of the others; none
    where it is no zip that can be read. Raises MeteorError for such a tar.
    """
    if archived(path) in tarred.ENDINGS:
        return _files(tarred.listed(path).names)
    try:
        with zipfile.ZipFile(path) as archive:
            return _files(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return []


def _files(names: Iterable[str]) -> list[str]:
    """The files, without folders, what a Mac adds, and what stands beside the data."""
    own = [name for name in names if not name.endswith("/") and "__MACOSX" not in name]
    own = [name for name in own if not _last(name).startswith("._") and _last(name) != ".ds_store"]
    return [name for name in own if not ASIDE.match(_last(name))] or own


def leads_out(name: str) -> bool:
    """Whether a name inside of a folder or an archive stands for something outside of it."""
    parts = re.split(r"[\\/]", name)
    return ".." in parts or not parts[0] or name[1:2] == ":"


def _require_plain(path: Path, name: str, file: bool) -> None:
    if leads_out(name) or not file:
        what = "leads out of it" if leads_out(name) else "is a link or a device"
        raise MeteorError(f"{path}: holds {shortened(name)!r}, which {what}; unpack it by hand")


def _inside(path: Path, member: str, names: list[str]) -> str:
    """The wanted file of an archive, in whatever folder; the only one where none is named."""
    files = _files(names)
    wanted = [name for name in files if not member or _last(name) == member.lower()]
    if len(wanted) == 1:
        return wanted[0]
    shown = ", ".join(map(shortened, files[:9])) or "nothing"
    if wanted:
        raise MeteorError(f"{path}: holds {len(wanted)} files ({shown}); unpack the one you want")
    raise MeteorError(f"{path}: there is no {member} inside, but {shown}")


def _last(name: str) -> str:
    """The name of a file without its folders; `posts.xml` of an old dump is `Posts.xml`, too."""
    return name.rpartition("/")[2].lower()


@contextmanager
def _open_7z(path: Path, member: str) -> Iterator[Any]:
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
        for part in archive.files:
            _require_plain(path, part.filename, part.is_file or part.is_directory)
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
        file = os.fdopen(read_end, "rb")
        try:
            yield file
            thread.join()
            if failures and not isinstance(failures[0], BrokenPipeError):
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


ARCHIVES = {
    ".zip": _open_zip,
    ".7z": _open_7z,
    **dict.fromkeys(tarred.ENDINGS, _open_tar),
}
"""By the name's ending: what opens a member, which is named as a file is in whatever folder; raises
MeteorError where there is none.
"""
