"""What `meteor doctor` looks at in DVC's config: does the remote answer, and where secrets are."""

import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

SECRETS = ("secret", "password", "token", "access_key", "sas", "account_key", "connection_string")
PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/\s]*@")
"""In an address; it may hold the sign that ends it."""
PORTS = {"http": 80, "https": 443, "webdav": 80, "webdavs": 443, "ssh": 22}
"""Remotes whose file systems say that nothing is there where nobody answers."""
BUCKETS = ("s3", "gs", "gcs", "azure", "oss")
LONGEST_KNOCK = 10.0


@dataclass(frozen=True)
class Finding:
    """What was seen, and what to do where it is not well. A `note` harms no run."""

    mark: Literal["ok", "note", "WRONG"]
    what: str
    remedy: str = ""


def without_password(text: str) -> str:
    """A text whose addresses show no password."""
    return PASSWORD.sub(r"\1:***@", text)


def bare(url: str) -> str:
    """An address without its password."""
    return PASSWORD.sub(r"\1@", url)


def dvc_config() -> Iterator[Finding]:
    """Settings of DVC that endanger the cache, and secrets where git sees them."""
    from dvc.config import Config

    config = Config(dvc_dir=str(Path(".dvc").resolve()))
    wrong = False
    links = set(config.get("cache", {}).get("type") or []) & {"hardlink", "symlink"}
    if links:
        wrong = True
        yield Finding(
            "WRONG",
            f"cache.type is {' and '.join(sorted(links))}: a stage that writes into its input "
            "changes the cache",
            "`dvc config cache.type reflink,copy`, then `dvc checkout --relink`",
        )
    committed: Any = config.load_one("repo")
    if committed.get("core", {}).get("no_scm"):
        wrong = True
        yield Finding(
            "WRONG",
            "core.no_scm stands in .dvc/config: `dvc metrics diff` and `dvc exp` work for nobody",
            "`dvc config --unset core.no_scm`; without git: `dvc config --local core.no_scm true`",
        )
    for name, options in committed.get("remote", {}).items():
        url = options.get("url", "")
        if url != without_password(url):
            wrong = True
            yield Finding(
                "WRONG",
                f"the remote {name!r} has a password in its url in .dvc/config, which git tracks",
                f"change the password, `dvc remote modify {name} url {bare(url)}`, then "
                f"`dvc remote modify --local {name} password …`",
            )
        for key in options:
            if any(part in key for part in SECRETS) and key != "configpath":
                wrong = True
                yield Finding(
                    "WRONG",
                    f"the remote {name!r} has its {key} in .dvc/config, which git tracks",
                    f"change the key, `dvc remote modify --unset {name} {key}`, then "
                    f"`dvc remote modify --local {name} {key} …`",
                )
    if not wrong:
        yield Finding("ok", "the DVC config leaves cache and secrets alone")


def remote() -> Iterator[Finding]:
    """Whether the default remote answers."""
    from meteor.pipeline import dvc_repo

    with dvc_repo(Path()) as repo:
        name = repo.config["core"].get("remote")
        known = repo.config["remote"]
        if not name:
            yield Finding(
                "note",
                "there is no default remote: nothing is shared and nothing is backed up",
                "`dvc remote add --default team s3://BUCKET/PATH` (docs/sharing.md)",
            )
        elif name not in known:
            yield Finding(
                "WRONG",
                f"core.remote is {name!r}, and there is no such remote (there are: "
                f"{', '.join(known) or 'none'})",
                "`dvc remote default NAME`, or `dvc remote add`",
            )
        else:
            yield _answering(repo, name, known[name]["url"])


def _answering(repo: Any, name: str, url: str) -> Finding:
    where = f"the remote {name!r} ({without_password(url)})"
    os.environ.setdefault("AWS_MAX_ATTEMPTS", "1")  # one is enough to know
    try:
        there = _looked_at(repo, url)
    except Exception as error:
        reason = without_password(" ".join(str(error).split()).replace(url, bare(url)))
        return Finding(
            "WRONG",
            f"{where} does not answer: {reason or type(error).__name__}",
            "check address and credentials (docs/sharing.md); `dvc push` would fail",
        )
    if there or urlsplit(url).scheme:
        return Finding("ok", f"{where} answers")
    what = f"{where} is not there yet; the first `dvc push` makes it"
    return Finding("note", what, "is a disk to be mounted there?")


def _looked_at(repo: Any, url: str) -> bool:
    """Whether there is something at the remote. Raises what its file system does where it does not
    answer.
    """
    parts = urlsplit(url)
    if parts.scheme in PORTS and parts.hostname:
        port = parts.port or PORTS[parts.scheme]
        socket.create_connection((parts.hostname, port), timeout=LONGEST_KNOCK).close()
    store = repo.cloud.get_remote_odb()
    there = bool(store.fs.exists(store.path))
    if there:
        store.fs.ls(store.path)
    elif parts.scheme in BUCKETS:
        store.fs.ls(store.path.strip("/").partition("/")[0])
    return there or (not parts.scheme and Path(url).exists())
