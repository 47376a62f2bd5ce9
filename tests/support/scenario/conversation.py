"""A scenario file as a structure: README.md beside this describes the format.

Strict: an unknown heading or word ends the run, for a line that is not understood would be an expectation that nobody
holds.
"""

import dataclasses
import re
import shlex

ACTION_WORDS = ("drop-before", "drop-after", "hang", "hold", "delay", "fault", "gateway-fault", "gateway-fault-after",
                "fault-and-result", "fault-and-result-after", "answer", "answer-after")


class Malformed(Exception):
    pass


@dataclasses.dataclass
class Line:
    """A line of a section, and the lines that stand deeper below it."""
    text: str
    number: int
    below: list


@dataclasses.dataclass
class Expectation:
    """count × name with contents; count None: any number. Contents: (name, '=' or '~', wanted text)."""
    count: int
    name: str
    contents: list
    is_last: bool = False

    def __str__(self):
        words = [f"{name}{how}{quoted(value)}" for name, how, value in self.contents]
        count = "" if self.count == 1 else ("any number of " if self.count is None else f"{self.count} × ")
        return ("last " if self.is_last else "") + count + "  ".join([self.name, *words]).strip()


@dataclasses.dataclass
class Scenario:
    name: str
    english: list
    sections: dict  # heading: [Line]
    headings: dict  # heading: what stands behind its comma


def quoted(value):
    return f'"{value}"' if not value or re.search(r"\s", value) else value


HEADINGS = ("message in", "bgs answers", "intake answers", "intake requests", "intake holds", "notify answers", "notify requests",
            "notify holds", "evidence answers", "evidence requests", "evidence holds", "meanwhile", "a person decides", "ends as", "message in again", "ends again as", "requests",
            "bgs holds", "rows", "needs person", "data", "answer to the sender")
RECORDS = re.compile(r"records of ([a-z0-9.-]+)$")


def read_scenario(file):
    lines = [(number, text.rstrip()) for number, text in enumerate(file.read_text().splitlines(), 1)]
    lines = [(number, text) for number, text in lines if text and not text.lstrip().startswith("#")]
    english, sections, headings, section = [], {}, {}, None
    for number, text in lines:
        if text[0] == " ":
            if section is None:
                raise Malformed(f"{file.name}:{number}: an indented line before the first heading")
            add_line(section, number, text)
        elif text.endswith(":") and len(english) == 2:
            heading, _, manner = text[:-1].partition(", ")
            if heading not in HEADINGS and not RECORDS.match(heading):
                raise Malformed(f"{file.name}:{number}: no such heading: {text}")
            if heading in sections:
                raise Malformed(f"{file.name}:{number}: a second “{heading}”")
            section = sections[heading] = []
            headings[heading] = manner
        elif section is None:
            english.append(text)
        else:
            raise Malformed(f"{file.name}:{number}: neither heading nor indented: {text}")
    if len(english) != 2:
        raise Malformed(f"{file.name}: begins with two lines of English, not {len(english)}")
    if "message in" not in sections:
        raise Malformed(f"{file.name}: no “message in:”")
    return Scenario(file.stem, english, sections, headings)


def add_line(section, number, text):
    depth = len(text) - len(text.lstrip())
    line = Line(text.strip(), number, [])
    line.depth = depth
    if section and depth > section[0].depth:
        section[-1].below.append(line)
    else:
        section.append(line)


def words_of(text):
    try:
        return shlex.split(text)
    except ValueError as problem:
        raise Malformed(f"{text}: {problem}") from problem


def contents_of(words):
    contents = []
    for word in words:
        match = re.match(r"([\w.:-]+?)([=~])(.*)$", word, re.DOTALL)
        if not match:
            raise Malformed(f"“{word}” is neither NAME=VALUE nor NAME~TEXT")
        contents.append(match.groups())
    return contents


def expectation(line, has_name=True):
    """[last] [N ×|any number of] NAME NAME=VALUE…, and NAME=VALUE on deeper lines."""
    text = line.text
    is_last = text.startswith("last ")
    text = text.removeprefix("last ")
    count = 1
    if text.startswith("any number of "):
        count, text = None, text.removeprefix("any number of ")
    elif match := re.match(r"(\d+) × ", text):
        count, text = int(match[1]), text[match.end():]
    words = words_of(text)
    name = words.pop(0) if has_name else ""
    for deeper in line.below:
        words += words_of(deeper.text)
    return Expectation(count, name, contents_of(words), is_last)


def hold_name(operation):
    """Of the rule by which a simulator keeps an operation's calls, so that it can be let go by itself."""
    return f"hold {operation}"


def rule_of(line, fill):
    """OPERATION [with TEXT] [after N] ACTION… [late MS] once|N times|always, as the simulator's rule."""
    words = words_of(line.text)
    rule = {"operation": words.pop(0)}
    try:
        if words[0] == "with":
            rule["contains"] = fill(words[1])
            del words[:2]
        if words[0] == "after":
            rule["skip"] = int(words[1])
            del words[:2]
        rule["times"] = times_of(words)
        action = words.pop(0)
        if action not in ACTION_WORDS:
            raise Malformed(f"line {line.number}: no such action: {action}")
        rule["do"] = action
        if action == "hold":
            rule["name"] = hold_name(rule["operation"])
        elif action == "delay":
            rule["delay_ms"] = int(words.pop(0))
        elif action == "fault":
            rule.update({"do": "answer", "status": 500, "body": fault(fill(words.pop(0)))})
        elif action.removesuffix("-after") in FOREIGN_FAULTS:
            rule.update({"do": "answer-after" if action.endswith("-after") else "answer", "status": 500,
                         "body": FOREIGN_FAULTS[action.removesuffix("-after")](fill(words.pop(0)), rule["operation"])})
        elif action in ("answer", "answer-after"):
            rule["status"] = int(words.pop(0))
            rule["body"] = fill(words.pop(0))
            if words and words[0] == "×":
                rule["body"] *= int(words[1])
                del words[:2]
            if rule["body"].startswith("<html"):
                rule["headers"] = {"Content-Type": "text/html"}
        while words and words[0] == "header":
            rule.setdefault("headers", {})[words[1]] = words[2]
            del words[:3]
        if words and words[0] == "late":
            rule["delay_ms"] = int(words[1])
            del words[:2]
    except (IndexError, ValueError) as problem:
        raise Malformed(f"line {line.number}: not understood: {line.text}") from problem
    if words:
        raise Malformed(f"line {line.number}: too much: {' '.join(words)}")
    return rule


def refusal_of(line, fill):
    """OPERATION [with TEXT] [after N] refuses CODE once|N times|always, as the evidence-simulator's error on demand; None
    when it is another line."""
    words = words_of(line.text)
    if "refuses" not in words:
        return None
    try:
        at = words.index("refuses")
        refusal = {"operation": words[0], "code": words[at + 1]}
        tail, middle = words[at + 2:], words[1:at]
        refusal["times"] = times_of(tail)
        if middle[:1] == ["with"]:
            refusal["contains"] = fill(middle[1])
            del middle[:2]
        if middle[:1] == ["after"]:
            refusal["skip"] = int(middle[1])
            del middle[:2]
    except (IndexError, ValueError) as problem:
        raise Malformed(f"line {line.number}: not understood: {line.text}") from problem
    if middle or tail:
        raise Malformed(f"line {line.number}: too much: {' '.join(middle + tail)}")
    return refusal


def times_of(words):
    last = words.pop()
    if last == "always":
        return 0
    if last == "once":
        return 1
    if last == "times":
        return int(words.pop())
    raise Malformed(f"how often? “once”, “3 times” or “always”, not “{last}”")


def fault(text):
    """A fault as a share service sends it: lib/bgs/README.md, fact 26."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return (f"""<?xml version='1.0' encoding='UTF-8'?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">"""
            f"""<s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>{text}</faultstring><detail>"""
            f"""<x:ShareException xmlns:x="http://services.share.benefits.vba.va.gov/"><message>{text}</message>"""
            f"""</x:ShareException></detail></s:Fault></s:Body></s:Envelope>""")


def gateway_fault(text, _operation):
    """What something between us and BGS writes: well-formed, and no detail of any service."""
    return (f"""<?xml version='1.0' encoding='UTF-8'?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">"""
            f"""<e:Body><e:Fault><faultcode>e:Server</faultcode><faultstring>{text}</faultstring></e:Fault></e:Body>"""
            """</e:Envelope>""")


def fault_and_result(text, operation):
    """BGS's own fault, and what looks like a result beside it."""
    return fault(text).replace("</s:Body>", f"<{operation}Response><return/></{operation}Response></s:Body>")


FOREIGN_FAULTS = {"gateway-fault": gateway_fault, "fault-and-result": fault_and_result}
