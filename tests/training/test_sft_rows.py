"""Fine-tuning: rows that are too long, and what cannot be learned from at all."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.models.encoding import encode_fitting, load_tokenizer
from tests.training.finetuning import (
    ALIKE,
    ANSWERS,
    EXAMPLES,
    answer_loss,
    answer_losses,
    example,
    train,
)


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
