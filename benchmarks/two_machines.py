"""Two machines that share no folder, on this one: `python -m benchmarks.two_machines [CHECKPOINT]`.

Two network namespaces with a cable between them, each with file systems of its own: a Ray head that
lends no processor, where the project lies, and a node with two, which sees neither the project nor
the head's temporary folder, memory or processes. The stages guideline, answer and pairs run on the
head, whose checkpoint goes through Ray's object store, and again in one process; printed is whether
they wrote the same bytes. Wants Linux with namespaces for unprivileged users, `unshare` and `ip`.
"""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meteor.compute.cluster import QUIET
from meteor.core.jsonl import write_records
from meteor.core.records import Question
from meteor.models.tiny import tiny_checkpoint
from tests.conftest import ROOT, STOPS, Project

HEAD, NODE, PORT = "10.77.0.1", "10.77.0.2", 6379
SPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
MACHINE = ("unshare", "--user", "--map-root-user", *SPACES)
QUESTIONS = 24
STAGES = {
    "guideline": {"questions": "data/raw/train.jsonl", "checkpoint": "models/base"},
    "answer": {"questions": "data/raw/train.jsonl", "checkpoint": "models/base", "name": "base"},
    "pairs": {
        "questions": "data/raw/train.jsonl",
        "checkpoint": "models/base",
        "against": "models/base",
        "name": "t1",
    },
}


def main() -> None:
    """Play the head or the node where a machine was made for it; else make the head."""
    role, *rest = sys.argv[1:] or [""]
    if role == "head":
        head(Path(rest[0]))
    elif role == "node":
        node()
    else:
        if why := unable():
            sys.exit(f"two machines cannot be made here: {why}")
        with tempfile.TemporaryDirectory(prefix="two-machines-") as folder:
            prepare(Path(folder), Path(role) if role else None)
            line = [*MACHINE, sys.executable, "-m", "benchmarks.two_machines", "head", folder]
            sys.exit(subprocess.run(line, cwd=ROOT).returncode)


def unable() -> str:
    """Why no machine can be made; empty: it can."""
    cable = "ip link add here type veth peer name there && mount -t tmpfs none /mnt"
    try:
        tried = subprocess.run([*MACHINE, "sh", "-c", cable], capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no `unshare` (util-linux)"
    return (tried.stderr.strip() or "unshare failed") if tried.returncode else ""


def prepare(folder: Path, checkpoint: Path | None) -> None:
    """The project with a checkpoint and questions, and what one process writes of them; from here
    on its models write on the cluster.
    """
    project = Project(folder / "project")
    base = project.folder / "models/base"
    if checkpoint:
        base.symlink_to(checkpoint.resolve())
    else:
        lively(base)
    rows = [
        Question(
            id=f"q{number}",
            title=f"What is {'very ' * (number % 7)}deep?",
            body=f"I have read of {number} layers.",
            answer=f"It has {number} layers. They learn.",
        )
        for number in range(QUESTIONS)
    ]
    write_records(project.folder / "data/raw/train.jsonl", rows)
    short = {"max_new_tokens": 64}
    project.set(
        {
            "student.transformers": {"dtype": "float32", "device": "cpu", "batch_size": 8},
            "guideline.decoding": {**short, "strategy": "sample"},
            "answer.decoding": short,
            "pairs.rejected": short,
            "pairs.chosen": {**short, "strategy": "beam", "num_beams": 4},
            "pairs.keep": "all",
        }
    )
    for name in STAGES:
        ran(project.folder, name, "local")
    compute = {"engine": "ray", "address": f"{HEAD}:{PORT}", "workers": 2}
    project.set({"compute": {**compute, "checkpoint": "object_store"}})


def lively(folder: Path) -> None:
    """A tiny model with large random weights: what it writes hangs on all that it reads."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tiny_checkpoint(folder)
    config = LlamaConfig.from_pretrained(folder, initializer_range=0.3, tie_word_embeddings=False)
    torch.manual_seed(2)
    model = LlamaForCausalLM(config)
    model.generation_config.eos_token_id = STOPS
    model.save_pretrained(folder)


def head(folder: Path) -> None:
    """The machine with the project: it starts the cluster and the other machine, and compares."""
    subprocess.run("ip link set lo up; mount -t tmpfs none /dev/shm", shell=True, check=True)
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(16)}
    os.environ.update(QUIET, **token)
    project = folder / "project"
    with started_node() as node_process, ray_head():
        wait_for_node()
        wrong = 0
        for name in STAGES:
            begun = time.monotonic()
            rows = ran(project, name, "spread")
            seconds, local = time.monotonic() - begun, (project / f"{name}-local.jsonl").read_text()
            wrong += rows != local
            print(
                f"{name:10} {len(rows.splitlines()):3} rows in {seconds:5.1f} s,",
                "the bytes of one process" if rows == local else "OTHER BYTES THAN ONE PROCESS",
                flush=True,
            )
        theirs = Path(f"/proc/{_inside(node_process.pid)}/root")
        told(folder, theirs)
    sys.exit(1 if wrong else 0)


def told(folder: Path, theirs: Path) -> None:
    """Print what stands on the node, as seen through its process."""
    temporary = theirs / tempfile.gettempdir().lstrip("/")
    unpacked = sorted(temporary.glob("meteor-*/*/*/*.safetensors"))
    shown = ", ".join(str(file.relative_to(theirs)) for file in unpacked) or "nothing"
    print("the node sees the project's folder:", (theirs / str(folder).lstrip("/")).exists())
    print("the node sees this repository:", (theirs / str(ROOT).lstrip("/") / "meteor").exists())
    print("the node has unpacked:", shown)


def ran(project: Path, stage: str, how: str) -> str:
    """What a stage has written."""
    out = f"{stage}-{how}.jsonl"
    given = {**STAGES[stage], "out": out, "summary": f"{stage}-{how}.json"}
    options = [part for key, value in given.items() for part in (f"--{key}", value)]
    line = [sys.executable, "-m", f"stages.{stage}", *options]
    done = subprocess.run(line, cwd=project, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{stage} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return (project / out).read_text()


@contextmanager
def started_node() -> Iterator["subprocess.Popen[str]"]:
    """The other machine, with a cable to it."""
    line = ["unshare", *SPACES, sys.executable, "-m", "benchmarks.two_machines", "node"]
    process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, text=True)
    try:
        while not _apart(process.pid):
            time.sleep(0.1)
        for words in (
            ["link", "add", "to-node", "type", "veth", "peer", "name", "to-head"],
            ["link", "set", "to-head", "netns", str(process.pid)],
            ["address", "add", f"{HEAD}/24", "dev", "to-node"],
            ["link", "set", "to-node", "up"],
        ):
            subprocess.run(["ip", *words], check=True)
        assert process.stdin is not None
        process.stdin.write("the cable is there\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()


def _apart(process: int) -> bool:
    """Whether a process has a network of its own."""
    link = Path(f"/proc/{process}/ns/net").readlink()
    return link != Path("/proc/self/ns/net").readlink() and bool(_children(process))


def _children(process: int) -> list[int]:
    file = Path(f"/proc/{process}/task/{process}/children")
    return [int(word) for word in file.read_text().split()]


def _inside(unshare: int) -> int:
    """The first process of a machine, by the `unshare` that has made it."""
    return _children(unshare)[0]


@contextmanager
def ray_head() -> Iterator[None]:
    """A head that lends nobody a processor, so that all is written on the node."""
    with _ray("--head", "--port", str(PORT), "--num-cpus", "0", "--include-dashboard", "false"):
        yield


@contextmanager
def _ray(*arguments: str) -> Iterator[None]:
    process = subprocess.Popen(_ray_line(HEAD, *arguments), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _ray_line(address: str, *arguments: str) -> list[str]:
    program = str(Path(sys.executable).with_name("ray"))
    return [program, "start", "--block", "--node-ip-address", address, *arguments]


def wait_for_node() -> None:
    """Wait until the node is part of the cluster."""
    import ray

    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        try:
            ray.init(address=f"{HEAD}:{PORT}", logging_level="ERROR")
            alive = [each["NodeManagerAddress"] for each in ray.nodes() if each["Alive"]]
            ray.shutdown()
        except (ConnectionError, RuntimeError, ValueError):
            alive = []
        if NODE in alive:
            return
        time.sleep(2)
    sys.exit("the node did not come within ten minutes")


def node() -> None:
    """The machine without the project: nothing of the head's is there but the cable."""
    sys.stdin.readline()
    quiet("ip", "link", "set", "lo", "up")
    quiet("ip", "address", "add", f"{NODE}/24", "dev", "to-head")
    quiet("ip", "link", "set", "to-head", "up")
    hidden = [tempfile.gettempdir(), "/dev/shm"]
    if not Path(sys.prefix).is_relative_to(ROOT):
        hidden.append(str(ROOT))
    elsewhere = Path(tempfile.gettempdir()) / "elsewhere"
    for folder in hidden:
        quiet("mount", "-t", "tmpfs", "none", folder)
    elsewhere.mkdir()
    os.environ.pop("PYTHONPATH", None)
    os.environ["HOME"] = str(elsewhere)
    line = _ray_line(NODE, "--address", f"{HEAD}:{PORT}", "--num-cpus", "2")
    # This process is the machine's first one: with it all of the machine ends.
    sys.exit(subprocess.run(line, cwd=elsewhere, stdout=subprocess.DEVNULL).returncode)


def quiet(*line: str) -> None:
    """Run a command that has nothing to say."""
    subprocess.run(line, check=True)


if __name__ == "__main__":
    main()
