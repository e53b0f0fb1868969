"""What becomes of a raw question: clean Markdown, without personal data, once, in one split."""
