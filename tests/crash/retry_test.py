"""Retry tiers on Apache Kafka: the way of a message that fails as often as it can, tiers of another setting, and starts that
are refused because a tier would lose or mix up what waits in it."""

import datetime
import unittest

import claims
from pipeline import PipelineTest, until
from servers import create_topic

TIERS = {"100ms": 3, "200ms": 3, "400ms": 3, "600ms": 3, "800ms": 2, "1s": 2}
WAITS = [tier for tier, repeats in TIERS.items() for _ in range(repeats)]
FAILING = "vnpPtcpntCreate"
REASON = "Something has gone wrong for a moment"


def ms(text):
    """Of a tier's name or a moment."""
    if text.endswith("Z"):
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000
    return float(text[:-2]) if text.endswith("ms") else float(text[:-1]) * 1000


class Retry(PipelineTest):
    def test_seventeen_failures(self):
        """In order through the tiers, never early, and then the dead letter."""
        house = self.pipeline(retry_tiers=",".join(f"{tier}*{repeats}" for tier, repeats in TIERS.items()),
                              look_tier="1s").set_up()
        house.start_api()
        for name in ("proc-setup", "form-686c"):
            house.start(name)
        house.simulator.refuse(FAILING, REASON)
        house.submit([claims.claim("03", 1)])
        until(lambda: house.states() == {"failure": "1"}, 60, lambda: f"failure; it is {house.states()}")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 10, "all published")

        calls = [ms(entry["at"]) for entry in house.simulator.ledger(FAILING)]
        self.assertEqual(len(calls), 17)
        ((key, source, value),) = house.raw_records("claims.686c")
        by_attempt = {}
        for tier, repeats in TIERS.items():
            records = house.raw_records(f"form-686c.retry-{tier}")
            self.assertEqual(len(records), repeats, tier)
            for record in records:
                by_attempt[int(record[1]["dp-attempt"])] = (tier, *record)
        self.assertEqual([by_attempt[attempt][0] for attempt in range(1, 17)], WAITS)
        late = []
        for attempt, (tier, tier_key, headers, tier_value) in sorted(by_attempt.items()):
            self.assertEqual((tier_key, tier_value), (key, value))
            self.assertEqual(headers["offset"].split("/")[0], source["offset"].split("/")[0], "another partition")
            self.assertEqual(headers["dp-hop"], str(attempt))
            self.assertEqual(headers["dp-message-id"], source["dp-message-id"])
            not_before = int(headers["dp-not-before"])
            failed_at = ms(headers["dp-failures"].split("; ")[-1].split()[1])
            self.assertGreaterEqual(not_before, failed_at + ms(tier))
            self.assertLessEqual(not_before, failed_at + ms(tier) * 1.1)
            late.append(calls[attempt] - not_before)   # calls[0] is that of the first attempt
        print("late, ms: " + " ".join(f"{one:.0f}" for one in late), flush=True)
        self.assertGreaterEqual(min(late), 0, "a record was handled early")
        self.check_dead_letter(house, key, source, value, calls)

    def check_dead_letter(self, house, key, source, value, calls):
        ((dead_key, headers, dead_value),) = house.raw_records("claims.dead-letter")
        self.assertEqual((dead_key, dead_value), (key, value))
        self.assertEqual(headers["dp-source"], f"{house.prefix}claims.686c/{source['offset']}")
        self.assertEqual((headers["dp-attempt"], headers["dp-hop"]), ("17", "17"))
        self.assertEqual(headers["dp-error-class"], "bgs-fault")
        self.assertIn(REASON.split()[-1], headers["dp-reason"])
        self.assertNotIn("dp-not-before", headers)
        failures = headers["dp-failures"].split("; ")
        self.assertEqual((failures[0].split()[0], failures[-1].split()[0]), ("1", "17"))
        self.assertEqual(failures[0].split()[1], headers["dp-first-failed-at"])
        self.assertLess(abs(ms(headers["dp-first-failed-at"]) - calls[0]), 2000)

    def test_former_tier_is_emptied(self):
        """What waits in a tier when the setting changes is handled by who starts with other tiers."""
        house = self.pipeline(retry_tiers="3s*2", look_tier="3s").set_up()
        house.ctl("topics", "create", **{"retry-tiers": "200ms*2"})
        house.start_api()
        house.start("proc-setup")
        former = house.start("form-686c")
        house.simulator.refuse(FAILING, REASON, times=1)
        house.submit([claims.claim("03", 1)])
        until(lambda: house.raw_records("form-686c.retry-3s"), 20, "a record in the former tier")
        self.assertEqual(former.end(), 0)
        new = house.start("form-686c", retry_tiers="200ms*2", look_tier="200ms")
        self.assertIn("reading a retry tier that the setting no longer names", new.log())
        house.wait_done(30)
        house.check_effects(self)
        self.assertEqual(house.raw_records("form-686c.retry-200ms"), [])

    def test_starts_that_are_refused(self):
        house = self.pipeline().set_up()
        create_topic(house.prefix + "form-674.retry-9s", 5)
        for settings, status, *words in (
                ({"outage_max_wait": "400d"}, 1, "form-686c.retry-200ms keeps records for", "its tier needs more than"),
                ({"inbox_days": 3}, 1, "longer than the inbox", "claims.686c"),
                ({"look_tier": "2s"}, 2, "look-tier", "retry-tiers"),
                ({"retry_tiers": "15s*0"}, 2, "15s*0"),
                ({"retry_tiers": "7s", "look_tier": "7s"}, 1, "form-686c.retry-7s is missing", "pipelinectl topics create")):
            with self.subTest(**settings):
                program = house.launch("form-686c", **settings)
                self.assertEqual(program.wait_exit(30), status, program.log()[-1000:])
                for word in words:
                    self.assertIn(word, program.log().splitlines()[-1])
        program = house.launch("form-674")
        self.assertEqual(program.wait_exit(30), 1, program.log()[-1000:])
        self.assertIn("form-674.retry-9s has 5 partitions and its source 12", program.log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
