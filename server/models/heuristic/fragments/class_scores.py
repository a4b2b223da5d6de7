import numpy as np


def class_scores(fitted: object, scores: np.ndarray) -> np.ndarray:
    """Scores of a fitted model with a column for each of CLASSES, also of those it has not seen in training."""
    complete = np.zeros((len(scores), len(CLASSES)))
    complete[:, np.asarray(fitted.classes_, dtype=int)] = scores
    return complete
