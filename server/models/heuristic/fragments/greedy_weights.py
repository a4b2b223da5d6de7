import numpy as np


def blend_weights(predictions: list[np.ndarray], truth: np.ndarray) -> np.ndarray:
    """Weights by adding, 40 times, the member that helps most (Caruana et al. 2004), on rows no member has seen."""
    counts = np.zeros(len(predictions))
    total = np.zeros_like(predictions[0])
    best_loss, best_counts = np.inf, np.ones(len(predictions))
    for size in range(1, 41):
        losses = [loss(truth, (total + each) / size) for each in predictions]
        chosen = int(np.argmin(losses))
        counts[chosen] += 1
        total = total + predictions[chosen]
        if losses[chosen] < best_loss:
            best_loss, best_counts = losses[chosen], counts.copy()
    return best_counts / best_counts.sum()
