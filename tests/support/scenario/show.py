"""What happened, in the words of a scenario file: a draft for who writes one, to be read line by line before it is kept."""

from checks import needs_person, records_of
from conversation import quoted

CLOCK = ("jrnDt", "creatdDt", "lastModifdDt", "submtdDt", "efctvDt")
SKIPPED_HEADERS = ("header.ce_", "header.traceparent", "header.dp-message-id")


def show(performance):
    known = {text: "{" + word + "}" for word, text in performance.words().items() if len(str(text)) > 3 and text != "null"}
    sections = ["ends as:"] + ["  " + text for text in sorted(performance.ends())]
    sections += ["", "requests, in order:"]
    for request in performance.requests:
        values = [f"{name}={quoted(known.get(text, text))}" for name, text in request.values.items()
                  if text != "nil" and name not in CLOCK and not name.startswith("jrn")]
        remark = "" if request.acted else "   # not acted upon"
        sections.append(f"  {request.operation}  {'  '.join(values)}{remark}")
    sections += ["", "bgs holds:"] + [f"  {len(rows)} × {kind}" for kind, rows in performance.state.items() if rows]
    if people := needs_person(performance):
        sections += ["", "needs person:"] + ["  " + text for text in people]
    for topic in performance.world.topics:
        found = records_of(performance, topic)
        if found:
            sections += ["", f"records of {topic}, in order:"]
        for fields in found:
            words = [f"{name}={quoted(known.get(text, text))}" for name, text in fields.items()
                     if text != "nil" and name not in ("at", "schema") and not name.startswith(SKIPPED_HEADERS)]
            sections.append("  " + "  ".join(words))
    return "\n".join(sections) + "\n"
