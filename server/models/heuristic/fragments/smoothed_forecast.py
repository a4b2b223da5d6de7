import numpy as np


def smoothed_forecast(
    values: np.ndarray, horizon: int, level_rate: float, trend_rate: float, damping: float, seasonal_rate: float
) -> np.ndarray:
    """Holt-Winters smoothing with a damped trend, all series at once; a period without a value changes nothing."""
    complete = filled(values)
    first = complete[: max(SEASON * min(3, len(complete) // SEASON), 1)]
    level, trend = first[:SEASON].mean(axis=0), np.zeros(values.shape[1])
    season = np.array([first[number::SEASON].mean(axis=0) for number in range(min(SEASON, len(first)))])
    season = np.resize(season - season.mean(axis=0), (SEASON, values.shape[1]))
    for period, value in enumerate(values):
        place = period % SEASON
        error = np.where(np.isnan(value), 0.0, value - (level + damping * trend + season[place]))
        level = level + damping * trend + level_rate * error
        trend = damping * trend + level_rate * trend_rate * error
        season[place] += seasonal_rate * (1 - level_rate) * error
    steps = np.arange(1, horizon + 1)
    carried = np.cumsum(damping**steps)[:, None] * trend
    return level + carried + season[(len(values) + steps - 1) % SEASON]
