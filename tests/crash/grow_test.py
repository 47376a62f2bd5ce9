"""Topics get more partitions: by pipelinectl topics grow while consumers run, and by hand."""

import concurrent.futures
import json
import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until
from servers import Postgres, committed_offsets, grow_topic, write_in_transaction

REFRESH_MS = "1000"
SETTINGS = {"kafka__topic__metadata__refresh__interval__ms": REFRESH_MS}
PARTITIONS = 12
READ_BY_KEY = ("claims.submitted", "claims.686c", "claims.674")
VETERANS = 40   # so many keys that some of them are in new partitions: none would be in one case of 10 ** 12


def grow(house, *arguments, check=True):
    return house.ctl("topics", "grow", *arguments, "--reason=more processes", "--yes", check=check)


class Grow(PipelineTest):
    def send_mails(self, house):
        """What asks for e-mails grows as well, and must be empty then."""
        house.start_notify()
        notify = house.launch_notify().wait_ready()
        until(lambda: house.sql_one("select count (*) from inbox where consumer = 'notify'") ==
              str(len(house.records("notifications"))), 30, "e-mails")
        self.assertEqual(notify.end(), 0)

    def partitions_used(self, house, topic):
        return {int(headers["offset"].split("/")[0]) for _, headers, _ in house.records(topic)}

    def test_grown_by_the_procedure(self):
        house = self.pipeline(**SETTINGS).set_up()
        api = house.start_api()
        consumers = [house.start(name) for name in CONSUMERS]
        house.submit([claims.claim("03", veteran) for veteran in range(4)])
        house.wait_done(60)

        done = grow(house, "--partitions=24", "--wait=1s", check=False)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn("nothing was grown. In the way: claim-api: 1 running; stop it first", done.stdout)
        done = grow(house, "--partitions=11", check=False)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("--partitions 12 at least", done.stdout)

        # A claim that no consumer has handled yet is in the way as well.
        consumers.pop().end()
        house.submit([claims.claim("07", 4)])
        until(lambda: house.records("claims.674"), 30, "a 674 on its way")
        api.end()
        done = grow(house, "--partitions=24", "--wait=1s", check=False)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertRegex(done.stdout, r"claims\.674: \d+ records are still to be handled")
        self.assertNotIn("grown\n", done.stdout)
        house.start("form-674")
        house.wait_done(60)
        self.send_mails(house)

        done = house.ctl("topics", "grow", "--partitions=24", "--reason=more processes", check=False)
        self.assertEqual(done.returncode, 2, done.stdout)   # not by one word
        self.assertIn(house.prefix + "claims.674 grows to 24 partitions\n", done.stdout)
        self.assertIn("say so with --yes", done.stdout)
        self.assertNotIn("grown\n", done.stdout)

        done = grow(house, "--partitions=24")
        self.assertIn("claim-api may be started", done.stdout)
        self.assertEqual(house.sql_one("select action || ': ' || reason from operator_actions order by id desc limit 1"),
                         "topics grow: more processes")
        self.assertIn(house.prefix + "form-674.retry-200ms grown", done.stdout)
        self.assertNotIn("claim-events", done.stdout)
        house.ctl("topics", "check")
        self.assertIn("all topics have 24 partitions", grow(house, "--partitions=24").stdout)
        # One that is missing is made as the others are.
        self.assertIn("form-674.retry-3s created", house.ctl("topics", "create", **{"retry-tiers": "3s"}).stdout)
        self.assertIn(house.prefix + "form-674.retry-4s",
                      json.loads(house.ctl("topics", "create", "--json", **{"retry-tiers": "4s"}).stdout)["created"])
        house.ctl("topics", "check", **{"retry-tiers": "3s"})

        house.start_api()
        house.submit([claims.claim("03", veteran) for veteran in range(5, 5 + VETERANS)])
        house.wait_done(120)   # by consumers that have run all the time
        house.check_effects(self)
        for topic in ("claims.submitted", "claims.686c"):
            self.assertGreater(max(self.partitions_used(house, topic)), 11)

    def test_transactions_that_are_over(self):
        """Their markers are the last in their logs, nobody commits what is behind them, and nothing waits there."""
        house = self.pipeline(**SETTINGS).set_up()
        house.start("form-686c")
        topics = [house.prefix + topic for topic in ("claims.686c", "form-686c.retry-200ms")]
        for topic in topics:
            write_in_transaction(topic, 0)
            until(lambda topic=topic: committed_offsets(house.prefix + "form-686c", topic, PARTITIONS)[0] == 1, 60,
                  "the record handled")
        told = json.loads(house.ctl("topics", "check", "--json", **{"retry-tiers": "1s"}).stdout)
        self.assertIs(told["settings_looked_at"], True)
        self.assertIn({"topic": topics[1], "records": 0}, told["former_tiers"])
        former = house.ctl("topics", "check", **{"retry-tiers": "1s"})
        self.assertIn(f"{topics[1]} is no retry tier any more; it is empty and may be deleted", former.stdout)

        # A record behind a marker waits all the same.
        house.programs[-1].end()
        write_in_transaction(topics[0], 0)
        done = grow(house, "--partitions=24", "--wait=1s", check=False)
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn(f"In the way: {topics[0]}: 3 records are still to be handled", done.stdout)
        house.start("form-686c")
        self.assertIn("claim-api may be started", grow(house, "--partitions=24", "--wait=60s").stdout)

    def test_database_away_meanwhile(self):
        """What cannot be asked now is asked again for as long as is waited."""
        postgres = Postgres()
        self.addClassCleanup(postgres.end)   # the tests after this one use it
        self.addCleanup(postgres.make_sure)
        house = self.pipeline(**SETTINGS).set_up()
        api = house.start_api()
        with concurrent.futures.ThreadPoolExecutor() as threads:
            grown = threads.submit(grow, house, "--partitions=24", "--wait=90s")
            until(lambda: house.sql_one("select count(*) from pg_stat_activity where query ~ 'from outbox where topic = any' "
                                        "and pid <> pg_backend_pid ()") == "1", 30, "it has looked")
            postgres.crash()
            postgres.start()
            api.end()
            self.assertIn("claim-api may be started", grown.result().stdout)

    def test_grown_by_hand(self):
        """Claims go on, programs start, and say what is to be done."""
        house = self.pipeline(**SETTINGS).set_up()
        house.start_api()
        for name in CONSUMERS:
            house.start(name)
        grow_topic(house.prefix + "claims.686c", 24)
        fresh = house.start("form-686c")
        (told,) = [line for line in fresh.log_lines() if line["message"] == "topics differ in partitions"]
        self.assertIn(house.prefix + "claims.674 has 12 partitions", told["text"])
        self.assertIn("Run: pipelinectl topics grow --partitions 24", told["text"])
        self.assertEqual(fresh.metric("topics_unequal"), 1)
        done = house.ctl("topics", "check", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("pipelinectl topics grow --partitions 24", done.stdout)

        house.submit([claims.claim("03", veteran) for veteran in range(VETERANS)])
        house.wait_done(120)
        house.check_effects(self)
        house.api.end()
        self.send_mails(house)
        grow(house, "--partitions=24")
        house.ctl("topics", "check")


if __name__ == "__main__":
    unittest.main(verbosity=2)
