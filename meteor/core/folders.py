"""Folders: what in one that other people made leads out of it or is no file at all; who may read
one that was written here.
"""

import os
import stat
from pathlib import Path

from meteor.core.errors import MeteorError


def open_to_umask(folder: Path) -> None:
    """Let the weights in a folder be read by whom the umask lets read any new file: safetensors
    (since 0.8) makes them their owner's alone, and another user's server would not find them.
    """
    umask = os.umask(0o077)
    os.umask(umask)
    for file in folder.rglob("*.safetensors"):
        file.chmod(0o666 & ~umask)


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
