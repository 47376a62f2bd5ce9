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
LINE_S = 60         # lib/base/log.c: a line of a kind is not repeated sooner
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

    def places(self, guids):
        """The partitions of their children's records, by group."""
        def found():
            return {fields["claim_group_id"]: headers["offset"].split("/")[0]
                    for _, headers, fields in self.house.values("claims.686c") if fields["claim_group_id"] in guids}
        return until(lambda: len(found()) == len(guids) and found(), 60, "their children's records")

    def test_a_stranger_holds_counts(self):
        """One row of open counts of one consumer: that partition's claims wait, the others' go on."""
        undisturbed = self.pass_others()
        counted = self.house.sql("select partition from deliveries where consumer = 'form-686c' and topic like '%claims.686c'")
        (number,) = counted[0]
        stranger = Stranger(self.house.database_url)
        self.addCleanup(stranger.end)
        stranger.hold("select consumer from deliveries where consumer = 'form-686c' and topic like '%claims.686c' and "
                      f"partition = {number} for update;")
        began = time.monotonic()
        held, others = [], []
        while not held or len(others) < 2 * OTHERS:  # a guid is drawn, and its partition with it: 1 of 12 each time
            self.assertLess(len(others), 20 * OTHERS, "no claim in that partition")
            bodies, _ = self.submit(OTHERS)
            guids = self.house.submit(bodies)
            places = self.places(guids)
            held += [guid for guid in guids if places[guid] == number]
            others += [guid for guid in guids if places[guid] != number]
        until(lambda: set(self.groups(others).values()) == {"success"}, OTHERS_S,
              lambda: f"the claims of others in success: {self.groups(others)}", every=0.1)
        print(f"{OTHERS} claims {undisturbed:.1f} s undisturbed; {len(others)} of others {time.monotonic() - began:.1f} s with "
              f"{len(held)} held", flush=True)
        self.assertEqual(set(self.groups(held).values()), {"accepted"}, "they were not held")
        lines = [line for line in self.form.log_lines() if line["message"] == "deliveries cannot be counted"]
        self.assertIn(len(lines), range(1, 2 + int((time.monotonic() - began) / LINE_S)), "told, and not each time")
        self.assertGreater(self.form.metric("row_held_total"), 0)
        self.assertTrue(self.form.is_ready(), "one row makes nobody unready")
        stranger.end()
        self.house.wait_done(90)
        self.house.check_effects(self)

    def test_a_stranger_locks_a_table(self):
        """Each of those that every claim needs: told within seconds, not ready, and all goes on when the lock goes."""
        for table in ("deliveries", "inbox", "runs", "step_journal", "outbox", "saved_claim_groups"):
            bodies, uids = self.submit(4)
            for uid in uids:
                self.house.simulator.hold("vnpPersonCreate", uid)
            guids = self.house.submit(bodies)
            until(lambda uids=uids: all(self.house.simulator.held("vnpPersonCreate", uid) for uid in uids), 60, "in their calls")
            stranger = Stranger(self.house.database_url)
            self.addCleanup(stranger.end)
            stranger.do(f"lock table {table};")
            began = time.monotonic()
            self.house.simulator.let_go()
            until(lambda: self.form.get("/readyz")[0] == 503, 15, lambda table=table: f"not ready for {table}")
            print(f"{table}: not ready after {time.monotonic() - began:.1f} s: "
                  + self.form.get("/readyz")[1].strip().splitlines()[0], flush=True)
            until(lambda: time.monotonic() - began > 12, 20, "a while", every=0.5)
            stranger.end()
            began = time.monotonic()
            until(lambda guids=guids: set(self.groups(guids).values()) == {"success"}, 60 + OTHERS_S,
                  lambda guids=guids: f"in success: {self.groups(guids)}")
            until(self.form.is_ready, 15, "ready again")
            print(f"{table}: all done {time.monotonic() - began:.1f} s after it was let go", flush=True)
        self.assertTrue(self.form.runs() and self.setup.runs())
        self.assertIn("somebody locks the table", self.form.log())
        self.house.check_effects(self)
        self.assertEqual(self.house.sql("select reason from holds"), [])

    def test_a_statement_hangs(self):
        """Once, for one claim: the server is told to end it, and nothing of it is lost."""
        (body,), (uid,) = self.submit(1)
        self.house.simulator.hold("vnpPersonCreate", uid)
        (guid,) = self.house.submit([body])
        until(lambda: self.house.simulator.held("vnpPersonCreate", uid), 60, "in its call")
        self.house.sql(
            "create sequence hung; create function hang () returns trigger language plpgsql security definer as $$ begin if new.scope = "
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


class HeldPackages(PipelineTest):
    def test_a_stranger_holds_a_group_whose_package_is_followed(self):
        """The oldest one's turn comes first; the others' news are noted all the same, and its own when its row is free."""
        count = 3
        house = self.pipeline().set_up()
        house.start_intake()
        house.start_api()
        house.simulator.refuse(INSERT, "insertBenefitClaim: Invalid zipcode.")
        for name in CONSUMERS:
            house.start(name)
        guids = house.submit([claims.claim("03", veteran) for veteran in range(count)])
        backup = house.launch_backup().wait_ready()
        until(lambda: house.states() == {"processing": str(count)}, 60, lambda: f"packages sent: {house.states()}")
        oldest = house.sql_one("select g.claim_group_guid from lighthouse_submissions s join saved_claim_groups g "
                               "on g.id = s.claim_group_id order by s.sent_at limit 1")
        stranger = Stranger(house.database_url)
        self.addCleanup(stranger.end)
        stranger.hold("select id from saved_claim_groups where " + OF_GROUP.format(guid=oldest) + ";")
        house.intake.control("POST", "advance", {"status": "vbms"})
        until(lambda: house.states() == {"processing": "1", "success": str(count - 1)}, 60,
              lambda: f"the others in success: {house.states()}")
        self.assertIn(oldest, guids)
        until(lambda: "what has become of a package could not be noted" in backup.log(), 30, "it is told")
        stranger.end()
        house.wait_done(60)


class HeldMails(PipelineTest):
    def test_a_stranger_holds_a_group_whose_e_mail_is_overdue(self):
        """The oldest one is given up first; the others are all the same, and it too when its row is free."""
        count = 3
        house = self.pipeline().set_up()
        house.start_notify()
        house.start_api(port=house.api_port)
        notify = house.launch_notify(email_deferred_max="1h").wait_ready()
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        until(lambda: house.sql_one("select count(*) from claim_notifications where state = 'delivered'") == str(count), 60,
              "all told that their claims came in")
        oldest = house.sql_one("select claim_group_guid from claim_notifications n join saved_claim_groups g on "
                               "g.saved_claim_id = n.saved_claim_id order by n.id desc limit 1")
        stranger = Stranger(house.database_url)
        self.addCleanup(stranger.end)
        stranger.hold("select id from saved_claim_groups where " + OF_GROUP.format(guid=oldest) + ";")
        # As a service that cannot reach a mailbox leaves an error e-mail; the way there is long.
        self.assertEqual(len(house.sql(
            "update claim_notifications set kind = 'error', state = 'deferred', "
            "state_at = clock_timestamp () - interval '2 h' - id * interval '1 s', "
            "updated_at = clock_timestamp () - interval '2 h' returning id")), count)
        deferred = "select count(*) from claim_notifications where state = 'deferred'"
        until(lambda: house.sql_one(deferred) == "1", 60, lambda: f"all but one given up: {house.sql(deferred)}")
        until(lambda: "an e-mail that is overdue could not be given up" in notify.log(), 30, "it is told")
        stranger.end()
        until(lambda: house.sql_one(deferred) == "0", 60, "the last one given up")


if __name__ == "__main__":
    unittest.main(verbosity=2)
