"""Tiny, random checkpoints of real families: their special tokens, templates and ends of a turn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.families import templates
from tests.families.templates import BAR, CHATML_TOKENS, GEMMA_TOKENS, LLAMA_TOKENS

SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
}
HEAD = {"head_dim": 16}
GEMMA = {**HEAD, "sliding_window": 64, "query_pre_attn_scalar": 16}


@dataclass(frozen=True)
class Family:
    """One family: its config class, its tokens (`added` are no special ones), which of them begin
    a text, end one and fill one up, the ends of a turn in its generation config, its template.
    """

    config: str
    template: str
    special: tuple[str, ...]
    ends: tuple[str, ...]
    eos: str
    pad: str | None
    bos: str | None = None
    added: tuple[str, ...] = ()
    end: str = ""
    thinks: bool = False
    shape: dict[str, Any] = field(default_factory=lambda: dict(HEAD))
    vision: bool = False

    @property
    def begins(self) -> bool:
        """Whether a token stands before every text: what is called so may begin or end a turn."""
        return self.bos is not None and self.bos not in CHATML_TOKENS

    @property
    def turn_ends_with(self) -> str:
        """The token that ends a turn."""
        return self.end or self.eos


THOUGHT = ("<think>", "</think>")
QWEN: dict[str, Any] = {
    "config": "Qwen3Config",
    "special": CHATML_TOKENS,
    "ends": ("<|im_end|>", "<|endoftext|>"),
    "eos": "<|im_end|>",
    "pad": "<|endoftext|>",
    "added": THOUGHT,
    "thinks": True,
}
GEMMA_ENDS: dict[str, Any] = {
    "special": GEMMA_TOKENS,
    "ends": ("<eos>", "<end_of_turn>"),
    "bos": "<bos>",
    "eos": "<eos>",
    "pad": "<pad>",
    "end": "<end_of_turn>",
    "shape": GEMMA,
}
GEMMA_3 = {
    **GEMMA_ENDS,
    "special": (*GEMMA_TOKENS, "<start_of_image>", "<end_of_image>", "<image_soft_token>"),
    "template": templates.GEMMA_3,
}
LLAMA: dict[str, Any] = {
    "config": "LlamaConfig",
    "bos": "<|begin_of_text|>",
    "pad": None,
    "end": "<|eot_id|>",
}
USER, ASSISTANT = f"<{BAR}User{BAR}>", f"<{BAR}Assistant{BAR}>"
BEGIN, END = f"<{BAR}begin▁of▁sentence{BAR}>", f"<{BAR}end▁of▁sentence{BAR}>"
FAMILIES: dict[str, Family] = {
    "smollm2": Family(
        "LlamaConfig", templates.CHATML, CHATML_TOKENS, ("<|im_end|>",), "<|im_end|>", "<|im_end|>"
    ),
    "qwen3": Family(**QWEN, template=templates.QWEN_3),
    "qwen3.5-thinking": Family(**QWEN, template=templates.QWEN_35_THINKING),
    "qwen3.5-not-thinking": Family(**QWEN, template=templates.QWEN_35_NOT_THINKING),
    "qwen3-switch": Family(**QWEN, template=templates.QWEN_3_SWITCH),
    "smollm3": Family(
        "SmolLM3Config",
        templates.SMOLLM_3,
        CHATML_TOKENS,
        ("<|im_end|>",),
        "<|im_end|>",
        "<|im_end|>",
        added=THOUGHT,
        thinks=True,
    ),
    "r1-distill": Family(
        "Qwen2Config",
        templates.R1,
        (BEGIN, END),
        (END,),
        END,
        END,
        bos=BEGIN,
        added=(USER, ASSISTANT, *THOUGHT),
        thinks=True,
        shape={},
    ),
    "gemma-2": Family(config="Gemma2Config", template=templates.GEMMA_2, **GEMMA_ENDS),
    "gemma-3": Family(config="Gemma3TextConfig", **GEMMA_3),
    "gemma-3-4b": Family(config="Gemma3TextConfig", **GEMMA_3, vision=True),
    "phi-4": Family(
        "Phi3Config",
        templates.PHI_4,
        (*CHATML_TOKENS, "<|im_sep|>"),
        ("<|endoftext|>", "<|im_end|>"),
        "<|endoftext|>",
        "<|endoftext|>",
        bos="<|endoftext|>",
        end="<|im_end|>",
        shape={},
    ),
    "llama-3": Family(
        **LLAMA,
        template=templates.LLAMA_3,
        special=LLAMA_TOKENS,
        ends=("<|end_of_text|>", "<|eot_id|>"),
        eos="<|end_of_text|>",
    ),
    "llama-3.2": Family(
        **LLAMA,
        template=templates.LLAMA_32,
        special=(*LLAMA_TOKENS, "<|eom_id|>"),
        ends=("<|end_of_text|>", "<|eom_id|>", "<|eot_id|>"),
        eos="<|eot_id|>",
    ),
}


def build(name: str, folder: Path, text: list[str], **shape: Any) -> Path:
    """Write the family's checkpoint into `folder` and return it; its tokenizer learns `text`."""
    import torch
    import transformers
    from transformers import GenerationConfig

    family = FAMILIES[name]
    tokenizer = _tokenizer(family, text)
    tokenizer.save_pretrained(folder)
    ids: Callable[[str | None], Any] = lambda token: (  # noqa: E731
        None if token is None else tokenizer.convert_tokens_to_ids(token)
    )
    torch.manual_seed(0)
    own = {"vocab_size": len(tokenizer) + 13, **SHAPE, **family.shape, **shape}
    tokens = {"bos_token_id": ids(family.bos), "eos_token_id": ids(family.eos)}
    tokens["pad_token_id"] = ids(family.pad)
    config = getattr(transformers, family.config)(**own, **tokens)
    if family.vision:
        model = _with_vision(config, tokenizer, tokens)
    else:
        model = transformers.AutoModelForCausalLM.from_config(config)
    ends = [ids(end) for end in family.ends]
    model.generation_config = GenerationConfig(
        **{**tokens, "eos_token_id": ends if ends[1:] else ends[0]}
    )
    model.save_pretrained(folder)
    return folder


def _with_vision(text: Any, tokenizer: Any, tokens: dict[str, Any]) -> Any:
    """Text and images, as Gemma 3 from 4B on: the text's length lies in `text_config`."""
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, SiglipVisionConfig

    vision = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    )
    image = tokenizer.convert_tokens_to_ids("<image_soft_token>")
    config = Gemma3Config(
        text_config=text.to_dict(),
        vision_config=vision.to_dict(),
        mm_tokens_per_image=4,
        image_token_index=image,
        **tokens,
    )
    return Gemma3ForConditionalGeneration(config)


def _tokenizer(family: Family, text: list[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import AddedToken, PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        text,
        trainers.BpeTrainer(
            vocab_size=700,
            special_tokens=list(family.special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    if family.bos and family.begins:  # before plain text: a chat's is the template's
        backend.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A",
            special_tokens=[(family.bos, backend.token_to_id(family.bos))],
        )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=family.bos,
        eos_token=family.eos,
        pad_token=family.pad,
        extra_special_tokens=[
            token for token in family.special if token not in (family.bos, family.eos, family.pad)
        ],
    )
    fast.add_tokens([AddedToken(token, special=False) for token in family.added])
    fast.chat_template = family.template
    return fast
