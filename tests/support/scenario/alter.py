"""A test that cannot fail is none: every expectation of a scenario that holds is altered in turn, and has to fail then.

What happened stays as it was collected; only the scenario's text changes: a value, a count, a state, or a line is left out.
"""

import copy
import functools
import re

from conversation import RECORDS, Malformed

VALUE = re.compile(r'([\w.:-]+[=~])("[^"]*"|\S*)')


def alterations(scenario):
    """(what was altered, the altered scenario) one by one."""
    for heading, lines in scenario.sections.items():
        if heading in ("message in", "message in again", "bgs answers", "intake answers", "notify answers", "evidence answers",
                       "meanwhile", "a person decides"):
            continue
        if heading == "ends as" and "ends again as" in scenario.sections:
            continue  # waited for, and no end
        for index, line in enumerate(lines):
            for what, text, below in altered_lines(heading, line):
                if text is None and heading in ("bgs holds", "intake holds", "notify holds", "evidence holds") and is_alone(line, lines):
                    continue  # then nobody asks about that kind
                changed = copy.deepcopy(scenario)
                if text is None:
                    del changed.sections[heading][index]
                else:
                    changed.sections[heading][index].text = text
                    changed.sections[heading][index].below = below
                yield f"line {line.number}: {what}", changed


def is_alone(line, lines):
    def kind(one):
        return re.sub(r"^\d+ × ", "", one.text).split()[0]
    return sum(kind(one) == kind(line) for one in lines) == 1


def altered_lines(heading, line):
    below = copy.deepcopy(line.below)
    if heading == "rows":
        if line.text.startswith("|"):
            for cell in range(len(line.text.strip("|").split("|"))):
                cells = line.text.strip("|").split("|")
                cells[cell] = f" {cells[cell].strip()}-altered "
                yield f"cell {cell + 1} altered", f"|{'|'.join(cells)}|", below
        return
    if heading in ("ends as", "ends again as", "needs person"):
        yield "altered", line.text + "x", below
        yield "left out", None, None
        return
    if heading == "data":
        if "nowhere: " not in line.text and "see requests: " not in line.text:
            path, rule = line.text.split(None, 1) if " " in line.text else (line.text, "")
            if rule:
                yield "element altered", f"{path} {rule.split()[0]} NoSuchElement", []
        yield "left out", None, None
        return
    if heading in ("requests", "bgs holds", "intake requests", "intake holds", "notify requests", "notify holds",
                   "evidence requests", "evidence holds", "answer to the sender") or RECORDS.match(heading):
        if line.text.startswith("any number of "):
            return  # a permission, nothing that could fail
        yield "left out", None, None
        if match := re.match(r"((?:last )?)(\d+) × (.*)$", line.text):
            yield "one more", f"{match[1]}{int(match[2]) + 1} × {match[3]}", below
        for match in VALUE.finditer(line.text):
            yield f"{match[0]} altered", spoil(line.text, match), below
        for number, deeper in enumerate(line.below):
            for match in VALUE.finditer(deeper.text):
                changed = copy.deepcopy(below)
                changed[number].text = spoil(deeper.text, match)
                yield f"{match[0]} altered", line.text, changed


def spoil(text, match):
    value = match[2].strip('"')
    return f'{text[:match.start()]}{match[1]}"{value} altered"{text[match.end():]}'


def check_alterations(performance, check):
    """A text for each alteration that went unnoticed."""
    original, unnoticed, count = performance.scenario, [], 0
    performance.world.rows = functools.cache(performance.world.rows)  # nothing moves any more
    for what, scenario in alterations(original):
        count += 1
        performance.scenario = scenario
        try:
            if not check(performance):
                unnoticed.append(f"nothing fails with {what}")
        except Malformed:
            pass  # noticed, too
    performance.scenario = original
    del performance.world.rows
    return unnoticed, count
