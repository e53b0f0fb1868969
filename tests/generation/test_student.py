"""The transformers student: decoding as told, whatever the batch, the window, the checkpoint."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from meteor.core.domain import PLAIN
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt, Question
from meteor.core.settings import Decoding
from meteor.models.encoding import fit_prompt, load_tokenizer, prompt_ids
from meteor.models.fitting import ELLIPSIS
from meteor.prompts import wording
from plugins.student import transformers as student
from tests.conftest import STOPS

GREEDY = Decoding(max_new_tokens=24)
SAMPLE = Decoding(strategy="sample", max_new_tokens=24)
BEAM = Decoding(strategy="beam", max_new_tokens=24, num_beams=3)


@pytest.fixture
def copy(lively: Path, tmp_path: Path) -> Path:
    """A lively checkpoint that a test may change."""
    return Path(shutil.copytree(lively, tmp_path / "copy"))


def question(number: int, title: str = "", body: str | None = None) -> Question:
    """Questions of ever greater length."""
    return Question(
        id=f"q{number}",
        title=title or f"What is {'very ' * number}deep learning?",
        body="I read about it. " * number if body is None else body,
        category="dl",
    )


ASKED = [wording.answer(PLAIN)(question(number)) for number in range(8)]


def generate(
    checkpoint: Path,
    decoding: Decoding = GREEDY,
    asked: list[Prompt] = ASKED,
    seed: int = 7,
    **params: Any,
) -> dict[str, Completion | Failed]:
    settings = student.Transformers(**{"dtype": "float32", "device": "cpu", **params})
    rows = student.student_generate(asked, checkpoint, decoding, settings, seed, ())
    return {row.id: row for row in rows}


def texts(rows: dict[str, Completion | Failed]) -> list[str]:
    return [row.text for _, row in sorted(rows.items()) if isinstance(row, Completion)]


def score(
    checkpoint: Path, examples: list[Example], done: Collection[str] = (), **params: Any
) -> list[Likelihood | Failed]:
    settings = student.Transformers(dtype="float32", device="cpu", **params)
    return list(student.student_score(examples, checkpoint, settings, done))


def chat(prompt: Prompt) -> str:
    """The prompt as the template of the fixture writes it."""
    return f"<|im_start|>user\n{prompt.messages[0].content}<|im_end|>\n<|im_start|>assistant\n"


def load(checkpoint: Path) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    return AutoTokenizer.from_pretrained(checkpoint), model


def likeliest(checkpoint: Path, prompt: Prompt, count: int) -> tuple[Any, list[int], list[int]]:
    """Greedy decoding by hand: tokenizer, ids of the prompt, ids written up to the end of turn."""
    import torch

    tokenizer, model = load(checkpoint)
    asked = tokenizer(chat(prompt), add_special_tokens=False)["input_ids"]
    written: list[int] = []
    with torch.inference_mode():
        while len(written) < count and not set(STOPS).intersection(written):
            written.append(int(model(torch.tensor([asked + written])).logits[0, -1].argmax()))
    return tokenizer, asked, written


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_greedy_is_the_likeliest_token_each_time_at_every_batch_size(
    lively: Path, batch_size: int
) -> None:
    """Through the chat template, with no trace of padding or of the prompt in the answer."""
    rows = generate(lively, batch_size=batch_size)
    reasons = []
    for prompt in ASKED:
        row = rows[prompt.id]
        assert isinstance(row, Completion)
        tokenizer, asked, written = likeliest(lively, prompt, GREEDY.max_new_tokens)
        stopped = written[-1] in STOPS
        assert row.text == tokenizer.decode(written[: -1 if stopped else None]).strip()
        assert (row.prompt_tokens, row.completion_tokens) == (len(asked), len(written))
        assert row.finish_reason == ("stop" if stopped else "length")
        reasons.append(row.finish_reason)
    assert set(reasons) == {"stop", "length"}, "the fixture should show both ends"


@pytest.mark.parametrize(
    ("most", "reason", "tokens"), [(24, "stop", 6), (6, "stop", 6), (5, "length", 5)]
)
def test_the_tokenizers_end_of_sequence_ends_a_turn(
    lively: Path, copy: Path, most: int, reason: str, tokens: int
) -> None:
    """Also where the model's own configs name none; it is counted and not shown, and at the very
    limit it is still the model's own end.
    """
    from safetensors.torch import load_file, save_file

    tries = ((number, *likeliest(lively, ASKED[number], 24)) for number in range(8))
    number, tokenizer, _, written = next(t for t in tries if t[3][6:] and t[3].index(t[3][5]) == 5)
    weights = load_file(copy / "model.safetensors")
    swapped = [written[5], tokenizer.eos_token_id]
    weights["lm_head.weight"][swapped] = weights["lm_head.weight"][swapped[::-1]]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    for name in ("config.json", "generation_config.json"):
        own = {**json.loads((copy / name).read_text()), "eos_token_id": None}
        (copy / name).write_text(json.dumps(own))
    row = generate(copy, GREEDY.model_copy(update={"max_new_tokens": most}))[f"q{number}"]
    assert isinstance(row, Completion)
    assert (row.finish_reason, row.completion_tokens) == (reason, tokens)
    assert row.text == tokenizer.decode(written[:5]).strip()


def test_sampling_repeats_under_its_seed_alone(lively: Path) -> None:
    import torch

    torch.manual_seed(1)
    first = generate(lively, SAMPLE)
    torch.manual_seed(2)
    assert generate(lively, SAMPLE) == first
    assert texts(generate(lively, SAMPLE, seed=8)) != texts(first)
    assert texts(generate(lively)) != texts(first)


def test_each_batch_draws_numbers_of_its_own(lively: Path) -> None:
    """The same question in two batches is not answered with the same words."""
    twins = [wording.answer(PLAIN)(question(n, "What is learning?", "")) for n in range(2)]
    one, two = texts(generate(lively, SAMPLE, twins, batch_size=1))
    assert one != two


@pytest.mark.parametrize("narrow", [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}])
def test_sampling_settings_are_used(lively: Path, narrow: dict[str, Any]) -> None:
    """With any one of them at its end, only the likeliest token is left."""
    only = SAMPLE.model_copy(update={"temperature": 2.0, "top_k": 0, "top_p": 1.0} | narrow)
    assert texts(generate(lively, only)) == texts(generate(lively))


@pytest.mark.parametrize("decoding", [GREEDY, BEAM], ids=lambda d: str(d.strategy))
def test_a_repetition_penalty_is_used(lively: Path, decoding: Decoding) -> None:
    penalised = decoding.model_copy(update={"repetition_penalty": 1.5})
    assert texts(generate(lively, penalised)) != texts(generate(lively, decoding))


def test_beam_search_finds_the_likeliest_answer(lively: Path) -> None:
    """With as many beams as tokens, the best of all answers of two tokens (not so greedy)."""
    import torch

    tokenizer, model = load(lively)
    found = generate(lively, Decoding(strategy="beam", num_beams=500, max_new_tokens=2), ASKED[:3])
    best = []
    for prompt in ASKED[:3]:
        ids = torch.tensor(tokenizer(chat(prompt), add_special_tokens=False)["input_ids"])
        rows = torch.cat([ids.repeat(500, 1), torch.arange(500)[:, None]], dim=1)
        with torch.inference_mode():
            first, second = model(rows, logits_to_keep=2).logits.log_softmax(-1).unbind(1)
        both = first[0][:, None] + second
        assert float(both.max()) / 2 > float(first[0, STOPS].max())
        both[STOPS] = -torch.inf
        pair = divmod(int(both.argmax()), 500)
        best.append(tokenizer.decode(pair, skip_special_tokens=True).strip())
    assert texts(found) == best
    short = GREEDY.model_copy(update={"max_new_tokens": 2})
    assert texts(found) != texts(generate(lively, short, ASKED[:3]))


def test_beams_do_not_change_with_the_batch_and_count_in_flops(lively: Path) -> None:
    assert generate(lively, BEAM, batch_size=1) == generate(lively, BEAM, batch_size=24)
    one = {"max_new_tokens": 1}
    greedy = generate(lively, GREEDY.model_copy(update=one))["q0"]
    beam = generate(lively, BEAM.model_copy(update=one))["q0"]
    assert isinstance(greedy, Completion) and isinstance(beam, Completion)
    assert greedy.flops and beam.flops == pytest.approx(3 * greedy.flops)


@pytest.mark.parametrize(
    "own",
    [
        {"do_sample": True, "temperature": 2.0, "top_k": 2, "top_p": 0.3, "num_beams": 4},
        {"repetition_penalty": 3.0, "max_new_tokens": 3, "max_length": 30},
        {"do_sample": True, "min_p": 0.5},
        {"no_repeat_ngram_size": 1},
        {"min_new_tokens": 24},
        {"num_beams": 2, "length_penalty": -5.0},
        {"num_beams": 2, "num_return_sequences": 2},
        {"suppress_tokens": list(range(300))},
    ],
    ids=lambda own: "-".join(own),
)
@pytest.mark.parametrize("decoding", [GREEDY, SAMPLE, BEAM], ids=lambda d: str(d.strategy))
def test_the_checkpoints_own_generation_config_changes_nothing(
    lively: Path, copy: Path, decoding: Decoding, own: dict[str, Any]
) -> None:
    file = copy / "generation_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **own}))
    assert generate(copy, decoding) == generate(lively, decoding)


@pytest.mark.parametrize(("params", "window"), [({}, 512), ({"window": 200}, 200)])
def test_a_question_longer_than_the_window_loses_the_middle_of_its_body(
    lively: Path, params: dict[str, Any], window: int
) -> None:
    long = question(1, body="Begin. " + "I read about it. " * 500 + "The end.")
    asked = wording.guideline(PLAIN)(long)
    row = generate(lively, GREEDY, [asked, ASKED[0]], **params)[asked.id]
    assert isinstance(row, Completion)
    limit = window - GREEDY.max_new_tokens
    assert limit - 10 < row.prompt_tokens <= limit

    tokenizer = load_tokenizer(lively)
    fitted = fit_prompt(tokenizer, asked, limit)
    assert fitted is not None
    ids = prompt_ids(tokenizer, fitted)
    assert len(ids) == row.prompt_tokens
    before, after = asked.messages[0].content.split(long.body)
    read = tokenizer.decode(ids)
    assert read.startswith(f"<|im_start|>user\n{before}Begin. I read")
    assert read.endswith(f"The end.{after}<|im_end|>\n<|im_start|>assistant\n") and ELLIPSIS in read


def test_an_instruction_that_cannot_fit_fails_alone(lively: Path) -> None:
    endless = wording.answer(PLAIN)(question(9, title="Why? " * 500))
    rows = generate(lively, GREEDY, [endless, *ASKED])
    assert isinstance(rows["q9"], Failed) and "fit into 488 tokens" in rows["q9"].error
    assert "domain.about" in rows["q9"].error, "it says what to shorten"
    assert {key: row for key, row in rows.items() if key != "q9"} == generate(lively)


def test_the_score_is_of_the_answer_and_its_end_of_turn_only(lively: Path) -> None:
    """Against a sum by hand, for answers of different length side by side."""
    import torch

    answers = ["It learns.", "Many layers, each of which learns from the one before it.", "Yes"]
    examples = [
        Example(id=prompt.id, prompt=prompt, answer=answer)
        for prompt, answer in zip(ASKED, answers, strict=False)
    ]
    tokenizer, model = load(lively)
    scored = {row.id: row for row in score(lively, examples)}
    assert len(scored) == len(examples)
    for example in examples:
        row = scored[example.id]
        asked = tokenizer(chat(example.prompt), add_special_tokens=False)["input_ids"]
        answer = tokenizer(example.answer + "<|im_end|>", add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            likely = model(torch.tensor([asked + answer])).logits[0].log_softmax(-1)
        by_hand = -sum(
            float(likely[len(asked) + place - 1, token]) for place, token in enumerate(answer)
        )
        assert isinstance(row, Likelihood)
        assert (row.id, row.tokens) == (example.id, len(answer))
        assert row.nll == pytest.approx(by_hand, rel=1e-4)


def test_batches_that_are_weighed_are_left_out_and_the_others_stay(lively: Path) -> None:
    examples = [Example(id=prompt.id, prompt=prompt, answer="It learns.") for prompt in ASKED[:5]]
    whole = {row.id: row for row in score(lively, examples, batch_size=2)}
    rest = score(lively, examples, done={"q4", "q3", "q2"}, batch_size=2)
    assert rest == [whole["q2"], whole["q1"], whole["q0"]][: len(rest)] and len(rest) == 3
    assert score(lively, examples, done=set(whole), batch_size=2) == []


def test_an_answer_longer_than_the_window_has_no_score(lively: Path) -> None:
    long = Example(id="q0", prompt=ASKED[0], answer="It learns. " * 40)
    short = Example(id="q1", prompt=ASKED[1], answer="It learns.")
    failed, scored = score(lively, [long, short], window=200)
    assert isinstance(failed, Failed) and "200 tokens" in failed.error
    assert isinstance(scored, Likelihood)
