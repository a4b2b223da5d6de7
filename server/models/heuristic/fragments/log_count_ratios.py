import numpy as np
from scipy import sparse


def log_count_ratios(matrix: sparse.csr_matrix, target: np.ndarray) -> np.ndarray:
    """How strongly each n-gram speaks for its most marked class (Wang and Manning 2012); shape (n-grams,)."""
    present = matrix.sign()
    total = np.asarray(present.sum(axis=0)).ravel()
    strongest = np.zeros(matrix.shape[1])
    for number in np.unique(target):
        own = np.asarray(present[target == number].sum(axis=0)).ravel()
        share_own = (own + 1) / (np.sum(target == number) + 2)
        share_rest = (total - own + 1) / (np.sum(target != number) + 2)
        strongest = np.maximum(strongest, np.abs(np.log(share_own / share_rest)))
    return strongest
