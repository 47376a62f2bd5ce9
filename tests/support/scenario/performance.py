"""One scenario performed in a world: the message goes in, the conversation runs, what came of it is collected.

What is expected is compared in checks.py. Scenarios run one after another, each with emptied simulator, new Veterans and
a world at rest, so that everything seen since its start is its own.
"""

import datetime
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

import records
from conversation import Malformed, contents_of, hold_name, refusal_of, rule_of, words_of
from veterans import Veteran, canaries_of, change, claim_of, leave_out, sample
from world import TEMPLATES, http_call

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from plain_pdf import Pdf   # noqa: E402

END_S = 120
INTAKE_OPERATIONS = ("create", "put", "status", "report")
EVIDENCE_OPERATIONS = ("upload", "search", "data")
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
GROUP_ROWS = """select g.claim_group_guid, g.id, g.parent_claim_id, g.saved_claim_id, g.status, g.veteran_id,
  g.submission_day, g.proc_id, coalesce (g.bgs_claim_id, s.bgs_claim_id), c.form_id
from saved_claim_groups g join saved_claims c on c.id = g.saved_claim_id left join bgs_submissions s on s.saved_claim_id = c.id
where g.claim_group_guid = any ('{%s}'::uuid[]) order by g.id"""


class Request:
    """One entry of the ledger."""

    def __init__(self, entry):
        self.entry, self.operation, self.acted = entry, entry["operation"], entry["acted"]
        self.values, self.caller = {}, {}
        if self.operation == "awardsPension":
            self.values["participant"] = entry["path"].rsplit("/", 1)[1]
            return
        try:
            root = ElementTree.fromstring(entry["request"])
        except (ElementTree.ParseError, TypeError):
            return
        for part, values in ((root.find(SOAP + "Body"), self.values), (root.find(SOAP + "Header"), self.caller)):
            for element in part.iter() if part is not None else ():
                if not len(element):
                    values[element.tag.rsplit("}", 1)[-1]] = (
                        "nil" if element.get(NIL) == "true" else element.text or "")

    @property
    def is_write(self):
        return not self.operation.startswith(("find", "Get", "awards", "wsdl")) and "FindBy" not in self.operation


class Performance:
    def __init__(self, world, scenario, number):
        self.world, self.scenario = world, scenario
        self.veteran = Veteran(number)
        self.claims, self.answers, self.guids, self.own_records = [], [], [], []
        self.groups, self.children, self.state, self.uploads, self.emails, self.papers = [], [], None, [], [], []
        self.texts = {}  # of uploads and papers, by guid
        self.began = None
        self.meanwhile = list(scenario.sections.get("meanwhile", ()))
        self.started_at = len(world.kafka.records)

    # ---- the course of it

    def run(self):
        self.began = self.world.rows("select clock_timestamp ()")[0][0]
        self.empty_simulator()
        rules = []
        for line in self.scenario.sections.get("bgs answers", ()):
            if line.text.startswith("dialect "):
                self.world.bgs("POST", "dialect", {"dialect": line.text.split()[1]})
            elif line.text.startswith("knows "):
                self.world.bgs("POST", "veterans", self.control_values(words_of(line.text)[1:]))
            elif line.text.startswith("a clerk makes "):
                self.clerk(line.text)
            else:
                rules.append(rule_of(line, self.fill))
        for rule in rules:
            self.world.bgs("POST", "rules", rule)
        for line in self.scenario.sections.get("intake answers", ()):
            self.world.intake("POST", "rules", rule_of(line, self.fill))
        for line in self.scenario.sections.get("notify answers", ()):
            self.notify_answers(line)
        for line in self.scenario.sections.get("evidence answers", ()):
            self.evidence_answers(line)
        for line in self.scenario.sections["message in"]:
            self.send(line)
        for line in self.scenario.sections.get("a person decides", ()):
            self.decide(line)
        self.await_end()
        self.await_rest()
        for line in self.scenario.sections.get("message in again", ()):
            self.send(line)
            self.await_rest()
        self.await_end("ends again as")
        self.await_rest()
        self.collect()

    def empty_simulator(self):
        # Nobody asks any more for packages that are not there any more.
        self.world.rows("update lighthouse_submissions set ask_at = null where ask_at is not null")
        for what in ("rules", "ledger", "state"):
            self.world.bgs("DELETE", what)
            self.world.intake("DELETE", what)
            self.world.notify("DELETE", what)
            self.world.evidence("DELETE", what)
        self.world.bgs("POST", "dialect", {"dialect": "new"})
        self.world.evidence("POST", "behaviour", {"search_lag_ms": 0})

    def end(self):
        """Leaves nothing behind that could disturb the next one."""
        self.world.bgs("DELETE", "rules")
        self.world.intake("DELETE", "rules")
        self.world.notify("DELETE", "rules")
        self.evidence_answers_again()
        self.await_rest()

    # ---- Claims Evidence

    def evidence_answers(self, line):
        """OPERATION … refuses CODE … | a search lags N ms behind | OPERATION … as for BGS."""
        if refusal := refusal_of(line, self.fill):
            self.world.evidence("POST", "refuse", refusal)
        elif match := re.match(r"a search lags (\d+) ms behind$", line.text):
            self.world.evidence("POST", "behaviour", {"search_lag_ms": int(match[1])})
        else:
            self.world.evidence("POST", "rules", rule_of(line, self.fill))

    def evidence_answers_again(self):
        for what in ("rules", "refuse"):
            self.world.evidence("DELETE", what)

    # ---- VA Notify

    def notify_answers(self, line):
        """the key is revoked | the callback comes first | what goes to TEXT is STATUS | OPERATION … as for BGS."""
        if line.text == "the key is revoked":
            self.world.notify("POST", "behaviour", {"revoked": True})
        elif line.text == "the callback comes first":
            self.world.notify("POST", "behaviour", {"callback_first": True})
        elif match := re.match(r"what goes to (\S+) is (\S+)$", self.fill(line.text)):
            self.world.notify("POST", "expect", {"contains": match[1], "status": match[2]})
        else:
            self.world.notify("POST", "rules", rule_of(line, self.fill))

    def notify_answers_again(self):
        self.world.notify("DELETE", "rules")
        self.world.notify("POST", "behaviour", {"revoked": False})

    def notify_says(self, text):
        """STATUS of KIND [N times]: what has become of those e-mails, told by callbacks and answered."""
        match = re.match(r"(\S+) of (\w+)(?: (\d+) times)?$", text)
        if not match:
            raise Malformed(f"not understood: notify says {text}")
        self.read_groups()
        kinds = {uuid: name.split("/")[0] for name, uuid in TEMPLATES.items()}
        for one in self.world.notify("GET", "state")["notifications"]:
            if kinds[one["template_id"]] == match[2]:
                self.world.notify("POST", "advance", {"id": one["id"], "status": match[1], "times": int(match[3] or 1)})

    def untold(self):
        """E-mails of which something is still to be told."""
        return [one["id"] for one in self.world.notify("GET", "state")["notifications"] if one["untold"] or one["status"] != "created" and not (
            one["callbacks"] and one["callbacks"][-1]["status"] == one["status"] and 0 < one["callbacks"][-1]["answer"] < 500)]

    # ---- messages

    def send(self, line):
        verb, _, rest = line.text.partition(" ")
        if verb == "claim":
            self.send_claim(rest, line.below)
        elif verb == "record":
            self.send_record(rest, line.below)
        elif verb == "redeliver":
            self.redeliver(rest)
        elif line.text == "bgs answers again":
            self.world.bgs("DELETE", "rules")
        elif line.text == "intake answers again":
            self.world.intake("DELETE", "rules")
        elif line.text == "notify answers again":
            self.notify_answers_again()
        elif line.text == "evidence answers again":
            self.evidence_answers_again()
        elif line.text.startswith("notify says "):
            self.notify_says(line.text.removeprefix("notify says "))
        elif line.text == "the error e-mail has been deferred for too long":
            self.world.wait_for(lambda: self.count_mails("state = 'deferred' and kind = 'error'") == 0,
                                "the deferred error e-mail to be given up", END_S)
        elif line.text.startswith("intake says "):
            words = words_of(line.text)[2:]
            self.intake_says(words)
            self.await_follower(words[0])
        elif line.text == "an operator lets packages go on":
            status, said = self.world.pipelinectl("release-packages", "--yes", "--reason", "the service was away")
            if status:
                raise AssertionError(f"pipelinectl release-packages ended with {status}: {said}")
            self.await_follower()
        elif line.text.startswith("resolve "):
            self.decide(line)
        elif line.text.startswith("a clerk "):
            self.clerk(line.text)
        elif line.text.startswith("update "):
            self.world.rows(self.fill(" ".join([line.text, *(deeper.text for deeper in line.below)])))
            if line.text.startswith("update lighthouse_submissions "):
                self.await_follower()
        else:
            raise Malformed(f"line {line.number}: no such message: {line.text}")

    def intake_says(self, words):
        """intake says STATUS [CODE [DETAIL]] [final|not-final] [counting DOCUMENTS PAGES] [of all]: of every upload that is
        not final, or of all."""
        news = {"status": words[0]}
        if "counting" in words:
            at = words.index("counting")
            news["uploaded_pdf"] = {"total_documents": int(words[at + 1]), "total_pages": int(words[at + 2])}
            words = words[:at] + words[at + 3:]
        if words[-2:] == ["of", "all"]:
            for upload in self.world.intake("GET", "state")["uploads"]:
                self.world.intake("POST", "advance", {**news, "guid": upload["guid"]})
            return
        for word in words[1:]:
            if word in ("final", "not-final"):
                news["final_status"] = word == "final"
            elif "code" not in news:
                news["code"] = word
            else:
                news["detail"] = word
        self.world.intake("POST", "advance", news)

    def await_follower(self, status=None):
        """Every package whose turn is near has been asked for since now; an answer that was on its way has no news."""
        now = self.world.rows("select clock_timestamp ()")[0][0]

        def unasked():
            return self.world.rows(
                "select saved_claim_id, latest_status, intake_status, sent_at, asked_at, ask_at, clock_timestamp () "
                "from lighthouse_submissions where ask_at < clock_timestamp () + interval '1 minute' "
                f"and (coalesce (asked_at, sent_at) < '{now}'"
                + (f" or sent_at < '{now}' and intake_status is distinct from '{status}'" if status else "") + ")")
        self.world.wait_for(lambda: not unasked(), lambda: f"packages to be asked for since {now}: {unasked()}", END_S)

    def send_claim(self, text, below):
        name, _, times = text.partition(" × ")
        claim = claim_of(self.veteran, name) if not name.startswith("invalid/") else self.invalid_claim(name)
        headers, attachments = {}, []
        for line in below:
            words = words_of(line.text)
            if words[0] == "without":
                leave_out(claim, words[1])
            elif words[0] == "with":
                change(claim, words[1], json.loads(self.fill(words[3])) if words[3][:1] in '{["0123456789tfn'
                       else self.fill(words[3]))
            elif words[0] == "header":
                headers[words[1]] = self.fill(words[2])
            elif words[0] == "attach":
                attachments.append((words[1], document_of(words[2:])))
            else:
                raise Malformed(f"line {line.number}: not understood: {line.text}")
        self.claims.append(claim)
        for _ in range(int(times or 1)):
            status, _, body = self.world.post_claim(claim, headers, attachments)
            answer = json.loads(body)
            self.answers.append({"status": str(status), "body": body.decode(), **flat(answer)})
            if status == 200:
                guid = answer["data"]["attributes"]["confirmation_number"]
                if guid not in self.guids:
                    self.guids.append(guid)

    @staticmethod
    def invalid_claim(name):
        claim = sample("../" + name)
        information = claim.get("veteran_information", {})
        claim["user_data"] = {"veteran_information": {
            "full_name": information.get("full_name"), "ssn": "666999999", "participant_id": "600999999"}}
        return claim

    def send_record(self, text, below):
        """record to TOPIC, value TEXT  or  record to TOPIC, fields NAME=VALUE…  or  record to TOPIC, tombstone"""
        match = re.match(r"to (\S+), *(value|fields|tombstone)(?: (.*))?$", " ".join([text, *(line.text for line in below)]))
        if not match:
            raise Malformed(f"not understood: record {text}")
        topic, kind, rest = match.groups()
        words = words_of(self.fill(rest or ""))
        if bool(words) != (kind != "tombstone"):
            raise Malformed(f"not understood: record {text}")
        if kind == "tombstone":
            value = None
        elif kind == "value":
            value = words[0].encode()
        else:
            value = records.encode(records.SCHEMA_OF_TOPIC[topic], {name: text for name, _, text in contents_of(words)})
        self.produce(topic, f"key-{self.veteran.number}".encode(), value, [("foreign", b"\xff\x00passes")])

    def redeliver(self, topic):
        """The record once more, as after a commit that was lost: same key, value and headers, so the same message id."""
        for record in [record for record in self.new_records() if record.topic == topic]:
            self.produce(topic, record.key, record.value, record.headers, record.partition)

    def produce(self, topic, key, value, headers, partition=None):
        before = sum(record.topic == topic for record in self.new_records())
        self.world.kafka.produce(topic, key, value, headers, partition)
        self.world.wait_for(lambda: sum(record.topic == topic for record in self.new_records()) > before,
                            "the own record to be in its topic", END_S)
        self.own_records.append([record for record in self.new_records() if record.topic == topic][-1])

    # ---- a person

    def decide(self, line):
        """[when N are held:] resolve CLAIM ANSWER…, below it what pipelinectl has to say, [exit STATUS] TEXT; or as in
        `meanwhile:`."""
        match = re.match(r"(?:when (\d+) are held: )?(resolve |)(.*)$", line.text)
        wanted = int(match[1] or 1)
        self.world.wait_for(lambda: self.do_meanwhile() and self.count_held() >= wanted, f"{wanted} claims to be held",
                            END_S)
        self.read_groups()
        self.state = self.world.bgs("GET", "state")
        if not match[2]:
            self.clerk(match[3])
            return
        claim, *answer = words_of(self.fill(match[3]))
        status, said = self.world.pipelinectl("resolve", claim, *answer, "--yes")
        for one in line.below or [None]:
            exit_status, text = re.match(r"(?:exit (\d+) )?(.*)$", one.text if one else "").groups()
            if status != int(exit_status or 0) or self.fill(text) not in said:
                raise AssertionError(f"line {line.number}: pipelinectl resolve ended with {status}: {said}")

    def count_held(self):
        return int(self.world.rows("select count(*) from holds h join saved_claim_groups g on g.saved_claim_id = h.claim_id "
                                   f"where g.claim_group_guid = any ('{{{','.join(self.guids)}}}'::uuid[]) "
                                   "and h.resolved_at is null")[0][0])

    # ---- waiting

    def await_end(self, heading="ends as"):
        if heading not in self.scenario.sections:
            return
        wanted = self.wanted_ends(heading)
        try:
            self.world.wait_for(lambda: self.do_meanwhile() and sorted(self.ends()) == wanted, "the end", END_S)
        except TimeoutError:
            pass  # checks.py says how far it came

    def wanted_ends(self, heading):
        wanted = []
        for line in self.scenario.sections[heading]:
            match = re.match(r"(?:(\d+) × )?(group|21-686C|21-674) (\w+)$", line.text)
            if not match:
                raise Malformed(f"line {line.number}: not understood: {line.text}")
            wanted += [f"{match[2]} {match[3]}"] * int(match[1] or 1)
        return sorted(wanted)

    def ends(self):
        self.read_groups()
        return ([f"group {group['status']}" for group in self.groups]
                + [f"{child['form']} {child['status']}" for child in self.children])

    def read_groups(self):
        names = ("guid", "row", "parent", "claim", "status", "veteran", "day", "proc", "benefit", "form")
        rows = [dict(zip(names, row)) for row in self.world.rows(GROUP_ROWS % ",".join(self.guids))]
        self.groups = [row for row in rows if row["parent"] == row["claim"]]
        self.children = [row for row in rows if row["parent"] != row["claim"]]

    def do_meanwhile(self):
        """when OPERATION has come [N times]: a clerk makes …, or a statement of SQL; when N e-mails wait: …;
        when [N ×] FORM STATE: bgs lets OPERATION go on; when N records of CONSUMER have been retried: … Each line once, in their order."""
        while self.meanwhile:
            text = " ".join([self.meanwhile[0].text, *(line.text for line in self.meanwhile[0].below)])
            if match := re.match(r"when (\d+) e-mails wait: (.*)$", text):
                if self.count_mails("state = 'requested'") < int(match[1]):
                    return True
                del self.meanwhile[0]
                self.clerk(match[2])
                continue
            if match := re.match(r"when (\d+) records? of (\S+) (?:has|have) been retried: (.*)$", text):
                if self.count_retried(match[2]) < int(match[1]):
                    return True
                del self.meanwhile[0]
                self.clerk(match[3])
                continue
            if match := re.match(r"when (?:(\d+) × )?(21-686C|21-674) (\w+): (.*)$", text):
                if self.ends().count(f"{match[2]} {match[3]}") < int(match[1] or 1):
                    return True
                del self.meanwhile[0]
                self.clerk(match[4])
                continue
            match = re.match(r"when (\w+) has come(?: (\d+) times)?: (.*)$", text)
            if not match:
                raise Malformed(f"line {self.meanwhile[0].number}: not understood: {text}")
            ask = (self.world.intake if match[1] in INTAKE_OPERATIONS else
                   self.world.evidence if match[1] in EVIDENCE_OPERATIONS else
                   self.world.notify if match[1] == "email" else self.world.bgs)
            seen = sum(entry["operation"] == match[1] for entry in ask("GET", "ledger"))
            if seen < int(match[2] or 1):
                return True
            del self.meanwhile[0]
            self.clerk(match[3])
        return True

    def count_retried(self, consumer):
        """Whatever group's; scenarios are performed one after another, and a settlement stays for longer than one takes."""
        return int(self.world.rows("select count(*) from inbox where verdict = 'RETRY' and "
                                   f"consumer = '{consumer}' and handled_at > '{self.began}'")[0][0])

    def count_mails(self, condition):
        return int(self.world.rows("select count (*) from claim_notifications n join saved_claim_groups g "
                                   f"on g.saved_claim_id = n.saved_claim_id where {condition} and "
                                   f"g.claim_group_guid = any ('{{{','.join(self.guids)}}}'::uuid[])")[0][0])

    def clerk(self, text):
        if text.startswith("a clerk makes a benefit claim"):
            values = self.control_values(words_of(text)[6:])
            self.world.bgs("POST", "benefit-claims", {"ptcpntId": self.veteran.participant_id, **values})
        elif match := re.match(r"a clerk sets it to (CLR|CAN|PEND)$", text):
            claims = self.world.bgs("GET", "state")["benefit_claims"]
            self.world.bgs("POST", "benefit-claims", {"bnftClaimId": claims[-1]["bnftClaimId"],
                                                      "statusTypeCd": match[1]})
        elif text.startswith("update "):
            self.read_groups()
            self.world.rows(self.fill(text))
        elif text.startswith("intake says "):
            self.intake_says(words_of(text)[2:])
        elif text.startswith("notify says "):
            self.notify_says(text.removeprefix("notify says "))
        elif text == "notify answers again":
            self.notify_answers_again()
        elif text == "evidence answers again":
            self.evidence_answers_again()
        elif text == "bgs answers again":
            self.world.bgs("DELETE", "rules")
        elif match := re.match(r"bgs lets (\w+) go on$", text):
            self.world.bgs("DELETE", f"rules?name={urllib.parse.quote(hold_name(match[1]))}")
        elif match := re.match(r"intake's clock goes on by (\d+) s$", text):
            self.world.intake("POST", "clock", {"forward_s": int(match[1])})
        else:
            raise Malformed(f"not understood: {text}")

    def control_values(self, words):
        values = {name: self.fill(value) for name, _, value in contents_of(words)}
        return {name: value == "true" if value in ("true", "false") else value for name, value in values.items()}

    def await_rest(self):
        """Nothing is to be published, every record read has been acknowledged, nobody works on one."""
        try:
            self.world.wait_for(self.is_at_rest, "the world to come to rest", END_S)
        except TimeoutError as problem:
            raise TimeoutError(f"{problem}: {self.unrest()}\n" + self.world.last_lines()) from None

    def unrest(self):
        """What is not at rest, looked at in the order in which it moves on: into the outbox, to its topic, into a hand."""
        untold = self.untold()   # what follows from a callback is looked for after it
        kafka = self.world.kafka
        kafka.catch_up()
        seen = len(kafka.records)
        behind = []
        for topic, consumer in self.world.consumer_of_topic.items():
            ends = {}
            for record in kafka.records:
                if record.topic == topic:
                    ends[topic, record.partition] = record.offset + 1
            if ends:
                committed = kafka.committed(consumer, list(ends))
                behind += [f"{consumer} has read {place} up to {committed[place]} of {end}"
                           for place, end in ends.items() if committed[place] < end]
        waiting = self.world.rows("select topic from outbox")
        open_records = self.world.rows("select consumer, topic, open_offsets from deliveries where open_offsets <> '{}'")
        kafka.catch_up()   # what was published since then is nobody's yet
        return "; ".join([*(f"to be told: e-mail {one}" for one in untold), *(f"to be published to {row[0]}" for row in waiting),
                          *(f"in hand: {' '.join(row)}" for row in open_records), *behind,
                          *(f"has come to {record.topic}" for record in kafka.records[seen:])])

    def is_at_rest(self):
        self.do_meanwhile()
        return not self.unrest()

    # ---- what came of it

    def new_records(self):
        return self.world.kafka.records[self.started_at:]

    def collect(self):
        self.world.kafka.catch_up()
        self.read_groups()
        self.requests = [Request(entry) for entry in self.world.bgs("GET", "ledger")]
        self.state = self.world.bgs("GET", "state")
        self.intake_requests = [entry for entry in self.world.intake("GET", "ledger")
                                if entry["operation"] in INTAKE_OPERATIONS]
        self.uploads = self.world.intake("GET", "state")["uploads"]
        self.notify_requests = [entry for entry in self.world.notify("GET", "ledger") if entry["operation"] == "email"]
        self.emails = self.world.notify("GET", "state")["notifications"]
        self.evidence_requests = [entry for entry in self.world.evidence("GET", "ledger")
                                  if entry["operation"] in EVIDENCE_OPERATIONS]
        self.papers = self.world.evidence("GET", "state")["files"]
        self.records = self.new_records()

    def text_of(self, upload):
        """What the pages of a package say, as pdftotext reads them; blanks and line ends are one blank."""
        if upload["guid"] not in self.texts:
            self.texts[upload["guid"]] = " ".join(
                text_at(f"{self.world.intake_url}/_simulator/uploads/{upload['guid']}/{part['name']}")
                for part in upload["parts"] if part["type"] == "application/pdf")
        return self.texts[upload["guid"]]

    def text_of_paper(self, file):
        """The same of a paper in a folder."""
        if file["uuid"] not in self.texts:
            self.texts[file["uuid"]] = text_at(f"{self.world.evidence_url}/_simulator/files/{file['uuid']}")
        return self.texts[file["uuid"]]

    def canaries(self):
        return canaries_of(self.claims)

    def words(self):
        words = dict(self.veteran.words())
        if self.groups:
            group = self.groups[0]
            year, month, day = group["day"].split("-")
            words.update(guid=group["guid"], group=group["row"], parent=group["parent"], proc=group["proc"],
                         veteran=group["veteran"], day=group["day"], **{"us-day": f"{month}/{day}/{year}"},
                         date=datetime.date.fromisoformat(group["day"]).strftime("%B %d, %Y"), FIRST=self.veteran.first.upper())
        for person in reversed(self.state["persons"] if self.state else ()):  # an earlier row of a name goes before
            name = "veteran" if person.get("firstNm") == self.veteran.first else person.get("firstNm")
            words[f"row {name}"] = person["vnpPtcpntId"]
        counts = {}
        for child in self.children:
            counts[child["form"]] = number = counts.get(child["form"], 0) + 1
            name = child["form"] if number == 1 else f"{child['form']} {number}"
            words[f"claim {name}"], words[f"benefit {name}"] = child["claim"], child["benefit"]
        for number, upload in enumerate(self.uploads, 1):
            words["upload" if number == 1 else f"upload {number}"] = upload["guid"]
        for number, file in enumerate(self.papers, 1):
            words["paper" if number == 1 else f"paper {number}"] = file["uuid"]
        for number, claim in enumerate(self.state["benefit_claims"] if self.state else (), 1):
            words["made" if number == 1 else f"made {number}"] = claim["bnftClaimId"]
        return words

    def fill(self, text):
        """{word} → what it stands for; other braces stay."""
        known = self.words()
        return re.sub(r"\{([\w -]+)\}", lambda match: str(known.get(match[1], match[0])), text)


def text_at(url):
    _, _, document = http_call("GET", url)
    done = subprocess.run(["pdftotext", "-", "-"], input=document, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def document_of(words):
    """a page [of N bytes] [signed]: a PDF; without a number as small as it is."""
    pdf, entries, wanted = Pdf(), "", int(words[words.index("of") + 1]) if "of" in words else 0
    if "signed" in words:
        field = pdf.add("<</Type/Annot/Subtype/Widget/Rect[0 0 0 0]/FT/Sig/T(s)/V<</Type/Sig/Filter/Adobe.PPKLite"
                        "/ByteRange[0 1 2 3]/Contents<00>>>>>")
        pdf.catalog, entries = f"/AcroForm<</SigFlags 3/Fields[{field} 0 R]>>", f"/Annots[{field} 0 R]"
    pdf.page(entries=entries)
    if wanted:
        filler = pdf.stream(bytes(wanted))
        pdf.catalog += f"/Metadata {filler} 0 R"
        over = len(pdf.bytes()) - wanted
        del pdf.objects[filler]
        pdf.stream(bytes(wanted - over))
    return pdf.bytes()


def flat(document, path=""):
    """A JSON document as path: text."""
    if isinstance(document, (dict, list)):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        return {key: text for name, value in items
                for key, text in flat(value, f"{path}.{name}" if path else str(name)).items()}
    return {path: document if isinstance(document, str) else json.dumps(document)}
