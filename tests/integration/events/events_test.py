"""Our records decoded by independent readers, and theirs by us.

Readers: fastavro (both framings, and canonical form and fingerprint of every version of every schema) and Confluent's
own client, whose AvroDeserializer asks the registry simulator for each id, as AKHQ and Kafka Connect would.

    events_test.py ENCODE-SAMPLES
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from datetime import datetime, timezone

import fastavro
import fastavro.schema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SCHEMAS = ROOT / "schemas" / "avro"
SIMULATOR = ROOT / "tests" / "simulators" / "schema-registry" / "schema-registry.py"
PROGRAM = None

GUID = "7d0f7f0e-55b2-4b0b-9d43-0a3f8f0b7c11"
AT = datetime(2026, 11, 21, 19, 5, 0, 123000, tzinfo=timezone.utc)
BEFORE_1970 = datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc)
TOPICS = {
    "claim-submitted": "t.claims.submitted",
    "child-claim-ready": "t.claims.674",
    "papers-ready": "t.claims.evidence",
    "claim-event": "t.claim-events",
    "notification-requested": "t.notifications",
    "monitoring-event": "t.monitoring-events",
}
SAMPLES = {
    "claim-submitted.full": {"claim_group_id": GUID, "parent_claim_id": 12, "submitted_at": AT},
    "child-claim-ready.full": {"claim_group_id": GUID, "claim_id": 2**63 - 1, "proc_id": "3829671"},
    "papers-ready.full": {"claim_group_id": GUID, "parent_claim_id": 12},
    "claim-event.full": {
        "claim_group_id": GUID, "sequence": 3, "subject": "CLAIM", "claim_id": 14, "from_state": "pending",
        "to_state": "submitted", "reason": "Grüße, “recorded”", "consumer": "form-686c", "replay": 2, "at": AT,
    },
    "claim-event.bare": {
        "claim_group_id": GUID, "sequence": 1, "subject": "GROUP", "claim_id": None, "from_state": None,
        "to_state": "accepted", "reason": None, "consumer": "claim-api", "replay": 0, "at": BEFORE_1970,
    },
    "notification-requested.full": {"claim_group_id": GUID, "claim_id": 12, "kind": "IN_PROGRESS", "at": AT},
    "monitoring-event.full": {
        "consumer": "proc-setup", "kind": "retry", "claim_group_id": GUID, "claim_id": 14, "detail": "tier 15m",
        "at": AT,
    },
    "monitoring-event.bare": {
        "consumer": "proc-setup", "kind": "warning", "claim_group_id": None, "claim_id": None, "detail": None,
        "at": AT,
    },
}


def schema_of(stem):
    return json.loads((SCHEMAS / f"{stem}.avsc").read_text(encoding="utf-8"))


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def encode(self, *registry):
        done = run("encode", self.folder, *registry)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {name: (self.folder / name).read_bytes() for name in SAMPLES}

    def decode(self, stem, value, *registry):
        path = self.folder / "value"
        path.write_bytes(value)
        done = run("decode", stem, path, *registry)
        if done.returncode != 0:
            return done.returncode
        pairs = (line.partition("=") for line in done.stdout.splitlines())
        return {name: text if equals else None for name, equals, text in pairs}


class WithoutRegistry(Case):
    def test_fingerprints_are_fastavros(self):
        lines = [line.split("\t") for line in run("fingerprints").stdout.splitlines()]
        self.assertGreaterEqual(len(lines), 2 * len(TOPICS))
        self.assertEqual({stem for stem, *_ in lines}, {path.stem for path in SCHEMAS.glob("*.avsc")})
        for stem, version, fingerprint, canonical in lines:
            path = SCHEMAS / f"{stem}.avsc" if version == "0" else SCHEMAS / "versions" / stem / f"{version}.avsc"
            theirs = fastavro.schema.to_parsing_canonical_form(json.loads(path.read_text(encoding="utf-8")))
            self.assertEqual(canonical, theirs)
            # fastavro prints the fingerprint's bytes as they stand on the wire, the lowest first.
            wire = bytes.fromhex(fastavro.schema.fingerprint(theirs, "CRC-64-AVRO"))
            self.assertEqual(int(fingerprint, 16), int.from_bytes(wire, "little"))

    def test_fastavro_reads_ours(self):
        for name, value in self.encode().items():
            stem = name.partition(".")[0]
            wire = fastavro.schema.fingerprint(
                fastavro.schema.to_parsing_canonical_form(schema_of(stem)), "CRC-64-AVRO")
            self.assertEqual(value[:10], b"\xc3\x01" + bytes.fromhex(wire), name)
            rest = io.BytesIO(value[10:])
            self.assertEqual(fastavro.schemaless_reader(rest, schema_of(stem), None), SAMPLES[name], name)
            self.assertEqual(rest.read(), b"", name)

    def test_we_write_what_fastavro_writes(self):
        for name, value in self.encode().items():
            theirs = io.BytesIO()
            fastavro.schemaless_writer(theirs, schema_of(name.partition(".")[0]), SAMPLES[name])
            self.assertEqual(value[10:], theirs.getvalue(), name)

    def test_we_read_what_fastavro_writes(self):
        head = self.encode()["claim-event.bare"][:10]
        body = io.BytesIO()
        fastavro.schemaless_writer(body, schema_of("claim-event"), dict(SAMPLES["claim-event.full"], sequence=7))
        got = self.decode("claim-event", head + body.getvalue())
        self.assertEqual(got["sequence"], "7")
        self.assertEqual(got["reason"], "Grüße, “recorded”")
        self.assertEqual(got["at"], "1795287900123")
        self.assertEqual(self.decode("claim-event", head + body.getvalue()[:-1]), 3)
        self.assertEqual(self.decode("claim-event", b"\xc3\x01" + bytes(8) + body.getvalue()), 4)


class WithRegistry(Case):
    def setUp(self):
        super().setUp()
        self.simulator = subprocess.Popen([sys.executable, str(SIMULATOR)], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_simulator)
        self.url = self.simulator.stdout.readline().strip()
        self.client = self.enterContext(SchemaRegistryClient({"url": self.url}))

    def end_simulator(self):
        self.simulator.kill()
        self.simulator.wait()
        self.simulator.stdout.close()

    def call(self, method, path, body=None, kind="application/vnd.schemaregistry.v1+json"):
        request = urllib.request.Request(self.url + path, method=method, headers={"Content-Type": kind},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def register(self, topic, schema):
        return self.call("POST", f"/subjects/{topic}-value/versions", {"schema": json.dumps(schema)})

    def test_confluents_client_reads_ours(self):
        deserializer = AvroDeserializer(self.client)
        for name, value in self.encode(self.url).items():
            topic = TOPICS[name.partition(".")[0]]
            self.assertEqual(value[0], 0)
            got = deserializer(value, SerializationContext(topic, MessageField.VALUE))
            self.assertEqual(got, SAMPLES[name], name)

    def test_subjects_follow_topic_name_strategy(self):
        values = self.encode(self.url)
        for stem, topic in TOPICS.items():
            latest = self.client.get_latest_version(topic + "-value")
            self.assertEqual(json.loads(latest.schema.schema_str), schema_of(stem))
            self.assertEqual(int.from_bytes(values[stem + ".full"][1:5], "big"), latest.schema_id)
        self.assertEqual(self.client.get_subjects(), sorted(topic + "-value" for topic in TOPICS.values()))
        # Twice is no second version.
        self.encode(self.url)
        self.assertEqual(self.client.get_versions(TOPICS["claim-event"] + "-value"), [1])

    def test_we_read_what_confluents_client_writes(self):
        serializer = AvroSerializer(self.client, json.dumps(schema_of("claim-event")))
        context = SerializationContext("other.claim-events", MessageField.VALUE)
        got = self.decode("claim-event", serializer(SAMPLES["claim-event.bare"], context), self.url)
        self.assertEqual(got["subject"], "GROUP")
        self.assertEqual(got["reason"], None)
        self.assertEqual(got["claim_id"], "0")
        self.assertEqual(got["at"], "-1")

    def test_we_read_a_version_from_the_future(self):
        schema = schema_of("claim-event")
        schema["fields"].insert(0, {"name": "later", "type": {"type": "map", "values": "long"}, "default": {}})
        schema["fields"][3]["type"]["symbols"].append("FAMILY")
        self.assertEqual(schema["fields"][3]["name"], "subject")
        self.encode(self.url)
        status, _ = self.register("t.claim-events", schema)
        self.assertEqual(status, 200)
        serializer = AvroSerializer(self.client, json.dumps(schema))
        context = SerializationContext("t.claim-events", MessageField.VALUE)
        event = dict(SAMPLES["claim-event.full"], later={"a": 1, "b": 2})
        got = self.decode("claim-event", serializer(event, context), self.url)
        self.assertEqual((got["subject"], got["sequence"], got["to_state"]), ("CLAIM", "3", "submitted"))
        got = self.decode("claim-event", serializer(dict(event, subject="FAMILY"), context), self.url)
        self.assertEqual((got["subject"], got["sequence"]), ("OTHER", "3"))

    def test_who_reads_with_the_last_version_survives_a_symbol_of_the_next(self):
        """By the Avro specification, as plain readers have it; with a registry and without."""
        last, following = schema_of("claim-event"), schema_of("claim-event")
        following["fields"][2]["type"]["symbols"].append("FAMILY")
        event = dict(SAMPLES["claim-event.full"], subject="FAMILY")
        value = io.BytesIO()
        fastavro.schemaless_writer(value, fastavro.parse_schema(following), event)
        value.seek(0)
        got = fastavro.schemaless_reader(value, fastavro.parse_schema(following), fastavro.parse_schema(last))
        self.assertEqual(got, dict(event, subject="OTHER"))

        self.encode(self.url)
        context = SerializationContext("t.claim-events", MessageField.VALUE)
        written = AvroSerializer(self.client, json.dumps(following))(event, context)
        self.assertEqual(AvroDeserializer(self.client, json.dumps(last))(written, context), dict(event, subject="OTHER"))

    def test_we_read_a_version_from_the_past(self):
        schema = schema_of("claim-event")
        schema["fields"] = [field for field in schema["fields"] if field["name"] not in ("replay", "reason")]
        schema["fields"][2]["type"]["symbols"].reverse()
        self.assertEqual(schema["fields"][2]["name"], "subject")
        serializer = AvroSerializer(self.client, json.dumps(schema))
        event = {name: value for name, value in SAMPLES["claim-event.full"].items() if name not in ("replay", "reason")}
        value = serializer(event, SerializationContext("old.claim-events", MessageField.VALUE))
        got = self.decode("claim-event", value, self.url)
        self.assertEqual((got["subject"], got["replay"], got["reason"]), ("CLAIM", "0", None))

    def test_registry_away_is_not_the_values_fault(self):
        value = self.encode(self.url)["claim-event.full"]
        for down in (True, "drop"):
            self.call("POST", "/_simulator/down", {"down": down})
            self.assertEqual(self.decode("claim-event", value, self.url), 5)
            self.assertEqual(run("encode", self.folder, self.url).returncode, 5)
        self.call("POST", "/_simulator/down", {"down": False})
        self.assertEqual(self.decode("claim-event", value, self.url)["sequence"], "3")

    def test_incompatible_registration_waits(self):
        schema = schema_of("claim-submitted")
        schema["fields"][1]["type"] = "string"
        self.assertEqual(self.register("t.claims.submitted", schema)[0], 200)
        done = run("encode", self.folder, self.url)
        self.assertEqual(done.returncode, 5)
        self.assertIn("409", done.stderr)

    def test_unknown_id(self):
        value = self.encode(self.url)["claim-event.full"]
        self.assertEqual(self.decode("claim-event", b"\0\0\0\x12\x34" + value[5:], self.url), 4)
        other = self.encode(self.url)["claim-submitted.full"]
        self.assertEqual(self.decode("claim-event", other, self.url), 3)

    def test_simulator_is_strict(self):
        good = {"type": "record", "name": "R", "fields": [{"name": "a", "type": "long"}]}
        self.assertEqual(self.register("s", good), (200, {"id": 1}))
        self.assertEqual(self.register("s2", good), (200, {"id": 1}))
        more = dict(good, fields=good["fields"] + [{"name": "b", "type": ["null", "int"], "default": None}])
        wrong = [
            (dict(good, fields=good["fields"] + [{"name": "b", "type": "int"}]), 409),
            (dict(good, fields=[{"name": "a", "type": "int"}]), 409),
            (dict(good, fields=[{"name": "a", "type": "lang"}]), 422),
            (dict(more, fields=[{"name": "b", "type": ["int", "null"], "default": None}]), 422),
            ({"type": "enum", "name": "E", "symbols": ["A", "A"]}, 422),
        ]
        for schema, status in wrong:
            self.assertEqual(self.register("s", schema)[0], status, schema)
        self.assertEqual(self.register("s", more), (200, {"id": 2}))
        self.assertEqual(self.call("GET", "/subjects/s-value/versions/latest")[1]["version"], 2)
        self.assertEqual(self.call("GET", "/schemas/ids/3")[1]["error_code"], 40403)
        self.assertEqual(self.call("GET", "/subjects/none/versions/latest")[1]["error_code"], 40401)
        self.assertEqual(self.call("POST", "/subjects/s-value", {"schema": json.dumps(good)})[1]["version"], 1)
        self.assertEqual(self.call("POST", "/subjects/s-value", {"schema": '"int"'})[1]["error_code"], 40403)
        self.assertEqual(self.call("POST", "/subjects/s-value", {"schema": "{"})[0], 422)
        self.assertEqual(self.call("POST", "/subjects/s-value", {"schema": '"int"'}, "text/plain")[0], 415)
        self.assertEqual(self.call("GET", "/nothing")[0], 404)
        self.assertEqual(self.call("DELETE", "/_simulator/state")[0], 200)
        self.assertEqual(self.call("GET", "/subjects")[1], [])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
