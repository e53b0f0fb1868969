"""What must not leave this machine with a checkpoint: keys, known by their look or because they are
set here, and files that hold keys by their name.
"""

import codecs
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import ROLES
from meteor.core.params import Params
from meteor.sources.masking import KEYS

NAMES = (
    *("*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.kdbx", ".env", ".env.*", "*.env"),
    *(".netrc", "_netrc", ".npmrc", ".pypirc", ".git-credentials", ".htpasswd", "credentials"),
    *("credentials.json", "kubeconfig", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"),
)
"""Of files that hold secrets, whatever stands in them."""
VARIABLE = re.compile(r"(?:^|_)(?:API_?KEY|ACCESS_?KEY|SECRET_KEY|TOKEN|SECRET|PASSWORD|PASSWD)$")
"""The names of variables whose values are looked for, beside those that params.yaml names."""
SHORTEST = 8
"""A shorter value of such a variable stands in any text."""
CHUNK, OVERLAP = 2**24, 2**13
"""Bytes of a file that are looked at, at a time, and how many of them once more with the next."""
MORE_KEYS = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
    r"|PuTTY-User-Key-File-\d|AGE-SECRET-KEY-1[0-9A-Z]{50,}"
    r"|\b(?:api_org_[A-Za-z0-9]{30,}"  # Hugging Face, of an organisation
    r"|xapp-\d-[\w-]{20,}|xox[a-z](?:\.xox[a-z])?-[\w-]{10,}"  # Slack
    r"|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
    r"|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"  # Stripe
    r"|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-AgEI[\w-]{50,}|dapi[0-9a-f]{32}"
    r"|gsk_[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{37}|xai-[A-Za-z0-9]{60,}|nvapi-[\w-]{40,}"
    r"|pplx-[A-Za-z0-9]{40,}|SG\.[\w-]{20,}\.[\w-]{20,}"
    r"|hooks\.slack\.com/services/T\w+/B\w+/\w{16,})"
    r"|(?i:aws_secret_access_key|AccountKey)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9+/]{40,}"
    r"|\b[a-z][a-z0-9+.-]{2,15}://[\w.%+-]{1,64}:[^\s/:@\"'<>{}$]{6,200}@[\w.-]"  # a password
)


def secrets_here(params: Params, token: str | None) -> dict[str, str]:
    """The secrets that this machine knows, by where each is from: the hub's token, and variables
    of the environment with keys.
    """
    variables = {name for name in os.environ if VARIABLE.search(name.upper())}
    for role in ROLES:
        variables |= set(_named(getattr(params, role).chosen))
    found = {f"${name}": os.environ.get(name, "").strip() for name in sorted(variables)}
    found["the token of `hf auth login`"] = (token or "").strip()
    return {name: value for name, value in found.items() if len(value) >= SHORTEST}


def _named(settings: Any) -> Iterator[str]:
    """The variables with keys that settings name, those of a jury's members too."""
    if not isinstance(settings, Mapping):
        return
    for key, value in settings.items():
        if key == "api_key_env":
            yield str(value)
        yield from _named(value)


def check_files(
    files: Iterable[Path], folder: Path, texts: Mapping[Path, str], secrets: Mapping[str, str]
) -> None:
    """Raises MeteorError with the file's name, never with what was found. `texts` are those that
    go in place of what stands in a file.
    """
    for file in files:
        name = file.relative_to(folder)
        if any(fnmatch(file.name.lower(), pattern) for pattern in NAMES):
            raise MeteorError(f"{name}: by its name it holds a secret; take it out of {folder}")
        for text in [texts[file]] if file in texts else _texts(file):
            if why := _found(text, secrets):
                raise MeteorError(
                    f"{file}: holds {why}. Nothing was sent. If the key is "
                    "real, change it at its service first: it may have been shared already"
                )


def _found(text: str, secrets: Mapping[str, str]) -> str:
    for name, value in secrets.items():
        if value in text:
            return f"a secret: the value of {name}"
    return "what looks like a secret key" if KEYS.search(text) or MORE_KEYS.search(text) else ""


def _texts(file: Path) -> Iterator[str]:
    """A file piece by piece; of weights, which are numbers, what stands before them."""
    with file.open("rb") as opened:
        if file.suffix == ".safetensors":
            length = int.from_bytes(opened.read(8), "little")
            yield opened.read(min(length, file.stat().st_size)).decode(errors="replace")
            return
        kept = b""
        encoding = "utf-8"
        while chunk := opened.read(CHUNK):
            if not kept and chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                encoding = "utf-16-le" if chunk.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
            yield (kept + chunk).decode(encoding, errors="replace")
            kept = chunk[-OVERLAP:]
