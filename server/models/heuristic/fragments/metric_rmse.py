import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared error."""
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))
