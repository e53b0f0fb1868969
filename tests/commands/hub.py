"""The hub's API on loopback, as far as publishing needs it: repositories, large files, commits."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from meteor.models.model_card import read_front

TOKEN = "hf_" + "t" * 34


@dataclass
class Hub:
    """What it was sent: each repository's visibility and files, by name."""

    address: str = ""
    private: dict[str, bool] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    commits: int = 0
    requests: list[str] = field(default_factory=list)
    instead: tuple[str, int, str | None] | None = None
    """A part of a path, and with what status and words it is answered instead ("{key}" stands for
    the token that came; None: with no JSON).
    """


@contextmanager
def served() -> Iterator[Hub]:
    """A hub on a free port."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.requests.append(self.path)
            name = self.path.removeprefix("/api/models/")
            self.reply(info(hub, name), 200 if name in hub.private else 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hub.requests.append(self.path)
            if hub.instead and hub.instead[0] in self.path:
                _, status, said = hub.instead
                key = self.headers["Authorization"]
                told = {"error": said.replace("{key}", key)} if said else None
                self.reply(told, status)
            elif self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.reply({"error": "Invalid username or password."}, 401)
            else:
                self.reply(answer(hub, self.path, body))

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            oid = self.path.rpartition("/")[2]
            assert hashlib.sha256(body).hexdigest() == oid
            hub.large[oid] = body
            self.reply({})

        def reply(self, value: Any, status: int = 200) -> None:
            data = json.dumps(value).encode() if value is not None else b"<html>Log in</html>"
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def answer(hub: Hub, path: str, body: bytes) -> Any:
    """To one request, as the hub's API gives it."""
    if path == "/api/repos/create":
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        hub.private.setdefault(name, asked.get("visibility") == "private")
        return {"url": f"{hub.address}/{name}"}
    if path == "/api/validate-yaml":
        return {"errors": [], "warnings": []}
    name = path.removeprefix("/api/models/").removeprefix("/").partition(".git/")[0]
    if path.endswith("/info/lfs/objects/batch"):
        return {"objects": [_upload(hub, **large) for large in json.loads(body)["objects"]]}
    owner, repo, what = name.split("/")[:3]
    if what == "preupload":
        files = json.loads(body)["files"]
        return {"files": [_mode(file["path"]) for file in files]}
    assert what == "commit", path
    for line in body.splitlines():
        _commit(hub, f"{owner}/{repo}", json.loads(line))
    hub.commits += 1
    oid = f"{hub.commits:040x}"
    return {"commitUrl": f"{hub.address}/{owner}/{repo}/commit/{oid}", "commitOid": oid}


def info(hub: Hub, name: str) -> Any:
    """What is there under a name."""
    files = [{"rfilename": file} for file in (".gitattributes", *hub.files.get(name, {}))]
    return {"id": name, "private": hub.private.get(name), "siblings": files}


def _upload(hub: Hub, oid: str, size: int) -> dict[str, Any]:
    action = {"href": f"{hub.address}/store/{oid}"}
    return {"oid": oid, "size": size, "actions": {"upload": action}}


def _mode(path: str) -> dict[str, Any]:
    mode = "lfs" if path.endswith(".safetensors") else "regular"
    return {"path": path, "uploadMode": mode, "shouldIgnore": False}


def _commit(hub: Hub, name: str, line: dict[str, Any]) -> None:
    value, files = line["value"], hub.files.setdefault(name, {})
    if line["key"] == "file":
        files[value["path"]] = base64.b64decode(value["content"])
    elif line["key"] == "lfsFile":
        files[value["path"]] = hub.large[value["oid"]]
    elif line["key"] == "deletedFile":
        del files[value["path"]]


def give_licence(checkpoint: Path, **front: Any) -> None:
    """Change the front matter of a checkpoint's card."""
    card = checkpoint / "README.md"
    head = {**read_front(card), **front}
    card.write_text(f"---\n{yaml.safe_dump(head)}---\n\nThe base model's: unknown.\n")
