"""The C rules and schemas/json/claim.schema.json find the same places.

Every place of every sample is changed in every way below, one change a document, and both are asked which
pointers are wrong. What the C code only warns of is no rule of the schema and is left out.

Usage: claim_schema_test.py PATH-OF-claim-findings
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
GONE = object()
EXTRA = object()
REPLACEMENTS = [GONE, EXTRA, None, True, False, 7, 3.0, 2.5, "", "x", "x" * 60, "12345", "123456789", "1234567890",
                "0000", "2026-02-30", "2026-13-01", "OTHER", "Other", "CHILD", "USA", "CAN", "MEX", "DEU", "ON", "OH",
                "nuevo-leon", "a@b", "a b@c", "AB12345", "é" * 30, [], [7], {}]


def places(node, path=()):
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from places(value, path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, path + (index,))


def changed(document, path, replacement):
    """A copy with one change, or None where that change cannot be made."""
    document = copy.deepcopy(document)
    if replacement is EXTRA:
        node = document
        for step in path:
            node = node[step]
        if not isinstance(node, dict):
            return None
        node["zusatz"] = "x"
        return document
    if not path:
        return None if replacement is GONE else replacement
    node = document
    for step in path[:-1]:
        node = node[step]
    if replacement is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = replacement
    return document


def without_bystanders(document, path):
    """Rules of the application's keys do not look at each other, save what an option needs: the rest only costs time."""
    if len(path) < 2 or path[0] != "dependents_application":
        return document
    kept = ("veteran_contact_information", "student_information", path[1])
    small = dict(document)
    if path[1] in DATA.values():  # alone with its options, which then miss nothing else
        small["view:selectable686_options"] = {
            option: value for option, value in document["view:selectable686_options"].items()
            if DATA[option] in (path[1], "student_information")}
    elif document["view:selectable686_options"].get("report674"):
        small["view:selectable686_options"] = {"report674": True}
    small["dependents_application"] = {
        key: value for key, value in document["dependents_application"].items() if key in kept}
    if path[1] != "student_information" and "student_information" in small["dependents_application"]:
        small["dependents_application"]["student_information"] = document["dependents_application"][
            "student_information"][:1]
    return small


def is_nothing(node):
    if isinstance(node, dict):
        return all(is_nothing(value) for value in node.values())
    if isinstance(node, list):
        return all(is_nothing(value) for value in node)
    return node is None or isinstance(node, str) and not node.strip()


def content(node):
    """What is there of a document; a hole in a list is None."""
    if is_nothing(node):
        return None
    if isinstance(node, dict):
        return {key: content(value) for key, value in node.items() if not is_nothing(value)}
    if isinstance(node, list):
        while is_nothing(node[-1]):
            node = node[:-1]
        return [content(value) for value in node]
    return node


DATA = {
    "add_spouse": "spouse_information", "add_child": "children_to_add", "add_disabled_child": "children_to_add",
    "report_divorce": "report_divorce", "report_death": "deaths", "report_stepchild_not_in_household": "step_children",
    "report_marriage_of_child_under18": "child_marriage", "child_marriage": "child_marriage",
    "report_child18_or_older_is_not_attending_school": "child_stopped_attending_school",
    "report674": "student_information"}


def judged(document):
    """What the rules hold for, see the schema's description."""
    kept = content(document)
    if not isinstance(document, dict):
        return document
    kept = kept or {}
    if isinstance(document.get("statement_of_truth_signature"), str):
        kept["statement_of_truth_signature"] = document["statement_of_truth_signature"]
    if isinstance(document.get("dependents_application"), dict):
        kept.setdefault("dependents_application", {})
    return kept


def pointer(path):
    return "".join(f"/{step}" for step in path)


def place_of(error, document):
    """What is there and says nothing is found at its own place, what is not there at its parent's."""
    if error.validator == "required":
        node = document
        for step in error.absolute_path:
            node = node[step]
        missing = re.match("'(.*)' is a required property", error.message).group(1)
        if isinstance(node, dict) and missing in node:
            return pointer(error.absolute_path) + "/" + missing
    return pointer(error.absolute_path)


def main():
    schema = json.loads((ROOT / "schemas/json/claim.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)

    files = sorted((ROOT / "tests/samples").glob("*/*.json"), key=lambda file: file.stat().st_size)
    assert len(files) == 18, f"{len(files)} samples"
    cases, seen = [], set()
    for file in files:
        document = json.loads(file.read_text())
        cases.append((file.name, document))
        for path in places(document):
            general = re.sub(r"/\d+", "/*", pointer(path))
            for number, replacement in enumerate(REPLACEMENTS):
                if (general, number) in seen:
                    continue
                seen.add((general, number))
                case = changed(without_bystanders(document, path), path, replacement)
                if case is not None:
                    cases.append((f"{file.name} {pointer(path)} change {number}", case))

    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for _, case in cases)
    answers = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(cases), f"{len(answers)} answers to {len(cases)} claims"

    disagreements = 0
    for (name, case), answer in zip(cases, answers):
        ours = {place for rule, place in json.loads(answer) if rule != "warning"}
        theirs = {place_of(error, case) for error in validator.iter_errors(judged(case))
                  if error.instance is not None}
        if ours != theirs:
            disagreements += 1
            if disagreements <= 20:
                print(f"{name}: C {sorted(ours)}, schema {sorted(theirs)}")
    print(f"{len(cases)} claims, {disagreements} disagreements")
    assert len(cases) > 5000, "the samples give too few cases"
    sys.exit(1 if disagreements else 0)


main()
