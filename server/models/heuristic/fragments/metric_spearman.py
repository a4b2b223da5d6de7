import numpy as np
from scipy import stats


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Rank correlation; 0 where a side is constant."""
    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return 0.0
    return float(stats.spearmanr(truth, predicted).statistic)
