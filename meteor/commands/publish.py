"""`meteor publish`: a checkpoint with its card on the Hugging Face hub, in one commit. Without a
token it shows what would go, and it refuses what may not or must not go.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from meteor.commands.ask import checkpoint_folder
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.hookspecs import ROLES
from meteor.core.params import Params, load_params
from meteor.models.model_card import CARD, UNKNOWN, read_front
from meteor.sources.masking import KEYS

SECRET_NAMES = ("*.pem", "*.key", ".env", ".env.*", ".netrc", "id_rsa", "id_ed25519")
SECRET_VARIABLES = ("HF_TOKEN", "AWS_SECRET_ACCESS_KEY")
"""Their values are looked for in all files, like those of the keys that params.yaml names."""
SHORTEST_SECRET = 8
"""A shorter value of such a variable stands in any text."""
CHUNK, OVERLAP = 2**24, 2**13
"""Bytes of a file that are looked at, at a time, and how many of them once more with the next."""
LLAMA = ("llama3", "llama4")
"""Licences that want the name of a model made from theirs to begin with Llama."""


class Card(NamedTuple):
    """What is sent as the card, and what its front matter says."""

    text: str
    licence: str
    base: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor publish`."""
    parser.add_argument("model", help="checkpoint by name, or its folder")
    parser.add_argument("name", help="where it goes on the hub: OWNER/NAME")
    parser.add_argument("--dry-run", action="store_true", help="show what would go; send nothing")
    parser.add_argument("--private", action="store_true", help="where it is new, for OWNER alone")
    parser.add_argument("--license", metavar="ID", help="the base's, where its card does not tell")


def run(arguments: argparse.Namespace) -> None:
    """Refuse, or show, or send."""
    params = load_params()
    folder = checkpoint_folder(arguments.model, params)
    _check_name(arguments.name)
    card = read_card(folder, arguments.license)
    for licence in {card.licence, *_licences_of_base(params, card.base)}:
        _check_licence(licence, arguments.name)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    _check_secrets(files, folder, card, list(_secret_values(params)))
    token = _token()
    _show(files, folder, card, arguments)
    if arguments.dry_run:
        print("Nothing was sent: a dry run.")
    elif token is None:
        print("Nothing was sent: there is no token; set HF_TOKEN, or log in with `hf auth login`.")
    else:
        print(_send(files, folder, card, arguments, token))


def read_card(folder: Path, stated: str | None) -> Card:
    """The card of a checkpoint, with the licence that the user states where it tells none. Raises
    MeteorError where there is no card or no licence, SettingsError where both differ.
    """
    front = read_front(folder / CARD)
    if not front:
        raise MeteorError(f"{folder / CARD}: there is no card with front matter to publish")
    told = str(front.get("license") or UNKNOWN)
    if told == "other":  # the hub's word for one with a name or a link beside it
        told = str(front.get("license_name") or front.get("license_link") or UNKNOWN)
    if stated and told not in (UNKNOWN, stated):
        raise SettingsError(f"--license {stated}: {folder / CARD} says {told}, which holds")
    if told == UNKNOWN and not stated:
        raise MeteorError(
            f"{folder / CARD}: the card names no licence, so nobody may use the model. Look for "
            "the licence of the base model, and state it: --license ID (as in apache-2.0)"
        )
    text = (folder / CARD).read_text(encoding="utf-8")
    if told == UNKNOWN:
        text = _with_licence(text, front, str(stated))
    return Card(text, str(stated or told), str(front.get("base_model", UNKNOWN)))


def _with_licence(text: str, front: dict[str, Any], licence: str) -> str:
    import yaml

    body = text.split("---\n", 2)[2].replace(
        f"The base model's: {UNKNOWN}.", f"The base model's: {licence}."
    )
    head = yaml.safe_dump(
        {**front, "license": licence}, sort_keys=False, allow_unicode=True, width=100
    )
    return f"---\n{head}---\n{body}"


def _licences_of_base(params: Params, base: str) -> Iterator[str]:
    """What the card of the base model says here and now, where it is that of this checkpoint."""
    try:
        front = read_front(checkpoint_folder("base", params) / CARD)
    except MeteorError:  # not there: the checkpoint's own card was written from it
        return
    told = str(front.get("license") or UNKNOWN)
    if front.get("base_model") == base and told not in (UNKNOWN, "other"):
        yield told


def _check_name(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise SettingsError(f"{name}: not a name on the hub: {error}") from None
    if "/" not in name:
        raise SettingsError(f"{name}: whose? Write OWNER/{name}")


def _check_licence(licence: str, name: str) -> None:
    """Raises MeteorError where a licence forbids passing on what was made from its work, and
    SettingsError where it wants another name.
    """
    if "-nd" in licence.lower():
        raise MeteorError(
            f"the licence {licence} of the base model forbids passing on what was made from it"
        )
    own = name.rpartition("/")[2]
    if licence.lower().startswith(LLAMA) and not own.startswith("Llama"):
        raise SettingsError(
            f"{name}: the licence {licence} of the base model wants a name that begins with Llama, "
            f"as {name.rpartition('/')[0]}/Llama-{own}"
        )


def _secret_values(params: Params) -> Iterator[str]:
    """Of the variables with keys that are set here."""
    variables = [(getattr(params, role).chosen or {}).get("api_key_env") for role in ROLES]
    for variable in {*SECRET_VARIABLES, *filter(None, variables)}:
        value = os.environ.get(variable, "")
        if len(value) >= SHORTEST_SECRET:
            yield value


def _check_secrets(files: list[Path], folder: Path, card: Card, values: list[str]) -> None:
    """Raises MeteorError with the file's name, never with what was found."""
    for file in files:
        name = file.relative_to(folder)
        if any(file.match(pattern) for pattern in SECRET_NAMES):
            raise MeteorError(f"{name}: by its name it holds a secret; take it out of {folder}")
        texts = [card.text] if str(name) == CARD else _texts(file)
        for text in texts:
            if KEYS.search(text) or any(value in text for value in values):
                raise MeteorError(
                    f"{file}: holds what looks like a secret key. Nothing was sent. If the key is "
                    "real, change it at its service first: it may have been shared already"
                )


def _texts(file: Path) -> Iterator[str]:
    """A file piece by piece; of weights, which are numbers, what stands before them."""
    with file.open("rb") as opened:
        if file.suffix == ".safetensors":
            yield opened.read(int.from_bytes(opened.read(8), "little")).decode(errors="replace")
            return
        kept = b""
        while chunk := opened.read(CHUNK):
            yield (kept + chunk).decode(errors="replace")
            kept = chunk[-OVERLAP:]


def _token() -> str | None:
    from huggingface_hub import get_token

    return get_token()


def _show(files: list[Path], folder: Path, card: Card, arguments: argparse.Namespace) -> None:
    seen = "private" if arguments.private else "public"
    print(f"{folder} as {arguments.name}, {seen} where it is new")
    print(f"licence {card.licence}, base model {card.base}")
    for file in files:
        print(f"{file.stat().st_size / 1e6:10.1f} MB  {file.relative_to(folder)}")
    print(f"{sum(file.stat().st_size for file in files) / 1e6:10.1f} MB  in all")
    sys.stdout.flush()


def _send(
    files: list[Path], folder: Path, card: Card, arguments: argparse.Namespace, token: str
) -> str:
    """All files in one commit, so that nobody finds a half of them. Gives its address; raises
    MeteorError where the hub or the way to it fails.
    """
    from httpx2 import HTTPError
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    def content(file: Path) -> Path | bytes:
        return card.text.encode() if file == folder / CARD else file

    hub = HfApi(token=token)
    adds = [CommitOperationAdd(str(file.relative_to(folder)), content(file)) for file in files]
    try:
        hub.create_repo(arguments.name, private=arguments.private, exist_ok=True)
        done = hub.create_commit(arguments.name, adds, commit_message=f"Publish {folder.name}")
    except (HfHubHTTPError, OfflineModeIsEnabled, HTTPError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise MeteorError(f"{arguments.name}: the hub did not take it: {reason}") from None
    return str(done.commit_url)
