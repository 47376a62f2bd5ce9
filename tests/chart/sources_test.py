"""Topics, retry tiers and settings have one source: the chart, schemas/topics.json and --help of the programs are held against each other,
both ways."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import yaml

from chart import CASES, CHART, HOUSE, objects, objects_of, of_kind, pods, program_of, template, values_of

PROGRAMS = pathlib.Path(os.environ["PROGRAMS"])
TABLE = json.loads((HOUSE / "schemas" / "topics.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())


def load_make():
    loader = importlib.machinery.SourceFileLoader("make", str(HOUSE / "helm" / "make"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("make", loader))
    loader.exec_module(module)
    return module


MAKE = load_make()
SETTINGS = {program: MAKE.settings_of(PROGRAMS, program) for program in MAKE.programs()}
BY_VARIABLE = {program: {setting["variable"]: setting for setting in settings.values()} for program, settings in SETTINGS.items()}
# What ci/everything-values.yaml gives beside.
EXTRA = ("A", "NODE", "ZONE")
EVERYBODYS = {variable for settings in BY_VARIABLE.values() for variable in settings}


class Made(unittest.TestCase):
    def test_what_is_made_is_made_anew(self):
        done = subprocess.run([sys.executable, HOUSE / "helm" / "make", PROGRAMS, "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)

    def test_the_version_is_the_programs(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        said = {subprocess.run([PROGRAMS / name, "--version"], capture_output=True, text=True, check=True).stdout.strip()
                for name in VALUES["consumers"]}
        built = re.search(r"project \(dependents-pipeline VERSION (\S+) ", (HOUSE / "CMakeLists.txt").read_text())[1]
        self.assertEqual(chart["appVersion"], built)
        self.assertTrue(all(built in text for text in said), said)


class Consumers(unittest.TestCase):
    def test_the_chart_runs_those_that_are_built_and_have_topics(self):
        built = set(re.findall(r"add_consumer \((\S+) ", (HOUSE / "CMakeLists.txt").read_text()))
        schema = json.loads((CHART / "values.schema.json").read_text())
        self.assertEqual(set(VALUES["consumers"]), built)
        self.assertEqual(set(TABLE["consumers"]), built)
        self.assertEqual(set(schema["properties"]["consumers"]["properties"]), built)

    def test_whom_each_has_to_call_is_what_it_does_not_start_without(self):
        text = (CHART / "templates" / "refusals.yaml").read_text()
        rows = re.findall(r'"([a-z0-9-]+)" \(list ((?:"\w+" ?)+)\)', re.search(r"\$calls := dict(.*?)\}\}", text, re.S)[1])
        needed = {name: {setting.removesuffix("-url") for setting, about in SETTINGS[name].items()
                         if setting.endswith("-url") and about["required"]} - {"database"} for name in VALUES["consumers"]}
        self.assertEqual({name: set(re.findall(r"\w+", calls)) for name, calls in rows}, needed)
        self.assertEqual({name: set(consumer["calls"]) for name, consumer in VALUES["consumers"].items()}, needed)

    def test_every_command_is_a_program(self):
        started = {program_of(container) for case in CASES for _, pod in pods(case) for container in pod["spec"]["containers"]}
        self.assertEqual(started - {"sh"}, {"claim-api", "pipelinectl", "pipelinectl-web"} | set(VALUES["consumers"]))
        for name in started - {"sh"}:
            self.assertTrue(os.access(PROGRAMS / name, os.X_OK), name)


class Topics(unittest.TestCase):
    def expected(self, prefix, partitions, tiers_of=lambda consumer, own: own):
        """From the table, as schemas/README.md tells it."""
        topics = {prefix + topic["name"]: (partitions, topic["retention_ms"]) for topic in TABLE["topics"]}
        for consumer, entry in TABLE["consumers"].items():
            for tier in tiers_of(consumer, entry["retry_tiers"]).split(","):
                topics[f"{prefix}{consumer}.retry-{tier.partition('*')[0]}"] = (partitions, TABLE["retry_retention_ms"])
        return topics

    def rendered(self, found):
        return {topic["spec"]["topicName"]: (topic["spec"]["partitions"], topic["spec"]["config"]["retention.ms"])
                for topic in found if topic["kind"] == "KafkaTopic"}

    def test_the_operators_are_those_of_the_table(self):
        self.assertEqual(self.rendered(objects_of("everything")),
                         self.expected("dependents.", 24, lambda consumer, own: "30s*2,1h*4" if consumer == "backup" else own))

    def test_tiers_and_prefix_are_the_settings(self):
        found = objects(template("--values", values_of("everything"), "--set", r"settings.retry-tiers=5s*2\,1h*3", "--set",
                                 "kafka.topicPrefix=Test_A.", "--set", r"consumers.backup.settings.retry-tiers=5s*2\,1h*3"))
        self.assertEqual(self.rendered(found), self.expected("Test_A.", 24, lambda consumer, own: "5s*2,1h*3"))
        names = [topic["metadata"]["name"] for topic in found if topic["kind"] == "KafkaTopic"]
        self.assertEqual(len(names), len(set(names)))

    def test_partitions_are_those_of_the_table(self):
        self.assertEqual(VALUES["topics"]["partitions"], TABLE["partitions"])
        self.assertEqual(VALUES["kafka"]["topicPrefix"], SETTINGS["proc-setup"]["topic-prefix"]["default"])

    def test_the_embedded_broker_makes_the_same(self):
        """It has its topics from the programs' own table."""
        with subprocess.Popen([PROGRAMS / "embedded-broker"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as broker:
            self.addCleanup(broker.kill)
            address = re.search(r"127\.0\.0\.1:\d+", broker.stdout.readline())[0]
            checked = subprocess.run([PROGRAMS / "pipelinectl", "topics", "--kafka-brokers", address, "--broker-admin=no", "check"],
                                     capture_output=True, text=True, timeout=60)
            broker.kill()
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn(f"{len(self.expected('dependents.', 12))} topics", checked.stdout)


def variables(case, pod, container):
    """(what is shared, what is the container's own): {variable: value or None}."""
    shared = {}
    for source in container.get("envFrom", []):
        config, = [found for found in of_kind(case, "ConfigMap") if found["metadata"]["name"] == source["configMapRef"]["name"]]
        shared |= config["data"]
    return shared, {variable["name"]: variable.get("value") for variable in container.get("env", [])}


def containers():
    for case in CASES:
        for found, pod in pods(case):
            for container in pod["spec"]["containers"]:
                program = program_of(container)
                yield case, "pipelinectl" if program == "sh" else program, variables(case, pod, container)


class Settings(unittest.TestCase):
    def fits(self, setting, value):
        match setting["type"]:
            case "NUMBER":
                low, high = setting["bounds"] or (0, 2**63 - 1)
                return value.isdecimal() and low <= int(value) <= high
            case "DURATION":
                return re.fullmatch(r"0|\d+(ms|s|m|h|d)", value)
            case "yes|no":
                return value in ("yes", "no", "true", "false")
            case "CHOICE":
                return value in setting["choices"]
        return True

    def test_what_the_chart_sets_is_known_and_fits(self):
        for case, program, (shared, own) in containers():
            known = BY_VARIABLE[program]
            for variable, value in {**shared, **own}.items():
                if not variable.startswith("DEPENDENTS_"):
                    self.assertIn(variable, ("MALLOC_ARENA_MAX", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", *EXTRA))
                    continue
                with self.subTest(case=case, program=program, variable=variable):
                    if variable in own and not is_of_kafka(variable) and not is_jobs(program):
                        self.assertIn(variable, known, "this program has no such setting")
                    self.assertTrue(variable in EVERYBODYS or is_of_kafka(variable), "no program has such a setting")
                    if variable in known and value is not None:
                        self.assertTrue(self.fits(known[variable], value), f"{value} does not fit")

    def test_what_stands_on_a_command_line_is_known(self):
        found = 0
        for case in CASES:
            for _, pod in pods(case):
                for container in pod["spec"]["containers"]:
                    for name, value in re.findall(r"--([a-z-]+)=(\S+)", " ".join(container.get("args", []))):
                        self.assertTrue(self.fits(SETTINGS[program_of(container)][name], value), f"{name}={value}")
                        found += 1
        self.assertGreater(found, 3)

    def test_what_a_program_needs_the_chart_sets(self):
        for case, program, (shared, own) in containers():
            if program == "pipelinectl":
                continue   # each of its words needs something else; what the Jobs need is tested by running them
            given = {**shared, **own}
            for name, setting in SETTINGS[program].items():
                if setting["required"] and not setting["default"]:
                    with self.subTest(case=case, program=program, setting=name):
                        self.assertTrue(setting["variable"] in given or f"{setting['variable']}_FILE" in given)

    def test_every_secret_has_its_file(self):
        files = set(re.findall(r'"(DEPENDENTS_\w+_FILE)"', (CHART / "templates" / "_secrets.tpl").read_text()))
        for program in SETTINGS:
            for name, setting in SETTINGS[program].items():
                if setting["secret"]:
                    self.assertIn(f"{setting['variable']}_FILE", files, f"{program}: {name}")

    def test_defaults_that_the_chart_repeats_are_the_programs(self):
        repeated = [pair for path in (CHART / "templates").iterdir() if path.is_file()
                    for pair in re.findall(r'"name" "([a-z-]+)" "default" "(\w+)"', path.read_text())]
        self.assertGreater(len(repeated), 3)
        everybodys = MAKE.all_settings(PROGRAMS)
        for name, default in repeated:
            self.assertEqual(default, everybodys[name]["default"], name)

    def test_a_document_may_take_what_the_programs_let_it(self):
        """Limits are just enough for all that is held, and for a document in each place where one is read."""
        of_child, = re.findall(r"ADDRESSES_MAX_BYTES \(\(rlim_t\)(\d+) \* 1024 \* 1024\)", (HOUSE / "lib/press/child/sandbox.c").read_text())
        places, = re.findall(r"define PRESSES +(\d+)", (HOUSE / "producers/claim-api/claim-api.c").read_text())
        at_backup, = re.findall(r"press_new \(NULL, (\d+), 0\)", (HOUSE / "consumers/backup/backup.c").read_text())
        default = {program: {name: int(setting["default"]) for name, setting in SETTINGS[program].items() if name.startswith("max-") and
                             name.endswith("s-bytes")} for program in ("claim-api", "backup")}
        for place, held, documents in (
                ("claimApi", default["claim-api"]["max-bodies-bytes"] + default["claim-api"]["max-uploads-bytes"], int(places)),
                ("consumers.backup", default["backup"]["max-packages-bytes"], int(at_backup))):
            least = held + (documents * int(of_child) + 64) * (1 << 20)
            limit = f"{place}.resources.limits.memory"
            template("--values", values_of("smallest"), "--set-string", f"{limit}={least}")
            with self.assertRaisesRegex(AssertionError, "is less than"):
                template("--values", values_of("smallest"), "--set-string", f"{limit}={least - 1}")

    def test_secrets_of_the_kafka_library_are_known_by_the_programs_marks(self):
        marks = [re.findall(r'"([a-z.]+)"', re.search(pattern, (HOUSE / path).read_text(), re.S)[1]) for path, pattern in (
            ("lib/base/settings.c", r"kafka_property_is_secret.*?marks\[\] = \{(.*?)\}"),
            ("helm/dependents-pipeline/templates/refusals.yaml", r"\$marks := list(.*?)\}\}"))]
        self.assertGreater(len(marks[0]), 2)
        self.assertEqual(marks[0], marks[1])

    def test_labels_of_series_that_nobody_may_give_are_the_tables(self):
        table = (HOUSE / "lib/base/metric-table.c").read_text()
        names = {name for names in re.findall(r'MetricLabel \w+ = \{\s*"([a-z_ ]+)"', table) for name in names.split()}
        self.assertGreater(len(names), 20)
        listed = re.search(r"\$ofSeries := list(.*?)\}\}", (CHART / "templates" / "refusals.yaml").read_text(), re.S)[1]
        self.assertEqual(set(re.findall(r'"(\w+)"', listed)), names | {"consumer", "le"})

    def test_names_in_the_refusals_are_settings(self):
        text = (CHART / "templates" / "refusals.yaml").read_text()
        lists = re.search(r"\$owned := dict(.*?)\}\}.*?\$secret := dict(.*?)\}\}", text, re.S)
        names = re.findall(r'"([a-z0-9.-]+)" "[^"]+"', lists[1] + lists[2])
        self.assertGreater(len(names), 20)
        everybodys = MAKE.all_settings(PROGRAMS)
        for name in names:
            self.assertTrue(name in everybodys or name.startswith("kafka."), name)
        secrets = {name for name, setting in everybodys.items() if setting["secret"]}
        self.assertEqual(secrets - set(names), set())


def is_of_kafka(variable):
    return variable.startswith("DEPENDENTS_KAFKA_")


def is_jobs(program):
    """It gets all shared settings as variables of its own, for there is no ConfigMap before an install."""
    return program == "pipelinectl"


if __name__ == "__main__":
    unittest.main(verbosity=2)
