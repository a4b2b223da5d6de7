import numpy as np


def origin_features(
    complete: np.ndarray, origin: int, horizon: int, memory: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is known after `origin` periods about each of the next ones.

    Returns features, shape (horizon * series, features), and for the same rows the level of the last season and the
    value of the same period in the last season. `memory` is how many seasons back the features look.
    """
    known = complete[:origin]
    series = known.shape[1]
    steps = np.arange(1, horizon + 1)
    season_before = origin - 1 + steps - SEASON * ((steps - 1) // SEASON + 1)
    level = known[-SEASON:].mean(axis=0)
    quarter = max(SEASON // 4, 1)
    per_series = [
        level,
        known[-1] - level,
        known[-quarter:].mean(axis=0) - level,
        known[-quarter:].mean(axis=0) - known[-quarter - SEASON : -SEASON].mean(axis=0),
        known[-SEASON:].std(axis=0),
    ]
    if memory > 0:
        per_series += [known[-back] - known[-back - SEASON] for back in range(1, quarter + 1)]
    for season in range(1, memory + 1):
        per_series.append(level - known[-(season + 1) * SEASON : -season * SEASON].mean(axis=0))
    per_row = [known[season_before] - level]
    for season in range(1, memory + 1):
        earlier = known[season_before - season * SEASON]
        per_row.append(earlier - known[-(season + 1) * SEASON : -season * SEASON].mean(axis=0))
    angle = 2 * np.pi * ((origin + steps - 1) % SEASON) / SEASON
    per_step = [
        steps,
        (origin + steps - 1) % SEASON,
        np.sin(angle),
        np.cos(angle),
        np.sin(2 * angle),
        np.cos(2 * angle),
    ]
    columns = [np.tile(each, horizon) for each in per_series]
    columns += [each.ravel() for each in per_row]
    columns += [np.repeat(each, series) for each in per_step]
    return np.column_stack(columns), np.tile(level, horizon), known[season_before].ravel()
