"""Settings of a plugin are validated as all others are, and named with where they stand."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import field_validator

from meteor.core.errors import SettingsError
from meteor.core.settings import Decoding, Field, Settings, parse_settings


class Modelled(Settings):
    """The settings of a plugin, one of which has no default."""

    model: str = Field(description="which one")
    decoding: Decoding = Decoding()
    more: dict[str, int] = Field({}, description="what else its server takes")

    @field_validator("more")
    @classmethod
    def _of_the_server(cls, value: dict[str, int]) -> dict[str, int]:
        if "seed" in value:
            raise ValueError("seed: is the stage's")
        return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"modle": "m"}, "modle: unknown key (did you mean 'model'?)"),
        ({"model": "m", "modle": "m"}, "modle: unknown key (did you mean 'model'?)"),
        (
            {"model": "m", "decoding": {"topp": 0.9}},
            "decoding.topp: unknown key (did you mean 'top_p'?)",
        ),
        ({"model": "m", "voice": "low"}, "voice: unknown key"),
        ({}, "model: missing"),
        (None, "model: missing"),
        ({"model": "m", "more": {"seed": 1}}, "more: seed: is the stage's"),
        ({"model": ["m"]}, "model: Input should be a valid string, got ['m']"),
    ],
)
def test_a_plugins_settings_are_named_with_where_they_stand(value: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(Modelled, value, Path("params.yaml"), "teacher.xyz")
    assert str(caught.value) == f"params.yaml: teacher.xyz.{message}"


def test_settings_that_fit_are_taken() -> None:
    value = {"model": "m", "decoding": {"top_p": 0.5}}
    taken = parse_settings(Modelled, value, Path("params.yaml"), "teacher.xyz")
    assert taken == Modelled(model="m", decoding=Decoding(top_p=0.5))
