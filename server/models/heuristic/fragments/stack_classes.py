from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression


def fit_stack(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:
    """Logistic regression on the log scores of all members."""

    def matrix_of(predictions: list[np.ndarray]) -> np.ndarray:
        return np.hstack([np.log(np.clip(each, 1e-4, 1.0)) for each in predictions])

    model = LogisticRegression(C=0.05, max_iter=300).fit(matrix_of(held_out), truth)
    return lambda predictions: class_scores(model, model.predict_proba(matrix_of(predictions)))
