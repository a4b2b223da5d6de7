"""Looks at the data once: kinds of columns, targets, arrays, time and series; and lays out a sample for quick tries."""

import itertools
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")

TRAIN_DIR, EVAL_DIR = Path(os.environ["AIRA_TRAIN_DIR"]), Path(os.environ["AIRA_EVAL_DIR"])


def as_dates(values: pd.Series) -> pd.Series | None:
    """The values as dates, or None where they are none."""
    text = values.dropna().astype(str)
    if text.empty or not text.str.contains(r"\d{4}|\d[-/.:]\d").mean() > 0.9:
        return None
    dates = pd.to_datetime(text, errors="coerce", format="mixed")
    return dates if dates.notna().mean() > 0.95 else None


def describe(values: pd.Series) -> dict:
    """One column: its kind and what decides how to encode it."""
    present = values.dropna()
    about = {"name": str(values.name), "unique": int(present.nunique()), "missing": float(values.isna().mean())}
    if about["unique"] <= 1:
        return {**about, "kind": "constant"}
    if pd.api.types.is_bool_dtype(values):
        return {**about, "kind": "category"}
    if pd.api.types.is_numeric_dtype(values):
        number = present.astype(float)
        skew = float(number.skew()) if len(number) > 2 else 0.0
        return {
            **about,
            "kind": "number",
            "positive": bool((number > 0).mean() > 0.98),
            "skew": skew if np.isfinite(skew) else 0.0,
        }
    if as_dates(values) is not None:
        return {**about, "kind": "date"}
    words = float(present.astype(str).str.split().str.len().mean())
    distinct = about["unique"] / max(len(present), 1)
    return {**about, "kind": "text" if distinct > 0.3 and words >= 2 else "category", "words": words}


def describe_target(name: str, values: pd.Series) -> dict:
    """A target: numeric or not, how many values, how lopsided, how rare its rarest class."""
    present = values.dropna()
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    unique = int(present.nunique())
    skew = float(present.astype(float).skew()) if numeric and len(present) > 2 else 0.0
    return {
        "name": name,
        "numeric": bool(numeric),
        "unique": unique,
        "min": float(present.min()) if numeric and len(present) else None,
        "skew": skew if np.isfinite(skew) else 0.0,
        "rarest": float(present.value_counts(normalize=True).min()) if 0 < unique <= 200 else 0.0,
    }


FREQUENCIES = [
    ("hour", 1 / 24, 24),
    ("day", 1, 7),
    ("week", 7, 52),
    ("month", 30.4, 12),
    ("quarter", 91.3, 4),
    ("year", 365.2, 1),
]


def time_of(train: pd.DataFrame, inputs: pd.DataFrame, shared: list[str]) -> dict | None:
    """The columns that place a row in time: a date, year and month, or a number that goes on in the inputs."""
    by_name = {name.lower(): name for name in shared}
    if "year" in by_name and "month" in by_name and "day" not in by_name:
        columns = [by_name["year"], by_name["month"]]
        return {"style": "year-month", "columns": columns, "frequency": "month", "step": 1.0, "season": 12}
    for name in shared:
        if pd.api.types.is_numeric_dtype(train[name]):
            continue
        dates = as_dates(train[name])
        if dates is not None and dates.nunique() > 2:
            days = float(np.median(np.diff(np.sort(dates.unique())).astype("timedelta64[s]").astype(float))) / 86_400
            frequency, _, season = min(FREQUENCIES, key=lambda each: abs(np.log(days / each[1])))
            return {"style": "date", "columns": [name], "frequency": frequency, "step": 1.0, "season": season}
    for name in shared:
        if not pd.api.types.is_numeric_dtype(train[name]) or not inputs[name].min() > train[name].max():
            continue
        steps = np.diff(np.sort(pd.concat([train[name], inputs[name]]).unique()))
        step = float(np.median(steps)) if len(steps) else 1.0
        season, frequency = (
            (12, "month") if abs(step - 1 / 12) < 0.01 else (4, "quarter") if abs(step - 0.25) < 0.01 else (1, "step")
        )
        return {"style": "number", "columns": [name], "frequency": frequency, "step": step, "season": season}
    return None


def series_of(train: pd.DataFrame, shared: list[str], time: dict) -> list[str]:
    """The fewest columns that, with the time, tell every row from every other; text before numbers."""
    free = [name for name in shared if name not in time["columns"]]
    words = [name for name in free if not pd.api.types.is_numeric_dtype(train[name]) and as_dates(train[name]) is None]
    numbers = [name for name in free if pd.api.types.is_integer_dtype(train[name])]
    for size in range(3):
        for keys in itertools.combinations(words + numbers, size):
            if not train.duplicated([*keys, *time["columns"]]).any():
                return list(keys)
    return words


def made_up_inputs(train: pd.DataFrame, targets: list[str], id_column: str) -> pd.DataFrame:
    """Where the inputs are not shown: the training rows without targets stand in for them."""
    inputs = train.drop(columns=[name for name in targets if name in train])
    inputs.insert(0, id_column, [f"row{number}" for number in range(len(inputs))])
    return inputs


def write_sample(name: str, frame: pd.DataFrame, source: Path, arrays: list[Path], rows: int) -> None:
    """A small copy of the data under sample/, for tries that take seconds."""
    target = Path("sample") / name
    target.mkdir(parents=True, exist_ok=True)
    chosen = np.sort(np.random.default_rng(0).permutation(len(frame))[:rows])
    frame.iloc[chosen].to_csv(target / ("train.csv" if name == "train" else "inputs.csv"), index=False)
    for array in arrays:
        np.save(target / array.name, np.load(source / array.name, mmap_mode="r")[chosen])


def main(targets: list[str], id_column: str, rows: int, eval_rows: int) -> None:
    """Prints the profile as one line and lays out the sample."""
    train = pd.read_csv(TRAIN_DIR / "train.csv")
    hidden = not (EVAL_DIR / "inputs.csv").exists()
    inputs = made_up_inputs(train, targets, id_column) if hidden else pd.read_csv(EVAL_DIR / "inputs.csv")
    shared = [name for name in train.columns if name in inputs.columns and name not in targets and name != id_column]
    arrays = [path for path in sorted(TRAIN_DIR.glob("*.npy")) if hidden or (EVAL_DIR / path.name).exists()]
    time = time_of(train, inputs, shared)
    shapes = [(path, np.load(path, mmap_mode="r")) for path in arrays]
    result = {
        "trainRows": len(train),
        "evalRows": len(inputs),
        "columns": [describe(train[name]) for name in shared],
        "targets": [describe_target(name, train[name]) for name in targets if name in train],
        "arrays": [
            {"name": path.stem, "shape": list(array.shape), "dtype": str(array.dtype)} for path, array in shapes
        ],
        "time": time,
        "series": series_of(train, shared, time) if time else [],
    }
    write_sample("train", train, TRAIN_DIR, arrays, rows)
    write_sample("eval", inputs, TRAIN_DIR if hidden else EVAL_DIR, arrays, eval_rows)
    for column in result["columns"]:
        print(f"{column['name']}: {column['kind']}, {column['unique']} values, {column['missing']:.1%} missing")
    print("AIRA-RESULT " + json.dumps(result))
