"""schemas/asyncapi.yaml against the table of topics, the Avro schemas, and the AsyncAPI parser.

    asyncapi_test.py
"""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
SCHEMAS = HERE.parents[2] / "schemas"
PREFIX = "dependents."
KEYS = {"veteran key": "VeteranKey", "claim group": "ClaimGroup", "consumer": "ConsumerName", "as found": "AsFound"}


class AsyncApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
        cls.topics = json.loads((SCHEMAS / "topics.json").read_text())
        cls.channels = {channel["address"]: channel for channel in cls.document["channels"].values()}

    def at(self, reference):
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def message(self, channel):
        (only,) = channel["messages"].values()
        return self.at(only["$ref"])

    def test_it_has_all_topics_and_no_others(self):
        self.assertEqual(set(self.channels), {PREFIX + topic["name"] for topic in self.topics["topics"]}
                         | {PREFIX + "{consumer}.retry-{wait}"})

    def test_topics_have_their_key_schema_and_retention(self):
        for topic in self.topics["topics"]:
            with self.subTest(topic["name"]):
                channel = self.channels[PREFIX + topic["name"]]
                message = self.message(channel)
                self.assertEqual(channel["bindings"]["kafka"]["topic"], PREFIX + topic["name"])
                self.assertEqual(channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"], topic["retention_ms"])
                self.assertEqual(message["bindings"]["kafka"]["key"]["$ref"],
                                 "#/components/schemas/" + KEYS[topic["key"]])
                if topic["schema"]:
                    self.assertEqual(message["payload"]["schema"]["$ref"], "./avro/" + topic["schema"])
                    self.assertTrue((SCHEMAS / "avro" / topic["schema"]).exists())
                else:
                    self.assertEqual(message["payload"]["$ref"], "#/components/schemas/OriginalBytes")

    def test_every_consumer_has_its_tiers(self):
        tiers = self.channels[PREFIX + "{consumer}.retry-{wait}"]
        self.assertLessEqual(set(self.topics["consumers"]), set(tiers["parameters"]["consumer"]["enum"]))

    def test_every_topic_has_an_operation_that_names_its_readers(self):
        told = {operation["channel"]["$ref"].rsplit("/", 1)[1]: operation["summary"]
                for operation in self.document["operations"].values()}
        for name, channel in self.document["channels"].items():
            for topic in self.topics["topics"]:
                if channel["address"] == PREFIX + topic["name"]:
                    self.assertIn(topic["read_by"], told[name])

    def test_headers_say_nothing_by_accident(self):
        """A comma in an unquoted text of {…} makes a keyword of what follows it."""
        known = {"type", "description", "pattern", "format", "const"}
        for name, schema in self.document["components"]["schemas"].items():
            for part in (schema, *schema.get("allOf", [])):
                for header, of_header in part.get("properties", {}).items():
                    with self.subTest(name, header=header):
                        self.assertLessEqual(set(of_header), known)

    def validate(self, text):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(SCHEMAS / "avro", pathlib.Path(folder) / "avro")
            file = pathlib.Path(folder) / "asyncapi.yaml"
            file.write_text(text)
            return subprocess.run(["node", HERE / "validate.mjs", file], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=120)

    def test_the_parser_takes_it(self):
        done = self.validate((SCHEMAS / "asyncapi.yaml").read_text())
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_parser_does_not_take_another(self):
        """That the check above can fail: a reference into nowhere, and a schema that is no Avro."""
        text = (SCHEMAS / "asyncapi.yaml").read_text()
        for broken in (text.replace("#/components/messages/Retry", "#/components/messages/Nothing"),
                       text.replace("address: dependents.quarantine", "adress: dependents.quarantine"),
                       text.replace("./avro/claim-event.avsc", "./avro/nothing.avsc")):
            self.assertNotEqual(broken, text)
            self.assertNotEqual(self.validate(broken).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
