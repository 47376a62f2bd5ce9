"""Keys come and go: a new master key beside the old one, all data keys under it, the old one taken out.

Usage: with-postgres keys_test.py BUILD-DIRECTORY
"""
import base64
import hashlib
import json
import subprocess
import sys
import unittest

from harness import KEYS, House, Multipart, document, sample, with_user

M1 = KEYS["DEPENDENTS_MASTER_KEYS"]
M2 = "m2:" + base64.b64encode(b"n" * 32).decode()
REWRAP = "keys", "rewrap", "--reason", "m1 is old"
TABLES = ("saved_claims", "saved_claim_groups", "persistent_attachments", "step_journal")


class KeysTest(unittest.TestCase):
    def setUp(self):
        self.house = House(sys.argv[1])
        self.attached = {}    # parent claim -> what was attached
        self.addCleanup(self.house.close)

    def keys(self, master):
        return dict(self.house.environment, DEPENDENTS_MASTER_KEYS=master)

    def submit_with(self, master):
        self.house.environment["DEPENDENTS_MASTER_KEYS"] = master
        api = self.house.api()
        claim = with_user(sample("claims/03_686c_report_divorce"))
        content = document(master[:2], 3000000)
        answer = api.upload(Multipart().claim(claim).file("a.pdf", content).end())
        self.assertEqual(answer.status, 200)
        self.attached[answer.json()["data"]["id"]] = [(len(content), hashlib.sha256(content).hexdigest(), "a.pdf")]
        api.stop()

    def refused(self, master):
        done = subprocess.run([self.house.binary("claim-api"), f"--token-file={self.house.token_file}"],
                              env=self.keys(master), capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1, done)
        return done.stderr

    def ids(self):
        return {line for table in TABLES for line in self.house.sql(
            f"select distinct split_part (encrypted_kms_key, ':', 1) from {table} where encrypted_kms_key is not null").split()}

    def test_a_master_key_is_exchanged(self):
        self.submit_with(M1)
        other = "m1:" + base64.b64encode(b"o" * 32).decode()
        self.assertIn("master-key:m1 is another key", self.refused(other))
        self.assertIn("master-key:m1 is missing", self.refused(M2))
        self.submit_with(f"{M1},{M2}")   # a key more does no harm,
        self.submit_with(M1)             # nor that others do not have it yet
        self.submit_with(f"{M2},{M1}")
        self.assertIn("master-key:m2 is missing", self.refused(M1))
        self.assertEqual(self.ids(), {"m1", "m2"})

        # Many rows, so that there are many batches, and a run that is ended in the middle begins again.
        self.house.sql("insert into step_journal (scope, step, ordinal, token, state, finished_at, encrypted_kms_key, note) "
                       "select 'keys-test', 'keys-test', n, nextval ('tokens'), 'finished', clock_timestamp (), g.encrypted_kms_key, repeat ('x', 900) "
                       "from generate_series (1, 3000) n, (select encrypted_kms_key from saved_claims "
                       "where encrypted_kms_key like 'm1:%' limit 1) g")
        sealed = self.house.sql("select md5 (string_agg (form_ciphertext::text, '' order by id)) from saved_claims")
        with subprocess.Popen([self.house.binary("pipelinectl"), *REWRAP, "--yes"], env=self.keys(f"{M2},{M1}"),
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as run:
            for line in run.stderr:
                if "step_journal" in line:
                    run.kill()
                    break
        left = self.house.pipelinectl(*REWRAP, environment=self.keys(f"{M2},{M1}"))
        self.assertEqual((left.returncode, left.stdout), (2, ""))   # not by one word
        self.assertRegex(left.stderr, r"\d+ data keys are wrapped anew, by m2. Nothing was done: say so with --yes")
        done = self.house.pipelinectl(*REWRAP, "--yes", environment=self.keys(f"{M2},{M1}"), check=True)
        self.assertEqual({line.split("|", 1)[0] for line in self.house.sql(
            "select reason, subject from operator_actions where action = 'keys rewrap'").split("\n")}, {"m1 is old"})
        self.assertIn("all data keys are under m2", done.stdout)
        self.assertIn("master-key:m1 may be taken out", done.stdout)
        again = self.house.pipelinectl(*REWRAP, "--yes", "--json", environment=self.keys(f"{M2},{M1}"), check=True)
        self.assertEqual(json.loads(again.stdout), {"master_key": "m2", "wrapped_anew": 0, "to_be_taken_out": []})
        self.assertEqual(self.ids(), {"m2"})
        self.assertEqual(self.house.sql("select md5 (string_agg (form_ciphertext::text, '' order by id)) from saved_claims"), sealed)
        # The chunks of attachments too are read with the new key alone.
        self.house.environment["DEPENDENTS_MASTER_KEYS"] = M2
        self.assertEqual({claim_id: self.house.attachments(claim_id) for claim_id in self.attached}, self.attached)
        self.submit_with(M2)
        self.assertEqual(self.house.pipelinectl(*REWRAP, "--yes", environment=self.keys(M1)).returncode, 1)
        self.assertEqual(self.house.pipelinectl("keys", "nonsense", environment=self.keys(M2)).returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
