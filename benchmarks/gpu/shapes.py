"""Models with random weights in the shapes of well-known ones, and the rows that they are shown:
written once, by the case `prepare`, into the work folder.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks import training
from meteor.core.jsonl import write_records
from meteor.core.records import Example, Pair, Record


@dataclass(frozen=True)
class Shape:
    """Of a decoder, by transformers' names for its family."""

    family: str
    layers: int
    width: int
    inner: int
    heads: int
    groups: int
    vocabulary: int
    tied: bool


MODELS = {
    "0.5b": Shape("qwen2", 24, 896, 4864, 14, 2, 151_936, True),
    "1.5b": Shape("qwen2", 28, 1536, 8960, 12, 2, 151_936, True),
    "8b": Shape("llama", 32, 4096, 14_336, 32, 8, 128_256, False),
}
"""Qwen2.5-0.5B, Qwen2.5-1.5B and Llama-3-8B; the vocabulary is theirs, whatever the tokenizer's."""


@dataclass(frozen=True)
class Size:
    """How much a run of the benchmark does; `cut` is what a smoke test makes of models."""

    window: int = 1024
    pair_window: int = 512
    steps: int = 30
    warm: int = 5
    written: int = 64
    largest: int = 256
    cut: bool = False

    def batch(self, rows: int) -> int:
        """Rows side by side."""
        return 2 if self.cut else rows


DISTINCT = 60
"""Rows that are written anew; the others are these again."""
WHOLE = Size()
SMOKE = Size(window=512, pair_window=512, steps=4, warm=1, written=8, largest=8, cut=True)


def size_of(work: Path) -> Size:
    """As the driver has left it in the work folder."""
    return SMOKE if (work / "smoke").exists() else WHOLE


def prepare(work: Path, base: Path, names: Sequence[str]) -> None:
    """Write the models of these names and all rows."""
    from meteor.models.encoding import load_tokenizer

    size = size_of(work)
    tokenizer = load_tokenizer(base)
    if not (work / "rows").exists():
        write_rows(tokenizer, work / "rows", size)
    for name in sorted(names):  # the largest last: it may not fit
        if not (work / "models" / name).exists():
            write_model(MODELS[name], tokenizer, base, work / "models" / name, size.cut)


def write_model(shape: Shape, tokenizer: Any, base: Path, out: Path, cut: bool) -> None:
    """A checkpoint in bfloat16 with random weights, made on the GPU if there is one."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if cut:
        rows = -(-len(tokenizer) // 64) * 64
        shape = replace(shape, layers=2, width=64, inner=128, heads=4, groups=2, vocabulary=rows)
    config = AutoConfig.for_model(
        shape.family,
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.groups,
        max_position_embeddings=4096,
        tie_word_embeddings=shape.tied,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    if (base / "generation_config.json").is_file():  # it names the ends of a turn
        shutil.copy(base / "generation_config.json", out)


def write_rows(tokenizer: Any, out: Path, size: Size) -> None:
    """Examples that fill the window, examples of mixed lengths, and pairs; and the tokens of each
    row.
    """
    count = 16 * size.steps
    mixed = [size.window * part // 16 for part in (6, 9, 14, 7, 11, 16)]
    equal = filling(tokenizer, [size.window] * DISTINCT)
    sides = filling(tokenizer, [size.pair_window] * DISTINCT)
    rows: dict[str, list[Record]] = {
        "equal": list(_again(equal, count)),
        "mixed": list(_again(filling(tokenizer, mixed * (DISTINCT // len(mixed))), count)),
        "pairs": list(_again(_pairs(sides), count // 2)),
    }
    lengths = {}
    for name, records in rows.items():
        write_records(out / f"{name}.jsonl", records)
        known = [_tokens(tokenizer, row) for row in records[:DISTINCT]]
        lengths[name] = list(islice(cycle(known), len(records)))
    (out / "lengths.json").write_text(json.dumps(lengths), encoding="utf-8")


def _again(rows: Sequence[Record], count: int) -> Iterator[Record]:
    """The rows again and again, under other ids."""
    for number, row in enumerate(islice(cycle(rows), count)):
        yield row.model_copy(update={"id": f"q{number}"})


def _pairs(sides: Sequence[Example]) -> list[Pair]:
    """Each answer over the next one, as answers to the same question."""
    return [
        Pair(
            id=row.id,
            prompt=sides[0].prompt,
            chosen=row.answer,
            rejected=other.answer,
            chosen_flops=None,
            rejected_flops=None,
        )
        for row, other in zip(sides, [*sides[1:], sides[0]], strict=True)
    ]


def filling(tokenizer: Any, lengths: Sequence[int]) -> list[Example]:
    """An example of each length, in tokens with the prompt, or a few less: the shortest question of
    the sample data, with words of many answers.
    """
    found = training.examples(400)
    asked = min(found, key=lambda row: len(str(row.prompt)))
    words = tokenizer(" ".join(row.answer for row in found)).input_ids
    around = _tokens(tokenizer, asked.model_copy(update={"answer": "a"}))
    rows = []
    for number, length in enumerate(lengths):
        start = number * 997 % (len(words) - length)
        for left in range(max(length - around, 8), 0, -4):
            answer = tokenizer.decode(words[start : start + left])
            row = asked.model_copy(update={"id": f"q{number}", "answer": answer})
            if _tokens(tokenizer, row) <= length:
                rows.append(row)
                break
    return rows


def _tokens(tokenizer: Any, row: Record) -> int:
    """Of an example, or of both rows of a pair."""
    from meteor.models.encoding import encode_example

    if isinstance(row, Example):
        encoded = encode_example(tokenizer, row)
        return len(encoded.prompt) + len(encoded.answer)
    assert isinstance(row, Pair)
    both = (Example(id=row.id, prompt=row.prompt, answer=a) for a in (row.chosen, row.rejected))
    return sum(_tokens(tokenizer, each) for each in both)
