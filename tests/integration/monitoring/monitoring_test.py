"""A running pipeline, watched: Debian's Prometheus scrapes it, a DogStatsD agent of our own listens, claims go all their ways.

Everything that is told is held against the one table of metrics; every expression of the dashboard must give data; and
an alert that is provoked must be raised, also when whoever settled what it tells of is gone before anybody has asked him.
"""

import hashlib
import hmac
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request
import uuid

import confluent_kafka

import table
from receiver import Receiver

sys.path[:0] = [str(table.ROOT / "tests" / "support" / "scenario"), str(table.ROOT / "tests" / "crash")]
import claims  # noqa: E402
from world import SECRET, World, die_with_parent  # noqa: E402

BUILD = pathlib.Path(sys.argv[1])
SETTINGS = {"backup": "yes", "notify": "yes", "watch-every": "1s", "kafka.statistics.interval.ms": "500", "log-level": "debug",
            "statsd-every": "500ms"}
DATAGRAM_MAX_BYTES = 1432
LINE = re.compile(r"([a-zA-Z][a-zA-Z0-9_.]*):(-?[0-9.e+-]+)\|([cg])\|#((?:[a-z][a-z_]*:[a-z0-9_./+-]+,?)+)")
SCRAPE_S = 0.5
# By number of the claim: the trace in which it is submitted.
BROUGHT = {0: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           4: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
WORNOUT = "wornout.canary@example.com"   # the address of a Veteran whose e-mails are refused


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Agent:
    """What a DogStatsD agent hears, as it came."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.datagrams = []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        while True:
            datagram = self.socket.recv(65536)
            if datagram == b"end":
                return
            self.datagrams.append(datagram)

    def close(self):
        host, port = self.address.split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", (host, int(port)))
        self.thread.join(10)
        self.socket.close()


class Prometheus:
    def __init__(self, folder, targets):
        self.folder, port = folder, free_port()
        self.url = f"http://127.0.0.1:{port}"
        shutil.copy(table.FOLDER / "rules.yaml", folder)
        jobs = [{"targets": [urllib.parse.urlsplit(url).netloc], "labels": {"program": name}}
                for name, url in targets.items()]
        (folder / "prometheus.yml").write_text(json.dumps({   # YAML too
            "global": {"scrape_interval": f"{int(SCRAPE_S * 1000)}ms", "evaluation_interval": "500ms"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "dependents-pipeline", "static_configs": jobs}]}))
        with open(folder / "prometheus.log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def ask(self, what, **arguments):
        query = "?" + urllib.parse.urlencode(arguments) if arguments else ""
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}{query}", timeout=20) as answer:
            return json.loads(answer.read())["data"]

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "prometheus.log").read_text())
        try:
            return urllib.request.urlopen(self.url + "/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def scrapes(self):
        """By target how often it has been scraped without an error, at least."""
        return [int(float(one["value"][1])) for one in
                self.ask("query", query='count_over_time(up{job="dependents-pipeline"}[10m])')["result"]]

    def end(self):
        self.process.terminate()
        self.process.wait(30)


def until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(0.1)


def samples_of(page):
    """name -> [(labels, value)]."""
    found = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        name, inside, value = re.fullmatch(r"([a-z0-9_]+)(?:\{(.*)\})? (\S+)", line).groups()
        found.setdefault(name, []).append((dict(table.LABEL.findall(inside or "")), float(value)))
    return found


class Watched(unittest.TestCase):
    """A pipeline, and a Prometheus that scrapes it."""

    @classmethod
    def start_world(cls, **settings):
        # Another world has other keys, so it needs another database.
        base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        name = cls.__name__.lower()
        subprocess.run(["psql", "-X", "-q", "-d", f"{base}/dependents", "-c", f"create database {name}"], check=True)
        os.environ["DATABASE_URL"] = f"{base}/{name}"
        cls.world = World(BUILD / "bin", {**SETTINGS, **settings})
        cls.addClassCleanup(cls.world.remove)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.urls = {name: cls.world.address(name, "METRICS_URL") for name in cls.world.programs}

    @classmethod
    def start_prometheus(cls, urls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="monitoring-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.prometheus = Prometheus(folder, urls)
        cls.addClassCleanup(cls.prometheus.end)
        until(cls.prometheus.is_ready, 60, "Prometheus")
        until(lambda: len(cls.prometheus.scrapes()) == len(urls) and min(cls.prometheus.scrapes()) >= 2, 60,
              "each program scraped twice before the first claim")

    @classmethod
    def submit(cls, body, headers=None):
        """The group's guid."""
        status, _, answer = cls.world.post_claim(body, headers or {})
        assert status == 200, answer
        return json.loads(answer)["data"]["attributes"]["guid"]

    def assert_alerted(self, alert, summary):
        def firing():
            return [one for one in self.prometheus.ask("alerts")["alerts"]
                    if one["labels"]["alertname"] == alert and one["state"] == "firing"]

        until(firing, 60, lambda: self.prometheus.ask("alerts"))
        self.assertIn(summary, firing()[0]["annotations"]["summary"])


class MonitoringTest(Watched):
    """One run of claims for all: taking that long once is enough."""

    @classmethod
    def setUpClass(cls):
        cls.table = table.read_table(BUILD)
        cls.names = table.sample_names(cls.table)
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.close)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)
        cls.start_world(**{"statsd-address": cls.agent.address, "otlp-url": cls.receiver.url})
        cls.first_pages = {name: cls.page(name) for name in cls.urls}
        cls.start_prometheus(cls.urls)
        cls.guids = cls.carry_claims()
        cls.tell_strange_things()

    @classmethod
    def page(cls, name):
        with urllib.request.urlopen(cls.urls[name] + "/metrics", timeout=20) as answer:
            return answer.read().decode()

    @classmethod
    def carry_claims(cls):
        """To BGS, by paper after retries, by paper for a set-up that fails; all to their end, and their e-mails too."""
        cls.bodies = [claims.claim(number, at) for at, number in enumerate(("01", "03", "06", "07"), 1)]
        refused, without_id = claims.claim("01", 11), claims.claim("01", 12)
        refused["user_data"]["veteran_information"]["full_name"]["last"] = "Wornout"
        refused["dependents_application"]["veteran_contact_information"]["email_address"] = WORNOUT
        del without_id["user_data"]["veteran_information"]["participant_id"]
        cls.bodies += [refused, without_id]
        cls.world.bgs("POST", "rules", {
            "operation": "insertBenefitClaim", "contains": "Wornout", "do": "answer", "status": 500,
            "body": "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Server"
                    "</faultcode><faultstring>TUX-20306 - An unexpected error was encountered</faultstring></s:Fault>"
                    "</s:Body></s:Envelope>"})
        cls.world.notify("POST", "rules", {
            "operation": "email", "contains": WORNOUT, "do": "answer", "status": 400, "body": json.dumps({
                "status_code": 400, "errors": [{"error": "ValidationError", "message": f"{WORNOUT} of Wornout is none"}]})})
        guids = [cls.submit(body, {"traceparent": BROUGHT[at]} if at in BROUGHT else {}) for at, body in enumerate(cls.bodies)]
        states = "select status from saved_claim_groups where parent_claim_id = saved_claim_id"
        until(lambda: sorted(row[0] for row in cls.world.rows(states)) == ["processing"] * 2 + ["success"] * 4, 90,
              lambda: str(cls.world.rows(states)) + cls.world.last_lines())
        (package,) = cls.world.rows("select benefits_intake_uuid from lighthouse_submissions l join saved_claim_groups g on "
                                    f"g.id = l.claim_group_id where g.claim_group_guid = '{guids[4]}'")
        cls.world.intake("POST", "advance", {"guid": package[0], "status": "vbms"})
        mails = "select state, count (*) from claim_notifications group by state"
        until(lambda: dict(cls.world.rows(mails)) == {"delivered": "10", "failed": "3"}, 60,
              lambda: str(cls.world.rows(mails)) + cls.world.last_lines())
        return guids

    @classmethod
    def tell_strange_things(cls):
        """Callbacks that hold somebody's data where none are expected."""
        token = {"Authorization": "Bearer " + cls.world.environment["DEPENDENTS_NOTIFY_CALLBACK_TOKEN"]}
        user = cls.bodies[0]["user_data"]["veteran_information"]
        secret = f"{WORNOUT} {user['full_name']['last']} {user['ssn']}"
        known = cls.world.notify("GET", "state")["notifications"][0]
        genuine = {"id": str(uuid.uuid4()), "reference": secret, "to": WORNOUT, "status": "delivered", "status_reason": secret}
        other = {**genuine, "reference": known["reference"], "status": "permanent-failure"}
        signed = {"x-enp-signature": hmac.new(SECRET.encode(), urllib.parse.urlencode(genuine).encode(),
                                              hashlib.sha256).hexdigest()}
        told = [cls.world.post_callback(json.dumps(fields).encode(), headers) for fields, headers in (
            (genuine, signed), ({**genuine, "to": "changed"}, signed), (genuine, {"x-enp-signature": secret}),
            (genuine, {"Authorization": "Bearer " + secret}), (genuine, token), (other, token),
            ({**genuine, "status": WORNOUT}, token), ({**genuine, "id": secret}, token), ({secret: secret}, token),
            (secret, token), ({**genuine, "provider_payload": {"to": [secret] * 500}}, token))]
        assert told == [200, 401, 401, 401, 200, 200, 200, 400, 400, 400, 413], told

    # --- /metrics

    def test_promtool_has_nothing_to_say(self):
        for name in self.urls:
            with self.subTest(name):
                done = subprocess.run(["promtool", "check", "metrics"], input=self.page(name), text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_pages_are_the_table_from_the_start(self):
        for name, page in self.first_pages.items():
            with self.subTest(name):
                told = samples_of(page)
                wanted = {table.PREFIX + sample for sample, row in self.names.items()
                          if name in row["programs"] and not row["comes_and_goes"]
                          and not any(label["values"] is None for label in row["labels"])}
                self.assertEqual(wanted - set(told), set())
                self.assertEqual({one.removeprefix(table.PREFIX) for one in told} - set(self.names), set())
                for sample in wanted:
                    row = self.names[sample.removeprefix(table.PREFIX)]
                    sets = {frozenset(labels.items()) for labels in table.labels_of(row, name)}
                    found = {frozenset((key, value) for key, value in labels.items() if key != "le")
                             for labels, _ in told[sample]}
                    self.assertEqual(found, sets, sample)

    def test_labels_stay_the_tables_and_no_value_is_lost(self):
        for name in self.urls:
            for sample, series in samples_of(self.page(name)).items():
                row = self.names[sample.removeprefix(table.PREFIX)]
                known = [labels for labels in table.labels_of(row, name)]
                for labels, value in series:
                    plain = {key: text for key, text in labels.items() if key != "le"}
                    with self.subTest(name, sample=sample, **plain):
                        self.assertTrue(any(plain.keys() == one.keys() and all(one[key] in (None, plain[key])
                                                                               for key in one) for one in known))
                        if row["kind"] != "gauge" and "other" in plain.values():
                            self.assertEqual(value, 0, "a value that the table does not have")
            self.assertEqual(samples_of(self.page(name))[table.PREFIX + "metrics_lost_total"], [({}, 0.0)], name)

    def test_counts_are_what_has_happened(self):
        def total(name, **labels):
            return sum(value for page in map(self.page, self.urls) for found, value in
                       samples_of(page).get(table.PREFIX + name, []) if labels.items() <= found.items())

        children = {form: int(count) for form, count in
                    self.world.rows("select form_id, count (*) from saved_claims where parent_claim_id is not null group by 1")}
        self.assertEqual(total("claim_groups_created_total"), 6)
        self.assertEqual({form: total("claims_created_total", form_type=form) for form in children}, children)
        until(lambda: total("claim_groups_settled_total", outcome="success") == 4
              and total("claim_groups_settled_total", outcome="backup") == 1, 20, "the ends to be published")
        self.assertEqual(total("setups_total", outcome="success"), 5)
        self.assertEqual(total("setups_total", outcome="failure"), 1)
        self.assertEqual(total("dead_letters_total", reason="exhausted"), 1)
        self.assertEqual(total("dead_letters_total", reason="permanent", consumer="proc-setup"), 1)
        self.assertEqual(total("dead_letters_total", reason="permanent", consumer="notify"), 3)
        self.assertEqual(total("emails_total", outcome="sent"), 10)
        self.assertEqual(total("emails_total", outcome="failed"), 3)
        until(lambda: total("setups_failed") == 1 and total("open_claim_groups", state="processing") == 1, 20,
              "the watch to look")
        tiers = total("retry_tier_messages_total", consumer="form-686c")
        self.assertEqual(tiers, total("messages_total", consumer="form-686c", verdict="retry"))
        self.assertEqual(tiers, 3)
        self.assertEqual(total("retry_lateness_seconds_count", consumer="form-686c"), 3)
        inserts = len([one for one in self.world.bgs("GET", "ledger") if one["operation"] == "insertBenefitClaim"])
        self.assertEqual(total("http_requests_total", operation="insertBenefitClaim"), inserts)
        # The two are told at moments of their own.
        until(lambda: total("consumer_lag_messages") == 0 and total("consumer_lag_seconds") == 0, 20, "no lag")

    # --- Prometheus

    def test_rules_are_loaded(self):
        until(lambda: all(rule["health"] == "ok" for group in self.prometheus.ask("rules")["groups"]
                          for rule in group["rules"]), 20, "rules to be evaluated")
        names = [rule["name"] for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        self.assertEqual(names, [rule["alert"] for rule in table.rules()])

    def test_a_set_up_that_failed_is_alerted(self):
        self.assert_alerted("DependentsSetupFailed", "The set-up of 1 claim groups")

    def test_each_expression_of_the_dashboard_gives_data(self):
        for panel in table.panels():
            for target in panel["targets"]:
                with self.subTest(panel["title"], expr=target["expr"]):
                    until(lambda: [one for one in self.prometheus.ask("query", query=target["expr"])["result"]
                                   if one["value"][1] != "NaN"], 20, target["expr"])

    # --- DogStatsD

    def test_datagrams_are_the_table(self):
        def missing():
            heard = {(name, dict(tag.split(":", 1) for tag in tags)["program"]) for name, _, _, tags in self.lines()}
            return {(sample, name) for name in self.urls for sample in
                    (one.removeprefix(table.PREFIX) for one in samples_of(self.page(name)))} - \
                   {(name.removeprefix(table.DATADOG_PREFIX), program) for name, program in heard}

        until(lambda: not missing(), 20, missing)
        for name, _, kind, tags in self.lines():
            row = self.names[name.removeprefix(table.DATADOG_PREFIX)]
            pairs = dict(tag.split(":", 1) for tag in tags)
            program = pairs.pop("program")
            labels = [set(one) | ({"le"} if name.endswith("_bucket") else set()) for one in table.labels_of(row, program)]
            self.assertIn(set(pairs), labels, name)
            self.assertEqual(kind, "g" if row["kind"] == "gauge" else "c", name)

    def test_datagrams_are_small_and_add_up(self):
        self.assertLessEqual(max(map(len, self.agent.datagrams)), DATAGRAM_MAX_BYTES)

        def sums():
            found = {}
            for name, value, kind, tags in self.lines():
                if kind == "c":
                    key = (name, frozenset(tags))
                    found[key] = found.get(key, 0) + float(value)
            return found

        until(lambda: sum(value for (name, _), value in sums().items() if name == "dependents.claim_groups_created_total") == 6,
              20, "the counter in DogStatsD")
        dropped = [value for (name, _), value in sums().items() if name == "dependents.statsd_lines_dropped_total"]
        self.assertEqual(sum(dropped), 0)

    def lines(self):
        for datagram in list(self.agent.datagrams):
            for line in datagram.decode("ascii").split("\n"):
                found = LINE.fullmatch(line)
                self.assertTrue(found, line)
                yield found[1], found[2], found[3], found[4].split(",")

    # --- Traces

    def spans_of(self, guid):
        return [span for span in self.receiver.spans if span["attributes"].get("dependents.claim_group_id") == guid]

    def test_one_claim_is_one_trace(self):
        def services(guid):
            return {span["service"] for span in self.spans_of(guid)}

        bgs = {"claim-api", "proc-setup", "notify"}
        wanted = [bgs | {"form-686c"}] * 2 + [bgs | {"form-674"}, bgs | {"form-686c", "form-674"},
                                             bgs | {"form-686c", "backup"}, bgs | {"backup"}]
        until(lambda: [services(guid) for guid in self.guids] == wanted, 30, lambda: [services(guid) for guid in self.guids])
        for at, guid in enumerate(self.guids):
            with self.subTest(guid):
                spans = self.spans_of(guid)
                (trace,) = {span["traceId"] for span in spans}
                whole = [span for span in self.receiver.spans if span["traceId"] == trace]
                ids = {span["spanId"] for span in whole}
                self.assertEqual(len(ids), len(whole))
                roots = [span for span in whole if "parentSpanId" not in span]
                parents = {span["parentSpanId"] for span in whole if "parentSpanId" in span}
                if at in BROUGHT:   # its root is its submitter's
                    self.assertEqual((trace, roots, parents - ids), (BROUGHT[at][3:35], [], {BROUGHT[at][36:52]}))
                else:
                    self.assertEqual(([span["service"] for span in roots], parents - ids), (["claim-api"], set()))

    def test_whoever_submits_brings_the_trace_of_all_that_is_told(self):
        """Also by callbacks and by the follower of packages, who have no record of the claim."""
        records = self.all_records()
        for number, told_without_record in ((0, "email.delivered"), (4, "group.success")):
            told = [headers for _, key, _, headers in records
                    if self.guids[number] in (key, headers.get("ce_subject"))]
            self.assertIn("gov.va.dependents." + told_without_record, [one.get("ce_type") for one in told])
            self.assertEqual({one["traceparent"][3:35] for one in told}, {BROUGHT[number][3:35]})

    def test_a_retry_and_its_calls_are_spans(self):
        tried = until(lambda: self.tries(), 20, "the last try's span")
        self.assertEqual(sorted(int(span["attributes"]["dependents.attempt"]) for span in tried), [1, 2, 3, 4])
        self.assertEqual(sorted(span["attributes"]["dependents.verdict"] for span in tried), ["dead"] + ["retry"] * 3)
        self.assertEqual({span["status"]["code"] for span in tried}, {2})
        inserts = [span for span in self.receiver.spans if span["name"] == "bgs insertBenefitClaim"
                   and span["parentSpanId"] in {one["spanId"] for one in tried}]
        self.assertEqual([(span["kind"], span["attributes"]["http.response.status_code"]) for span in inserts],
                         [(3, "500")] * 4)

    def tries(self):
        """Of the claim that is tried until its attempts are used up, once they are all there."""
        tried = [span for span in self.spans_of(self.guids[4]) if span["service"] == "form-686c"]
        return tried if len(tried) == 4 else None

    def test_every_call_is_a_span(self):
        """Of those that are made while a record is handled: the follower of packages asks beside them."""
        calls = {}
        for name in self.urls:
            for labels, value in samples_of(self.page(name)).get(table.PREFIX + "http_requests_total", []):
                if labels["peer"] != "intake":
                    key = (name, f"{labels['peer']} {labels['operation']}")
                    calls[key] = calls.get(key, 0) + value
        counted = {key: value for key, value in calls.items() if value}
        self.assertGreater(len(counted), 20)

        def spans():
            found = {}
            for span in self.receiver.spans:
                if span["kind"] == 3 and span["attributes"]["peer.service"] != "intake":
                    key = (span["service"], span["name"])
                    found[key] = found.get(key, 0) + 1
            return found

        until(lambda: spans() == counted, 20, lambda: set(spans().items()) ^ set(counted.items()))

    def test_the_strict_receiver_took_all(self):
        self.assertEqual(self.receiver.refused, [])
        dropped = sum(value for page in map(self.page, self.urls)
                      for _, value in samples_of(page)[table.PREFIX + "spans_dropped_total"])
        self.assertEqual(dropped, 0)

    # --- Nobody's data

    def test_no_personal_data_is_told(self):
        private = {value for body in self.bodies for value in self.private_values(body)}
        self.assertGreater(len(private), 20)
        told = {f"/metrics of {name}": self.page(name) for name in self.urls}
        told["DogStatsD"] = b"\n".join(self.agent.datagrams).decode()
        for where, text in told.items():
            for value in self.guids:   # no ids as labels
                self.assertNotIn(value, text, where)
        told["traces"] = "\n".join(self.receiver.bodies)
        told["topics"] = "\n".join(" ".join((key, value, *headers.values())) for _, key, value, headers in self.all_records())
        told.update((f"log of {name}", self.world.log(name)) for name in self.urls)
        self.assertTrue(all(self.guids[0] in told[where] for where in ("traces", "topics", "log of proc-setup")))
        self.assertIn("a callback was refused", told["log of claim-api"])
        self.assertIn("ValidationError", told["log of notify"])
        told["the ledger of e-mails"] = str(self.world.rows("select * from claim_notifications")) + str(
            self.world.rows("select * from step_journal where step = 'send-email'"))
        for where, text in told.items():
            for value in private:
                self.assertNotIn(value, text, where)

    def all_records(self):
        """Topic, key, value and headers of every record that there is."""
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self.world.address("embedded-broker", "KAFKA_BROKERS"),
                                             "group.id": str(uuid.uuid4()), "enable.partition.eof": True})
        parts = [confluent_kafka.TopicPartition(topic, number, 0)
                 for topic, known in consumer.list_topics(timeout=20).topics.items() if topic.startswith("dependents.")
                 for number in known.partitions]
        consumer.assign(parts)
        records, ends = [], 0
        while ends < len(parts):
            message = consumer.poll(30)
            self.assertIsNotNone(message)
            if message.error():
                ends += 1
                continue
            headers = {name: (value or b"").decode("latin-1") for name, value in message.headers()}
            records.append((message.topic(), (message.key() or b"").decode("latin-1"),
                            (message.value() or b"").decode("latin-1"), headers))
        consumer.close()
        return records

    @staticmethod
    def private_values(body):
        def leaves(node):
            if isinstance(node, dict):
                for value in node.values():
                    yield from leaves(value)
            elif isinstance(node, list):
                for value in node:
                    yield from leaves(value)
            elif isinstance(node, str):
                yield node

        # Words that only a person's data has: what is short, or a word of the form, stands elsewhere too.
        words = {"true", "false", "other", "none", "never", "spouse", "child", "student"}
        return {text for text in leaves(body) if len(text) >= 6 and text.lower() not in words}


class KilledTest(Watched):
    """Whoever settles a failure is gone before he has ever been scraped. A counter of his would be gone with him."""

    @classmethod
    def setUpClass(cls):
        cls.start_world()

    def run_until(self, name, statement):
        """Starts it, and kills it as soon as there is such a row: it has done that, and lives no longer."""
        self.world.launch(name)
        until(lambda: self.world.rows(statement), 60, lambda: f"{statement}; its log:\n{self.world.log(name)[-3000:]}")
        self.world.processes[name].kill()
        self.world.processes[name].wait()

    def test_failures_are_alerted_whose_processes_were_killed(self):
        for name in ("proc-setup", "notify"):
            self.world.processes[name].terminate()
            self.world.processes[name].wait(30)
        self.start_prometheus({name: url for name, url in self.urls.items() if name not in ("proc-setup", "notify")})
        # By paper, which is refused; the Veteran is told, and the e-mail comes back from the only address.
        self.world.intake("POST", "rules", {"operation": "create", "do": "answer", "status": 422, "body": '{"errors":[]}',
                                            "headers": {"Content-Type": "application/json"}})
        self.world.notify("POST", "expect", {"contains": "@", "status": "permanent-failure"})
        body = claims.claim("03", 21)
        del body["user_data"]["veteran_information"]["participant_id"]
        guid = self.submit(body)

        self.run_until("proc-setup", "select from saved_claim_groups where status in ('failure', 'failed')")
        self.assert_alerted("DependentsSetupFailed", "The set-up of 1 claim groups")

        until(lambda: self.world.rows("select from saved_claim_groups where status = 'failed'"), 60, self.world.last_lines)
        self.run_until("notify", "select from claim_notifications where kind = 'error_again' and state = 'failed'")
        self.assert_alerted("DependentsSilentFailure", "no e-mail has told the Veteran")
        self.world.set("claim-api-url", self.world.api_url)
        self.world.set("claim-api-token", self.world.token)
        status, said = self.world.pipelinectl("status", guid, "--json")
        self.assertEqual((status, json.loads(said)["needs_person"]), (0, "silent-failure"), said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
