"""Stands in for vLLM in tests: its interface of version 0.30 as far as the plugins use it, over a
small model of transformers. It notes what it is told in the file that VLLM_NOTES names, and refuses
what vLLM would. VLLM_DIES names the call of `generate` in which it dies.
"""

import json
import os
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from vllm.lora.request import LoRARequest

KNOWN = {
    *("skip_tokenizer_init", "generation_config", "dtype", "max_model_len", "tensor_parallel_size"),
    *("gpu_memory_utilization", "enable_sleep_mode", "logprobs_mode", "trust_remote_code", "seed"),
    *("enable_lora", "max_lora_rank", "max_loras", "enforce_eager", "quantization", "max_num_seqs"),
}


def note(what: str, **told: Any) -> None:
    with Path(os.environ["VLLM_NOTES"]).open("a") as file:
        file.write(json.dumps({"what": what, "process": os.getpid(), **told}) + "\n")


@dataclass
class SamplingParams:
    n: int = 1
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None
    stop_token_ids: list[int] | None = None
    max_tokens: int = 16
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    detokenize: bool = True


class LLM:
    def __init__(self, model: str, **arguments: Any) -> None:
        if unknown := arguments.keys() - KNOWN:
            raise TypeError(f"EngineArgs.__init__() got an unexpected keyword argument {unknown}")
        variables = {name: value for name, value in os.environ.items() if name.startswith("VLLM_")}
        note("LLM", model=model, arguments=arguments, variables=variables)
        if arguments["gpu_memory_utilization"] < 0.05:
            raise ValueError("No available memory for the cache blocks.")
        from transformers import AutoModelForCausalLM

        self.model = AutoModelForCausalLM.from_pretrained(model).eval()
        self.arguments, self.asleep, self.calls = arguments, False, 0
        self.adapted: dict[int, Any] = {}

    def sleep(self, level: int) -> None:
        assert self.arguments["enable_sleep_mode"]
        note("sleep", level=level)
        self.asleep = True

    def wake_up(self) -> None:
        note("wake_up")
        self.asleep = False

    def generate(
        self,
        prompts: list[dict[str, list[int]]],
        sampling_params: list[SamplingParams],
        *,
        use_tqdm: bool,
        lora_request: LoRARequest | None = None,
    ) -> list[Any]:
        assert not self.asleep, "it sleeps"
        self.calls += 1
        if os.environ.get("VLLM_DIES") == str(self.calls):
            print("CUDA error: an illegal memory access was encountered", flush=True)
            os._exit(7)
        asked = [prompt["prompt_token_ids"] for prompt in prompts]
        told = [asdict(params) for params in sampling_params]
        adapter = asdict(lora_request) if lora_request else None
        note("generate", prompts=asked, sampling=told, adapter=adapter)
        model = self._with(lora_request)
        return [self._one(model, *row) for row in zip(asked, sampling_params, strict=True)]

    def _with(self, request: LoRARequest | None) -> Any:
        """The model with an adapter on it, which is read the first time only."""
        if request is None:
            return self.model
        assert self.arguments["enable_lora"]
        if request.lora_int_id not in self.adapted:
            from peft import PeftModel

            told = json.loads(Path(request.lora_path, "adapter_config.json").read_text())
            if told["r"] > self.arguments["max_lora_rank"]:
                raise ValueError(f"LoRA rank {told['r']} is greater than max_lora_rank")
            over = PeftModel.from_pretrained(deepcopy(self.model), request.lora_path)
            self.adapted[request.lora_int_id] = over.merge_and_unload()
        return self.adapted[request.lora_int_id]

    def _one(self, model: Any, ids: list[int], params: SamplingParams) -> Any:
        if len(ids) + 1 > self.arguments["max_model_len"]:
            raise ValueError(f"The decoder prompt (length {len(ids)}) is longer than the maximum")
        return SimpleNamespace(
            prompt_token_ids=ids,
            prompt_logprobs=self._read(model, ids) if params.prompt_logprobs == 0 else None,
            outputs=[self._write(model, ids, params, index) for index in range(params.n)],
        )

    def _read(self, model: Any, ids: list[int]) -> list[Any]:
        import torch

        with torch.inference_mode():
            likely = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        own = [float(likely[place - 1, ids[place]]) for place in range(1, len(ids))]
        told = zip(ids[1:], own, strict=True)
        return [None, *({token: SimpleNamespace(logprob=each)} for token, each in told)]

    def _write(self, model: Any, ids: list[int], params: SamplingParams, index: int) -> Any:
        import torch

        drawing = torch.Generator().manual_seed((params.seed or 0) + index)
        written: list[int] = []
        total = 0.0
        with torch.inference_mode():
            while len(written) < params.max_tokens:
                logits = model(torch.tensor([ids + written])).logits[0, -1]
                likely = logits.log_softmax(-1)
                token = int(_draw(_penalised(logits, ids + written, params), params, drawing))
                written.append(token)
                total += float(likely[token])
                if token in (params.stop_token_ids or []):
                    break
        told = total if params.logprobs is not None else None
        return SimpleNamespace(index=index, token_ids=tuple(written), cumulative_logprob=told)


def _penalised(logits: Any, before: list[int], params: SamplingParams) -> Any:
    import torch

    seen = torch.tensor(sorted(set(before)))
    there = logits[seen]
    by = params.repetition_penalty
    logits = logits.clone()
    logits[seen] = torch.where(there > 0, there / by, there * by)
    return logits


def _draw(logits: Any, params: SamplingParams, drawing: Any) -> Any:
    import torch

    if params.temperature == 0:
        return logits.argmax()
    logits = logits / params.temperature
    if params.top_k:
        logits[logits < logits.topk(params.top_k).values[-1]] = -torch.inf
    likely, order = logits.softmax(-1).sort(descending=True)
    likely[likely.cumsum(-1) - likely >= params.top_p] = 0
    return order[torch.multinomial(likely / likely.sum(), 1, generator=drawing)]
