"""Somebody holds rows that claims need, or a statement hangs: the claims of others go on, it is told, and whose rows they
were ends in success when they are free, with each effect once.

The stranger's transaction is any session with psql: `begin; select … for update`, and lunch. Each claim is held by the
simulator in the very call whose answer then meets the row, so nothing depends on who is quicker.
"""

import time
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PROC_UPDATE, PipelineTest, Stranger, until

OTHERS = 20
OTHERS_S = 60       # half of that is enough on a busy machine; a statement that nobody ends holds them for ever
STATEMENT_S = 5    # lib/pipeline/desk.c: what a desk's statement may last
LINE_S = 10         # lib/base/log.c: a line of a kind is not repeated sooner
CHILD = "(select saved_claim_id::text from saved_claim_groups where claim_group_guid = '{guid}' and parent_claim_id <> saved_claim_id)"
OF_CHILD = "claim_group_guid = '{guid}' and parent_claim_id <> saved_claim_id for update"
OF_GROUP = "claim_group_guid = '{guid}' and parent_claim_id = saved_claim_id for update"

# What is held, and in which call its claim is then.
HELD = {
    "group's row, a step": ("vnpPersonCreate", "select id from saved_claim_groups where " + OF_GROUP),
    "group's row, the end": (PROC_UPDATE, "select id from saved_claim_groups where " + OF_GROUP),
    "child's row": ("vnpBnftClaimUpdate", "select id from saved_claim_groups where " + OF_CHILD),
    "run row": ("vnpPtcpntAddrsCreate", "select scope from runs where scope = " + CHILD + " for update"),
    "journal row": ("vnpBnftClaimCreate", "select step from step_journal where scope = " + CHILD + " and state = 'started' for update"),
    "Veteran's lock": (INSERT, "select veteran_id from veteran_locks where claim_id::text = " + CHILD + " for update"),
    # Nobody has taken it yet: the child's record is on its way to be taken.
    "run row, to be taken": ("vnpProcCreate", "insert into runs (scope, instance_id, token) select " + CHILD
                             + ", gen_random_uuid (), 0 returning scope"),
}


class HeldRows(PipelineTest):
    def setUp(self):
        # No call is to be given up, however long it is held here.
        self.house = self.pipeline(bgs_read_timeout_ms=120000, retry_tiers="200ms*4", look_tier="200ms").set_up()
        self.house.start_api()
        self.setup, self.form, _ = [self.house.start(name) for name in CONSUMERS]
        self.veteran = 0

    def submit(self, count):
        """Guids, and what each request of theirs holds."""
        bodies, uids = [], []
        for _ in range(count):
            self.veteran += 1
            bodies.append(claims.claim("03", self.veteran))
            uids.append(f"h{self.veteran:05d}V000000")
            bodies[-1]["user_data"]["veteran_information"]["icn"] = uids[-1]
        return bodies, uids

    def groups(self, guids):
        return dict(self.house.sql("select claim_group_guid, status from saved_claim_groups where parent_claim_id = "
                                   "saved_claim_id and claim_group_guid in ('" + "', '".join(guids) + "')"))

    def pass_others(self):
        """How long they took."""
        bodies, _ = self.submit(OTHERS)
        began = time.monotonic()
        guids = self.house.submit(bodies)
        until(lambda: set(self.groups(guids).values()) == {"success"}, OTHERS_S,
              lambda: f"the claims of others in success: {self.groups(guids)}", every=0.1)
        return time.monotonic() - began

    def test_a_stranger_holds_rows(self):
        undisturbed = self.pass_others()
        bodies, uids = self.submit(len(HELD))
        operations = [operation for operation, _ in HELD.values()]
        for operation, uid in zip(operations, uids):
            self.house.simulator.hold(operation, uid)
        guids = self.house.submit(bodies)
        for what, operation, uid in zip(HELD, operations, uids):
            until(lambda operation=operation, uid=uid: self.house.simulator.held(operation, uid), 60, f"{what}: in its call")
        stranger = Stranger(self.house.database_url)
        self.addCleanup(stranger.end)
        for guid, (_, statement) in zip(guids, HELD.values()):
            stranger.hold(statement.format(guid=guid) + ";")
        began = time.monotonic()
        self.house.simulator.let_go()

        took = self.pass_others()
        states = self.groups(guids)
        print(f"{OTHERS} claims of others: {undisturbed:.1f} s undisturbed, {took:.1f} s with rows held", flush=True)
        for what, guid in zip(HELD, guids):
            self.assertEqual(states[guid], "accepted", f"{what}: it was not held")
        for words, metric in (("somebody holds a row that a claim needs", "row_held_total"),
                              ("a settlement has to wait", "settlements_waiting_total"),
                              ("records cannot be taken", "row_held_total")):
            lines = [line for line in self.form.log_lines() if line["message"] == words]
            self.assertIn(len(lines), range(1, 2 + int((time.monotonic() - began) / LINE_S)), f"“{words}”: told, and not each time")
            self.assertGreater(self.form.metric(metric), 0)

        stranger.end()
        self.house.wait_done(90)
        self.house.check_effects(self)
        self.assertEqual(self.house.sql("select step, state from step_journal where state in ('unknown', 'not there')"), [],
                         "an answer in hand was thrown away")
        self.assertEqual(self.house.sql("select reason from holds"), [])
        self.assertTrue(self.form.runs() and self.setup.runs())

    def test_a_statement_hangs(self):
        """Once, for one claim: the server is told to end it, and nothing of it is lost."""
        (body,), (uid,) = self.submit(1)
        self.house.simulator.hold("vnpPersonCreate", uid)
        (guid,) = self.house.submit([body])
        until(lambda: self.house.simulator.held("vnpPersonCreate", uid), 60, "in its call")
        self.house.sql(
            "create sequence hung; create function hang () returns trigger language plpgsql as $$ begin if new.scope = "
            + CHILD.format(guid=guid) + " and nextval ('hung') = 1 then perform pg_sleep (600); end if; return new; end $$; "
            "create trigger hang before insert on step_journal for each row execute function hang ()")
        self.house.simulator.let_go()
        until(lambda: self.house.sql("select pid from pg_stat_activity where wait_event = 'PgSleep'"), 30, "a hanging statement",
              every=0.1)
        began = time.monotonic()
        self.pass_others()
        self.house.wait_done(60)
        print(f"all done {time.monotonic() - began:.0f} s after a statement began to hang", flush=True)
        self.house.sql("drop trigger hang on step_journal")
        self.house.check_effects(self)
        self.assertTrue(self.form.runs())


if __name__ == "__main__":
    unittest.main(verbosity=2)
