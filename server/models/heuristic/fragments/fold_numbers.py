import numpy as np
import pandas as pd


def fold_numbers(groups: np.ndarray, count: int) -> np.ndarray:
    """The fold of every row, 0 to count - 1. Rows of a group share it: duplicates must not flatter the estimate."""
    codes = pd.factorize(groups)[0]
    if codes.max() < 5 * count:
        codes = np.arange(len(groups))  # too few groups to part: every row for itself
    shuffled = np.random.default_rng(SEED).permutation(codes.max() + 1)
    return shuffled[codes] % count
