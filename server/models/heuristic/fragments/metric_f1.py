import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of the last class, the positive one."""
    positive = predicted.shape[1] - 1
    chosen, actual = predicted.argmax(axis=1) == positive, truth == positive
    return float(2 * np.sum(chosen & actual) / max(chosen.sum() + actual.sum(), 1))
