"""`meteor ask`: chat with a checkpoint, or with two beside each other, as the answer is written."""

import argparse
import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from meteor.core.domain import Domain
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import Params, load_params
from meteor.core.records import Question
from meteor.core.settings import Decoding
from meteor.models.encoding import chat_ids, load_model, load_tokenizer, turns_of
from meteor.models.precision import resolved
from meteor.pipeline import arguments_of, written_stage
from meteor.running.processor import keep_memory, wait_patiently

YOU = "you> "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor ask`."""
    parser.add_argument("question", nargs="?", help="one question; without it: a pipe, or a chat")
    parser.add_argument("--model", help="checkpoint by name, or its folder; default: the last one")
    parser.add_argument("--against", help="a second checkpoint, asked the same beside it")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="send the words as they are, not as the held-out questions are asked",
    )
    parser.add_argument("--sample", action="store_true", help="sample instead of greedy decoding")


def run(arguments: argparse.Namespace) -> None:
    """Answer one question, or chat until the end of input. Ctrl-C stops an answer, and ends the
    chat where none is being written (exit code 130 for one question).
    """
    wait_patiently()
    keep_memory()
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    params = load_params()
    names = [arguments.model or list(params.evaluate)[-1], arguments.against]
    folders = {name: checkpoint_folder(name, params) for name in names if name}
    if len(folders) < sum(name is not None for name in names):
        raise SettingsError("meteor ask: --model and --against name the same checkpoint")
    asked = arguments.question or (None if sys.stdin.isatty() else sys.stdin.read().strip())
    if asked == "":
        raise SettingsError("meteor ask: there is no question on standard input")
    decoding = params.answer.decoding.model_copy(
        update={"strategy": "sample" if arguments.sample else "greedy"}
    )
    talkers = [Talker(name, folder, decoding) for name, folder in folders.items()]
    if asked is not None:
        if not show(talkers, first_turn(talkers, asked, arguments.plain, params.domain)):
            sys.exit(130)
        return
    print("Ctrl-C stops an answer, Ctrl-D ends.", file=sys.stderr)
    while (text := _read()) is not None:
        if text and not talkers[0].turns:
            text = first_turn(talkers, text, arguments.plain, params.domain)
        if text:
            show(talkers, text)


def first_turn(talkers: "Sequence[Talker]", text: str, plain: bool, domain: Domain) -> str:
    """The words that open a chat: as the held-out questions are asked, or as they are. What the
    template has before the question becomes the talkers' first turns.
    """
    from meteor.prompts import wording

    if plain:
        return text
    *before, asked = wording.answer(domain)(Question(id="asked", title=text)).messages
    for talker in talkers:
        talker.turns = [{"role": turn.role, "content": turn.content} for turn in before]
    return asked.content.strip()


def checkpoint_folder(name: str, params: Params) -> Path:
    """The folder of a checkpoint: dvc.yaml says where, or `name` is a folder itself."""
    if (Path(name) / "config.json").exists():
        return Path(name)
    known = ["base", *params.before]
    if name not in known:
        raise SettingsError(f"there is no checkpoint {name!r} ({', '.join(known)})")
    written = arguments_of(written_stage("answer")["cmd"])
    folder = Path(written["checkpoint"].replace("${key}", name))
    if not (folder / "config.json").exists():
        raise MeteorError(
            f"{folder}: the checkpoint is not there yet; run `dvc repro` or `dvc pull`"
        )
    return folder


def _read() -> str | None:
    """The next line; None at the end."""
    import readline  # noqa: F401 (arrow keys in `input`)

    try:
        return input(YOU).strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return None


class Talker:
    """A loaded checkpoint and the turns of its chat so far."""

    def __init__(self, name: str, folder: Path, decoding: Decoding) -> None:
        self.name, self.decoding = name, decoding
        self.tokenizer = load_tokenizer(folder)
        self.model = load_model(folder, resolved("auto"), "auto")
        self.turns: list[dict[str, str]] = []
        self.stopped = Event()

    def answer(self, text: str) -> Generator[str, None, None]:
        """Yield the pieces of the answer to one more turn; `stopped` ends it before its time."""
        from transformers import TextIteratorStreamer

        self.stopped.clear()
        self.turns.append({"role": "user", "content": text})
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=True)
        failure: list[Exception] = []
        writing = Thread(target=self._write, args=(streamer, failure), daemon=True)
        writing.start()
        written = []
        try:
            for piece in streamer:
                written.append(piece)
                yield piece
        finally:
            self.stopped.set()
            writing.join()
            self.turns.append({"role": "assistant", "content": "".join(written).strip()})
        if failure:
            raise failure[0]

    def _write(self, streamer: Any, failure: list[Exception]) -> None:
        from transformers import StoppingCriteriaList

        config = self.model.config.get_text_config()
        limit = getattr(config, "max_position_embeddings", 2048)
        inputs = self._inputs(limit - self.decoding.max_new_tokens)
        sampling = {}
        if self.decoding.strategy == "sample":
            sampling = self.decoding.model_dump(include={"temperature", "top_p", "top_k"})
        try:
            self.model.generate(
                **inputs,
                **sampling,
                do_sample=bool(sampling),
                num_beams=1,
                max_new_tokens=self.decoding.max_new_tokens,
                repetition_penalty=self.decoding.repetition_penalty,
                no_repeat_ngram_size=self.decoding.no_repeat_ngram,
                pad_token_id=self.tokenizer.pad_token_id,
                eos_token_id=sorted(turns_of(self.tokenizer).ends),
                streamer=streamer,
                stopping_criteria=StoppingCriteriaList([lambda *_: self.stopped.is_set()]),
            )
        except Exception as error:
            failure.append(error)
            streamer.end()

    def _inputs(self, limit: int) -> Any:
        """The chat as tokens; the oldest turns are left out where it is too long."""
        turns = self.turns
        kept = 1 if turns[0]["role"] == "system" else 0
        while True:
            ids = chat_ids(self.tokenizer, turns)
            if len(ids) <= limit or len(turns) <= kept + 1:
                inputs = self.tokenizer.pad({"input_ids": [ids]}, return_tensors="pt")
                return inputs.to(self.model.device)
            turns = [*turns[:kept], *turns[kept + 2 :]]


def show(talkers: Sequence[Talker], text: str) -> bool:
    """Print the answers to one turn as they are written; False where Ctrl-C stopped them."""
    try:
        if len(talkers) == 2 and sys.stdout.isatty():
            _beside(talkers, text)
        else:
            _below(talkers, text)
    except KeyboardInterrupt:
        print("\n(stopped)", file=sys.stderr)
        return False
    return True


def _below(talkers: Sequence[Talker], text: str) -> None:
    """One answer after the other."""
    for talker in talkers:
        if len(talkers) > 1:
            print(f"--- {talker.name} ---")
        for piece in talker.answer(text):
            print(piece, end="", flush=True)
        print()


def _beside(talkers: Sequence[Talker], text: str) -> None:
    """Two answers side by side, both being written."""
    from rich.live import Live
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    written = ["" for _ in talkers]

    def collect(number: int, talker: Talker) -> None:
        for piece in talker.answer(text):
            written[number] += piece

    def drawn() -> Table:
        beside = Table.grid(expand=True)
        for _ in talkers:
            beside.add_column(ratio=1)
        pairs = zip(talkers, written, strict=True)
        beside.add_row(*(Panel(Text(shown), title=talker.name) for talker, shown in pairs))
        return beside

    threads = [Thread(target=collect, args=pair, daemon=True) for pair in enumerate(talkers)]
    try:
        with Live(refresh_per_second=8, get_renderable=drawn):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        for talker in talkers:
            talker.stopped.set()
        for thread in threads:
            thread.join()
