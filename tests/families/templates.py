"""Chat templates written after what the families' own ones do; the words are this project's."""

BAR = "\uff5c"
"""What DeepSeek writes in place of a vertical line."""
CHATML_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
GEMMA_TOKENS = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
LLAMA_TOKENS = (
    *("<|begin_of_text|>", "<|end_of_text|>"),
    *("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
)
TURN = "{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
BEGIN = "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"
CHATML = "{%- for m in messages -%}" + TURN + "{%- endfor -%}" + BEGIN

_THINKING_TURNS = (
    "{%- for m in messages -%}"
    "{%- set text = m.content.split('</think>')[-1].lstrip('\\n')"
    " if m.role == 'assistant' else m.content -%}"
    "{{ '<|im_start|>' + m.role + '\\n' }}"
    "{%- if m.role == 'assistant' and loop.last -%}{{ '<think>\\n\\n</think>\\n\\n' }}{%- endif -%}"
    "{{ text + '<|im_end|>\\n' }}"
    "{%- endfor -%}"
)
QWEN_3 = _THINKING_TURNS + BEGIN
QWEN_3_SWITCH = (
    _THINKING_TURNS
    + "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}"
    + "{%- if enable_thinking is defined and enable_thinking is false -%}"
    + "{{ '<think>\\n\\n</think>\\n\\n' }}{%- endif -%}{%- endif -%}"
)
QWEN_35_THINKING = (
    _THINKING_TURNS
    + "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n<think>\\n' }}{%- endif -%}"
)
QWEN_35_NOT_THINKING = (
    _THINKING_TURNS
    + "{%- if add_generation_prompt -%}"
    + "{{ '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif -%}"
)
SMOLLM_3 = (
    "{%- set thinks = enable_thinking | default(true) -%}"
    "{{ '<|im_start|>system\\nToday: ' + strftime_now('%d %B %Y') + '\\n' }}"
    "{{ ('/think' if thinks else '/no_think') + '<|im_end|>\\n' }}"
    "{%- for m in messages -%}"
    "{%- if m.role == 'assistant' and not thinks -%}"
    "{{ '<|im_start|>assistant\\n<think>\\n\\n</think>\\n' + m.content + '<|im_end|>\\n' }}"
    "{%- else -%}" + TURN + "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}"
    "{%- if not thinks -%}{{ '<think>\\n\\n</think>\\n' }}{%- endif -%}{%- endif -%}"
)
R1 = (
    "{{ bos_token }}"
    "{%- for m in messages -%}"
    "{%- if m.role == 'user' -%}{{ '<|User|>' + m.content }}"
    "{%- elif m.role == 'assistant' -%}"
    "{{ '<|Assistant|>' + m.content.split('</think>')[-1] + '<|end▁of▁sentence|>' }}"
    "{%- else -%}{{ m.content }}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|Assistant|><think>\\n' }}{%- endif -%}"
).replace("|", BAR)
_GEMMA_TURNS = (
    "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' }}"
    "{{ before + m.content | trim + '<end_of_turn>\\n' }}"
    "{%- set before = '' -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<start_of_turn>model\\n' }}{%- endif -%}"
)
GEMMA_2 = (
    "{{ bos_token }}{%- set before = '' -%}"
    "{%- for m in messages -%}"
    "{%- if m.role == 'system' -%}{{ raise_exception('there is no system role') }}{%- endif -%}"
    + _GEMMA_TURNS
)
GEMMA_3 = (
    "{{ bos_token }}"
    "{%- set told = messages[0].content + '\\n\\n' if messages[0].role == 'system' else '' -%}"
    "{%- set turns = messages[1:] if told else messages -%}"
    "{%- for m in turns -%}"
    "{%- set before = told if loop.first else '' -%}" + _GEMMA_TURNS
)
PHI_4 = (
    "{%- for m in messages -%}"
    "{{ '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant<|im_sep|>' }}{%- endif -%}"
)
_LLAMA_TURN = (
    "{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' }}"
    "{{ m.content | trim + '<|eot_id|>' }}"
)
_LLAMA_BEGIN = (
    "{%- if add_generation_prompt -%}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif -%}"
)
LLAMA_3 = (
    "{%- for m in messages -%}"
    "{%- if loop.first -%}{{ bos_token }}{%- endif -%}" + _LLAMA_TURN + "{%- endfor -%}"
) + _LLAMA_BEGIN
LLAMA_32 = (
    "{{ bos_token }}"
    "{%- if not date_string is defined -%}"
    "{%- if strftime_now is defined -%}{%- set date_string = strftime_now('%d %b %Y') -%}"
    "{%- else -%}{%- set date_string = '26 Jul 2024' -%}{%- endif -%}"
    "{%- endif -%}"
    "{%- set told = messages[0].content | trim if messages[0].role == 'system' else '' -%}"
    "{%- set turns = messages[1:] if messages[0].role == 'system' else messages -%}"
    "{{ '<|start_header_id|>system<|end_header_id|>\\n\\nKnowledge: December 2023\\nToday: ' }}"
    "{{ date_string + '\\n\\n' + told + '<|eot_id|>' }}"
    "{%- for m in turns -%}" + _LLAMA_TURN + "{%- endfor -%}"
) + _LLAMA_BEGIN
