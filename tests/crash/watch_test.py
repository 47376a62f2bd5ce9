"""Kafka loses records of claims that are under way: they are missed, told, and sent again; nothing is done twice.

WATCH_CLAIMS sets how many claims a deleted topic takes with it; WATCH_EVERY how often is looked, and 0s that nobody does:
then these tests fail.
"""

import collections
import os
import unittest

import claims
from pipeline import CONSUMERS, INSERT, PipelineTest, until
from servers import commit_offsets, delete_records, delete_topic, end_offsets

CLAIMS = int(os.environ.get("WATCH_CLAIMS", "60"))
EVERY = os.environ.get("WATCH_EVERY", "1s")
PARTITIONS = 12
TIER_S = 12   # longer than two looks and a resend


class Watch(PipelineTest):
    def house(self, **settings):
        house = self.pipeline(watch_every=EVERY, **settings).set_up()
        house.start_api()
        return house

    def events(self, house):
        """Of records found lost: the claims, and why."""
        return [(fields["claim_id"], fields["detail"].split()[-1]) for _, _, fields in house.values("monitoring-events")
                if fields["kind"] == "record-lost"]

    @staticmethod
    def metric(house, name):
        return sum(program.metric(name) for program in house.programs if program.runs())

    def looks(self, house, count):
        """Waits until that many have begun and ended after this moment: each renews what one process knows of its age."""
        for _ in range(count):
            before = self.metric(house, "oldest_open_group_seconds")
            until(lambda before=before: self.metric(house, "oldest_open_group_seconds") > before, 30, "another look")

    @staticmethod
    def wait_written(house, form, count):
        """All records of a form are published, and where they lie is noted."""
        until(lambda: house.sql_one(
            "select count(*) from record_places p join saved_claims c on c.id::text = p.scope "
            f"where c.form_id = '{form}' and p.topic like '%claims.%'") == str(count) and
            house.sql_one("select count(*) from outbox") == "0", 60,
            lambda: f"{count} places: {house.sql('select scope, topic from record_places')}")

    @staticmethod
    def make_again(house, topic):
        delete_topic(house.prefix + topic)
        until(lambda: topic + " created" in house.ctl("topics", "create", check=False).stdout, 30, "the topic made again")
        until(lambda: end_offsets([house.prefix + topic], PARTITIONS), 30, "it has its leaders")

    def check_each_once(self, house, groups):
        """A 686c alone a group: as many benefit claims, each group told."""
        house.check_effects(self)
        made = [claim for claim in house.simulator.state()["benefit_claims"] if not claim["is_planted"]]
        self.assertEqual(len(made), groups)

    def test_topic_deleted_and_made_again(self):
        """Its offsets begin anew, and other records lie where the lost ones lay: these are found without being read."""
        house = self.house()
        for name in ("proc-setup", "form-674"):
            house.start(name)
        house.submit([claims.claim("03", veteran) for veteran in range(CLAIMS)])
        self.wait_written(house, "21-686C", CLAIMS)
        self.looks(house, 3)
        self.assertEqual(self.events(house), [], "its consumer is not there: that is no loss")
        self.assertEqual(self.metric(house, "claims_expected_moving"), CLAIMS)

        self.make_again(house, "claims.686c")
        house.submit([claims.claim("03", CLAIMS + veteran) for veteran in range(CLAIMS // 3)])
        until(lambda: len(self.events(house)) >= CLAIMS, 60, lambda: f"{CLAIMS} lost: {self.events(house)}")
        house.start("form-686c")
        house.wait_done(60 + CLAIMS)
        self.check_each_once(house, CLAIMS + CLAIMS // 3)
        lost = collections.Counter(claim for claim, _ in self.events(house))
        self.assertEqual((len(lost), set(lost.values())), (CLAIMS, {1}), "each once, and the new ones never")
        self.assertEqual(self.metric(house, "records_lost_total"), CLAIMS)
        self.looks_gone(house)

    def looks_gone(self, house):
        """What is over has no place any more, and nothing is expected to move."""
        until(lambda: house.sql_one("select count(*) from record_places") == "0", 30,
              lambda: f"no place: {house.sql('select scope, topic from record_places')}")
        until(lambda: self.metric(house, "oldest_open_group_seconds") == 0, 10, "nothing is open")

    def test_head_of_a_tier_deleted(self):
        """It waits in its tier again until it is due, and no attempt is spent."""
        house = self.house(retry_tiers=f"{TIER_S}s*16", look_tier=f"{TIER_S}s")
        consumers = [house.start(name) for name in CONSUMERS]
        tier = f"form-686c.retry-{TIER_S}s"
        count = 10
        house.simulator.refuse(INSERT, "TUX-20306 - An unexpected error was encountered", times=count)
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        waiting = until(lambda: len(found := house.records(tier)) >= count and found, 60, "all in the tier")
        until(lambda: house.sql_one("select count(*) from record_places where topic like '%retry%'") == str(count), 10,
              "their places")
        ends = end_offsets([house.prefix + tier], PARTITIONS)
        delete_records({place: offset for place, offset in ends.items() if offset})
        self.assertEqual(house.records(tier), [])

        again = until(lambda: len(found := house.records(tier)) >= count and found, TIER_S, "all in the tier again")
        self.assertEqual(
            sorted((headers["dp-message-id"], headers["dp-not-before"], headers["dp-attempt"], int(headers["dp-hop"]))
                   for _, headers, _ in again),
            sorted((headers["dp-message-id"], headers["dp-not-before"], headers["dp-attempt"], int(headers["dp-hop"]) + 1)
                   for _, headers, _ in waiting))
        house.wait_done(60)
        self.check_each_once(house, count)
        self.assertEqual({why for _, why in self.events(house)}, {"before-the-log"})
        self.assertEqual(len(self.events(house)), count)
        self.assertEqual({headers["dp-attempt"] for _, headers, _ in house.records(tier)}, {"1"})
        for consumer in consumers:
            self.assertEqual(consumer.end(), 0)

    def test_offsets_set_to_the_end(self):
        """And set back later: the old records come after all, and do nothing."""
        house = self.house()
        house.start("proc-setup")
        count = 20
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        self.wait_written(house, "21-686C", count)
        source = house.prefix + "claims.686c"
        ends = end_offsets([source], PARTITIONS)
        self.assertTrue(commit_offsets(house.prefix + "form-686c", ends))
        form = house.start("form-686c")
        house.wait_done(60)
        self.check_each_once(house, count)
        self.assertEqual({why for _, why in self.events(house)}, {"passed"})
        self.assertEqual(len(self.events(house)), count)

        form.end()
        self.assertTrue(commit_offsets(house.prefix + "form-686c", {place: 0 for place in ends}))
        form = house.start("form-686c")
        settled = "select count(*) from inbox where consumer = 'form-686c' and hop = 0"
        until(lambda: house.sql_one(settled) == str(count), 30, "the old records are settled")
        self.check_each_once(house, count)

    def test_submitted_lost_before_its_set_up(self):
        house = self.house()
        count = 10
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        until(lambda: house.sql_one("select count(*) from record_places") == str(count), 30, "their places")
        self.make_again(house, "claims.submitted")
        for name in CONSUMERS:
            house.start(name)
        house.wait_done(60)
        self.check_each_once(house, count)
        self.assertEqual([claim for claim, _ in self.events(house)], [None] * count)


if __name__ == "__main__":
    unittest.main(verbosity=2)
