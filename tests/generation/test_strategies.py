"""Best-of-n and minimum Bayes risk with the transformers student: what is kept, what it costs."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import Domain
from meteor.core.records import Completion, Prompt, Question
from meteor.core.settings import Decoding
from meteor.generation import decoding as generation
from meteor.generation.selection import Sample, select
from meteor.models.encoding import load_model, load_tokenizer, prompt_ids
from meteor.models.flops import generation_flops, shape_of
from meteor.prompts import wording
from plugins.student import transformers as student

SAMPLES = 4
ASKED = [
    wording.answer(Domain())(Question(id=f"q{number}", title=f"What is {'very ' * number}deep?"))
    for number in range(3)
]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[Sample]]:
    """The samples of each answer, as the selection saw them."""
    seen: list[list[Sample]] = []

    def watch(samples: list[Sample], strategy: str) -> Sample:
        seen.append(samples)
        return select(samples, strategy)

    monkeypatch.setattr(generation, "select", watch)
    return seen


def decoding(strategy: str, **changes: Any) -> Decoding:
    return Decoding.model_validate(
        {"strategy": strategy, "samples": SAMPLES, "max_new_tokens": 16, "top_k": 0, **changes}
    )


def write(
    checkpoint: Path, how: Decoding, batch_size: int = 12, done: Collection[str] = ()
) -> dict[str, Completion]:
    settings = student.Transformers(dtype="float32", device="cpu", batch_size=batch_size)
    rows = student.student_generate(ASKED, checkpoint, how, settings, 7, done)
    return {row.id: row for row in rows if isinstance(row, Completion)}


def mean_log_likelihood(checkpoint: Path, prompt: Prompt, text_ids: list[int]) -> float:
    """By one forward pass over the prompt and the answer."""
    import torch

    model = load_model(checkpoint, "float32", "cpu")
    asked = prompt_ids(load_tokenizer(checkpoint), prompt)
    with torch.inference_mode():
        logits = model(torch.tensor([asked + text_ids])).logits[0, len(asked) - 1 : -1]
    likely = logits.log_softmax(-1).gather(1, torch.tensor(text_ids)[:, None])
    return float(likely.mean())


@pytest.mark.parametrize("strategy", ["best_of", "mbr"])
def test_one_sample_of_several_is_kept_and_all_are_paid_for(
    lively: Path, drawn: list[list[Sample]], strategy: str
) -> None:
    rows = write(lively, decoding(strategy))
    assert len(drawn) == len(rows) == len(ASKED)
    model, tokenizer = load_model(lively, "float32", "cpu"), load_tokenizer(lively)
    lengths = {prompt.id: len(prompt_ids(tokenizer, prompt)) for prompt in ASKED}
    order = sorted(rows, key=lambda i: -lengths[i])
    for identifier, samples in zip(order, drawn, strict=True):
        row = rows[identifier]
        assert len(samples) == SAMPLES and len({sample.text for sample in samples}) > 1
        assert row.text in [sample.text for sample in samples]
        assert row.completion_tokens in [s.tokens for s in samples if s.text == row.text]
        assert row.flops == sum(
            generation_flops(shape_of(model), lengths[identifier], sample.tokens)
            for sample in samples
        )


def test_best_of_keeps_what_the_model_itself_finds_likeliest(
    lively: Path, drawn: list[list[Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured before temperature and top-p, on the tokens up to the end of the turn."""
    written: list[Any] = []

    def load(*arguments: Any) -> Any:
        model = load_model(*arguments)
        generate = model.generate

        def note(**how: Any) -> Any:
            written.append(generate(**how))
            return written[-1]

        model.generate = note
        return model

    monkeypatch.setattr(generation, "load_model", load)
    kept = write(lively, decoding("best_of", temperature=3.0, top_p=0.8))
    tokenizer, (output,) = load_tokenizer(lively), written
    asked = sorted(ASKED, key=lambda prompt: -len(prompt_ids(tokenizer, prompt)))
    begins = len(prompt_ids(tokenizer, asked[0]))
    rows = iter(output[:, begins:].tolist())
    for prompt, samples in zip(asked, drawn, strict=True):
        for sample in samples:
            expected = mean_log_likelihood(lively, prompt, next(rows)[: sample.tokens])
            assert sample.likelihood == pytest.approx(expected, abs=1e-4)
        good = [sample for sample in samples if sample.whole and sample.text] or samples
        assert kept[prompt.id].text == max(good, key=lambda sample: sample.likelihood).text
    assert {sample.whole for samples in drawn for sample in samples} == {True, False}


@pytest.mark.parametrize("strategy", ["best_of", "mbr"])
def test_the_seed_alone_decides_what_is_drawn(lively: Path, strategy: str) -> None:
    first = {i: row.text for i, row in write(lively, decoding(strategy), 4).items()}
    assert first == {i: row.text for i, row in write(lively, decoding(strategy), 4).items()}


def test_batches_that_are_done_are_left_out_and_the_others_stay_as_they_were(lively: Path) -> None:
    """So that a run that was killed samples on as an undisturbed one. A batch holds two here."""
    whole = write(lively, decoding("sample"), 2)
    rest = write(lively, decoding("sample"), 2, done={"q2", "q1"})
    assert list(rest) == ["q0"] and rest["q0"] == whole["q0"]
    assert write(lively, decoding("sample"), 2, done={"q2"}) == whole


@pytest.mark.parametrize("limit", [1, 140, 10_000])
def test_a_batch_holds_no_more_tokens_than_allowed(
    lively: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """With padding and answers at their longest; a prompt that is longer has a batch of its own."""
    shapes: list[tuple[int, int]] = []

    def load(*arguments: Any) -> Any:
        model = load_model(*arguments)
        generate = model.generate

        def note(**how: Any) -> Any:
            shapes.append(tuple(how["input_ids"].shape))
            return generate(**how)

        model.generate = note
        return model

    monkeypatch.setattr(generation, "load_model", load)
    settings = student.Transformers(dtype="float32", device="cpu", batch_tokens=limit)
    how = Decoding(max_new_tokens=8)
    rows = list(student.student_generate(ASKED, lively, how, settings, 7, ()))
    assert {row.id for row in rows} == {prompt.id for prompt in ASKED}
    assert sum(count for count, _ in shapes) == len(ASKED)
    assert all(count == 1 or count * (length + 8) <= limit for count, length in shapes)
    assert len(shapes) == {1: 3, 140: 2, 10_000: 1}[limit]
