"""What verifiers share: what is taken from an answer, and where what it holds is run."""
