"""What the models are asked, in the words of the method.

The wording follows the figures of the paper: the guideline prompt and the distillation prompt of
section 3.1, draft, advice and revision of section 3.2. Chat templates are applied by whoever
holds the tokenizer.
"""

from meteor.core.records import Draft, Example, Message, Prompt, Question

FIELDS = {
    "ml": "machine learning",
    "dl": "deep learning",
    "nlp": "natural language processing",
    "cv": "computer vision",
}


def guideline(question: Question) -> Prompt:
    """The student is asked how an expert would go about the answer, not for the answer."""
    return _prompt(
        question,
        f"You are an expert in {field(question)}. Do not answer the question below: a stronger "
        "model will. Write a guideline that helps that model to give a precise and complete "
        "answer: the points to cover, their order, and the mistakes to avoid.\n\n",
        "\n\nGuideline:",
    )


def distillation(question: Question, text: str) -> Prompt:
    """The teacher is asked to answer along the student's guideline."""
    return _prompt(
        question,
        f"Here is a guideline by an expert in {field(question)} on how to answer the question "
        f"that follows.\n\nGuideline:\n{text}\n\nUse the guideline to give a precise and accurate "
        "answer.\n\n",
        "",
    )


def unguided(question: Question) -> Prompt:
    """The teacher is asked without a guideline, to see what guidelines do."""
    return _prompt(
        question,
        f"Here is a question about {field(question)}. Give a precise and accurate answer.\n\n",
        "",
    )


def answer(question: Question) -> Prompt:
    """The student is asked to answer with its reasoning: for training and for every evaluation."""
    return _prompt(
        question,
        f"Answer this question about {field(question)}. Explain the reasoning.\n\n",
        "",
    )


def example(question: Question, text: str, thought: str | None = None) -> Example:
    """The question as the student is asked it, and an answer to learn or to be weighed."""
    return Example(id=question.id, prompt=answer(question), answer=text, thought=thought)


def advice(draft: Draft) -> Prompt:
    """The advisor is asked whether a draft is correct, and for advice, not for the answer."""
    return _prompt(
        draft.question,
        f"You are an expert in {field(draft.question)} who advises a student. Say whether the "
        "student's answer to the question is correct. Where it is not, say what is wrong or "
        "missing and how to mend it, without writing the answer yourself.\n\n",
        f"\n\nStudent's answer:\n{draft.text}",
    )


def revision(draft: Draft, text: str) -> Prompt:
    """The student sees its own answer and the advice, and answers again."""
    asked = answer(draft.question)
    return Prompt(
        id=draft.id,
        messages=(
            *asked.messages,
            Message(role="assistant", content=draft.text),
            Message(
                role="user",
                content=f"An expert advises: {text}\n\nFollow the advice and write your whole "
                "answer again, better. Do not mention the advice.",
            ),
        ),
    )


def field(question: Question) -> str:
    """The name of the question's field, in words."""
    return FIELDS.get(question.category, question.category or "this domain")


def _prompt(question: Question, before: str, after: str) -> Prompt:
    head = f"{before}Title: {question.title}\n"
    start, end = len(head), len(head) + len(question.body)
    content = f"{head}{question.body}{after}"
    message = Message(role="user", content=content, cut=(start, end))
    return Prompt(id=question.id, messages=(message,))
