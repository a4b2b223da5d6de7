"""Reads the wildlife strike reports and turns the reported amount of damage into the target: any damage, 1, or none, 0.

`B` and `C` are classes of US military mishaps, which are defined by the cost of the damage; all 15 such reports carry a
repair cost. They count as damage. Column names become identifiers.
"""

import csv
import os
from pathlib import Path

SOURCE = Path(os.environ["AIRA_ACQUIRED_DIR"]) / "vega-datasets" / "package" / "data" / "birdstrikes.csv"
DAMAGE = {"None": "0", "Minor": "1", "Medium": "1", "Substantial": "1", "B": "1", "C": "1"}
NAMES = {
    "Airport Name": "airport",
    "Aircraft Make Model": "aircraft",
    "Flight Date": "date",
    "Aircraft Airline Operator": "operator",
    "Origin State": "state",
    "Phase of flight": "phase",
    "Wildlife Size": "wildlife_size",
    "Wildlife Species": "species",
    "Time of day": "time_of_day",
    "Speed IAS in knots": "speed_knots",
    "Effect Amount of damage": "damage_amount",
    "Cost Other": "cost_other",
    "Cost Repair": "cost_repair",
    "Cost Total $": "cost_total",
}

with SOURCE.open(encoding="utf-8", newline="") as source, open("table.csv", "w", encoding="utf-8", newline="") as table:
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([*NAMES.values(), "damage"])
    for report in csv.DictReader(source):
        writer.writerow([*(report[name].strip() for name in NAMES), DAMAGE[report["Effect Amount of damage"]]])
