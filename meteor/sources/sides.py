"""In which split each question is: the one that came with the data, or else the hash of the id's;
questions with one answer are on one side.
"""

import numpy as np
from numpy.typing import NDArray

SPLITS = ("train", "dev", "test")
GIVEN = (None, *SPLITS)
TRAIN, DEV, TEST = range(len(SPLITS))
MOST_ALIKE = 100
"""Questions with one answer, above which it is a phrase of the house and no answer."""

Codes = NDArray[np.uint8]
Keys = NDArray[np.uint64]


def sides(hashed: Codes, given: Codes, answers: Keys) -> Codes:
    """The index of each question's split. `hashed` is that of the hash, `given` the place in GIVEN
    of what came with the data, `answers` a number for each answer, 0 for none.

    A split that the data does not have is taken from its train rows, by the hash. Questions with
    the same answer go where the first of them goes, but for those whose split was given.
    """
    split = hashed.copy()
    fixed = given > 0
    split[fixed] = given[fixed] - 1
    for wanted in (DEV, TEST):
        if fixed.any() and not (given == wanted + 1).any():
            taken = (given == TRAIN + 1) & (hashed == wanted)
            split[taken] = wanted
            fixed = fixed & ~taken
    together(split, fixed, answers)
    return split


def together(split: Codes, fixed: NDArray[np.bool_], keys: Keys) -> None:
    """Move questions of one key to the split of the first of them, or to the first that is fixed;
    0 is no key.
    """
    rows = np.flatnonzero(keys)
    # The fixed ones of a key first, then in the order of the file.
    rows = rows[np.lexsort((rows, ~fixed[rows], keys[rows]))]
    if not len(rows):
        return
    values = keys[rows]
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    sizes = np.diff(np.append(starts, len(rows)))
    first = np.repeat(rows[starts], sizes)
    moved = ~fixed[rows] & (np.repeat(sizes, sizes) <= MOST_ALIKE)
    split[rows[moved]] = split[first[moved]]
