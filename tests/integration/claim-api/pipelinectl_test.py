"""pipelinectl as an operator meets it: exit codes, what is printed, what reaches claim-api and database.

Usage: with-postgres pipelinectl_test.py BUILD-DIRECTORY
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import unittest
import uuid

from harness import SAMPLES, TOKENS, House, document, sample

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PipelinectlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(sys.argv[1])
        cls.api = cls.house.api()
        # The plain names that `dev up` writes.
        cls.house.environment["CLAIM_API_URL"] = cls.api.url.geturl()
        cls.house.environment["CLAIM_API_TOKEN"] = TOKENS[1]

    @classmethod
    def tearDownClass(cls):
        cls.api.stop()
        cls.house.close()

    def run_it(self, *arguments, status=0, environment=None):
        done = self.house.pipelinectl(*arguments, environment=environment)
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def submit(self, *arguments, status=0):
        done = self.run_it("submit", *arguments, status=status)
        lines = done.stdout.split()
        self.assertTrue(all(GUID.fullmatch(line) for line in lines), lines)
        return lines, done.stderr

    def file(self, name, content):
        path = pathlib.Path(self.house.folder.name) / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    # --- submit ---

    def test_submits_all_samples(self):
        files = sorted((SAMPLES / "claims").glob("*.json"))
        guids, _ = self.submit(*files, "--test-user")
        self.assertEqual(len(set(guids)), 8)
        for guid in guids:
            report = json.loads(self.run_it("status", guid, "--json").stdout)
            self.assertEqual((report["group"], report["state"], report["package"]), (guid, "accepted", None))

    def test_copies_have_veterans_of_their_own(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        self.submit(claim, "--test-user")
        before = self.house.rows()["veterans"]
        guids, _ = self.submit(claim, "--test-user", "--copies", "40")
        self.assertEqual(len(set(guids)), 40)
        # The first copy is the claim's own Veteran, who was there; the same again makes nobody new.
        self.assertEqual(self.house.rows()["veterans"], before + 39)
        self.submit(claim, "--test-user", "--copies", "40")
        self.assertEqual(self.house.rows()["veterans"], before + 39)

    def test_a_repeat_is_told_on_stderr(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        api = self.house.api("--same-claim-window=10m")
        environment = dict(self.house.environment, CLAIM_API_URL=api.url.geturl())
        try:
            first, again = (self.run_it("submit", claim, "--test-user", environment=environment) for _ in range(2))
        finally:
            api.stop()
        self.assertRegex(first.stdout, rf"^{GUID.pattern}\n$")
        self.assertEqual(again.stdout, first.stdout)
        self.assertNotIn("repeated", first.stderr)
        self.assertIn(f"repeated: claim-api has this claim already, as {first.stdout.strip()}\n", again.stderr)

    def test_user_file(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        user = {"veteran_information": dict(sample("claims/03_686c_report_divorce")["veteran_information"],
                                            participant_id="600123")}
        self.submit(claim, "--user", self.file("user.json", user))
        self.submit(self.file("with-user.json", dict(sample("claims/03_686c_report_divorce"), user_data=user)))
        self.submit(claim, "--user", self.file("wrong.json", {"a": 1}), status=2)
        self.submit(claim, "--user", self.file("user.json", user), "--test-user", status=2)
        self.submit(claim, status=2)

    def test_attachments(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        files = [self.file(name, document(name, size)) for name, size in (("b.pdf", 0), ("a \"ä\\.pdf", 3000000))]
        guids, _ = self.submit(claim, claim, "--test-user", *(word for file in files for word in ("--attach", file)))
        for guid in guids:
            claim_id = self.house.sql(f"select parent_claim_id from saved_claim_groups where claim_group_guid = '{guid}' limit 1")
            self.assertEqual(self.house.attachments(claim_id),
                             [(file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest(), file.name) for file in files])
        before = self.house.rows()
        _, complaints = self.submit(claim, "--test-user", "--attach", files[0], "--attach", self.file("c.txt", b"no document"),
                                    status=2)
        self.assertIn("attachments/1", complaints)
        self.assertIn("PDF, PNG or JPEG", complaints)
        for path in ("/nonexistent", self.house.folder.name):
            _, complaints = self.submit(claim, "--test-user", "--attach", path, status=2)
            self.assertIn("cannot be attached", complaints)
        self.assertEqual(self.house.rows(), before)

    def test_refusals_name_the_place(self):
        lines, complaints = self.submit(SAMPLES / "invalid/02_statement_of_truth_certified_not_boolean.json", "--test-user",
                                        status=2)
        self.assertEqual(lines, [])
        self.assertIn("/statement_of_truth_certified", complaints)
        lines, complaints = self.submit(SAMPLES / "invalid/04_veteran_name_has_suffix.json", "--test-user", status=2)
        self.assertIn("/veteran_information/full_name", complaints)
        lines, complaints = self.submit(SAMPLES / "invalid/06_spouse_ssn_has_dashes.json", "--test-user")
        self.assertEqual(len(lines), 1)
        self.assertIn("warning: /dependents_application/spouse_information/ssn", complaints)
        # One refused among several: the others are taken.
        lines, _ = self.submit(SAMPLES / "invalid/03_no_flow_selected.json", SAMPLES / "claims/03_686c_report_divorce.json",
                               "--test-user", status=2)
        self.assertEqual(len(lines), 1)

    def test_wrong_input(self):
        self.submit(status=2)
        self.submit("/nonexistent.json", "--test-user", status=2)
        _, complaints = self.submit(self.file("broken.json", b'{"Canary": Canary'), "--test-user", status=2)
        self.assertNotIn("Canary", complaints)
        self.submit(self.file("no-veteran.json", {}), "--test-user", status=2)
        self.submit(SAMPLES / "claims/03_686c_report_divorce.json", "--test-user", "--copies", "0", status=2)
        self.submit(SAMPLES / "claims/03_686c_report_divorce.json", "--test-user", "--wait", "soon", status=2)
        self.submit(SAMPLES / "claims/03_686c_report_divorce.json", "--test-user", "--bogus", status=2)

    def test_wrong_token(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        token = self.file("token", b"x\n")
        token.chmod(0o600)
        environment = dict(self.house.environment, DEPENDENTS_CLAIM_API_TOKEN_FILE=str(token))
        del environment["CLAIM_API_TOKEN"]
        done = self.house.pipelinectl("submit", claim, "--test-user", environment=environment)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("token", done.stderr)
        token.chmod(0o604)
        self.assertIn("chmod 600", self.house.pipelinectl("submit", claim, environment=environment).stderr)
        # What stands on a command line everybody on the machine can read.
        _, complaints = self.submit(claim, "--test-user", "--claim-api-token=quetzal", status=2)
        self.assertIn("DEPENDENTS_CLAIM_API_TOKEN", complaints)
        self.assertNotIn("quetzal", complaints)

    def test_wait(self):
        claim = SAMPLES / "claims/03_686c_report_divorce.json"
        guids, complaints = self.submit(claim, "--test-user", "--wait", "0", status=4)
        self.assertIn("accepted", complaints)

        def end_as(state):
            # Nobody works on claims here: a trigger stands for those who do.
            self.house.sql(f"""
              create or replace function end_group () returns trigger language plpgsql as $$
              begin if new.status = 'accepted' then new.status := '{state}'; end if; return new; end $$;
              drop trigger if exists end_group on saved_claim_groups;
              create trigger end_group before update on saved_claim_groups for each row execute function end_group ()""")

        try:
            end_as("success")
            self.submit(claim, "--test-user", "--wait", "20")
            end_as("failed")
            self.submit(claim, "--test-user", "--wait", "20", status=1)
        finally:
            self.house.sql("drop trigger end_group on saved_claim_groups")

    # --- status, usage, migrate, topics ---

    def test_status(self):
        (guid,), _ = self.submit(SAMPLES / "claims/07_combined_686c_674_two_students.json", "--test-user")
        report = json.loads(self.run_it("status", guid, "--json").stdout)
        self.assertEqual([claim["form_type"] for claim in report["claims"]], ["21-686C", "21-674", "21-674"])
        self.assertEqual(report["submitted_by"], "office")
        self.assertIn("accepted", self.run_it("status", guid).stdout)
        self.assertRegex(self.run_it("status", guid).stdout, r"(?m)^submitted by +office$")
        self.run_it("status", uuid.uuid4(), status=3)
        self.run_it("status", "x", status=3)
        self.run_it("status", status=2)

    def test_usage(self):
        self.run_it(status=2)
        self.run_it("nonsense", status=2)
        self.assertIn("resolve", self.run_it("--help").stdout)
        for subcommand in ("submit", "status", "migrate", "topics", "resolve"):
            self.assertIn("Usage: pipelinectl " + subcommand, self.run_it(subcommand, "--help").stdout)
        self.assertIn("--copies N", self.run_it("submit", "--help").stdout)

    def test_migrate(self):
        url = self.house.database_url.rsplit("/", 1)[0]
        self.house.sql("create database migrated")
        environment = dict(self.house.environment, DEPENDENTS_DATABASE_URL=url + "/migrated")

        def psql(statement):
            return subprocess.run(["psql", "-XAqtc", statement, url + "/migrated"], capture_output=True, text=True,
                                  check=True).stdout.strip()

        newest = self.run_it("migrate", environment=environment).stdout
        self.assertRegex(newest, r"^schema version \d+\n$")
        self.assertIn("as before", self.run_it("migrate", environment=environment).stdout)
        # Not by one word: data would be gone, and what is told first.
        psql("insert into operator_actions (who, action, subject, reason) values ('me', 'pause', 'backup', 'x'); "
             "insert into consumer_pauses (consumer, action_id) select 'backup', max (id) from operator_actions")
        back = "migrate", "--to", "16", "--reason", "the release before"
        refused = self.run_it(*back, environment=environment, status=2).stderr
        self.assertIn("\n  table consumer_pauses: 1 rows\n", refused)
        self.assertNotIn("operator_actions", refused)
        self.assertIn("--drop-data", refused)
        self.assertIn("say so with --yes", self.run_it(*back, "--drop-data", environment=environment, status=2).stderr)
        self.assertIn("--reason must say why", self.run_it(*back[:3], "--drop-data", "--yes", environment=environment, status=2).stderr)
        self.assertEqual(psql("select count(*) from consumer_pauses"), "1")
        self.assertIn("taken back", self.run_it(*back, "--drop-data", "--yes", environment=environment).stderr)
        self.assertRegex(psql("select who, action, subject, reason from operator_actions order by id desc limit 1"),
                         rf"^\w+@[^|]+\|migrate\|schema version {newest.split()[-1]} to 16\|the release before$")
        nothing = "migrate", "--to", "0", "--drop-data", "--reason", "x"
        asked = self.run_it(*nothing, environment=environment, status=2).stderr
        self.assertIn("table operator_actions: 3 rows", asked)   # the way forward has its row too
        self.assertIn("Who has done what is dropped too", asked)
        self.run_it(*nothing, "--yes", environment=environment)
        tables = subprocess.run(["psql", "-XAtc", r"\dt", url + "/migrated"], capture_output=True, text=True, check=True)
        self.assertNotIn("saved_claims", tables.stdout)
        self.run_it("migrate", "--to", "0999", environment=environment, status=2)
        self.run_it("migrate", "--to", "x", environment=environment, status=2)
        self.run_it("migrate", environment=dict(environment, DEPENDENTS_DATABASE_URL="postgresql://127.0.0.1:1/x"), status=1)

    def test_topics_of_the_embedded_broker(self):
        self.assertIn("broker-admin=no", self.run_it("topics", "create").stdout)
        self.assertRegex(self.run_it("topics", "check").stdout, r"^\d+ topics are there")
        done = self.run_it("topics", "check", "--topic-prefix=other.", status=1)
        self.assertIn("other.claims.submitted", done.stderr)
        self.run_it("topics", status=2)
        self.run_it("topics", "paint", status=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
