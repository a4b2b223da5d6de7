import numpy as np
import pandas as pd


def fold_numbers(groups: np.ndarray, count: int) -> np.ndarray:
    """The fold of every row, 0 to count - 1. Rows of a group share it, so that duplicates cannot flatter the estimate."""
    codes = pd.factorize(groups)[0]
    shuffled = np.random.default_rng(SEED).permutation(codes.max() + 1)
    return shuffled[codes] % count
