"""What a file or a checkpoint holds, as one hash: other weights under an old name are others."""

import hashlib
from functools import cache
from pathlib import Path


def fingerprint(path: Path, pattern: str = "*") -> str:
    """SHA-256 over the names and contents of all files in the folder `path` that match `pattern`,
    or of that one file; of what is not there it is the hash of nothing.
    """
    digest = hashlib.sha256()
    files = [path] if path.is_file() else path.rglob(pattern)
    for file in sorted(file for file in files if file.is_file()):
        state = file.stat()
        digest.update(str(file.relative_to(path)).encode() + b"\0")
        digest.update(_content(str(file.resolve()), state.st_size, state.st_mtime_ns))
    return digest.hexdigest()


@cache
def _content(file: str, size: int, changed: int) -> bytes:
    """The hash of a file, read once a process as long as its size and its time stay."""
    with Path(file).open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()
