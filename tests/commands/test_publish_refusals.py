"""What stays here: secrets, broken weights, and adapters that nobody could load."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Publish


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("generation_config.json", '{"note": "sk-proj-' + "a1B2" * 6 + '"}'),
        ("adapter/trainer.txt", f"-----BEGIN {'PRIVATE'} KEY-----\nMIIE"),
        ("notes.txt", "the key is a-secret-of-the-team, keep it"),
        ("padded.bin", "\0" * (2**24 - 9) + "hf_" + "x" * 34),
        ("notes.md", "it is " + "hf_" + "a1B2" * 9),
        ("a.txt", "AKIA" + "Z7" * 8),
        ("a.txt", "ghp_" + "a1B2" * 9),
        ("a.txt", "xoxb-" + "1234-" * 6),
        ("a.txt", "xapp-1-" + "A0B1-" * 6),
        ("a.txt", "AIza" + "a1B2c" * 7),
        ("a.txt", "ya29." + "a1B2c" * 7),
        ("a.txt", ".".join("eyJ" + "a1B2c" * 4 for _ in range(3))),
        ("a.txt", f"-----BEGIN PGP {'PRIVATE'} KEY BLOCK-----"),
        ("a.txt", "sk_live_" + "a1B2" * 6),
        ("a.txt", "glpat-" + "a1B2" * 6),
        ("run.sh", "git clone https://me:a1B2c3D4@example.org/x"),
        ("a.ini", "aws_secret_access_key = " + "a1B2c" * 8),
        ("settings.json", '{"key": "of-a-judge-in-a-jury"}'),
        (".env", "nothing much"),
        ("server.PEM", ""),
        (".git-credentials", ""),
    ],
    ids=lambda value: value[:24].strip("\0"),
)
def test_what_looks_like_a_secret_stays_here(
    try_to: Publish, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str
) -> None:
    (checkpoint / file).write_text(content)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-team")
    monkeypatch.setenv("JUDGE_API_KEY", "of-a-judge-in-a-jury")
    code, said = try_to()
    assert code == 1 and Path(file).name in said and "secret" in said
    assert not any(part in said for part in ("a-secret-of", "of-a-judge", "a1B2", "Z7Z7", "1234-"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_key_is_found_in_a_text_of_windows(
    try_to: Publish, checkpoint: Path, encoding: str
) -> None:
    (checkpoint / "notes.txt").write_text("hf_" + "a1B2" * 9, encoding=encoding)
    assert try_to()[0] == 1


def test_weights_that_are_cut_off_or_missing_stay_here(try_to: Publish, checkpoint: Path) -> None:
    weights = checkpoint / "model.safetensors"
    whole = weights.read_bytes()
    for broken in (whole[:-1], whole[:5], b"", b"\xff" * 64, whole + b"x"):
        weights.write_bytes(broken)
        code, said = try_to()
        assert code == 1 and "model.safetensors: is cut off or damaged" in said
    index = {"weight_map": {"a": weights.name, "b": "model-2.safetensors"}}
    weights.write_bytes(whole)
    (checkpoint / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "model-2.safetensors is not there, and model.safetensors.index.json" in try_to()[1]
    weights.unlink()
    code, said = try_to()
    assert code == 1 and "has no weights" in said


@pytest.mark.parametrize(("base", "code"), [("sft", 1), ("tiny/base", 0)])
def test_an_adapter_goes_where_others_find_its_base(
    try_to: Publish, checkpoint: Path, base: str, code: int
) -> None:
    told = {"peft_type": "LORA", "base_model_name_or_path": base}
    (checkpoint / "adapter_config.json").write_text(json.dumps(told))
    done, said = try_to()
    assert done == code, said
    assert not code or f"meteor export {checkpoint} --merge FOLDER" in said
