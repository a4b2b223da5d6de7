"""Takes the table as it comes in the package: 53,940 diamonds, no cell missing."""

import os
import shutil
from pathlib import Path

shutil.copyfile(Path(os.environ["AIRA_ACQUIRED_DIR"]) / "plotnine" / "plotnine" / "data" / "diamonds.csv", "table.csv")
