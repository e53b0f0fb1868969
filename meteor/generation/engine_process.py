"""The process of an engine: vLLM, which is told what to load, and then one job after another.

It ends when the process that started it closes the connection, or is gone.
"""

import os
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from meteor.generation.engine import Adapter, Broken, Drawn, Job, Load, Outcome, Sleep
from meteor.running.processes import end_with, process_name


def main() -> None:
    """Serve the connection whose file descriptor the command line names."""
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    connection: Connection[Any, Any] = Connection(descriptor)
    end_with(process_name(os.getppid()), "the stage has ended, so its engine ends, too")
    server = Server()
    with suppress(EOFError):
        while True:
            asked = connection.recv()
            try:
                answer = server.do(asked)
            except Exception as error:
                text = " ".join(str(error).split()) or "it gave no reason"
                connection.send(Broken(f"{type(error).__name__}: {text}", _mistaken(error)))
                raise
            connection.send(answer)


def _mistaken(error: Exception) -> bool:
    """Whether vLLM was given an argument that it does not have."""
    return isinstance(error, TypeError) and "unexpected keyword argument" in str(error)


class Server:
    """vLLM, loaded or not yet, awake or asleep."""

    def __init__(self) -> None:
        self.model: Any = None
        self.asleep = False

    def do(self, asked: Load | Job | Sleep) -> list[Outcome] | None:
        """Do what is asked, and say what came of it."""
        if isinstance(asked, Job):
            return self._write(asked)
        if isinstance(asked, Sleep):
            self._sleep()
        else:
            from vllm import LLM

            self.model = LLM(**asked.arguments)
        return None

    def _sleep(self) -> None:
        if not self.asleep:
            self.model.sleep(level=1)  # the weights go into the machine's memory
            self.asleep = True

    def _write(self, job: Job) -> list[Outcome]:
        from vllm import SamplingParams

        if self.asleep:
            self.model.wake_up()
            self.asleep = False
        written = self.model.generate(
            [{"prompt_token_ids": ids} for ids in job.prompts],
            # Texts are made of tokens by the project's own decoding.
            [SamplingParams(seed=seed, detokenize=False, **job.sampling) for seed in job.seeds],
            use_tqdm=False,
            lora_request=_request(job.adapter) if job.adapter else None,
        )
        return [Outcome(_drawn(each), _read(each)) for each in written]


def _request(adapter: Adapter) -> Any:
    from vllm.lora.request import LoRARequest

    return LoRARequest(f"adapter-{adapter.number}", adapter.number, adapter.folder)


def _drawn(written: Any) -> list[Drawn]:
    return [
        Drawn(list(one.token_ids), one.cumulative_logprob or 0.0)
        for one in sorted(written.outputs, key=lambda one: int(one.index))
    ]


def _read(written: Any) -> list[float]:
    """Each token's own log-likelihood: beside it may stand that of the likeliest."""
    told = zip(written.prompt_token_ids, written.prompt_logprobs or (), strict=False)
    return [float(logprobs[token].logprob) for token, logprobs in told if logprobs is not None]


if __name__ == "__main__":
    main()
