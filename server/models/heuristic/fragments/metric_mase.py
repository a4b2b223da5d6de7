import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error; both sides come divided by the scale of their series."""
    return float(np.mean(np.abs(predicted - truth)))
