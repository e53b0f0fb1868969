"""Questions that plugins are tried with, in many scripts and lengths, and prompts about them."""

from meteor.core.records import Message, Prompt, Question

BODIES = (
    "I read about it and want to know more.",
    "Ελληνικά, 中文, العربية, e\u0301, 👩🏽\u200d🔬 and a line\u2028break.",
    "",
    "A long story. " * 300,
    'With "quotes", {braces}, <|im_end|> and a\ttab.',
)
QUESTIONS = tuple(
    Question(
        id=f"q{number}/ü {number}",
        title=f"What is concept {number}?",
        body=body,
        category="ml",
        answer=None if number == 2 else f"Concept {number} is a thing that one learns: {body[:40]}",
    )
    for number, body in enumerate(BODIES)
)
"""Questions that plugins are asked about; the third has no accepted answer."""


def plain_prompt(question: Question, before: str = "Answer this question.") -> Prompt:
    """A question as a plugin may be asked it; the author's project need not have our templates."""
    head = f"{before}\n\nTitle: {question.title}\n"
    content, cut = head + question.body, (len(head), len(head) + len(question.body))
    return Prompt(id=question.id, messages=(Message(role="user", content=content, cut=cut),))
