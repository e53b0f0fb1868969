"""Checkpoints that travel to nodes with no shared folder: their files go through Ray's object
store in pieces, and are unpacked once a node.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from meteor.core.errors import MeteorError
from meteor.core.fingerprint import fingerprint

PIECE = 64 * 2**20
"""Bytes that are in a process's memory at once."""


@dataclass(frozen=True)
class File:
    """A file by its path (folder's name first), and its content's pieces in the object store."""

    path: str
    pieces: tuple[Any, ...]


@dataclass(frozen=True)
class Parcel:
    """Folders that stand side by side; `name` is the checkpoint's, `content` a hash of all."""

    name: str
    content: str
    files: tuple[File, ...]


def packed(folders: tuple[Path, ...]) -> Parcel:
    """Put the files of the folders into the object store; the first one is the checkpoint."""
    hashes = "".join(f"{folder.name}/{fingerprint(folder)}\n" for folder in folders)
    return _packed(folders, hashlib.sha256(hashes.encode()).hexdigest()[:32])


@lru_cache(maxsize=2)  # a stage asks the same again: the student, then the judge, the student …
def _packed(folders: tuple[Path, ...], content: str) -> Parcel:
    files = [
        File(f"{folder.name}/{file.relative_to(folder)}", tuple(_pieces(file)))
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    return Parcel(folders[0].name, content, tuple(files))


def _pieces(file: Path) -> Iterator[Any]:
    import ray

    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield ray.put(piece)


def unpacked(parcel: Parcel) -> tuple[Path, IO[bytes]]:
    """The checkpoint's folder on this node, and the file whose lock keeps it there: until it is
    closed, or the process ends in whatever way. The first process that asks writes the folder; what
    no process of this node keeps any more is removed.
    """
    home = _home()
    with (home / "unpacking").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        _sweep(home, parcel.content)
        folder = home / parcel.content
        if not folder.exists():
            partial = home / f"{parcel.content}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            for file in parcel.files:
                _write(partial / file.path, file)
            partial.rename(folder)
        lock = (home / f"{parcel.content}.lock").open("ab")
        fcntl.flock(lock, fcntl.LOCK_SH)
    return folder / parcel.name, lock


def _home() -> Path:
    """The user's folder for what was unpacked on the node."""
    home = Path(tempfile.gettempdir()) / f"meteor-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.stat().st_uid != os.getuid():
        raise MeteorError(f"{home}: belongs to somebody else; set TMPDIR where Ray is started")
    return home


def _write(path: Path, file: File) -> None:
    import ray

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for piece in file.pieces:
            out.write(ray.get(piece))


def _sweep(home: Path, needed: str) -> None:
    for file in home.glob("*.lock"):
        if file.stem == needed:
            continue
        with file.open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for old in (home / file.stem, home / f"{file.stem}.partial"):
                shutil.rmtree(old, ignore_errors=True)
