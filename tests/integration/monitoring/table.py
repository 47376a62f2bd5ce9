"""The table of metrics (lib/base/metric-table.c), as print-metrics tells it, and what others make of it."""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLDER = ROOT / "helm" / "dependents-pipeline" / "monitoring"
PREFIX, DATADOG_PREFIX = "dependents_", "dependents."
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')


def read_table(build):
    done = subprocess.run([pathlib.Path(build) / "tests" / "print-metrics"], capture_output=True, check=True)
    return {row["name"]: row for row in json.loads(done.stdout)}


def sample_names(table):
    """Every name under which a number of the table is told, without prefix -> its row."""
    return {name + suffix: row for name, row in table.items() for suffix in SUFFIXES[row["kind"]]}


def names_in(expression):
    return {name.removeprefix(PREFIX) for name in re.findall(r"\bdependents_[a-z0-9_]+", expression)}


def labels_of(row, program):
    """The sets of labels that the program tells of the row; a learned value is None."""
    sets = [{"consumer": program} if row["by_consumer"] else {}]
    for label in row["labels"]:
        names = label["names"].split(" ")
        values = [None] if label["values"] is None else [value["value"] for value in label["values"]
                                                         if program in value["programs"]]
        words = [[None] if value is None else value.split(" ") if len(names) > 1 else [value] for value in values]
        sets = [{**known, **dict(zip(names, value))} for known in sets for value in words]
    return sets


def matchers_in(expression):
    """Of an expression: (metric name without prefix, label, operator, value) of each matcher."""
    for name, inside in re.findall(r"\bdependents_([a-z0-9_]+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"', inside):
            yield name, label, operator, value


def rules():
    import yaml
    text = yaml.safe_load((FOLDER / "rules.yaml").read_text())
    return [rule for group in text["groups"] for rule in group["rules"]]


def panels():
    return [panel for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"] if panel["type"] != "row"]
