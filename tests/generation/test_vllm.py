"""The vllm student and teacher over a stand-in for vLLM: what it is told, what comes of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from meteor import testing
from meteor.core.domain import PLAIN
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt, Question
from meteor.core.settings import Decoding
from meteor.generation import engine, writing
from meteor.generation import vllm as generation
from meteor.generation.selection import Sample, select
from meteor.prompts import wording
from plugins.student import transformers, vllm
from tests.conftest import STOPS
from tests.generation.asking_vllm import ASKED, EXAMPLES, GREEDY, Notes, settings, write
from tests.generation.test_strategies import mean_log_likelihood

SAMPLE = Decoding(strategy="sample", max_new_tokens=12, top_k=0)


def by_transformers(
    checkpoint: Path, decoding: Decoding = GREEDY, asked: list[Prompt] = ASKED, **params: Any
) -> dict[str, Completion | Failed]:
    own = transformers.Transformers(dtype="float32", device="cpu", **params)
    rows = transformers.student_generate(asked, checkpoint, decoding, own, 7, ())
    return {row.id: row for row in rows}


@pytest.mark.parametrize("penalty", [1.0, 1.4])
def test_greedy_texts_and_their_counts_are_those_of_transformers(
    lively: Path, notes: Notes, penalty: float
) -> None:
    """Its tokens, ends, finish reasons and FLOPs too, and those of a question that is too long."""
    long = Question(id="long", title="What is it?", body="I read about it. " * 300)
    endless = Question(id="endless", title="Why? " * 500)
    asked = [*ASKED, *map(wording.answer(PLAIN), (long, endless))]
    decoding = GREEDY.model_copy(update={"repetition_penalty": penalty})
    rows = write(lively, decoding, asked)
    assert rows == by_transformers(lively, decoding, asked)
    assert isinstance(rows["endless"], Failed) and getattr(rows["long"], "shortened", False)
    reasons = {row.finish_reason for row in rows.values() if isinstance(row, Completion)}
    assert reasons == {"stop", "length"}, "the fixture should show both ends"


def test_each_row_draws_by_a_seed_of_its_own(lively: Path, notes: Notes) -> None:
    """So that a text depends on seed and row alone, and no two samples have the same seed."""
    decoding = SAMPLE.model_copy(update={"strategy": "mbr", "samples": 3})
    first = write(lively, decoding)
    assert write(lively, decoding) == first
    assert write(lively, decoding, ASKED[3:]) == {i: first[i] for i in ("q3", "q4")}
    assert write(lively, decoding, seed=8) != first
    told = [params for call in notes("generate") for params in call["sampling"]]
    drawn = {params["seed"] + sample for params in told for sample in range(params["n"])}
    assert len(drawn) == 2 * len(ASKED) * 3
    assert {(p["n"], p["temperature"], p["top_p"], p["top_k"]) for p in told} == {(3, 0.7, 0.9, 0)}


def test_best_of_keeps_what_the_model_itself_finds_likeliest(
    lively: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured before the temperature, a mean over the tokens up to the end of the turn."""
    seen: list[list[Sample]] = []

    def watch(samples: list[Sample], strategy: str) -> Sample:
        seen.append(samples)
        return select(samples, strategy)

    monkeypatch.setattr(generation, "select", watch)
    written: list[list[int]] = []
    read = writing.written

    def note(tokenizer: Any, tokens: list[int]) -> Any:
        written.append(tokens)
        return read(tokenizer, tokens)

    monkeypatch.setattr(generation, "written", note)
    decoding = Decoding(strategy="best_of", samples=3, max_new_tokens=12, temperature=2.0)
    rows = write(lively, decoding, ASKED[:2])
    tokens = iter(written)
    for prompt, samples in zip(ASKED[:2], seen, strict=True):
        for sample in samples:
            expected = mean_log_likelihood(lively, prompt, next(tokens))
            assert sample.likelihood == pytest.approx(expected, abs=1e-4)
        kept = rows[prompt.id]
        assert isinstance(kept, Completion)
        assert kept.text == select(samples, "best_of").text and len(samples) == 3


def test_likelihoods_are_those_of_transformers(lively: Path, notes: Notes) -> None:
    long = Example(id="long", prompt=ASKED[0], answer="It learns. " * 400)
    own = transformers.Transformers(dtype="float32", device="cpu")
    rows = transformers.student_score([*EXAMPLES, long], lively, own, ())
    expected = {row.id: row for row in rows}
    told = {row.id: row for row in vllm.student_score([*EXAMPLES, long], lively, settings(), ())}
    assert isinstance(told["long"], Failed) and isinstance(expected.pop("long"), Failed)
    for name, row in expected.items():
        weighed = told[name]
        assert isinstance(row, Likelihood) and isinstance(weighed, Likelihood)
        assert weighed.nll == pytest.approx(row.nll, rel=1e-4) and weighed.tokens == row.tokens


def test_a_kill_costs_a_chunk(lively: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was finished is there, the error says what vLLM wrote last, and the next try goes on
    with the same chunks.
    """
    whole = write(lively, SAMPLE, chunk=2)
    assert [len(call["prompts"]) for call in notes("generate")] == [2, 2, 1]
    engine.end()  # so that the next one finds in its environment when to die
    monkeypatch.setenv("VLLM_DIES", "2")
    there = vllm.student_generate(ASKED, lively, SAMPLE, settings(chunk=2), 7, ())
    assert [next(there), next(there)] == [whole["q0"], whole["q1"]]
    with pytest.raises(MeteorError, match=r"exit code 7:\n[^$]*illegal memory access"):
        next(there)
    monkeypatch.delenv("VLLM_DIES")
    rest = write(lively, SAMPLE, chunk=2, done=("q0", "q1", "q2"))
    assert rest == {i: whole[i] for i in ("q2", "q3", "q4")}


def test_vllm_is_told_tokens_and_all_that_shapes_a_text(lively: Path, notes: Notes) -> None:
    """No text, no template, no default of its own or of the checkpoint."""
    write(lively, window=300, tensor_parallel=2, batch_invariant=True, engine={"max_num_seqs": 8})
    (loaded,), (asked,) = notes("LLM"), notes("generate")
    assert loaded["model"] == str(lively.resolve())
    assert loaded["arguments"] == {
        "skip_tokenizer_init": True,
        "generation_config": "vllm",
        "dtype": "float32",
        "max_model_len": 300,
        "tensor_parallel_size": 2,
        "gpu_memory_utilization": 0.9,
        "enable_sleep_mode": False,
        "logprobs_mode": "raw_logprobs",
        "trust_remote_code": False,
        "max_num_seqs": 8,
    }
    variables = loaded["variables"]
    assert variables["VLLM_NO_USAGE_STATS"] == variables["VLLM_BATCH_INVARIANT"] == "1"
    assert variables["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"
    assert loaded["process"] != os.getpid()
    for told in asked["sampling"]:
        assert told["stop_token_ids"] == STOPS and told["detokenize"] is False
        assert (told["temperature"], told["max_tokens"], told["n"]) == (0.0, 16, 1)


@pytest.mark.parametrize(
    ("params", "error", "said"),
    [
        ({"engine": {"max_num_sequences": 8}}, SettingsError, "max_num_sequences"),
        ({"gpu_memory": 0.01}, MeteorError, "No available memory for the cache blocks"),
    ],
)
def test_what_vllm_refuses_is_told(
    lively: Path, notes: Notes, params: dict[str, Any], error: type[MeteorError], said: str
) -> None:
    with pytest.raises(error, match=said):
        write(lively, **params)


def test_the_conformance_kit(tiny_checkpoint: Path, notes: Notes) -> None:
    testing.check_student("vllm", tiny_checkpoint, dtype="float32", chunk=2)
    decoding = {"strategy": "sample", "max_new_tokens": 8}
    testing.check_teacher("vllm", model=tiny_checkpoint, dtype="float32", decoding=decoding)
