import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - truth)))
