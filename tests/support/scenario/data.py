"""Every datum: each value of a claim is found again in the requests, in the element that a scenario names for it.

  PATH   OPERATION ELEMENT                 the value, as lib/bgs/README.md, facts 22 to 25, prepares it
  PATH   OPERATION ELEMENT as A=B C=D      A becomes B, C becomes D; “-”: nothing follows from it
  PATH   … ; …                             all of them
  PATH   see requests: WHY                 expected there, for one value does not tell
  PATH   nowhere: WHY                      not sent

PATH is below dependents_application, or from the claim's top; [] stands for each element of an array, a last * for all that
is left below. Every leaf of the claim needs a line, and every line a leaf.
"""

import re
import shlex
import unicodedata


def leaves(document, path="", pattern=""):
    """(path with indexes, path with [] for each array, value) of everything that is neither object nor array."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from leaves(value, f"{path}.{name}".lstrip("."), f"{pattern}.{name}".lstrip("."))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from leaves(value, f"{path}[{index}]", f"{pattern}[]")
    else:
        yield path, pattern, document


def prepared(value):
    """The texts that a value may become on the wire."""
    if isinstance(value, bool):
        return {"Y" if value else "N"}
    text = str(value)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return {text, f"{text}T12:00:00+00:00"}  # a school start goes out as text
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if ord(c) < 128 and c not in "`!*%&@^")
    name = "".join(c for c in plain if c.isalpha() or c.isspace() or c in "/-")
    return {text, plain, " ".join(plain.split()), " ".join(name.split())}


def check_every_datum(performance, lines):
    table, used, differences, sent = {}, set(), [], {}
    for line in lines:
        path, _, rule = line.text.partition(" ")
        table[path] = " ".join([rule.strip(), *(deeper.text for deeper in line.below)])
    for request in performance.requests:
        for element, text in request.values.items():
            sent.setdefault((request.operation, element), set()).add(text)
    for path, pattern, value in leaves(performance.claims[0]):
        if pattern.startswith("user_data."):
            continue
        known = known_as(pattern, table)
        if not known:
            differences.append(f"data: {path} is not named; its value is {value!r}")
            continue
        used.add(known)
        if not table[known].startswith(("nowhere: ", "see requests: ")):
            for rule in table[known].split(" ; "):
                differences += check_one(performance, path, value, rule, sent)
    return differences + [f"data: the claim has no {path}" for path in table if path not in used]


def known_as(pattern, table):
    short = pattern.removeprefix("dependents_application.")
    for name in (pattern, short):
        if name in table:
            return name
        for known in table:
            if known.endswith("*") and name.startswith(known[:-1]):
                return known
    return None


def check_one(performance, path, value, rule, sent):
    operation, element, *mapping = shlex.split(rule)
    texts = sent.get((operation, element), set())
    wanted = prepared(value)
    if mapping:
        becomes = dict(pair.split("=", 1) for pair in mapping[1:])
        name = str(value).lower() if isinstance(value, bool) else str(value)
        if name not in becomes:
            return [f"data: {path}: nothing says what {name!r} becomes"]
        if becomes[name] == "-":
            return []
        wanted = {performance.fill(becomes[name])}
    if wanted & texts:
        return []
    return [f"data: {path} = {value!r} is in no {operation} {element}, but {', '.join(sorted(texts)) or 'nothing'}"]
