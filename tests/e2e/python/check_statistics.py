"""Holds what a desk counted against the published schema, and its CSV against its JSON; prints the tallies.

    check_statistics.py <statistics.schema.json> <counts.json> <counts.csv>
"""

import csv
import json
import pathlib
import sys

from jsonschema import Draft202012Validator


def main(schema, counts, table):
    counts = json.loads(pathlib.Path(counts).read_text())
    Draft202012Validator(json.loads(pathlib.Path(schema).read_text())).validate(counts)
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    shown = lambda value: "" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)
    assert rows == [{name: shown(value) for name, value in tally.items()} for tally in counts["tallies"]], rows
    print(json.dumps({"tallies": counts["tallies"]}))


main(*sys.argv[1:])
