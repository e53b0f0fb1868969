"""Supervised fine-tuning: what is learned from, and what comes out."""

from pathlib import Path

import pytest

from meteor.core.records import Completion
from meteor.core.settings import Decoding
from plugins.student import transformers as student
from tests.training.finetuning import (
    ALIKE,
    EXAMPLES,
    answer_loss,
    answer_losses,
    by_hand,
    example,
    mean,
    train,
    weights,
)
from tests.training.trained import STILL, digest


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_loss_is_of_the_answers_and_their_ends_only(
    tiny_checkpoint: Path, tmp_path: Path, method: str
) -> None:
    """Not of the prompts, not of padding, not of what the template writes after a turn."""
    report, _ = train(tiny_checkpoint, tmp_path, EXAMPLES, method=method)
    assert report.steps[0].loss == pytest.approx(answer_loss(tiny_checkpoint, EXAMPLES), abs=2e-3)
    assert report.tokens == sum(len(answer_losses(tiny_checkpoint, row)) for row in EXAMPLES)

    whole = mean([loss for row in EXAMPLES for loss in by_hand(tiny_checkpoint, row)])
    endless = mean([x for row in EXAMPLES for x in answer_losses(tiny_checkpoint, row)[:-1]])
    assert abs(report.steps[0].loss - whole) > 5e-3, "would not tell the prompt's loss apart"
    assert abs(report.steps[0].loss - endless) > 5e-3, "would not tell the end of turn apart"


@pytest.mark.parametrize(
    ("batch_size", "accumulation", "steps"), [(1, 1, 4), (3, 1, 2), (1, 3, 2), (4, 1, 1), (8, 1, 1)]
)
def test_every_row_is_learned_from_once_an_epoch(
    tiny_checkpoint: Path, tmp_path: Path, batch_size: int, accumulation: int, steps: int
) -> None:
    """At every batch size, the last batch with what is left included."""
    report, _ = train(
        tiny_checkpoint,
        tmp_path,
        ALIKE,
        learning_rate=STILL,
        batch_size=batch_size,
        accumulation=accumulation,
    )
    assert (report.rows, report.dropped, report.epochs) == (4, 0, 1)
    assert [step.step for step in report.steps] == list(range(1, steps + 1))
    full = min(batch_size * accumulation, 4)
    sizes = [full] * (4 // full) + ([4 % full] if 4 % full else [])
    total = sum(size * step.loss for size, step in zip(sizes, report.steps, strict=True))
    assert total / 4 == pytest.approx(answer_loss(tiny_checkpoint, ALIKE), abs=1e-3)


def test_one_step_changes_the_weights(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As many rows as a batch, one epoch, the plugin's own warmup: as after the last accepted
    answers of a round.
    """
    report, out = train(tiny_checkpoint, tmp_path, EXAMPLES)
    assert len(report.steps) == 1
    assert answer_loss(out, EXAMPLES) < answer_loss(tiny_checkpoint, EXAMPLES)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_loss_falls_and_the_weights_move(
    tiny_checkpoint: Path, tmp_path: Path, method: str
) -> None:
    """All of them, or those of the linear layers alone; the new checkpoint is an ordinary one."""
    report, out = train(tiny_checkpoint, tmp_path, EXAMPLES, epochs=8, method=method)
    losses = [step.loss for step in report.steps]
    assert losses[-1] < losses[0] - 0.1
    assert answer_loss(out, EXAMPLES) < losses[0] - 0.1
    before, after = weights(tiny_checkpoint), weights(out)
    assert before.keys() == after.keys()
    moved = {key for key in before if not bool((before[key] == after[key]).all())}
    linear = {key for key in before if key.endswith("_proj.weight")}
    assert moved == (before.keys() if method == "full" else linear)
    assert not list(out.glob("adapter*"))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_memorised_answer_ends(tiny_checkpoint: Path, tmp_path: Path, dtype: str) -> None:
    """The model gives it word for word and then stops, in the precision that it was written in."""
    row = EXAMPLES[0]
    _, out = train(tiny_checkpoint, tmp_path, [row], 60, learning_rate=1e-2, dtype=dtype)
    settings = student.Transformers(device="cpu", dtype=dtype)
    decoding = Decoding(max_new_tokens=40)
    (said,) = student.student_generate([row.prompt], out, decoding, settings, 0, ())
    assert isinstance(said, Completion)
    assert (said.text, said.finish_reason) == (row.answer, "stop")
    assert {str(tensor.dtype) for tensor in weights(out).values()} == {f"torch.{dtype}"}


@pytest.mark.parametrize("method", ["full", "lora"])
def test_the_seed_decides_every_byte_and_the_start_is_left_alone(
    tiny_checkpoint: Path, tmp_path: Path, method: str
) -> None:
    before = digest(tiny_checkpoint)
    runs = [("one", 7), ("same", 7), ("other", 8)]
    one, same, other = (
        digest(
            train(
                tiny_checkpoint,
                tmp_path / name,
                EXAMPLES,
                epochs=2,
                seed=seed,
                method=method,
                batch_size=1,
            )[1]
        )
        for name, seed in runs
    )
    assert one == same
    assert one["model.safetensors"] != other["model.safetensors"]
    assert digest(tiny_checkpoint) == before


def test_the_weights_of_the_lowest_held_out_loss_are_kept(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Held-out rows are looked at and not learned from; training ends when they get less likely."""
    held_out = [example(20, "Never mind, ask somebody else."), example(21, "Why ask?")]
    report, out = train(
        tiny_checkpoint,
        tmp_path,
        ALIKE,
        epochs=40,
        learning_rate=3e-2,
        held_out=held_out,
        eval_steps=2,
        patience=2,
        scheduler="constant",
        warmup=0,
    )
    losses = [step.loss for step in report.held_out]
    best = losses.index(min(losses))
    assert len(losses) == best + 3, "two looks after the best one"
    assert len(report.steps) == report.due == 2 * len(losses) < 40
    batches = [answer_loss(out, [row]) for row in held_out]
    assert answer_loss(out, held_out) == pytest.approx(losses[best], abs=0.05), batches
    assert not (tmp_path / "checkpoint" / "optimizer.pt").exists()


def test_the_last_step_is_looked_at_too(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Or the weights of the last steps would be given up, though they are the best."""
    report, out = train(tiny_checkpoint, tmp_path, ALIKE, 5, held_out=ALIKE[:1], eval_steps=2)
    assert [step.step for step in report.held_out] == [2, 4, 5]
    assert answer_loss(out, ALIKE[:1]) == pytest.approx(report.held_out[-1].loss, abs=1e-3)


def test_adapters_are_kept_beside_the_merged_weights(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Also where the frozen weights were in bf16 meanwhile: they are merged into those of the
    start, which are not rounded.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    lora = {"base": "bfloat16", "keep_adapter": True}
    _, out = train(tiny_checkpoint, tmp_path, EXAMPLES, 4, method="lora", lora=lora)
    start = AutoModelForCausalLM.from_pretrained(tiny_checkpoint)
    merged = PeftModel.from_pretrained(start, out / "adapter").merge_and_unload()
    for name, weight in weights(out).items():
        assert bool((merged.state_dict()[name] == weight).all())
        if not name.endswith("_proj.weight"):
            assert bool((weights(tiny_checkpoint)[name] == weight).all())
    assert answer_loss(out, EXAMPLES) < answer_loss(tiny_checkpoint, EXAMPLES) - 0.1


def test_a_training_says_what_it_took(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """FLOPs: six for each weight and token, and the attention, in two epochs."""
    report, _ = train(tiny_checkpoint, tmp_path, EXAMPLES, epochs=2)
    tokens = [len(by_hand(tiny_checkpoint, row)) + 1 for row in EXAMPLES]
    parameters = sum(tensor.numel() for tensor in weights(tiny_checkpoint).values())
    attention = sum(3 * 4 * 2 * 64 * n * (n + 1) / 2 for n in tokens)
    usage = report.usage
    assert usage is not None
    assert usage.flops == pytest.approx(2 * (6 * parameters * sum(tokens) + attention))
    assert usage.peak_memory > 100_000_000, "the libraries alone take more"
    assert (usage.processes, usage.mfu, usage.resumed_at) == (1, None, 0)
    assert usage.device.startswith("cpu")
    assert {"torch", "transformers", "trl"} <= usage.versions.keys()
