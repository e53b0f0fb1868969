"""A teacher on this machine, or on the workers of `compute`: a larger checkpoint in a folder."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.generation.decoding import GenerationSettings, generate


class Transformers(GenerationSettings):
    """Generation with transformers."""

    model: Path = Field(description="folder of the teacher's checkpoint")
    thoughts: Literal["off", "strip"] = Field(
        "strip", description="whether it thinks; its thoughts are kept apart from its answers"
    )
    decoding: Decoding = Field(
        Decoding(strategy="sample", max_new_tokens=1024), description="how the teacher writes"
    )

    def model_here(self) -> Path:
        """The teacher's folder."""
        return self.model


@hookimpl
def plugin_params() -> type[Settings]:
    return Transformers


@hookimpl
def teacher_answer(
    prompts: Sequence[Prompt], params: Transformers, seed: int, done: Collection[str]
) -> Iterable[Completion | Failed]:
    if not params.model.is_dir():
        raise SettingsError(
            f"params.yaml: teacher.transformers.model: there is no folder {params.model}"
        )
    return generate(prompts, params.model, params.decoding, params, seed, done, params.thoughts)
