import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean squared error of log(1 + value)."""
    error = np.log1p(np.maximum(predicted, 0)) - np.log1p(truth)
    return float(np.sqrt(np.mean(error**2)))
