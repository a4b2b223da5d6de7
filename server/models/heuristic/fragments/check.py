"""Checks a predictions file against the contract: columns, ids, finite numbers, bounds, levels, row sums."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd


def problem_with(contract: dict) -> str | None:
    """What is wrong with the predictions file, or None."""
    path = Path(os.environ["AIRA_OUT_DIR"]) / contract["file"]
    if not path.is_file():
        return f"{contract['file']} was not written"
    predictions = pd.read_csv(path, dtype=str, keep_default_na=False)
    inputs = pd.read_csv(Path(os.environ["AIRA_EVAL_DIR"]) / "inputs.csv", dtype=str, keep_default_na=False)
    wanted = [column["name"] for column in contract["columns"]]
    if list(predictions.columns) != wanted:
        return f"columns are {list(predictions.columns)}, not {wanted}"
    if len(predictions) != len(inputs):
        return f"{len(predictions)} rows for {len(inputs)} inputs"
    values = [column for column in contract["columns"] if column["role"] == "value"]
    for column in contract["columns"]:
        cells = predictions[column["name"]]
        if column["role"] == "id":
            if sorted(cells) != sorted(inputs[column["name"]]):
                return "the ids are not those of the inputs"
            continue
        if column.get("levels") and not cells.isin([str(level) for level in column["levels"]]).all():
            return f"{column['name']} has values that are no level"
        if column["dtype"] != "string":
            numbers = pd.to_numeric(cells, errors="coerce")
            if not np.isfinite(numbers).all():
                return f"{column['name']} has values that are no finite number"
            if (numbers < column.get("min", -np.inf)).any() or (numbers > column.get("max", np.inf)).any():
                return f"{column['name']} leaves its bounds"
    if contract.get("row_sum") is not None:
        sums = predictions[[column["name"] for column in values]].astype(float).sum(axis=1)
        if not np.allclose(sums, contract["row_sum"], atol=1e-3):
            return "values of a row do not sum to what they must"
    return None


print("AIRA-RESULT " + json.dumps({"problem": problem_with(json.loads(sys.argv[1]))}))
