"""Roles of the database: each part does all its work as its own, and what each must not do is refused by the server.

Usage: with-postgres roles_test.py PROGRAMS-DIRECTORY
"""

import base64
import subprocess
import sys
import unittest

from stage import FOR_GOOD, Stage
from roles import GRANTED, PARTS, as_part

SEALED = ("select form_ciphertext from saved_claims", "select user_data_ciphertext from saved_claim_groups",
          "select encrypted_kms_key from saved_claims", "select name_ciphertext from persistent_attachments",
          "select sealed from attachment_chunks", "select result_ciphertext from step_journal",
          "select intake_detail_ciphertext from lighthouse_submissions")
NOBODY = ("create table mine (x integer)", "drop table outbox", "alter table outbox add column x integer", "truncate inbox",
          "insert into schema_migrations (version, name, checksum) values (99, 'x', 'x')", "delete from saved_claims",
          "delete from saved_claim_groups", "delete from step_journal", "delete from operator_actions", "delete from holds",
          "update operator_actions set reason = 'another'", "update saved_claims set form_ciphertext = ''",
          "select grant_part ('operator', current_user::text)", "select * from privileges", "select rolpassword from pg_authid")
REFUSED = {
    "consumer": ("insert into operator_actions (who, action, subject, reason) values ('x', 'x', 'x', 'x')",
                 "insert into saved_claims default values", "select lookup from veterans", "delete from consumer_pauses",
                 "select answer from idempotency_keys for update"),
    "claim-api": (*SEALED, "select from step_journal", "select step from step_journal", "select scope from runs",
                  "select from leases", "insert into leases (name) values ('relay')", "delete from inbox", "delete from instances",
                  "select reason from operator_actions", "insert into step_journal default values", "update runs set token = 1",
                  "update dead_ends set error_class = 'x'", "update breakers set state = 'open'", "select nextval ('tokens')"),
    "reader": (*SEALED, "select lookup from veterans", "select answer from idempotency_keys", "select nextval ('tokens')",
               "select fingerprint from shared_secrets", "select id from holds for update"),
    "operator": ("insert into saved_claims default values", "select lookup from veterans", "insert into veterans default values",
                 "insert into persistent_attachments default values", "delete from replays", "delete from replay_records",
                 "insert into leases (name) values ('relay')", "delete from dead_ends"),
}


class RolesTest(Stage):
    def as_part(self, part, statement):
        """What psql says of it, connected as that part's role."""
        done = subprocess.run(["psql", "-XAtqc", statement, as_part(self.world.database_url, part)], capture_output=True,
                              text=True, check=False)
        return done.stdout + done.stderr

    def migrate(self, status=0, url=None, **roles):
        done = subprocess.run([self.world.programs_folder / "pipelinectl", "migrate",
                               *(f"--role-{part}={name}" for part, name in roles.items())], capture_output=True, text=True,
                              env={**self.world.environment, "DEPENDENTS_DATABASE_URL": url or self.world.database_url}, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def test_all_work_is_done_under_roles(self):
        """Claims to their end, one by paper, and nobody is told that he may not. What operators do is tried under their roles by
        the tests beside (stage.py)."""
        self.await_state(self.submit("03_686c_report_divorce"), "success")
        self.bgs_refuses("vnpPersonCreate", FOR_GOOD, 1)
        self.await_state(self.submit("03_686c_report_divorce"), "processing")
        guid = self.submit("05_674_one_student")
        self.await_state(guid, "success")
        self.assertEqual(self.ctl("why", guid, "--reveal", "a rehearsal")[0], 0)
        self.await_true(lambda: self.value("select count (*) from outbox") == "0", "all to be published")
        for name in self.world.programs:
            with self.subTest(name):
                self.assertNotIn("permission denied", self.world.log(name))
        self.assertEqual(self.world.rows("select distinct usename from pg_stat_activity "
                                         "where usename not in ('dependents', 'dependents_operator') order by 1"),
                         [["dependents_claim_api"], ["dependents_consumer"]])
        self.assertNotIn("this process is the relay now", self.world.log("claim-api"))
        self.assertTrue(any("this process is the relay now" in self.world.log(name) for name in self.world.programs))

    def test_what_each_must_not_do(self):
        for part in PARTS:
            for statement in (*NOBODY, *REFUSED[part]):
                with self.subTest(part, statement=statement):
                    self.assertRegex(self.as_part(part, statement), "permission denied|must be owner")

    def test_who_looks_changes_nothing(self):
        for relation, column in self.world.rows(
                "select c.relname, min (a.attname) from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 "
                "where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not a.attisdropped group by 1"):
            for statement in (f"delete from {relation}", f"update {relation} set {column} = {column}",
                              f"insert into {relation} overriding user value select * from {relation}"):
                with self.subTest(statement):
                    self.assertIn("permission denied", self.as_part("reader", statement))

    def test_every_relation_says_who_may(self):
        """A migration that adds one adds its rows."""
        self.assertEqual(self.unnamed(), ["privileges"])

    def unnamed(self):
        return [name for name, in self.world.rows(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') "
            "and not exists (select from privileges where relation = relname) order by 1")]

    def test_no_master_key_is_stored(self):
        rows = self.world.dump()
        for name in ("DEPENDENTS_MASTER_KEYS", "DEPENDENTS_HMAC_KEYS"):
            key = self.world.environment[name].partition(":")[2]
            self.assertNotIn(key.encode(), rows, name)
            self.assertNotIn(base64.b64decode(key), rows, name)

    def test_given_anew(self):
        """What somebody has given beside is taken away, a role that is not there is named, and only the owner gives."""
        self.world.rows("grant delete on step_journal to dependents_reader")
        self.assertIn("role dependents_reader is given what reader needs", self.migrate(reader=" dependents_reader,"))
        self.assertIn("permission denied", self.as_part("reader", "delete from step_journal"))
        self.assertIn("there is no role nobody_has_it", self.migrate(status=1, reader="nobody_has_it"))
        self.world.rows("create role other_owner login; grant select on schema_migrations, privileges to other_owner; "
                        "grant execute on function grant_part (text, text) to other_owner; grant create on schema public to other_owner")
        url = self.world.database_url.replace("//dependents@", "//other_owner@")
        self.assertIn("must be owner", self.migrate(status=1, url=url, reader=GRANTED["role-reader"]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
