"""Personal data and secrets become marks, which no code has: `[e-mail address]` and so on."""

import re

KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:sk-(?:proj-|ant-)?[\w-]{20,}"  # OpenAI, Anthropic
    r"|hf_[A-Za-z0-9]{30,}"
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|AIza[\w-]{35}"
    r"|xox[abprs]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})",  # a JSON web token
    re.DOTALL,
)
# Not `x@w.to(device)`, a product of matrices, and not git@github.com.
EMAIL = re.compile(
    r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}"
    r"(?:com|org|net|edu|gov|mil|int|info|biz|name|[a-z]{2})\b(?![\w(\[.-]*[\w(\[])"
)
STARTS_OF_KEYS = (
    *("-----BEGIN", "sk-", "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("AKIA", "ASIA", "AIza", "xox", "eyJ"),
)
"""With which any of KEYS begins; looked for first, since most texts have none."""
DIGIT = re.compile(r"\d")
MAY_BE_PHONE = re.compile(r"\+\d|\(\d{2,4}\)|\d{3}[-.]\d{3,4}")
CODE = re.compile(r"(^(`{3,})[^\n]*\n.*?^\2[^\n]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def mask(text: str) -> str:
    """Mask keys and e-mail addresses everywhere, telephone numbers outside code, where digits
    mostly are something else.
    """
    for start in STARTS_OF_KEYS:
        if start in text:
            text = KEYS.sub("[secret key]", text)
            break
    if "@" in text:
        text = EMAIL.sub("[e-mail address]", text)
    return _mask_phones(text) if DIGIT.search(text) and MAY_BE_PHONE.search(text) else text


def _mask_phones(text: str) -> str:
    import phonenumbers

    code = [found.span() for found in CODE.finditer(text)]
    # Strict grouping: a number in the international format, or written as Americans write theirs.
    found = phonenumbers.PhoneNumberMatcher(
        text, "US", leniency=phonenumbers.Leniency.STRICT_GROUPING
    )
    for match in sorted(found, key=lambda match: -match.start):
        formatted = not match.raw_string.isdigit() and MAY_BE_PHONE.search(match.raw_string)
        if formatted and not any(start <= match.start < end for start, end in code):
            text = f"{text[: match.start]}[phone number]{text[match.end :]}"
    return text
