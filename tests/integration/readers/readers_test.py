"""The example readers (tests/readers) beside a running pipeline, with a schema registry and without one; and what the topics
carry, key, headers and value, held against schemas/asyncapi.yaml.

    readers_test.py BUILD
"""

import io
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import time
import unittest
import uuid

import fastavro
import jsonschema
import yaml
from confluent_kafka import Consumer, TopicPartition

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "support" / "scenario"), str(ROOT / "tests" / "crash"), str(ROOT / "tests" / "readers")]
import claim_events  # noqa: E402
import claims  # noqa: E402
from world import World  # noqa: E402

BUILD = pathlib.Path(sys.argv[1])
READERS = ROOT / "tests" / "readers"
REGISTRY = ROOT / "tests" / "simulators" / "schema-registry" / "schema-registry.py"
PREFIX = "dependents."
FAULT = ("<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault><faultcode>s:Server</faultcode>"
         "<faultstring>TUX-20306 - An unexpected error was encountered</faultstring></s:Fault></s:Body></s:Envelope>")


class Running(unittest.TestCase):
    """A pipeline that has carried two claims to BGS and one by paper."""

    registry = None

    @classmethod
    def start(cls, **settings):
        # Another world has other keys, so it needs another database.
        base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        name = cls.__name__.lower()
        subprocess.run(["psql", "-X", "-q", "-d", f"{base}/dependents", "-c", f"create database {name}"], check=True)
        os.environ["DATABASE_URL"] = f"{base}/{name}"
        cls.world = World(BUILD / "bin", {"backup": "yes", **settings})
        cls.addClassCleanup(cls.world.remove)
        cls.addClassCleanup(cls.world.stop)
        cls.world.start()
        cls.brokers = cls.world.address("embedded-broker", "KAFKA_BROKERS")
        cls.world.bgs("POST", "rules", {"operation": "insertBenefitClaim", "contains": "Wornout", "do": "answer",
                                        "status": 500, "body": FAULT})
        bodies = [claims.claim("03", 1), claims.claim("06", 2), claims.claim("01", 3)]
        bodies[2]["user_data"]["veteran_information"]["full_name"]["last"] = "Wornout"
        cls.guids = []
        for body in bodies:
            status, _, answer = cls.world.post_claim(body, {})
            assert status == 200, answer
            cls.guids.append(json.loads(answer)["data"]["attributes"]["guid"])
        deadline = time.monotonic() + 120
        while sorted(cls.states()) != ["processing", "success", "success"]:
            assert time.monotonic() < deadline, (cls.states(), cls.world.last_lines())
            time.sleep(0.1)

    @classmethod
    def states(cls):
        return [row[0] for row in cls.world.rows(
            "select status from saved_claim_groups where parent_claim_id = saved_claim_id")]

    def follow(self, guid, *arguments):
        return subprocess.run([sys.executable, "-B", READERS / "follow-claim-group", "--brokers", self.brokers, *arguments,
                               guid], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)

    def last_sequence(self, guid):
        ((number,),) = self.world.rows("select sequence from saved_claim_groups where parent_claim_id = saved_claim_id "
                                       f"and claim_group_guid = '{guid}'")
        return int(number)

    def assert_follows(self, *arguments):
        for guid in self.guids[:2]:
            done = self.follow(guid, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            events = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([event["sequence"] for event in events], list(range(1, self.last_sequence(guid) + 1)))
            self.assertEqual([(event["subject"], event["to_state"]) for event in (events[0], events[-1])],
                             [("GROUP", "accepted"), ("GROUP", "success")])

    def records(self, *names):
        """Everything in these topics, until nothing comes any more: topic -> messages."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": str(uuid.uuid4()),
                             "enable.partition.eof": True})
        known = consumer.list_topics(timeout=20).topics
        topics = [topic for topic in known if topic.startswith(PREFIX)]
        parts = [TopicPartition(topic, number, 0) for topic in topics if not names or topic in names
                 for number in known[topic].partitions]
        consumer.assign(parts)
        found, ends = {}, 0
        while ends < len(parts):
            message = consumer.poll(30)
            self.assertIsNotNone(message)
            if message.error():
                ends += 1
                continue
            found.setdefault(message.topic(), []).append(message)
        consumer.close()
        return found


class WithoutRegistryTest(Running):
    @classmethod
    def setUpClass(cls):
        cls.start()

    def test_the_example_follows_a_group(self):
        self.assert_follows()

    def test_who_follows_a_group_that_is_not_there_gives_up(self):
        done = self.follow(str(uuid.uuid4()), "--timeout", "1")
        self.assertEqual((done.returncode, done.stdout), (4, ""))

    def test_the_plain_consumer_counts_all(self):
        values = [message.value() for message in self.records(PREFIX + "claim-events")[PREFIX + "claim-events"]]
        stream = b"".join(struct.pack(">i", len(value)) + value for value in values)
        done = subprocess.run([sys.executable, "-B", READERS / "count-claim-events"], input=stream, stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 0)
        distinct = sum(self.last_sequence(guid) for guid in self.guids)
        self.assertGreaterEqual(len(values), distinct)
        self.assertIn(f"{len(values)} result events of 3 claim groups", done.stdout.decode())
        # One that is missing is told.
        less = b"".join(struct.pack(">i", len(value)) + value for value in values
                        if claim_events.decode(value, claim_events.published_schemas())["sequence"] != 2)
        done = subprocess.run([sys.executable, "-B", READERS / "count-claim-events"], input=less, stdout=subprocess.PIPE)
        self.assertEqual((done.returncode, b"have gaps" in done.stdout), (1, True))

    def test_topics_carry_what_is_published(self):
        document = yaml.safe_load((ROOT / "schemas" / "asyncapi.yaml").read_text())
        resolver = jsonschema.RefResolver("", document)
        seen = set()
        for topic, messages in self.records().items():
            channel = self.channel_of(document, topic)
            (only,) = channel["messages"].values()
            message = resolver.resolve(only["$ref"])[1]
            seen.add(channel["address"])
            headers = jsonschema.Draft7Validator(message["headers"], resolver=resolver)
            known = set(self.properties(resolver, message["headers"]))
            key = jsonschema.Draft7Validator(message["bindings"]["kafka"]["key"], resolver=resolver,
                                             format_checker=jsonschema.FormatChecker())
            schema = message["payload"].get("schema", {}).get("$ref")
            for record in messages:
                told = {name: value.decode() for name, value in record.headers()}
                with self.subTest(topic, offset=record.offset()):
                    headers.validate(told)
                    self.assertLessEqual(set(told), known)
                    key.validate(record.key().decode())
                    if key.schema["$ref"].endswith(("VeteranKey", "ClaimGroup")):
                        uuid.UUID(record.key().decode())
                    if schema:
                        self.assertEqual(record.value()[:2], b"\xc3\x01")
                        parsed = fastavro.parse_schema(json.loads((ROOT / "schemas" / schema).read_text()))
                        fastavro.schemaless_reader(io.BytesIO(record.value()[10:]), parsed, None)
        self.assertLessEqual({PREFIX + name for name in ("claims.submitted", "claims.686c", "claims.674", "claim-events",
                                                         "claims.dead-letter", "notifications", "monitoring-events",
                                                         "{consumer}.retry-{wait}")}, seen)

    def properties(self, resolver, schema):
        if "$ref" in schema:
            schema = resolver.resolve(schema["$ref"])[1]
        yield from schema.get("properties", {})
        for part in schema.get("allOf", []):
            yield from self.properties(resolver, part)

    @staticmethod
    def channel_of(document, topic):
        for channel in document["channels"].values():
            pattern = re.sub(r"\\\{[a-z]+\\\}", "[a-z0-9-]+", re.escape(channel["address"]))
            if re.fullmatch(pattern, topic):
                return channel
        raise AssertionError(f"{topic} is not published")


class WithRegistryTest(Running):
    @classmethod
    def setUpClass(cls):
        simulator = subprocess.Popen([sys.executable, REGISTRY], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(simulator.stdout.close)
        cls.addClassCleanup(simulator.wait)
        cls.addClassCleanup(simulator.kill)
        cls.registry = simulator.stdout.readline().strip()
        cls.start(**{"schema-registry-url": cls.registry})

    def test_the_example_follows_a_group(self):
        self.assert_follows("--registry", self.registry)


class FollowerTest(unittest.TestCase):
    """Whatever the order, and however often."""

    def test_disorder_and_doubles(self):
        events = [{"claim_group_id": "g", "sequence": number} for number in range(1, 40)]
        for seed in range(50):
            chance = random.Random(seed)
            arriving = events * 2 + [{"claim_group_id": "another", "sequence": 1}]
            chance.shuffle(arriving)
            follower = claim_events.Follower("g")
            taken = [event for one in arriving for event in follower.take(one)]
            self.assertEqual(taken, events, f"seed {seed}")
            self.assertEqual(follower.doubles, len(events))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
