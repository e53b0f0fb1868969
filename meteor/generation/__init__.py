"""How the student writes: decoding strategies, and choosing among samples."""
