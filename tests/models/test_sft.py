"""Supervised fine-tuning: what is learned from, on which rows, and what comes out."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from meteor import prompts
from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.records import Completion, Example, Question
from meteor.core.settings import Decoding
from meteor.encoding import encode_fitting, load_tokenizer
from meteor.training import Report
from plugins.sft import trl as sft
from plugins.student import transformers as student
from tests.models.trained import FP32, STILL, digest, job


def example(number: int, answer: str, body: str = "") -> Example:
    question = Question(
        id=f"q{number}", title=f"What is concept {number}?", body=body or "It is new. " * number
    )
    return Example(id=question.id, prompt=prompts.answer(question), answer=answer)


ANSWERS = [
    "A thing that one learns.",
    "It is useful.",
    "Yes, often it is so in deep learning.",
    "No",
]
EXAMPLES = [example(number, answer) for number, answer in enumerate(ANSWERS)]
ALIKE = [example(number, ANSWERS[0]) for number in range(4)]


def train(
    start: Path,
    folder: Path,
    examples: list[Example],
    epochs: float = 1,
    learning_rate: float = 5e-3,
    seed: int = 7,
    held_out: Sequence[Example] = (),
    **params: Any,
) -> tuple[Report, Path]:
    """Train in this process, in fp32; the report, and the new checkpoint in `folder`."""
    told = job(start, folder, epochs, learning_rate, seed)
    if held_out:
        told = told.model_copy(update={"held_out": folder / "held_out.jsonl"})
        write_records(folder / "held_out.jsonl", held_out)
    report = sft.train(told, sft.Trl(**{**FP32, "batch_size": 4, **params}), examples)
    assert report is not None
    return report, told.checkpoint


def by_hand(checkpoint: Path, row: Example) -> list[float]:
    """Negative log-likelihood of each token of the whole chat but the first; the answer's and
    its end of turn's come last.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    chat = (
        f"<|im_start|>user\n{row.prompt.messages[0].content}<|im_end|>\n"
        f"<|im_start|>assistant\n{row.answer}<|im_end|>"
    )
    ids = torch.tensor(tokenizer(chat, add_special_tokens=False)["input_ids"])
    with torch.inference_mode():
        likely = model(ids[None]).logits[0, :-1].log_softmax(-1)
    return [-float(x) for x in likely.gather(1, ids[1:, None])[:, 0]]


def answer_losses(checkpoint: Path, row: Example) -> list[float]:
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(checkpoint)(row.answer, add_special_tokens=False)
    return by_hand(checkpoint, row)[-len(ids["input_ids"]) - 1 :]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def answer_loss(checkpoint: Path, examples: list[Example]) -> float:
    return mean([loss for row in examples for loss in answer_losses(checkpoint, row)])


def weights(checkpoint: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(checkpoint / "model.safetensors"))


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


def test_a_long_question_is_shortened_and_learned_from(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Its body, not its answer, and with the others it makes one more row."""
    long = example(9, ANSWERS[2], body="I read about it. " * 200)
    report, _ = train(tiny_checkpoint, tmp_path, [*EXAMPLES, long], max_length=120)
    assert (report.rows, report.dropped) == (5, 0)
    learned = [*EXAMPLES, EXAMPLES[2]]
    assert report.tokens == sum(len(answer_losses(tiny_checkpoint, row)) for row in learned)


TOO_LONG = example(9, "It is a thing that one learns. " * 20)


def cut(sentences: int) -> str:
    return ("It is a thing that one learns. " * sentences).strip()


def test_an_answer_that_is_too_long_fails_by_name(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(MeteorError, match=r"q9: .*sft\.trl\.max_length \(120\)"):
        train(tiny_checkpoint, tmp_path, [*EXAMPLES, TOO_LONG], max_length=120)


def test_an_answer_that_is_too_long_is_dropped_and_counted(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Never silently cut, which would teach the model to break off."""
    report, _ = train(
        tiny_checkpoint, tmp_path, [*EXAMPLES, TOO_LONG], max_length=120, too_long="drop"
    )
    assert (report.rows, report.dropped) == (4, 1)
    assert report.steps[0].loss == pytest.approx(answer_loss(tiny_checkpoint, EXAMPLES), abs=2e-3)


def test_an_answer_that_is_too_long_is_cut_after_a_sentence_and_counted(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """As many whole sentences as fit, and then the end of turn."""
    report, _ = train(tiny_checkpoint, tmp_path, [TOO_LONG], max_length=120, too_long="cut")
    assert (report.rows, report.dropped, report.shortened) == (1, 0, 1)
    fits = [
        row
        for row in (TOO_LONG.model_copy(update={"answer": cut(n)}) for n in range(1, 21))
        if encode_fitting(load_tokenizer(tiny_checkpoint), row, 120)
    ]
    assert 1 < len(fits) < 19
    assert report.tokens == len(answer_losses(tiny_checkpoint, fits[-1]))

    endless = TOO_LONG.model_copy(update={"answer": "and so on " * 80})
    report, _ = train(
        tiny_checkpoint, tmp_path / "endless", [*ALIKE, endless], max_length=120, too_long="cut"
    )
    assert (report.rows, report.dropped, report.shortened) == (4, 1, 0)


def test_packed_rows_do_not_see_each_other(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Two or three rows one after another without padding: the same loss as each for itself."""
    report, _ = train(
        tiny_checkpoint, tmp_path, EXAMPLES, batches="packed", max_length=300, batch_size=8
    )
    assert len(report.steps) == 1
    assert report.steps[0].loss == pytest.approx(answer_loss(tiny_checkpoint, EXAMPLES), abs=2e-3)


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


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    start = tmp_path / "start"
    shutil.copytree(tiny_checkpoint, start)
    tokenizer = AutoTokenizer.from_pretrained(start)
    tokenizer.add_tokens(["<|new|>"])
    tokenizer.save_pretrained(start)
    with pytest.raises(MeteorError, match="the tokenizer has 501 tokens, the model embeds 500"):
        train(start, tmp_path, EXAMPLES)


def test_how_attention_is_computed_changes_no_loss(tiny_checkpoint: Path, tmp_path: Path) -> None:
    losses = [
        train(tiny_checkpoint, tmp_path / name, EXAMPLES, 2, attention=name)[0].steps[-1].loss
        for name in ("sdpa", "eager")
    ]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    with pytest.raises(MeteorError, match=r"no model can be loaded: .*[Ff]lash"):
        train(tiny_checkpoint, tmp_path, EXAMPLES, attention="flash_attention_2")


@pytest.mark.parametrize("params", [{"precision": "fp16"}, {"liger": True}])
def test_what_needs_a_gpu_is_refused_without_one(
    tiny_checkpoint: Path, tmp_path: Path, params: dict[str, Any]
) -> None:
    with pytest.raises(MeteorError, match="need a GPU"):
        train(tiny_checkpoint, tmp_path, EXAMPLES, **params)


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


def test_nothing_left_to_learn_from_is_an_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(MeteorError, match="max_length"):
        train(tiny_checkpoint, tmp_path, [TOO_LONG], max_length=120, too_long="drop")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<|im_end|>\n", "\n", "does not end a turn"),
        ("{% for message", "{{ messages | length }}{% for message", "changes the prompt"),
    ],
)
def test_a_template_that_hides_where_answers_begin_or_end_is_refused(
    tiny_checkpoint: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    """It would teach the prompt, or never to stop."""
    start = tmp_path / "start"
    shutil.copytree(tiny_checkpoint, start)
    template = start / "chat_template.jinja"
    assert old in template.read_text()
    template.write_text(template.read_text().replace(old, new))
    with pytest.raises(MeteorError, match=said):
        train(start, tmp_path, EXAMPLES)
