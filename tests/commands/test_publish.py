"""A checkpoint goes to a hub on loopback, whole and in one commit, or not at all."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from tests.commands.conftest import Publish
from tests.commands.hub import TOKEN, Hub, give_licence


def test_what_goes_is_shown_and_nothing_is_sent_without_a_token(
    try_to: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    code, said = try_to()
    assert code == 0 and "there is no token" in said
    assert "licence apache-2.0, base model tiny/base" in said
    assert "model.safetensors" in said and "adapter/adapter_config.json" in said
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert try_to("--dry-run")[1].endswith("Nothing was sent: a dry run.\n")


def test_all_files_go_in_one_commit(publish: Publish, hub: Hub, checkpoint: Path) -> None:
    code, said = publish("--private")
    assert code == 0, said
    assert f"{hub.address}/me/t1/commit/{1:040x}" in said
    files = (file for file in checkpoint.rglob("*") if file.is_file())
    here = {str(file.relative_to(checkpoint)): file.read_bytes() for file in files}
    assert hub.files == {"me/t1": here} and hub.commits == 1 and hub.private == {"me/t1": True}


def test_a_hub_that_refuses_is_an_error(publish: Publish, hub: Hub) -> None:
    code, said = publish(HF_TOKEN=TOKEN.upper())
    assert code == 1 and "me/t1: the hub did not take it" in said and "401" in said
    assert "is the token in HF_TOKEN right" in said
    assert not hub.commits
    code, said = publish(HF_HUB_OFFLINE="1")
    assert code == 1 and "the hub did not take it" in said


@pytest.mark.parametrize(
    ("path", "status", "body", "wanted"),
    [
        ("create", 403, "no rights, {key}", "no rights, Bearer ***; the token needs the right"),
        ("commit", 400, "told by {key}", ": told by Bearer ***"),
        ("lfs", 507, "quota of {key}", "quota of Bearer ***"),
        ("create", 409, "there is one", "KeyError: 'url'"),
        ("create", 200, None, "JSONDecodeError"),
    ],
)
def test_what_a_hub_answers_is_told_without_the_token(
    publish: Publish, hub: Hub, path: str, status: int, body: str | None, wanted: str
) -> None:
    """A hub, or a proxy before it, may echo what it was sent."""
    hub.instead = (path, status, body)
    code, said = publish()
    assert code == 1 and "me/t1: the hub did not take it: " in said and wanted in said
    assert not hub.commits


def test_what_is_public_takes_nothing_private(publish: Publish, hub: Hub) -> None:
    hub.private["me/t1"] = False
    code, said = publish("--private")
    assert code == 1 and "me/t1: is there already, and public" in said and not hub.commits


def test_an_earlier_model_leaves_nothing_that_would_be_loaded_with_the_new_one(
    publish: Publish, hub: Hub
) -> None:
    """Whoever loads a name with an adapter's settings gets the adapter's base and it."""
    hub.private["me/t1"] = False
    hub.files["me/t1"] = {
        "adapter_config.json": b"{}",
        "adapter_model.safetensors": b"",
        "a.gguf": b"",
    }
    code, said = publish()
    assert code == 0 and "taken out there" in said and "adapter_model.safetensors" in said
    assert {*hub.files["me/t1"]} & {"adapter_config.json", "adapter_model.safetensors"} == set()
    assert {"a.gguf", "model.safetensors"} <= {*hub.files["me/t1"]}


def test_a_card_without_a_licence_is_refused_until_the_user_states_it(
    publish: Publish, try_to: Publish, hub: Hub, checkpoint: Path
) -> None:
    give_licence(checkpoint, license="unknown")
    code, said = try_to()
    assert code == 1 and "names no licence" in said and "--license ID" in said
    assert publish("--license", "mit")[0] == 0
    sent = hub.files["me/t1"]["README.md"].decode()
    assert "license: mit" in sent and "The base model's: mit." in sent
    assert "license: unknown" in (checkpoint / "README.md").read_text(), "its own stays as it is"
    give_licence(checkpoint, license="gemma")
    code, said = try_to("--license", "mit")
    assert code == 2 and "says gemma, which holds" in said
    for nothing in ("unknown", "other", ""):
        code, said = try_to("--license", nothing)
        assert code == 2 and "names no licence; one is apache-2.0" in said
    (checkpoint / "README.md").write_bytes(b"---\nlicense: mit\n---\n\xff\n")
    code, said = try_to()
    assert code == 1 and "README.md: not UTF-8" in said
    (checkpoint / "README.md").unlink()
    code, said = try_to()
    assert code == 1 and "there is no card" in said


@pytest.mark.parametrize(
    ("front", "name", "code", "wanted"),
    [
        ({"license": "cc-by-nc-nd-4.0"}, "me/t1", 1, "forbids passing on"),
        ({"license": "llama3.1"}, "me/t1", 2, "as me/Llama-t1"),
        ({"license": "llama3.1"}, "me/Llama-t1", 0, "licence llama3.1"),
        ({"license": "other"}, "me/t1", 1, "names no licence"),
        ({"license": ["mit", "apache-2.0"]}, "me/t1", 0, "licence mit, apache-2.0,"),
        ({"license": ["mit", "cc-by-nd-4.0"]}, "me/t1", 1, "forbids passing on"),
        ({"license": []}, "me/t1", 1, "names no licence"),
        ({"license": "CC_BY_ND_4.0"}, "me/t1", 1, "forbids passing on"),
        ({"license": "other", "license_name": "x-nd-1.0"}, "me/t1", 1, "forbids passing on"),
        ({"license": "other", "license_link": "LICENSE.md"}, "me/t1", 0, "licence LICENSE.md"),
        ({}, "t1", 2, "whose? Write OWNER/t1"),
        ({}, "me/../t1", 2, "not a name on the hub"),
    ],
)
def test_the_terms_of_the_base_and_of_the_hub_hold(
    try_to: Publish,
    checkpoint: Path,
    front: dict[str, Any],
    name: str,
    code: int,
    wanted: str,
) -> None:
    give_licence(checkpoint, **front)
    done, said = try_to("--dry-run", name=name)
    assert (done, wanted in said) == (code, True), said
