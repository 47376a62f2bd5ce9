"""Rules, dashboard and runbooks against the table of metrics; no pipeline is needed for it."""

import re
import subprocess
import sys
import unittest

import yaml

import table

BUILD = sys.argv[1]


def expressions():
    for rule in table.rules():
        yield rule["alert"], rule["expr"]
    for panel in table.panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


class RulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = table.read_table(BUILD)
        cls.names = table.sample_names(cls.table)

    def promtool(self, *arguments):
        done = subprocess.run(["promtool", *arguments], cwd=table.FOLDER, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_rules_are_well_formed(self):
        self.promtool("check", "rules", "rules.yaml")

    def test_each_alert_fires_and_does_not(self):
        self.promtool("test", "rules", "rules-test.yaml")
        tests = yaml.safe_load((table.FOLDER / "rules-test.yaml").read_text())["tests"]
        fires, rests = set(), set()
        for test in tests:
            for case in test["alert_rule_test"]:
                (fires if case.get("exp_alerts") else rests).add(case["alertname"])
        alerts = {rule["alert"] for rule in table.rules()}
        self.assertEqual((fires, rests), (alerts, alerts))

    def test_expressions_ask_for_what_is_told(self):
        for where, expression in expressions():
            with self.subTest(where):
                names = table.names_in(expression)
                self.assertTrue(names)
                self.assertEqual(names - set(self.names), set())

    def test_labels_and_values_in_matchers_are_the_tables(self):
        for where, expression in expressions():
            for name, label, operator, value in table.matchers_in(expression):
                with self.subTest(where, matcher=f"{name} {label}{operator}{value}"):
                    row = self.names[name]
                    sets = [labels for program in row["programs"] for labels in table.labels_of(row, program)]
                    known = {labels[label] for labels in sets if label in labels}
                    self.assertTrue(known, "no such label")
                    if None in known:
                        continue
                    wanted = re.compile(value if "~" in operator else re.escape(value))
                    self.assertTrue(any(wanted.fullmatch(one) for one in known), f"none of {sorted(known)}")

    def test_labels_that_are_summed_by_are_the_tables(self):
        for where, expression in expressions():
            with self.subTest(where):
                known = {"le"} | {label for name in table.names_in(expression) for program in self.names[name]["programs"]
                                  for labels in table.labels_of(self.names[name], program) for label in labels}
                for group in re.findall(r"\bby \(([^)]*)\)", expression):
                    self.assertLessEqual(set(re.split(r",\s*", group)), known)

    def test_each_alert_has_its_runbook(self):
        text = (table.FOLDER.parent / "README.md").read_text()
        headings = re.findall(r"^### (\S+)$", text, re.M)
        for rule in table.rules():
            with self.subTest(rule["alert"]):
                self.assertIn(rule["alert"], headings)
                self.assertEqual(rule["annotations"]["runbook_url"],
                                 "helm/dependents-pipeline/README.md#" + rule["alert"].lower())
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
        self.assertEqual(len(headings), len(set(headings)))
        self.assertEqual({name for name in headings if name.startswith("Dependents")},
                         {rule["alert"] for rule in table.rules()})

    def test_the_first_row_is_what_a_veteran_cares_about(self):
        first = " ".join(target["expr"] for panel in table.panels() if panel["gridPos"]["y"] == 1
                         for target in panel["targets"])
        for name in ("claim_groups_created_total", "claim_groups_settled_total", "open_claim_groups",
                     "silent_failures_unacknowledged"):
            self.assertIn(name, first)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
