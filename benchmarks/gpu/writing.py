"""Writing and weighing by the student plugin `transformers`: how fast, and whether a GPU gives what
the CPU gives, adapters what merged weights give, and 4-bit weights anything.
"""

import math
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import training
from benchmarks.gpu.shapes import size_of
from meteor.core.jsonl import read_records
from meteor.core.records import Completion, Example, Likelihood, Prompt
from meteor.core.settings import Decoding, Schedule
from plugins.sft import trl as sft
from plugins.student.transformers import Transformers, student_generate, student_score

SEED = 7
QUESTIONS = 20


def prompts(count: int) -> list[Prompt]:
    """What the sample questions ask, again under other ids where there are too few."""
    found = [row.prompt for row in training.examples(count)]
    return [
        found[number % len(found)].model_copy(update={"id": f"q{number}"})
        for number in range(count)
    ]


def generate(work: Path) -> Iterator[dict[str, Any]]:
    """Tokens a second of the 0.5B model; the first batch, before which it is loaded, is left out
    of the rate.
    """
    import torch

    size, checkpoint = size_of(work), work / "models" / "0.5b"
    largest, few = size.largest, max(size.largest // 16, 2)
    sampled = {"strategy": "sample", "temperature": 0.7}
    for name, dtype, width, batches, how in (
        ("greedy", "bfloat16", few, 3, {}),
        ("greedy", "bfloat16", 4 * few, 2, {}),
        ("greedy", "bfloat16", largest, 2, {}),
        ("sample", "bfloat16", 4 * few, 2, sampled),
        ("mbr-8", "bfloat16", largest, 2, {"strategy": "mbr", "samples": 8}),
        ("greedy", "float32", 4 * few, 2, {}),
        ("beam-10", "bfloat16", largest, 2, {"strategy": "beam", "num_beams": 10}),
    ):
        decoding = Decoding(max_new_tokens=size.written, **how)
        rows = max(width // decoding.width, 1) * batches
        params = Transformers(dtype=dtype, batch_size=width, batch_tokens=width * 4096)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        yield {
            "what": name,
            "dtype": dtype,
            "batch_size": width,
            **_rate(prompts(rows), checkpoint, decoding, params, rows // batches),
            "peak_gib": _peak(),
        }
    yield _weighed(work, checkpoint)


def _rate(
    asked: Sequence[Prompt], checkpoint: Path, decoding: Decoding, params: Transformers, first: int
) -> dict[str, Any]:
    begun, at, tokens = time.monotonic(), list[float](), list[int]()
    for row in student_generate(asked, checkpoint, decoding, params, SEED, ()):
        assert isinstance(row, Completion), row
        at.append(time.monotonic())
        # of each text that is written side by side, about as many
        tokens.append(row.completion_tokens * decoding.width)
    return {
        "tokens": sum(tokens),
        "tokens_per_second": round(sum(tokens[first:]) / (at[-1] - at[first - 1])),
        "seconds": round(at[-1] - begun, 1),
    }


def _weighed(work: Path, checkpoint: Path) -> dict[str, Any]:
    rows = list(read_records(work / "rows" / "mixed.jsonl", Example))[:96]
    params = Transformers(dtype="bfloat16", batch_size=16)
    begun, weighed = time.monotonic(), list[tuple[float, int]]()
    for row in student_score(rows, checkpoint, params, ()):
        assert isinstance(row, Likelihood), row
        weighed.append((time.monotonic(), row.tokens))
    half = len(weighed) // 2
    seconds = weighed[-1][0] - weighed[half - 1][0]
    return {
        "what": "likelihoods",
        "dtype": "bfloat16",
        "answer_tokens_per_second": round(sum(tokens for _, tokens in weighed[half:]) / seconds),
        "seconds": round(weighed[-1][0] - begun, 1),
    }


def equality(base: Path) -> Iterator[dict[str, Any]]:
    """Greedy texts and likelihoods of the base checkpoint in fp32, on the GPU and on the CPU."""
    rows = training.examples(QUESTIONS)
    asked = [row.prompt for row in rows]
    decoding = Decoding(max_new_tokens=48)
    texts: dict[str, list[str]] = {}
    losses: dict[str, list[float]] = {}
    for device in ("auto", "cpu"):
        params = Transformers(device=device, dtype="float32", window=1024)
        completions = student_generate(asked, base, decoding, params, SEED, ())
        texts[device] = [f"{row.id} {row.text}" for row in _sorted(completions)]
        weighed = student_score(rows, base, params, ())
        losses[device] = [row.nll / row.tokens for row in _sorted(weighed)]
    apart = [abs(one - other) for one, other in zip(losses["auto"], losses["cpu"], strict=True)]
    same = sum(one == other for one, other in zip(texts["auto"], texts["cpu"], strict=True))
    yield {
        "questions": len(texts["cpu"]),
        "same_texts": same,
        "likelihoods": len(apart),
        "largest_difference_nats_a_token": max(apart),
        "within_1e-3": max(apart) <= 1e-3,
        "a_text": texts["auto"][0][:80],
    }


def _sorted(rows: Any) -> list[Any]:
    return sorted((row for row in rows if not hasattr(row, "error")), key=lambda row: row.id)


def nf4(work: Path) -> Iterator[dict[str, Any]]:
    """The weights as a training with `lora.base: nf4` loads them: what they take, and what they
    write.
    """
    from transformers import GenerationConfig

    from meteor.generation.decoding import Batch, Writer
    from meteor.models.encoding import load_tokenizer, prompt_ids
    from meteor.models.flops import shape_of
    from meteor.training import checkpoint
    from meteor.training.jobs import Job

    start = work / "models" / "0.5b"
    job = Job(
        rows=work,
        start=start,
        checkpoint=work,
        report=work,
        schedule=Schedule(epochs=1, learning_rate=1e-5),
        params={},
        seed=SEED,
    )
    model = checkpoint.load(job, sft.Trl(method="lora", lora={"base": "nf4"})).eval()
    model.generation_config = GenerationConfig()
    tokenizer = load_tokenizer(start)
    writer = Writer(Decoding(max_new_tokens=8), Transformers(dtype="bfloat16"), None)
    writer.tokenizer, writer.model = tokenizer, model
    batch = Batch(SEED, tuple((row.id, prompt_ids(tokenizer, row)) for row in prompts(4)))
    rows = list(writer.write(batch))
    yield {
        "rows": len(rows),
        "tokens": sum(row.completion_tokens for row in rows),
        "parameters": shape_of(model).parameters,
        "bytes": model.get_memory_footprint(),
        "peak_gib": _peak(),
    }


def adapter(work: Path) -> Iterator[dict[str, Any]]:
    """Logits of an adapter that was just learned: on top of its base, merged when it is loaded, and
    as `meteor export --merge` writes it.
    """
    import torch

    from meteor.commands.export import write_merged
    from meteor.models.adapters import over
    from meteor.models.encoding import load_model, load_tokenizer, prompt_ids

    size, base = size_of(work), work / "models" / "0.5b"
    out, merged = work / "models" / "adapter-out", work / "models" / "merged-out"
    rows = list(read_records(work / "rows" / "equal.jsonl", Example))[: size.batch(4) * 4]
    params = sft.Trl(
        method="lora",
        checkpoint="adapter",
        batch_size=size.batch(4),
        max_length=size.window,
        save_steps=None,
    )
    schedule = Schedule(epochs=1, learning_rate=1e-3)
    sft.sft_train(
        examples=rows, held_out=(), start=base, out=out, schedule=schedule, params=params, seed=SEED
    )
    write_merged(out, merged, "float32")
    ids = torch.tensor([prompt_ids(load_tokenizer(base), prompts(1)[0])])
    logits = []
    with torch.inference_mode():
        for model in (
            load_model(base, "float32", "auto"),
            over(load_model(base, "float32", "auto"), out),
            load_model(out, "float32", "auto"),
            load_model(merged, "float32", "auto"),
        ):
            logits.append(model(input_ids=ids.to(model.device)).logits.float().cpu())
            del model
    plain, on_top, loaded, exported = logits
    yield {
        "learned": _apart(plain, on_top),
        "on_top_and_loaded": _apart(on_top, loaded),
        "loaded_and_exported": _apart(loaded, exported),
        "same_next_token": bool((on_top.argmax(-1) == exported.argmax(-1)).all()),
        "adapter_mb": _size(out),
        "merged_mb": _size(merged),
    }
    shutil.rmtree(out)
    shutil.rmtree(merged)


def _apart(one: Any, other: Any) -> float:
    return float((one - other).abs().max())


def _size(folder: Path) -> float:
    return round(math.fsum(file.stat().st_size for file in folder.iterdir()) / 1e6, 2)


def _peak() -> float | None:
    """GiB on the GPU."""
    import torch

    if not torch.cuda.is_available():
        return None
    return round(float(torch.cuda.max_memory_allocated()) / 2**30, 2)
