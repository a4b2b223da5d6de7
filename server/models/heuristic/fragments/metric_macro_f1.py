import numpy as np


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of each class, averaged over the classes that occur."""
    chosen = predicted.argmax(axis=1)
    classes = predicted.shape[1]
    hits = np.bincount(truth[chosen == truth], minlength=classes)
    sizes = np.bincount(truth, minlength=classes) + np.bincount(chosen, minlength=classes)
    return float(np.mean(2 * hits[sizes > 0] / sizes[sizes > 0]))
