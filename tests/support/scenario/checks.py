"""Expectations against what happened. Every check gives a list of differences, each a text that can be read alone.

Beside what a file says, some things hold in every scenario (see `always`): who adds a scenario need not repeat them, and
cannot forget them.
"""

import base64
import datetime
import difflib
import json
import re

import records
from conversation import RECORDS, Malformed, expectation
from world import TEMPLATES


CLOCKS_MS = 1000  # between what a busy process takes for the database's clock and what Kafka writes down


def check(performance):
    scenario = performance.scenario
    differences = []
    for heading, lines in scenario.sections.items():
        manner = scenario.headings[heading]
        if heading == "ends again as" or heading == "ends as" and "ends again as" not in scenario.sections:
            differences += check_ends(performance, heading)
        elif heading == "requests":
            expected = [expectation(line) for line in lines]
            differences += (check_order if manner.startswith("in order") else check_counts)(
                performance, heading, expected, part_of(requests_of(performance), manner))
        elif heading == "bgs holds":
            expected = [expectation(line) for line in lines]
            differences += check_counts(performance, heading, expected, state_of(performance, expected))
        elif heading == "intake requests":
            expected = [expectation(line) for line in lines]
            differences += (check_order if manner.startswith("in order") else check_counts)(
                performance, heading, expected, intake_requests_of(performance))
        elif heading == "intake holds":
            expected = [expectation(line) for line in lines]
            differences += check_counts(performance, heading, expected, uploads_of(performance))
        elif heading == "notify requests":
            expected = [expectation(line) for line in lines]
            differences += (check_order if manner.startswith("in order") else check_counts)(
                performance, heading, expected, notify_requests_of(performance))
        elif heading == "notify holds":
            expected = [expectation(line) for line in lines]
            differences += check_counts(performance, heading, expected, emails_of(performance))
        elif heading == "evidence requests":
            expected = [expectation(line) for line in lines]
            differences += (check_order if manner.startswith("in order") else check_counts)(
                performance, heading, expected, evidence_requests_of(performance))
        elif heading == "evidence holds":
            expected = [expectation(line) for line in lines]
            differences += check_counts(performance, heading, expected, papers_of(performance))
        elif heading == "needs person":
            differences += compare(heading, [performance.fill(line.text) for line in lines], needs_person(performance))
        elif heading == "rows":
            differences += check_rows(performance, lines)
        elif heading == "data":
            differences += check_data(performance, lines)
        elif heading == "answer to the sender":
            expected = [expectation(line, has_name=False) for line in lines]
            answers = [("", answer, "") for answer in performance.answers]
            differences += check_order(performance, heading, expected, answers)
        elif match := RECORDS.match(heading):
            expected = [expectation(line, has_name=False) for line in lines]
            found = [("", fields, "") for fields in records_of(performance, match[1])]
            differences += (check_counts if manner == "in any order" else check_order)(
                performance, heading, expected, found)
    return differences + always(performance)


# ---- what happened, as (name, values, remark)


def requests_of(performance):
    return [(request.operation, {**request.caller, **request.values}, "" if request.acted else "  (not acted upon)")
            for request in performance.requests]


def intake_requests_of(performance):
    """Reports are left out: how often the follower asks is its own."""
    return [(entry["operation"], {"status": str(entry["status"]), "acted": str(entry["acted"]).lower(),
                                  "guid": guid_in(entry["path"])}, "")
            for entry in performance.intake_requests if entry["operation"] != "report"]


def notify_requests_of(performance):
    """One with an address that is nobody's is an `ask`: it only shows whether the service answers."""
    return [("ask" if "@notifications.va.gov" in entry["request"] else "email",
             {"status": str(entry["status"]), "acted": str(entry["acted"]).lower()}, "")
            for entry in performance.notify_requests]


def emails_of(performance):
    """One `email` each: kind (of its template), to, status, callbacks (what was told, and answered), and its values."""
    kinds = {uuid: name for name, uuid in TEMPLATES.items()}
    return [("email", {"kind": kinds[one["template_id"]], "to": one["email_address"], "status": one["status"],
                       "callbacks": ",".join(f"{told['status']}:{told['answer']}" for told in one["callbacks"]),
                       **one["personalisation"]}, "") for one in performance.emails]


def guid_in(path):
    found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", path)
    return found[0] if found else "nil"


def uploads_of(performance):
    """One `upload` each: guid, status, puts, metadata.NAME; parts: their names; text: what their pages say."""
    found = []
    for upload in performance.uploads:
        values = {name: "nil" if upload[name] is None else str(upload[name])
                  for name in ("guid", "status", "code", "puts")}
        values.update((f"metadata.{name}", str(value)) for name, value in (upload["metadata"] or {}).items())
        values["parts"] = ",".join(part["name"] for part in upload["parts"])
        values["text"] = performance.text_of(upload)
        found.append(("upload", values, ""))
    return found


def evidence_requests_of(performance):
    """name: the one in the payload, or the one that is searched for."""
    return [(entry["operation"], {"status": str(entry["status"]), "acted": str(entry["acted"]).lower(),
                                  "folder": entry["headers"].get("x-folder-uri", "nil"), "name": name_asked_for(entry)}, "")
            for entry in performance.evidence_requests]


def name_asked_for(entry):
    body = entry["request"] or ""
    if entry.get("request_encoding") == "base64":
        body = base64.b64decode(body).decode("latin-1")
    found = re.search(r'"contentName"\s*:\s*("(?:[^"\\]|\\.)*")', body) or re.search(
        r'"systemData\.contentName"[^}]*"value"\s*:\s*("(?:[^"\\]|\\.)*")', body)
    return json.loads(found[1]) if found else "nil"


def papers_of(performance):
    """One `paper` each: uuid, folder, name, type, received (a day), source, pages, bytes, md5; text: what its pages say."""
    return [("paper", {"uuid": file["uuid"], "folder": file["folder"], "name": file["contentName"],
                       "type": str(file["providerData"]["documentTypeId"]),
                       "received": file["providerData"]["dateVaReceivedDocument"],
                       "source": file["providerData"]["contentSource"], "pages": str(file["pages"]),
                       "bytes": str(file["bytes"]), "md5": file["md5"], "text": performance.text_of_paper(file)}, "")
            for file in performance.papers]


def part_of(requests, manner):
    """in order | in order, from OPERATION | in order, before OPERATION: from or before its first request."""
    match = re.match(r"in (?:any )?order(?:, (from|before) (\w+))?$", manner)
    if not match:
        raise Malformed(f"requests in which order? “in order” or “in any order”, not “{manner}”")
    if not match[1]:
        return requests
    first = next((at for at, request in enumerate(requests) if request[0] == match[2]), len(requests))
    return requests[first:] if match[1] == "from" else requests[:first]


def state_of(performance, expected):
    """Rows of the kinds that are named; the others are not looked at."""
    kinds = dict.fromkeys(one.name for one in expected)
    for kind in kinds:
        if kind not in performance.state:
            raise Malformed(f"BGS holds no “{kind}”, but {', '.join(performance.state)}")
    return [(kind, {name: str(value) for name, value in row.items()}, "")
            for kind in kinds for row in performance.state[kind]]


def needs_person(performance):
    rows = performance.world.rows(
        "select coalesce (nullif (c.form_id, '686C-674'), 'group'), h.reason from holds h "
        "join saved_claims c on c.id = h.claim_id join saved_claim_groups g on g.id = h.claim_group_id "
        f"where g.claim_group_guid = any ('{{{','.join(performance.guids)}}}'::uuid[]) and h.resolved_at is null "
        "order by h.id")
    return [f"{form}: {reason}" for form, reason in rows]


def records_of(performance, topic):
    own = {(record.topic, record.partition, record.offset) for record in performance.own_records}
    found = []
    for record in performance.records:
        if record.topic != topic or (record.topic, record.partition, record.offset) in own:
            continue
        fields = {"key": (record.key or b"").decode("utf-8", "replace")}
        fields.update((f"header.{name}", value.decode("utf-8", "backslashreplace")) for name, value in record.headers)
        try:
            schema, decoded = records.decode(record.value)
            fields["schema"] = schema
            fields.update((name, "nil" if value is None else str(value)) for name, value in decoded.items())
        except ValueError:
            fields["value"] = "nil" if record.value is None else record.value.decode("utf-8", "backslashreplace")
        found.append(fields)
    if topic == "claim-events":  # the order that readers go by; one group's records may not be in one partition's order
        found.sort(key=lambda fields: (fields["claim_group_id"], int(fields["sequence"])))
    return found


# ---- comparing


def holds(performance, one, name, values):
    if one.name != name:
        return False
    for element, how, wanted in one.contents:
        wanted, found = performance.fill(wanted), values.get(element, "nil")
        if how == "=" and not (found == wanted or wanted == "*" and found not in ("nil", "")):
            return False
        if how == "~" and wanted not in found:
            return False
    return True


def told(performance, one, name, values, remark):
    """What happened, in the words that the expectation asks about."""
    asked = [element for element, _, _ in one.contents] if one else []
    words = [f"{element}={values.get(element, 'nil')!r}" for element in asked]
    return "  ".join([name or "record", *words]) + remark


def check_order(performance, heading, expected, found):
    wanted = [one for one in expected for _ in range(one.count or 1)]
    matcher = difflib.SequenceMatcher(None, [one.name for one in wanted], [name for name, _, _ in found], False)
    lines, is_different = [], False
    for kind, start, end, found_start, found_end in matcher.get_opcodes():
        if kind == "equal":
            for one, (name, values, remark) in zip(wanted[start:end], found[found_start:found_end]):
                if holds(performance, one, name, values):
                    lines.append(f"    {told(performance, one, name, values, remark)}")
                else:
                    is_different = True
                    lines += [f"  - {performance.fill(plain(one))}", f"  + {told(performance, one, name, values, remark)}"]
                    lines += nearest(one, values)
        else:
            is_different = True
            lines += [f"  - {performance.fill(plain(one))}" for one in wanted[start:end]]
            for name, values, remark in found[found_start:found_end]:
                lines.append(f"  + {told(performance, None, name, values, remark)}{brief(values)}")
    return [f"{heading}, in order (- expected, + happened):\n" + "\n".join(lines)] if is_different else []


def plain(one):
    return "  ".join([one.name or "record", *(f"{name}{how}{value!r}" for name, how, value in one.contents)])


def brief(values):
    """Fields of a record that nobody expected; of a request the operation says enough."""
    return "  " + str(values) if "schema" in values or "value" in values else ""


def nearest(one, values):
    """A misspelt element is the usual slip of a new scenario."""
    lines = []
    for element, _, _ in one.contents:
        if element not in values and not element.startswith("header."):
            close = difflib.get_close_matches(element, values, 1)
            lines.append(f"      ({element} is not there{': ' + close[0] + '?' if close else ''})")
    return lines


def check_counts(performance, heading, expected, found):
    differences, taken = [], set()
    for one in expected:
        matching = [index for index, (name, values, _) in enumerate(found)
                    if index not in taken and holds(performance, one, name, values)]
        if one.count is not None and len(matching) != one.count:
            others = [f"      {told(performance, one, name, values, remark)}" for name, values, remark in found
                      if name == one.name]
            differences.append(f"{heading}: expected {one.count} × {performance.fill(plain(one))}, "
                               f"found {len(matching)} among\n" + "\n".join(others or ["      nothing of the kind"]))
        taken.update(matching)
        if one.is_last and matching:
            differences += check_last(performance, one, found, matching[-1])
    for index, (name, values, remark) in enumerate(found):
        if index not in taken:
            differences.append(f"{heading}: nobody expected {told(performance, None, name, values, remark)}{brief(values)}"
                               + (f"  {values}" if heading == "bgs holds" else ""))
    return differences


def check_last(performance, one, found, index):
    after = [found[later][0] for later in range(index + 1, len(found)) if performance.requests[later].is_write]
    return [f"requests: {one.name} was not the last write, {', '.join(after)} came after it"] if after else []


def compare(heading, wanted, found):
    if sorted(wanted) == sorted(found):
        return []
    lines = [f"  - {text}" for text in wanted if text not in found]
    lines += [f"  + {text}" for text in found if text not in wanted]
    if not lines:
        lines = [f"  - {wanted}", f"  + {found}"]
    return [f"{heading} (- expected, + happened):\n" + "\n".join(lines)]


def check_ends(performance, heading):
    return compare(heading, performance.wanted_ends(heading), performance.ends())


def check_rows(performance, lines):
    differences, statement, wanted = [], "", []
    for line in [*lines, None]:
        for text in [line.text, *(deeper.text for deeper in line.below)] if line else [""]:
            if text.startswith("|"):
                wanted.append([cell.strip() for cell in text.strip("|").split("|")])
                continue
            if statement and (wanted or not line):
                found = performance.world.rows(performance.fill(statement))
                filled = [[performance.fill(cell) for cell in row] for row in wanted]
                if found != filled:
                    differences.append(f"rows: {performance.fill(statement)} (- expected, + found)\n" + "\n".join(
                        [f"  - {' | '.join(row)}" for row in filled] + [f"  + {' | '.join(row)}" for row in found]))
                statement, wanted = "", []
            statement = (statement + " " + text).strip()
    return differences


# ---- every datum


def check_data(performance, lines):
    """PATH → OPERATION ELEMENT [how], or PATH → nowhere, REASON: each value of the claim is sent, or said not to be."""
    from data import check_every_datum
    return check_every_datum(performance, lines)


# ---- in every scenario


def always(performance):
    return [*check_sequence(performance), *check_nothing_doubled(performance), *check_dead_ends(performance), *check_waits(performance),
            *check_passed_on(performance), *check_canaries(performance)]


def check_sequence(performance):
    differences = []
    for guid in performance.guids:
        numbers = [int(fields["sequence"]) for fields in records_of(performance, "claim-events")
                   if fields["claim_group_id"] == guid]
        if sorted(set(numbers)) != list(range(1, len(set(numbers)) + 1)):
            differences.append(f"always: the sequence of claim-events has a gap: {numbers}")
    return differences


def check_nothing_doubled(performance):
    """One benefit claim a child and its id recorded, nothing under a foreign proc, no form or increment twice."""
    differences = []
    state = performance.state
    made = [claim for claim in state["benefit_claims"] if not claim.get("is_planted")]
    recorded = sorted(child["benefit"] for child in performance.children if child["benefit"] != "null")
    unrecorded = [claim for claim in made if str(claim["bnftClaimId"]) not in recorded]
    if "a person decides" in performance.scenario.sections:  # who knows what became of those that BGS has ended
        made = [claim for claim in made if claim not in unrecorded or claim["statusTypeCd"] not in ("CLR", "CAN")]
        unrecorded = [claim for claim in made if claim in unrecorded]
    waiting = [child for child in performance.children if child["status"] == "held"]  # a person will record them
    if len(made) - len(unrecorded) != len(recorded) or len(unrecorded) > len(waiting):
        differences.append(f"always: BGS has the benefit claims {[claim['bnftClaimId'] for claim in made]}, "
                           f"recorded are {recorded}")
    increments = [claim["cpClaimEndPrdctTypeCd"] for claim in made if claim["statusTypeCd"] not in ("CLR", "CAN")]
    if len(set(increments)) != len(increments):
        differences.append(f"always: increments are not unique: {increments}")
    forms = [(form["vnpProcId"], form["formTypeCd"]) for form in state["proc_forms"]]
    if len(set(forms)) != len(forms):
        differences.append(f"always: a proc form twice: {forms}")
    procs = {group["proc"] for group in performance.groups}
    for kind in ("proc_forms", "participants", "persons", "addresses", "phones", "schools", "students", "relationships",
                 "vnp_claims"):
        for row in state[kind]:
            proc = str(row.get("vnpProcId", row.get("vnpProcID")))
            if proc not in procs and performance.groups and procs != {"null"}:
                differences.append(f"always: {kind} has a row under the foreign proc {proc}: {row}")
    return differences


def check_dead_ends(performance):
    """What ends elsewhere than expected is never overlooked."""
    differences = []
    for topic in ("claims.dead-letter", "quarantine", "backup.dead-letter"):
        if f"records of {topic}" not in performance.scenario.sections:
            differences += [f"always: nobody expected a record in {topic}: {fields}"
                            for fields in records_of(performance, topic)]
    if "needs person" not in performance.scenario.sections:
        differences += [f"always: nobody expected a need for a person: {text}" for text in needs_person(performance)]
    return differences


def check_waits(performance):
    """The world is at rest: no record of these groups waits in a tier, so none is said to."""
    rows = performance.world.rows("select consumer, topic, scope from tier_waits where claim_group_guid = "
                                  f"any ('{{{','.join(performance.guids)}}}'::uuid[])")
    return [f"always: {' '.join(row)} is said to wait" for row in rows]


def check_passed_on(performance):
    """A record in a tier or a dead letter is the record that failed: same bytes, key and partition, foreign headers as
    they came, ours once; and it says truly from which record, hop and attempt it comes."""
    differences, last = [], {}
    places = {(record.topic, record.partition, record.offset): record for record in performance.world.kafka.records}
    own = {(record.topic, record.partition, record.offset) for record in performance.own_records}
    passed_on = [record for record in performance.records
                 if (".retry-" in record.topic or record.header("dp-hop") not in (None, "0"))
                 and (record.topic, record.partition, record.offset) not in own]
    # Topics come in no order of their own: a message's records are in that of their hops.
    for record in sorted(passed_on, key=lambda record: int(record.header("dp-hop") or 0)):
        topic, partition, offset = record.header("dp-source").removeprefix(performance.world.kafka.prefix).rsplit("/", 2)
        source = places.get((topic, int(partition), int(offset)))
        message = record.header("dp-message-id"), record.header("dp-replay")
        before = last.get(message, source)
        last[message] = record
        if problem := passed_on_wrongly(record, source, before):
            differences.append(f"always: a record of {record.topic}: {problem}; headers {record.headers}")
    return differences


def passed_on_wrongly(record, source, before):
    """What is wrong with it, or None. @before: the record of the message's hop before."""
    def number(of, name):
        return int(of.header(name) or 0)

    if not source or number(source, "dp-hop"):
        return "dp-source does not name the message's first record"
    ours = [name for name, _ in record.headers if name.startswith("dp-")]
    if len(set(ours)) != len(ours):
        return "a header of ours twice"
    if [header for header in record.headers if not header[0].startswith("dp-")] != [
            header for header in source.headers if not header[0].startswith("dp-")]:
        return f"foreign headers differ from {source.headers}"
    if (record.key, record.value, record.partition) != (source.key, source.value, source.partition):
        return f"not the bytes, key and partition of {source}"
    if number(record, "dp-hop") != number(before, "dp-hop") + 1:
        return f"a hop that does not follow {number(before, 'dp-hop')}"
    # Backup's attempts are its own.
    is_anew = before.topic == "claims.dead-letter" and not before.header("dp-attempts-of")
    spent = number(record, "dp-attempt") - (0 if is_anew else number(before, "dp-attempt"))
    if spent not in (0, 1):
        return f"an attempt that does not follow {number(before, 'dp-attempt')}"
    if problem := tells_wrongly(record, source, spent):
        return problem
    if ".retry-" not in record.topic:
        return None if not record.header("dp-not-before") else "a due time where nobody waits"
    return waits_wrongly(record, spent, before)


def tells_wrongly(record, source, spent):
    """The history has the first failure and the newest, and all that we say stays small."""
    ours = [(name, value) for name, value in record.headers if name.startswith("dp-")]
    if sum(len(name) + len(value) for name, value in ours) > 3072 or max(len(value) for _, value in ours) > 1024:
        return "our headers are too long"
    if not spent or source.header("dp-failures"):
        return None
    first, *_, last = (record.header("dp-failures") + "; " + record.header("dp-failures")).split("; ")
    if not first.startswith(f"1 {record.header('dp-first-failed-at')} "):
        return "the history does not begin with the first failure"
    if not re.match(rf"{record.header('dp-attempt')} \S+Z {record.header('dp-error-class')}$", last):
        return "the history does not end with this failure"
    return None


def waits_wrongly(record, spent, before):
    """It is due its tier's wait after it failed, and at most a tenth of that later."""
    amount, unit = re.match(r"(\d+)(ms|s|m|h)$", record.topic.rsplit(".retry-", 1)[1]).groups()
    wait_ms = int(amount) * {"ms": 1, "s": 1000, "m": 60000, "h": 3600000}[unit]
    due_ms = int(record.header("dp-not-before"))
    failed_ms = record.at_ms
    if spent:
        moment = datetime.datetime.fromisoformat(record.header("dp-failures").split("; ")[-1].split()[1].replace("Z", "+00:00"))
        failed_ms = round(moment.timestamp() * 1000)
    slack_ms = 0 if spent else CLOCKS_MS
    if not failed_ms + wait_ms - slack_ms <= due_ms <= failed_ms + wait_ms * 1.1 + slack_ms:
        return f"due at {due_ms}, though it failed at {failed_ms} and waits {wait_ms} ms"
    if abs(failed_ms - record.at_ms) > CLOCKS_MS:
        return f"failed at {failed_ms} and was written at {record.at_ms}"
    if not spent and not record.header("dp-waiting-since"):
        return "waits without an attempt, and does not say since when"
    waiting = before.header("dp-waiting-since")
    if waiting and record.header("dp-waiting-since") not in (waiting, None):
        return f"waits since another moment than {waiting}"
    return None


def check_canaries(performance):
    """No personal datum in a topic's key, value or header. Logs and database are searched once, at the world's end."""
    differences = []
    own = {(record.topic, record.partition, record.offset) for record in performance.own_records}
    for record in performance.records:
        if (record.topic, record.partition, record.offset) in own:
            continue
        places = {"key": record.key, "value": record.value, **{f"header {name}": value for name, value in record.headers}}
        for place, data in places.items():
            for what, text in performance.canaries():
                if data and text.encode() in data:
                    differences.append(f"always: {what} {text} in the {place} of a record of {record.topic}")
    return differences
