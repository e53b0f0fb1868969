"""A student on this machine, or on the workers of `compute`: a Hugging Face checkpoint."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt
from meteor.core.settings import Decoding, Settings
from meteor.generation.decoding import GenerationSettings, generate
from meteor.generation.scoring import score


class Transformers(GenerationSettings):
    """Generation with transformers."""


@hookimpl
def plugin_params() -> type[Settings]:
    return Transformers


@hookimpl
def student_generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: Transformers,
    seed: int,
    done: Collection[str],
) -> Iterable[Completion | Failed]:
    return generate(prompts, checkpoint, decoding, params, seed, done)


@hookimpl
def student_score(
    examples: Sequence[Example], checkpoint: Path, params: Transformers, done: Collection[str]
) -> Iterable[Likelihood | Failed]:
    return score(examples, checkpoint, params, done)
