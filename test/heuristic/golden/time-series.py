"""A 'sample' task: predicts sales with a blend of hist-gb, smoothing.

Written by AIRA2's built-in heuristic, not by a language model. It reads the comment below to build on this program.
"""

# aira-genome-begin
# {"v":1,"modality":"time-series","program":{"backtests":2,"blend":"halfway"},
#  "members":[
#   {"family":"hist-gb","genes":{"against":"level","memory":"one-season","loss":"squared","stride":2,"halfLife":4,"learningRate":0.05,"iterations":150,"leaves":12,"minLeaf":40}},
#   {"family":"smoothing","genes":{"level":0.3,"trend":0.05,"damping":0.95,"seasonal":0.2}}]}
# aira-genome-end

import os

# Before numpy starts its threads: no more of them than this run may use.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, os.environ.get("AIRA_CPUS", "1"))

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

TRAIN_DIR, EVAL_DIR, OUT_DIR = (Path(os.environ[f"AIRA_{name}_DIR"]) for name in ("TRAIN", "EVAL", "OUT"))
SEED = int(os.environ.get("AIRA_SEED", "0"))
TIME_LIMIT_S = float(os.environ.get("AIRA_TIME_LIMIT_S", "3600"))
STARTED = time.monotonic()

METRIC = "mase"
TARGET = "sales"
SERIES = ["city"]
SEASON = 12


def say(what: str) -> None:
    """A line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:6.1f} s] {what}", flush=True)


def metric(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error; both sides come divided by the scale of their series."""
    return float(np.mean(np.abs(predicted - truth)))


def seasonal_scale(values: np.ndarray) -> np.ndarray:
    """Of each series, the mean absolute change from one season to the next: what MASE divides errors by."""
    with np.errstate(invalid="ignore"):
        changes = np.abs(values[SEASON:] - values[:-SEASON])
    known = np.isfinite(changes)
    means = np.where(known, changes, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(means > 0, means, np.median(means[means > 0]) if (means > 0).any() else 1.0)


def period_of(table: pd.DataFrame) -> np.ndarray:
    """The number of the month of each row."""
    return (table["year"] * 12 + table["month"] - 1).to_numpy(dtype=int)


def series_of(table: pd.DataFrame) -> pd.Series:
    """The series of each row, by name."""
    return table[SERIES].astype(str).agg(" | ".join, axis=1)


def filled(values: np.ndarray) -> np.ndarray:
    """Values, shape (periods, series), with gaps bridged: by the season before, else straight between neighbours."""
    complete = values.copy()
    for period in range(SEASON, len(complete)):
        gap = np.isnan(complete[period])
        complete[period, gap] = complete[period - SEASON, gap]
    return pd.DataFrame(complete).interpolate(limit_direction="both").fillna(0.0).to_numpy()


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


def loss(truth: np.ndarray, predicted: np.ndarray) -> float:
    """What should be small."""
    return metric(truth, predicted)


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


def hist_gb(values: np.ndarray, horizon: int, seed: int) -> np.ndarray:
    """Gradient boosting over all series and steps: the change against the level of the last season."""
    complete = filled(values)
    features, changes, ages = [], [], []
    first = 2 * SEASON
    for origin in range(len(values) - 1, max(first, 1), -2):
        ahead = min(horizon, len(values) - origin)
        matrix, level, _ = origin_features(complete, origin, ahead, 1)
        change = values[origin : origin + ahead].ravel() - level
        known = np.isfinite(change)
        features.append(matrix[known])
        changes.append(change[known])
        ages.append(np.full(known.sum(), (len(values) - origin) / SEASON))
    model = HistGradientBoostingRegressor(
        learning_rate=0.05,
        max_iter=150,
        max_leaf_nodes=12,
        min_samples_leaf=40,
        l2_regularization=0,
        early_stopping=False,
        random_state=seed,
    )
    model.fit(np.vstack(features), np.concatenate(changes), sample_weight=0.5 ** (np.concatenate(ages) / 4))
    matrix, level, _ = origin_features(complete, len(values), horizon, 1)
    return (model.predict(matrix) + level).reshape(horizon, -1)


def smoothing(values: np.ndarray, horizon: int, seed: int) -> np.ndarray:
    """Level, damped trend and season of each series, smoothed over its history."""
    return smoothed_forecast(values, horizon, level_rate=0.3, trend_rate=0.05, damping=0.95, seasonal_rate=0.2)


MEMBERS = {
    "hist-gb": hist_gb,
    "smoothing": smoothing,
}


def read_panel() -> pd.DataFrame:
    """The history with a row for every period up to its end and a column for every series; gaps are NaN."""
    table = pd.read_csv(TRAIN_DIR / "train.csv")
    values = pd.to_numeric(table[TARGET], errors="coerce")
    long = pd.DataFrame({"period": period_of(table), "series": series_of(table), "value": values})
    panel = long.pivot_table(index="period", columns="series", values="value", aggfunc="mean", dropna=False)
    return panel.reindex(range(long["period"].min(), long["period"].max() + 1)).astype(float)


def forecast_all(values: np.ndarray, horizon: int) -> list[np.ndarray]:
    """The forecast of each member, shape (horizon, series), on the scale of the target."""
    learnt = np.log1p(np.maximum(values, 0))
    return [np.maximum(np.expm1(fit(learnt, horizon, SEED)), 0) for fit in MEMBERS.values()]


def backtest(values: np.ndarray, horizon: int, times: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Forecasts of each member from earlier origins, and what came of it, both divided by the scale of the series."""
    forecasts, truths = [], []
    for number in range(times):
        origin = len(values) - horizon - number * max(horizon // 2, 1)
        if origin < 4 * SEASON or time.monotonic() - STARTED > 0.5 * TIME_LIMIT_S:
            break
        truth = values[origin : origin + horizon]
        known = np.isfinite(truth)
        scale = np.broadcast_to(seasonal_scale(values[:origin]), truth.shape)[known]
        truths.append(truth[known] / scale)
        forecasts.append([each[known] / scale for each in forecast_all(values[:origin], horizon)])
    if not truths:
        return [], np.array([])
    return [np.concatenate(each) for each in zip(*forecasts)], np.concatenate(truths)


def fit_blend(held_out: list[np.ndarray], truth: np.ndarray) -> Callable[[list[np.ndarray]], np.ndarray]:
    """How to put the forecasts of the members together, learnt from the backtests."""
    equal = np.full(len(MEMBERS), 1 / len(MEMBERS))
    weights = (blend_weights(held_out, truth) + equal) / 2 if held_out else equal
    say("weights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in zip(MEMBERS, weights)))
    return lambda forecasts: sum(weight * each for weight, each in zip(weights, forecasts))


def main() -> None:
    """Reads, backtests, forecasts, writes."""
    panel = read_panel()
    inputs = pd.read_csv(EVAL_DIR / "inputs.csv", dtype={"id": str})
    ahead = period_of(inputs) - panel.index[-1]
    horizon = int(max(ahead.max(), 1))
    say(f"{panel.shape[1]} series, {len(panel)} periods, {horizon} ahead")
    values = panel.to_numpy()
    held_out, truth = backtest(values, horizon, 2)
    for name, each in zip(MEMBERS, held_out):
        say(f"{name} local holdout {METRIC}={metric(truth, each):.5f}")
    together = fit_blend(held_out, truth)
    if held_out:
        say(f"local holdout {METRIC}={metric(truth, together(held_out)):.5f}")
    forecast = together(forecast_all(values, horizon))
    column = panel.columns.get_indexer(series_of(inputs))
    predicted = forecast[np.clip(ahead - 1, 0, horizon - 1), column]
    # A series without a history gets what is usual.
    predicted = np.where(column < 0, np.median(forecast), predicted)
    predicted = np.clip(predicted, 0, None)
    OUT_DIR.mkdir(parents=True, exist_ok=True)
    output = pd.DataFrame({"id": inputs["id"], "sales": predicted})
    output.to_csv(OUT_DIR / "predictions.csv", index=False)
    say(f"wrote predictions of {len(output)} rows")


if __name__ == "__main__":
    main()
