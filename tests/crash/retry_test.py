"""Retry tiers on Apache Kafka: 17 failures in a row, a tier that is not in use any more, and tiers that are refused."""

import datetime
import unittest

import claims
from pipeline import INSERT, PipelineTest, records, until
from servers import create_topic

# As many retries as by default, 16, in six tiers.
TIERS = (("50ms", 3), ("100ms", 3), ("150ms", 3), ("200ms", 3), ("250ms", 2), ("300ms", 2))
SETTINGS = {"retry_tiers": ",".join(f"{name}*{count}" for name, count in TIERS), "look_tier": "300ms"}
ATTEMPTS = 17
JITTER = 0.1
# A process that is busy takes the database's clock for some milliseconds earlier or later than it is.
CLOCKS_MS = 20
OVER_MAX = 25   # failures that a header still holds, and no more of ours beside them


def at_ms(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


class Retry(PipelineTest):
    def check_refuses(self, program, status, *words):
        """Ends with that status, and the last word of its log tells why."""
        until(lambda: not program.runs(), 30, lambda: "refused; it has started: " + program.log()[-2000:])
        self.assertEqual(program.wait_exit(0), status, program.log()[-1000:])
        for word in words:
            self.assertIn(word, program.last_words())

    # --- 17 failures

    def test_seventeen_failures(self):
        house = self.pipeline(**SETTINGS).set_up()
        house.start_api()
        for name in ("proc-setup", "form-686c"):
            house.start(name)
        house.simulator.refuse(INSERT, "TUX-20306 - An unexpected error was encountered")
        (guid,) = house.submit([claims.claim("03", 1)])
        until(lambda: house.states() == {"failure": "1"}, 60, lambda: f"a failure: {house.states()}")
        until(lambda: house.records("claims.dead-letter"), 20, "the dead letter")
        passed_on = self.passed_on(house)
        self.check_waits(house.simulator.ledger(INSERT), passed_on)
        self.check_dead_letter(house, guid, passed_on[0])

    def passed_on(self, house):
        """Records of all tiers by hop; each is where its number says, and there is no other one."""
        wanted = [name for name, count in TIERS for _ in range(count)]
        found = {}
        for name in dict(TIERS):
            for key, headers, value in house.raw_records("form-686c.retry-" + name):
                found[int(headers["dp-hop"])] = (name, key, headers, value)
        self.assertEqual([found[hop][0] for hop in sorted(found)], wanted)
        self.assertEqual(sorted(found), list(range(1, ATTEMPTS)))
        ((key, source, value),) = house.raw_records("claims.686c")
        for hop, (_, found_key, headers, found_value) in found.items():
            self.assertEqual((found_key, found_value), (key, value))
            self.assertEqual(headers["dp-attempt"], str(hop))
            self.assertEqual(headers["dp-source"], f"{house.prefix}claims.686c/{source['offset']}")
            self.assertEqual(headers["offset"].split("/")[0], source["offset"].split("/")[0], "another partition number")
            self.assertEqual(headers["dp-message-id"], source["dp-message-id"])
            self.assertEqual(headers["traceparent"], source["traceparent"])
        return [found[hop] for hop in sorted(found)]

    def check_waits(self, inserts, passed_on):
        """BGS saw no attempt before it was due, and each was due its tier's wait after the one before had failed."""
        self.assertEqual(len(inserts), ATTEMPTS)
        late = []
        for number, (name, _, headers, _) in enumerate(passed_on):
            due_ms, wait_ms = int(headers["dp-not-before"]), int(name.removesuffix("ms"))
            failed_ms = at_ms(headers["dp-failures"].split("; ")[-1].split()[1])
            self.assertGreaterEqual(due_ms, failed_ms + wait_ms)
            self.assertLessEqual(due_ms, failed_ms + wait_ms * (1 + JITTER))
            self.assertGreaterEqual(failed_ms, at_ms(inserts[number]["ended_at"]) - CLOCKS_MS)
            late.append(at_ms(inserts[number + 1]["at"]) - due_ms)
        print(f"BGS saw the retries {min(late):.0f} to {max(late):.0f} ms after they were due", flush=True)
        self.assertGreaterEqual(min(late), 0, "early")

    def check_dead_letter(self, house, guid, first):
        ((key, headers, value),) = house.values("claims.dead-letter")
        _, first_key, first_headers, _ = first
        self.assertEqual((key, value["claim_group_id"]), (first_key, guid))
        self.assertEqual(headers["dp-attempt"], str(ATTEMPTS))
        self.assertEqual(headers["dp-error-class"], "bgs-fault")
        self.assertIn("TUX-20306", headers["dp-reason"])
        for name in ("dp-source", "dp-first-failed-at", "dp-message-id", "traceparent"):
            self.assertEqual(headers[name], first_headers[name])
        self.assertNotIn("dp-not-before", headers)
        self.assertNotIn("dp-insert", headers)
        history = headers["dp-failures"].split("; ")
        self.assertEqual([line.split()[0] for line in history], [str(number + 1) for number in range(ATTEMPTS)])
        self.assertEqual(history[0].split()[1], headers["dp-first-failed-at"])
        self.assertTrue(headers["dp-steps"].startswith("create-participant/"), headers["dp-steps"])

    def test_headers_that_are_there_already(self):
        """Foreign headers pass, ours are replaced, and of a history that is too long the first and the newest stay."""
        house = self.pipeline(retry_tiers="50ms*2", look_tier="50ms").set_up()
        house.start("form-686c")
        told = [f"{number} 2026-11-21T19:05:{number:02d}.123Z bgs-fault" for number in range(1, OVER_MAX)]
        own = {"dp-message-id": "a-message", "dp-hop": "3", "dp-failures": "; ".join(told),
               "dp-first-failed-at": told[0].split()[1], "dp-reason": "of before", "sender": "somebody", "trace": "ä/%"}
        value = records.encode("child-claim-ready", {
            "claim_group_id": "7d44bd96-04a4-4b6c-8bd4-0f9d17c60000", "claim_id": 4711, "proc_id": "1"})
        house.produce("claims.686c", 3, "a-key", own, value)
        until(lambda: house.records("claims.dead-letter"), 30, "the dead letter")
        found = house.raw_records("form-686c.retry-50ms") + house.raw_records("claims.dead-letter")
        self.assertEqual([headers["dp-hop"] for _, headers, _ in found], ["4", "5", "6"])
        for key, headers, found_value in found:
            self.assertEqual((key, found_value), ("a-key", value))
            self.assertEqual((headers["sender"], headers["trace"]), ("somebody", "ä/%"))
            self.assertEqual(headers["dp-message-id"], "a-message")
            self.assertNotIn("of before", headers["dp-reason"])
            self.assertEqual(headers["dp-first-failed-at"], own["dp-first-failed-at"])
            history = headers["dp-failures"].split("; ")
            self.assertEqual(history[:2], [told[0], "…"])
            self.assertRegex(history[-1], rf"^{headers['dp-attempt']} .*Z claim-not-found$")
            self.assertLess(len(headers["dp-failures"].encode()), 1024)

    # --- A tier of yesterday

    def test_tier_that_the_setting_no_longer_names(self):
        """What waits in it is let go when it is due, and goes on in the tiers of today."""
        house = self.pipeline(retry_tiers="20s*2", look_tier="20s").set_up()
        house.start_api()
        house.start("proc-setup")
        old = house.start("form-686c")
        house.simulator.refuse(INSERT, "TUX-20306 - An unexpected error was encountered", times=2)
        house.submit([claims.claim("03", 1)])
        ((_, headers, _),) = until(lambda: house.raw_records("form-686c.retry-20s"), 30, "a record in the tier")
        self.assertEqual(old.end(), 0)
        today = {"retry_tiers": "100ms*2", "look_tier": "100ms"}
        house.ctl("topics", "create", **{"retry-tiers": today["retry_tiers"]})
        new = house.start("form-686c", **today)
        self.assertIn("reading a retry tier that the setting no longer names", new.log())
        house.wait_done(30)
        house.check_effects(self)
        inserts = house.simulator.ledger(INSERT)
        self.assertEqual(len(inserts), 3)
        self.assertGreaterEqual(at_ms(inserts[1]["at"]), int(headers["dp-not-before"]), "early")
        self.assertEqual(len(house.records("form-686c.retry-20s")), 1)
        ((_, headers, _),) = house.raw_records("form-686c.retry-100ms")
        self.assertEqual((headers["dp-attempt"], headers["dp-hop"]), ("2", "2"))

    # --- Tiers that would lose or mix up what waits in them

    def test_tiers_that_are_refused(self):
        house = self.pipeline(retry_tiers="200ms", look_tier="200ms", outage_max_wait="1h").set_up()
        for settings, words in (({"look_tier": "1s"}, ("look-tier", "1s", "200ms")),
                                ({"retry_tiers": "200ms,15x"}, ("retry-tiers", "15x")),
                                ({"retry_tiers": "200ms*0"}, ("retry-tiers", "200ms*0")),
                                ({"retry_tiers": "200ms*1001"}, ("retry-tiers",)),
                                ({"retry_tiers": "200ms,,1s"}, ("retry-tiers",))):
            with self.subTest(**settings):
                self.check_refuses(house.launch("form-686c", **settings), 2, *words)
        waits = house.launch("form-686c", retry_tiers="200ms,1s")
        until(lambda: "form-686c.retry-1s is missing" in waits.log(), 30, waits.log)
        self.assertIn("pipelinectl topics create", waits.log())
        waits.end()
        # An hour of outage and two of wait: a record may lie there for 3.2 h.
        create_topic(house.prefix + "form-686c.retry-2h", 12, retention_ms=3 * 3600000)
        for tiers in ("200ms,2h", "200ms"):   # in use, and of yesterday
            with self.subTest(tiers=tiers):
                self.check_refuses(house.launch("form-686c", retry_tiers=tiers), 1, "form-686c.retry-2h keeps records for",
                                   "10800000 ms", "more than 11520000 ms")
        self.check_refuses(house.launch("form-686c", inbox_days=3), 1, "claims.686c", "longer than the inbox")
        house.start("form-674").end()   # another consumer's tiers are not its business
        create_topic(house.prefix + "form-674.retry-5s", 3)
        # Its records would be lost to nobody who looks: it is read, and told.
        told = house.start("form-674")
        self.assertTrue(any("has another number of partitions than its source" in line["message"]
                            and line["topic"] == house.prefix + "form-674.retry-5s" for line in told.log_lines()))
        told.end()


if __name__ == "__main__":
    unittest.main(verbosity=2)
