"""Models behind an OpenAI-compatible endpoint: one client for teacher, advisor, judge, student."""
