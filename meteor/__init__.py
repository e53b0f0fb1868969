"""METEOR: turn a small open language model into an expert of one domain (arXiv 2411.11933)."""
