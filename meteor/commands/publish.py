"""`meteor publish`: a checkpoint with its card on the Hugging Face hub, in one commit. Without a
token it shows what would go, and it refuses what may not or must not go.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from meteor.commands.ask import checkpoint_folder
from meteor.commands.secrets import check_files, secrets_here
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import Params, load_params
from meteor.models.adapters import ADAPTER, WEIGHTS, is_adapter
from meteor.models.model_card import CARD, UNKNOWN, read_front
from meteor.planning.storage import weights_in
from meteor.transport.redaction import Redaction

SAYS_NOTHING = (UNKNOWN, "other")
"""Words of the hub that name no licence."""
NO_DERIVATIVES = re.compile(r"\bnd\b|no-?deriv")
LOADED = (ADAPTER, "*.safetensors", "*.safetensors.index.json")
"""Files of a model on the hub that whoever loads it reads, whatever else lies beside them."""
REMEDIES = {
    401: "; is the token in HF_TOKEN right, and still valid?",
    403: "; the token needs the right to write there",
    429: "; wait a while, and run it again",
}
"""What to do, by the status of the hub's answer."""
LLAMA = ("llama3", "llama4")
"""Licences that want the name of a model made from theirs to begin with Llama."""


class Card(NamedTuple):
    """What is sent as the card, and what its front matter says."""

    text: str
    licences: tuple[str, ...]
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
    for licence in {*card.licences, *_licences_of_base(params, card.base)}:
        _check_licence(licence, arguments.name)
    check_weights(folder)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    token = _token()
    secrets = secrets_here(params, token)
    check_files(files, folder, {folder / CARD: card.text}, secrets)
    _show(files, folder, card, arguments)
    if arguments.dry_run:
        print("Nothing was sent: a dry run.")
    elif token is None:
        print("Nothing was sent: there is no token; set HF_TOKEN, or log in with `hf auth login`.")
    else:
        print(_send(files, folder, card, arguments, token, secrets))


def read_card(folder: Path, stated: str | None) -> Card:
    """The card of a checkpoint, with the licence that the user states where it tells none. Raises
    MeteorError where there is no card or no licence, SettingsError where both differ.
    """
    if stated is not None and stated.strip().lower() in ("", *SAYS_NOTHING):
        raise SettingsError(f"--license {stated}: names no licence; one is apache-2.0")
    front = read_front(folder / CARD)
    if not front:
        raise MeteorError(f"{folder / CARD}: there is no card with front matter to publish")
    told = licences(front)
    if stated and told and stated not in told:
        raise SettingsError(
            f"--license {stated}: {folder / CARD} says {', '.join(told)}, which holds"
        )
    if not told and not stated:
        raise MeteorError(
            f"{folder / CARD}: the card names no licence, so nobody may use the model. Look for "
            "the licence of the base model, and state it: --license ID (as in apache-2.0)"
        )
    try:
        text = (folder / CARD).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MeteorError(f"{folder / CARD}: not UTF-8 ({error.reason})") from None
    if not told:
        text = _with_licence(text, front, str(stated))
    return Card(text, told or (str(stated),), str(front.get("base_model", UNKNOWN)))


def licences(front: Mapping[str, Any]) -> tuple[str, ...]:
    """What a card's front matter names as licences, one or a list; none where one says nothing."""
    said = front.get("license")
    told = [str(each or UNKNOWN) for each in (said if isinstance(said, list) else [said])]
    if told == ["other"]:  # the hub's word for one with a name or a link beside it
        told = [str(front.get("license_name") or front.get("license_link") or UNKNOWN)]
    return () if {*told} & {*SAYS_NOTHING} else tuple(told)


def _with_licence(text: str, front: dict[str, Any], licence: str) -> str:
    import yaml

    body = text.split("---\n", 2)[2].replace(
        f"The base model's: {UNKNOWN}.", f"The base model's: {licence}."
    )
    head = yaml.safe_dump(
        {**front, "license": licence}, sort_keys=False, allow_unicode=True, width=100
    )
    return f"---\n{head}---\n{body}"


def _licences_of_base(params: Params, base: str) -> Iterable[str]:
    """What the card of the base model says here and now, where it is that of this checkpoint."""
    try:
        front = read_front(checkpoint_folder("base", params) / CARD)
    except MeteorError:  # not there: the checkpoint's own card was written from it
        return ()
    return licences(front) if front.get("base_model") == base else ()


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
    if NO_DERIVATIVES.search(licence.lower().replace("_", "-")):
        raise MeteorError(
            f"the licence {licence} of the base model forbids passing on what was made from it"
        )
    own = name.rpartition("/")[2]
    if licence.lower().startswith(LLAMA) and not own.startswith("Llama"):
        raise SettingsError(
            f"{name}: the licence {licence} of the base model wants a name that begins with Llama, "
            f"as {name.rpartition('/')[0]}/Llama-{own}"
        )


def check_weights(folder: Path) -> None:
    """Raises MeteorError where weights are missing or cut off, and where an adapter is over weights
    that nobody else can find.
    """
    files = sorted(folder.glob(WEIGHTS))
    if not files:
        raise MeteorError(f"{folder}: has no weights ({WEIGHTS})")
    for file in files:
        weights_in(file)
    for index in folder.glob(f"{WEIGHTS}.index.json"):
        named = {*json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        if missing := sorted(named - {file.name for file in files}):
            raise MeteorError(f"{folder}: {missing[0]} is not there, and {index.name} names it")
    if is_adapter(folder):
        told = json.loads((folder / ADAPTER).read_text(encoding="utf-8"))
        base = str(told.get("base_model_name_or_path"))
        if "/" not in base:
            raise MeteorError(
                f"{folder}: is an adapter over {base!r}, which has no name on the hub, so that "
                "nobody else could load it; write whole weights, and publish those: "
                f"`meteor export {folder} --merge FOLDER`"
            )


def _token() -> str | None:
    from huggingface_hub import get_token

    return get_token()


def _show(files: list[Path], folder: Path, card: Card, arguments: argparse.Namespace) -> None:
    seen = "private" if arguments.private else "public"
    print(f"{folder} as {arguments.name}, {seen} where it is new")
    print(f"licence {', '.join(card.licences)}, base model {card.base}")
    for file in files:
        print(f"{file.stat().st_size / 1e6:10.1f} MB  {file.relative_to(folder)}")
    print(f"{sum(file.stat().st_size for file in files) / 1e6:10.1f} MB  in all")
    sys.stdout.flush()


def _send(
    files: list[Path],
    folder: Path,
    card: Card,
    arguments: argparse.Namespace,
    token: str,
    secrets: Mapping[str, str],
) -> str:
    """All files in one commit, so that nobody finds a half of them. Gives its address; raises
    MeteorError where the hub or the way to it fails, without the secrets that it may have echoed.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    def content(file: Path) -> Path | bytes:
        return card.text.encode() if file == folder / CARD else file

    hub, name = HfApi(token=token), arguments.name
    try:
        adds = [CommitOperationAdd(str(file.relative_to(folder)), content(file)) for file in files]
        hub.create_repo(name, private=arguments.private, exist_ok=True)
        there = hub.model_info(name)
        if arguments.private and not there.private:
            raise MeteorError(f"{name}: is there already, and public; --private is for a new name")
        stale = list(_stale(there, {add.path_in_repo for add in adds}))
        message = f"Publish {folder.name}"
        done = hub.create_commit(name, [*adds, *stale], commit_message=message)
    except MeteorError:
        raise
    except Exception as error:  # of HTTP, of the hub, of its store, or of an answer that is none
        reason = " ".join(str(error).split())
        for secret in secrets.values():
            reason = Redaction(secret).text(reason)
        told = f"{name}: the hub did not take it: {type(error).__name__}: {reason}"
        code: Any = getattr(getattr(error, "response", None), "status_code", None)
        raise MeteorError(told + REMEDIES.get(code, "")) from None
    for old in stale:
        print(f"taken out there, since it would be loaded with it: {old.path_in_repo}")
    return str(done.commit_url)


def _stale(there: Any, sent: set[str]) -> Iterator[Any]:
    """What an earlier model under the name has left that would be loaded with the new one."""
    from huggingface_hub import CommitOperationDelete

    for file in (each.rfilename for each in there.siblings or ()):
        if file not in sent and any(fnmatch(file, pattern) for pattern in LOADED):
            yield CommitOperationDelete(file)
