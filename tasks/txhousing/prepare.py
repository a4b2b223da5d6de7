"""Takes city, month and sales from the Texas housing table, and writes the month as the ISO date of its first day.

The other columns (dollar volume, median price, listings, months of inventory) describe the same month as the sales to be
forecast: nobody knows them when the forecast is made. Volume and inventory are even computed from the sales.
"""

import csv
import os
from pathlib import Path

SOURCE = Path(os.environ["AIRA_ACQUIRED_DIR"]) / "plotnine" / "plotnine" / "data" / "txhousing.csv"
KEPT = ["volume", "median", "listings", "inventory"]


def whole(cell: str) -> str:
    """A count without the `.0` it got from sharing a column with missing values; empty stays empty."""
    return cell if cell == "" else str(int(float(cell)))


with SOURCE.open(encoding="utf-8", newline="") as source, open("table.csv", "w", encoding="utf-8", newline="") as table:
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["city", "date", "year", "month", "sales", *KEPT])
    for row in csv.DictReader(source):
        year, month = int(row["year"]), int(row["month"])
        other = ["" if row[name] in ("", "NA") else row[name] for name in KEPT]
        sales = "" if row["sales"] == "NA" else whole(row["sales"])
        writer.writerow([row["city"], f"{year:04d}-{month:02d}-01", year, month, sales, *other])
