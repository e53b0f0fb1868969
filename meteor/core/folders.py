"""Folders that other people made: what in them leads out of them, or is no file at all."""

import os
import stat
from pathlib import Path

from meteor.core.errors import MeteorError


def require_plain(folder: Path) -> None:
    """Raise MeteorError where a folder holds a link to something outside of it, or a pipe, socket
    or device, which may block whoever reads it. The hub's cache keeps a model's files in `blobs`
    beside its `snapshots`; links to there are its own.
    """
    root = folder.resolve()
    cached = root.parent.parent / "blobs" if root.parent.name == "snapshots" else root
    for above, names, files in os.walk(root):
        for name in (*names, *files):
            place = Path(above, name)
            target = place.resolve()
            if place.is_symlink() and not any(target.is_relative_to(r) for r in (root, cached)):
                raise MeteorError(
                    f"{folder / place.relative_to(root)}: a link that leads out of the folder, to "
                    f"{target}; put the file itself there"
                )
            if place.exists() and not (place.is_dir() or stat.S_ISREG(place.stat().st_mode)):
                raise MeteorError(f"{folder / place.relative_to(root)}: is no file")
