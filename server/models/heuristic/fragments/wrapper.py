"""The mean of two programs: theirs/ as its author wrote it, and own/ by AIRA2's built-in heuristic."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd


def predictions_of(folder: str) -> pd.DataFrame:
    """Runs one of the programs in a folder of its own and reads what it predicts, by id."""
    out = Path(os.environ["AIRA_OUT_DIR"]) / folder
    out.mkdir(parents=True, exist_ok=True)
    here = Path(__file__).resolve().parent / folder
    subprocess.run([sys.executable, ENTRY], cwd=here, env={**os.environ, "AIRA_OUT_DIR": str(out)}, check=True)
    return pd.read_csv(out / PREDICTIONS, dtype={ID: str}).set_index(ID)


def main() -> None:
    """Averages the two, row by row."""
    theirs, own = predictions_of("theirs"), predictions_of("own")
    mean = (theirs.loc[own.index, VALUES] + own[VALUES]) / 2
    mean.reset_index().to_csv(Path(os.environ["AIRA_OUT_DIR"]) / PREDICTIONS, index=False)
    print(f"wrote the mean of two programs for {len(mean)} rows", flush=True)


if __name__ == "__main__":
    main()
