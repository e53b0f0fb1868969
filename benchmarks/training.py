"""How fast training is: `python -m benchmarks.training CHECKPOINT [ROWS]` from the project's root.

Answer tokens a second and peak memory of the two trainers of this project, beside plain loops of
the Hugging Face trainer as METEOR's authors have them: batch 1 or rows padded to the window, the
prompt in the loss, and in phase 3 a forward pass for each answer. The same model, rows, window,
precision and number of epochs (one); each in a process of its own, one after another.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from meteor.core.domain import Domain
from meteor.core.records import Example, Pair, Question
from meteor.core.settings import Schedule
from meteor.models.encoding import encode_fitting, load_model, load_tokenizer
from meteor.prompts import wording
from meteor.training.launching import environment, on_cpu
from meteor.training.process import Job
from plugins.pairwise import trl as pairwise
from plugins.sft import trl as sft
from plugins.source import meteor_json

WINDOW, BATCH, MARGIN = 512, 4, 0.1
SCHEDULE = Schedule(epochs=1, learning_rate=1e-5)


def examples(rows: int) -> list[Example]:
    """The first questions of the sample data with their accepted answers."""
    found = meteor_json.source_load(Path("data/sources/machine_learning"), meteor_json.MeteorJson())
    asked = [row for row in found if isinstance(row, Question) and row.answer]
    return [
        Example(id=row.id, prompt=wording.answer(Domain())(row), answer=str(row.answer))
        for row in asked[:: max(len(asked) // rows, 1)][:rows]
    ]


def pairs(rows: int) -> list[Pair]:
    """The accepted answer over that of another question."""
    found = examples(rows)
    return [
        Pair(
            id=row.id,
            prompt=row.prompt,
            chosen=row.answer,
            rejected=other.answer,
            chosen_flops=None,
            rejected_flops=None,
        )
        for row, other in zip(found, found[1:] + found[:1], strict=True)
    ]


def ours(checkpoint: Path, rows: int, of_pairs: bool) -> tuple[int, float]:
    """Answer tokens and seconds of this project's trainer."""
    folder = Path(tempfile.mkdtemp())
    job = Job(
        rows=folder,
        start=checkpoint,
        checkpoint=folder / "new",
        report=folder,
        schedule=SCHEDULE,
        params={},
        seed=7,
    )
    common: dict[str, Any] = {"batch_size": BATCH, "max_length": WINDOW, "too_long": "cut"}
    if of_pairs:
        report = pairwise.train(job, pairwise.Trl(**common, margin=MARGIN), pairs(rows))
    else:
        report = sft.train(job, sft.Trl(**common), examples(rows))
    assert report is not None
    return report.tokens, report.seconds


def plain(checkpoint: Path, rows: int, of_pairs: bool, padded: bool) -> tuple[int, float]:
    """Answer tokens and seconds of a plain loop; `padded` to the window in batches, or batch 1."""
    import torch
    from transformers import Trainer, TrainingArguments

    tokenizer = load_tokenizer(checkpoint)
    model = load_model(checkpoint, "float32", None)
    tokens = 0

    def row(example: Example) -> dict[str, Any]:
        nonlocal tokens
        encoded = encode_fitting(tokenizer, example, WINDOW)
        assert encoded is not None, f"{example.id} is too long for the comparison"
        tokens += len(encoded.answer)
        ids = encoded.prompt + encoded.answer
        padding = WINDOW - len(ids) if padded else 0
        mask = [1] * len(ids) + [0] * padding
        labels = ids + [-100] * padding
        ids = ids + [tokenizer.pad_token_id] * padding
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}

    class Ranking(Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            means = []
            for side in ("chosen", "rejected"):
                ids = inputs[f"{side}_input_ids"]
                mask = inputs[f"{side}_attention_mask"]
                logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].log_softmax(-1)
                means.append(logits.gather(-1, ids[:, 1:, None])[..., 0].mean(dim=1))
            return torch.relu(MARGIN - (means[0] - means[1])).mean()

    if of_pairs:
        data = [
            {
                f"{side}_{key}": value
                for side in ("chosen", "rejected")
                for key, value in row(
                    Example(id=pair.id, prompt=pair.prompt, answer=getattr(pair, side))
                ).items()
            }
            for pair in pairs(rows)
        ]
    else:
        data = [row(example) for example in examples(rows)]
    cpu = on_cpu(sft.Trl())
    with tempfile.TemporaryDirectory() as folder:
        trainer = (Ranking if of_pairs else Trainer)(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                learning_rate=SCHEDULE.learning_rate,
                per_device_train_batch_size=BATCH if padded else 1,
                gradient_accumulation_steps=1 if padded else BATCH,
                bf16=True,
                use_cpu=cpu,
                dataloader_pin_memory=not cpu,
                remove_unused_columns=False,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=data,
        )
        started = time.monotonic()
        trainer.train()
        return tokens, time.monotonic() - started


WAYS = {
    "sft, this project": lambda start, rows: ours(start, rows, of_pairs=False),
    "sft, plain, batch 1": lambda start, rows: plain(start, rows, of_pairs=False, padded=False),
    "sft, plain, padded": lambda start, rows: plain(start, rows, of_pairs=False, padded=True),
    "pairs, this project": lambda start, rows: ours(start, rows, of_pairs=True),
    "pairs, plain, batch 1": lambda start, rows: plain(start, rows, of_pairs=True, padded=False),
    "pairs, plain, padded": lambda start, rows: plain(start, rows, of_pairs=True, padded=True),
}


def peak_memory() -> int:
    """Bytes, on the GPU where there is one."""
    import torch

    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Run all ways, each in a process of its own, or the one that is named."""
    checkpoint, rows, *way = sys.argv[1:] if len(sys.argv) > 2 else [sys.argv[1], "16"]
    if way:
        tokens, seconds = WAYS[way[0]](Path(checkpoint), int(rows))
        print(json.dumps({"tokens": tokens, "seconds": seconds, "memory": peak_memory()}))
        return
    print(f"{'':24}{'answer tokens':>14}{'seconds':>9}{'tokens/s':>10}{'peak GiB':>10}")
    for name in WAYS:
        command = [sys.executable, "-m", "benchmarks.training", checkpoint, rows, name]
        env = environment(sft.Trl()) if "this project" in name else dict(os.environ)
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
        got = json.loads(done.stdout.splitlines()[-1])
        rate, memory = got["tokens"] / got["seconds"], got["memory"] / 2**30
        print(f"{name:24}{got['tokens']:14}{got['seconds']:9.1f}{rate:10.1f}{memory:10.2f}")


if __name__ == "__main__":
    main()
