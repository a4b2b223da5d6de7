"""Turns the digit images, kept as intensities from 0 to 1 in one JSON file for each digit, into bytes and labels.

The source rounded each of the 256 grey levels to a few decimals; `intensity * 255`, rounded, gives the level back.
"""

import csv
import json
import os
from pathlib import Path

import numpy as np

SOURCE = Path(os.environ["AIRA_ACQUIRED_DIR"]) / "mnist" / "package" / "src" / "digits"
SIDE = 28

images, labels = [], []
for digit in range(10):
    flat = np.array(json.loads((SOURCE / f"{digit}.json").read_text(encoding="utf-8"))["data"], dtype=np.float64)
    # The package keeps whole images; a partial one at the end would be a damaged file.
    pixels = np.rint(flat.reshape(-1, SIDE, SIDE) * 255)
    if pixels.min() < 0 or pixels.max() > 255:
        raise SystemExit(f"{digit}.json holds intensities outside 0 to 1")
    images.append(pixels.astype(np.uint8))
    labels += [digit] * len(pixels)

np.save("images.npy", np.concatenate(images), allow_pickle=False)
with open("table.csv", "w", encoding="utf-8", newline="") as table:
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["digit"])
    writer.writerows([label] for label in labels)
