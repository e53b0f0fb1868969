"""What runs in confined processes, with the standard library alone: an answer's code in one, the
question's tests in another. Nothing but data crosses between them, so the code can neither see the
tests and what they expect, nor touch them, nor speak in their place.
"""
