"""Measures the reference programs of the built-in tasks on their hidden splits and prints one JSON document.

Usage: python bench/references/measure.py --home HOME [task[:baseline] ...]

It reads the labels of prepared tasks, which is why it is a tool for those who maintain the tasks, and no part of a run.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

from baselines import BASELINES, View

SPLITS = ("search", "validation", "test")


def score(metric: str, answers: pd.DataFrame, target: str, predicted: pd.Series) -> float:
    """The task's metric over the rows of `answers`, predictions joined by id."""
    values = predicted.loc[answers["id"]].to_numpy()
    truth = answers[target]
    if metric == "rmsle":
        return float(metrics.root_mean_squared_log_error(truth, np.maximum(values.astype(float), 0)))
    if metric == "log_loss":
        return float(metrics.log_loss(truth, values.astype(float), labels=[0, 1]))
    if metric == "accuracy":
        return float(metrics.accuracy_score(truth, values.astype(int)))
    if metric == "macro_f1":
        return float(metrics.f1_score(truth, values, average="macro", zero_division=0.0))
    if metric == "mase":
        return float((np.abs(values.astype(float) - truth) / answers["_scale"]).mean())
    raise ValueError(f"no reference scoring for the metric {metric}")


def measure(directory: Path, name: str) -> dict[str, object]:
    """Runs one baseline on every view of a prepared task; the score of each split, and seconds of the runs."""
    document = json.loads((directory / "task.json").read_text(encoding="utf-8"))
    manifest = document["manifest"]
    answers = pd.read_csv(directory / "private" / "answers.csv", dtype={"id": str})
    baseline = BASELINES[manifest["id"]][name]
    result: dict[str, object] = {"task": manifest["id"], "baseline": name}
    seconds = []
    for view in document["views"]:
        start = time.perf_counter()
        data = View.read(directory / view["train"], directory / view["eval"])
        predicted = pd.Series(baseline(data), index=data.inputs["id"])
        seconds.append(round(time.perf_counter() - start, 1))
        for split in SPLITS if view["split"] == "pooled" else (view["split"],):
            part = answers[answers["split"] == split]
            result[split] = round(
                score(manifest["metric"]["impl"]["builtin"], part, manifest["data"]["target"][0], predicted), 4
            )
    return {**result, "seconds": seconds, "how": " ".join((baseline.__doc__ or "").split())}


def main() -> None:
    """Measures what the command line names, or everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", required=True, type=Path)
    parser.add_argument("what", nargs="*", help="task or task:baseline")
    arguments = parser.parse_args()
    results = []
    for task, baselines in BASELINES.items():
        for name in baselines:
            if arguments.what and not {task, f"{task}:{name}"} & set(arguments.what):
                continue
            results.append(measure(arguments.home / "tasks" / f"{task}@1", name))
            print(json.dumps(results[-1]), flush=True)


if __name__ == "__main__":
    main()
