"""Splits of time series: three origins, each forecast `horizon` periods ahead from everything known before it.

The last `horizon` periods are the test window, the ones before them validation, the ones before those search. A program
runs once for each window and sees the whole history before it, so the later runs have more to learn from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from assignment import time_values
from labelled_table import SPLITS, LabelledTable, TaskDataError


@dataclass
class Origin:
    """One forecast: rows of the history, rows to predict, and what an error is measured against (MASE only)."""

    split: str
    history: np.ndarray
    window: np.ndarray
    scale: np.ndarray | None


def series_of(table: LabelledTable) -> pd.Series:
    """The series each row belongs to: the group columns together."""
    return table.frame[table.manifest["split"]["group"]].agg("\x1f".join, axis=1)


def seasonal_naive_error(period: np.ndarray, value: np.ndarray, season: int) -> float:
    """Mean |y[t] - y[t - season]| over the history of one series, where both are known; NaN where they never are.

    `period` numbers the periods of the history, `value` is NaN where the target is missing. This is the scale of MASE
    (Hyndman and Koehler 2006, "Another look at measures of forecast accuracy"), in its seasonal form.
    """
    known = {int(t): float(y) for t, y in zip(period, value) if np.isfinite(y)}
    errors = [abs(y - known[t - season]) for t, y in sorted(known.items()) if t - season in known]
    return float(np.mean(errors)) if errors else float("nan")


def origins(table: LabelledTable) -> list[Origin]:
    """The three origins, search first. Rows without a target stay in the history and are not asked for in a window."""
    split = table.manifest["split"]
    horizon, gap = split["horizon"], split.get("gap", 0)
    season = table.manifest["metric"].get("season")
    times = time_values(table)
    series = series_of(table)
    repeated = pd.DataFrame({"series": series, "time": times}).duplicated()
    if repeated.any():
        raise TaskDataError(
            f"{int(repeated.sum())} rows repeat a time of their series: split.group and split.time must identify a row"
        )
    number_of = {time: number for number, time in enumerate(sorted(times.unique()))}
    period = times.map(number_of).to_numpy()
    periods = len(number_of)
    if periods < 3 * horizon + gap + max(season or 0, 1) + 1:
        raise TaskDataError(
            f"{periods} periods are too few for three windows of {horizon} (split.horizon) and a history before them"
        )
    target = pd.to_numeric(table.frame[table.targets[0]], errors="coerce").to_numpy(dtype=float)
    result = []
    for index, name in enumerate(SPLITS):
        start = periods - (3 - index) * horizon
        past = period < start - gap
        window = (period >= start) & (period < start + horizon) & np.isfinite(target)
        scale = None
        if season is not None:
            by_series = {
                key: seasonal_naive_error(period[rows], target[rows], season)
                for key, rows in ((key, past & (series == key).to_numpy()) for key in sorted(series.unique()))
            }
            scale = series.map(by_series).to_numpy(dtype=float)
            usable = np.isfinite(scale) & (scale > 0)
            if (window & ~usable).any():
                table.notes.append(
                    f"{name}: {int((window & ~usable).sum())} rows of series without a seasonal history are not asked for"
                )
            window &= usable
        rows = np.flatnonzero(window)
        result.append(Origin(name, np.flatnonzero(past), rows, None if scale is None else scale[rows]))
    return result
