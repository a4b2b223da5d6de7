"""Turns a labelled table into a prepared task. Run by server/tasks/prepare.ts with a JSON request on standard input.

Request: {manifest, tableDirectory, out, description, customCommand, timeoutS}; `out` is an empty folder.
Reply, one JSON document on standard output: {ok: true, splitHash, counts, views, notes} or {ok: false, message}.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import assignment
import layout
import rolling_origin
from data_card import data_card
from labelled_table import SPLITS, LabelledTable, TaskDataError, load


def check_labels(table: LabelledTable) -> None:
    """Every row has a label, except in time series, where a gap in the history is a fact to live with."""
    if table.manifest["split"]["method"] == "rolling_origin":
        return
    for target in table.targets:
        missing = int((table.frame[target] == "").sum())
        if missing:
            raise TaskDataError(
                f"{missing} rows have no value in the target {target!r}: leave them out in data.prepare"
            )


def check_sizes(table: LabelledTable, rows_of: dict[str, np.ndarray]) -> None:
    """Each hidden split is large enough for its score to mean something."""
    smallest = table.manifest["split"]["min_rows"]
    for name in ("train", *SPLITS):
        if len(rows_of[name]) < smallest:
            raise TaskDataError(
                f"the {name} split has {len(rows_of[name])} rows, fewer than split.min_rows ({smallest}): give it a larger share or bring more data"
            )


def note_repeats(table: LabelledTable, rows_of: dict[str, np.ndarray]) -> None:
    """Says so where a hidden row has its twin in training, or a class that training lacks."""
    keys = assignment.duplicate_key(table, "features").to_numpy()
    known = set(keys[rows_of["train"]])
    for name in SPLITS:
        repeated = sum(key in known for key in keys[rows_of[name]])
        if repeated:
            table.notes.append(
                f"{repeated} rows of the {name} split equal a training row in every feature: consider split.dedupe"
            )
    levels = {column["name"] for column in table.manifest["prediction"]["columns"] if "levels" in column}
    for target in sorted(levels & set(table.targets)):
        values = table.frame[target].to_numpy()
        for name in SPLITS:
            unseen = set(values[rows_of[name]]) - set(values[rows_of["train"]])
            if unseen:
                table.notes.append(f"{len(unseen)} levels of {target} in the {name} split do not occur in training")


def write_sample(
    table: LabelledTable, identities: layout.Identities, directory: Path, train: np.ndarray, hidden: np.ndarray
) -> None:
    """`sample_submission.csv` for the inputs of one run, in their order."""
    ids = layout.public_ids(table, identities)[identities.shuffled(hidden)]
    layout.write_csv(layout.sample_submission(table, train, ids), directory / "sample_submission.csv")


def write(table: LabelledTable, request: dict[str, Any]) -> dict[str, Any]:
    """Splits the table and writes the folders; returns the reply."""
    out = Path(request["out"])
    public = out / "public"
    public.mkdir()
    scale: dict[str, np.ndarray] = {}
    identities = layout.Identities(table)
    if table.manifest["split"]["method"] == "rolling_origin":
        windows = rolling_origin.origins(table)
        rows_of = {origin.split: origin.window for origin in windows} | {"train": windows[0].history}
        scale = {origin.split: origin.scale for origin in windows if origin.scale is not None}
        check_sizes(table, rows_of)
        histories = {origin.split: origin.history for origin in windows}
    else:
        splits = assignment.assign(
            table, Path(request["tableDirectory"]), request["customCommand"], request["timeoutS"]
        )
        rows_of = {name: np.flatnonzero(splits == name) for name in ("train", *SPLITS)}
        check_sizes(table, rows_of)
        histories = {name: rows_of["train"] for name in SPLITS}

        note_repeats(table, rows_of)

    if table.manifest["view"]["mode"] == "pooled":
        hidden = np.concatenate([rows_of[name] for name in SPLITS])
        layout.write_view(table, identities, public, rows_of["train"], hidden)
        views = [{"split": "pooled", "train": "public/train", "eval": "public/eval"}]
    else:
        hidden = rows_of["search"]
        layout.write_view(table, identities, public, histories["search"], hidden)
        views = [{"split": "search", "train": "public/train", "eval": "public/eval"}]
        for name in ("validation", "test"):
            layout.write_view(table, identities, out / "evaluator" / name, histories[name], rows_of[name])
            write_sample(table, identities, out / "evaluator" / name, rows_of["train"], rows_of[name])
            views.append({"split": name, "train": f"evaluator/{name}/train", "eval": f"evaluator/{name}/eval"})
    write_sample(table, identities, public, rows_of["train"], hidden)
    shutil.copyfile(request["description"], public / "description.md")
    (public / "data_card.md").write_text(data_card(table.manifest, public), encoding="utf-8")
    layout.write_private(table, identities, out / "private", rows_of, scale)
    layout.seal(out)
    return {
        "ok": True,
        "splitHash": layout.split_hash(rows_of, identities),
        "counts": {name: len(rows_of[name]) for name in ("train", *SPLITS)},
        "views": views,
        "notes": table.notes,
    }


def main() -> None:
    """Reads the request, writes the folders, prints the reply."""
    request = json.load(sys.stdin)
    try:
        table = load(request["manifest"], Path(request["tableDirectory"]))
        check_labels(table)
        reply = write(assignment.drop_duplicates(table), request)
    except (TaskDataError, pd.errors.ParserError, UnicodeDecodeError) as problem:
        reply = {"ok": False, "message": str(problem)}
    print(json.dumps(reply, allow_nan=False))


if __name__ == "__main__":
    main()
