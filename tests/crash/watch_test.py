"""Kafka loses records of claims that are under way: they are missed, told, and sent again; nothing is done twice.

WATCH_CLAIMS sets how many claims a deleted topic takes with it; WATCH_EVERY how often is looked, and 0s that nobody does:
then these tests fail.
"""

import collections
import os
import subprocess
import unittest

import claims
from pipeline import BACKUP, CONSUMERS, INSERT, PipelineTest, Stranger, until
from servers import commit_offsets, delete_records, delete_topic, end_offsets, write_in_transaction

CLAIMS = int(os.environ.get("WATCH_CLAIMS", "60"))
EVERY = os.environ.get("WATCH_EVERY", "1s")
PARTITIONS = 12
LINE, LINES = 30000, 5
TIER_S = 20   # longer than two looks and a resend, on a busy machine too
FOR_GOOD = "insertBenefitClaim: Invalid zipcode."


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
        """Until the broker serves the new log: its controller knows earlier that the former one is over."""
        before = sum(until(lambda: end_offsets([house.prefix + topic], PARTITIONS), 30, "its ends").values())
        delete_topic(house.prefix + topic)
        until(lambda: topic + " created" in house.ctl("topics", "create", check=False).stdout, 30, "the topic made again")
        until(lambda: (ends := end_offsets([house.prefix + topic], PARTITIONS)) and sum(ends.values()) < before, 30,
              "it has its leaders, and the former records are gone")

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

    def test_topic_made_again_under_its_reader(self):
        """A reader that would go on behind the first records of the new log says so and ends; the next one reads them."""
        house = self.house()
        running = {name: house.start(name) for name in CONSUMERS}
        ended = []

        def all_done():
            for name, program in running.items():
                if not program.runs():
                    ended.append(program.last_words())
                    running[name] = house.start(name)
            return house.all_done()

        house.submit([claims.claim("03", veteran) for veteran in range(20)])
        until(all_done, 60, house.states)
        for topic in ("claims.submitted", "claims.686c"):
            self.make_again(house, topic)
            house.submit([claims.claim("03", veteran) for veteran in range(20)])
            until(all_done, 60, house.states)
        self.check_each_once(house, 60)
        self.assertTrue(all("made anew under its reader" in words for words in ended), ended)
        print(f"{len(ended)} readers have ended")

    def test_a_stranger_holds_the_group_of_a_lost_record(self):
        """The first that is looked at; the others are sent again, and it too when its row is free."""
        house = self.house()
        count = 3
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        until(lambda: house.sql_one("select count(*) from record_places") == str(count), 30, "their places")
        first = house.sql_one("select min (scope) from record_places")
        stranger = Stranger(house.database_url)
        self.addCleanup(stranger.end)
        stranger.hold(f"select id from saved_claim_groups where claim_group_guid = '{first}' and parent_claim_id = saved_claim_id "
                      "for update;")
        self.make_again(house, "claims.submitted")
        for name in CONSUMERS:
            house.start(name)
        until(lambda: house.states() == {"accepted": "1", "success": str(count - 1)}, 60, house.states)
        stranger.end()
        house.wait_done(60)
        self.check_each_once(house, count)
        self.assertEqual([claim for claim, _ in self.events(house)], [None] * count)

    # --- The way by paper

    def house_of_failures(self, count, **settings):
        """All claims are dead, their letters lie where backup will read them, and nobody reads yet."""
        house = self.house(**settings)
        house.start_intake("--intake-last-status=vbms")
        house.simulator.refuse(INSERT, FOR_GOOD)
        for name in CONSUMERS:
            house.start(name)
        house.submit([claims.claim("03", veteran) for veteran in range(count)])
        until(lambda: house.states() == {"failure": str(count)}, 60, lambda: f"all dead: {house.states()}")
        until(lambda: house.sql_one("select count(*) from record_places where topic like '%dead-letter'") == str(count) and
              house.sql_one("select count(*) from outbox") == "0", 20, "their places")
        return house

    def check_each_by_paper(self, house, count, why):
        """One package a group, its loss told once, of the group as a whole."""
        house.wait_done(60)
        house.check_effects(self)
        self.assertEqual(self.events(house), [(None, why)] * count)
        self.assertEqual(len(house.intake.state()["uploads"]), count)

    def test_dead_letters_deleted(self):
        count = 12
        house = self.house_of_failures(count)
        self.looks(house, 3)
        self.assertEqual(self.events(house), [], "backup is not there: that is no loss")
        self.make_again(house, "claims.dead-letter")
        until(lambda: len(self.events(house)) >= count, 60, lambda: f"{count} lost: {self.events(house)}")
        house.launch_backup().wait_ready()
        self.check_each_by_paper(house, count, "beyond-the-log")
        self.looks_gone(house)

    def test_dead_letters_passed(self):
        count = 12
        house = self.house_of_failures(count)
        self.assertTrue(commit_offsets(house.prefix + BACKUP, end_offsets([house.prefix + "claims.dead-letter"], PARTITIONS)))
        house.launch_backup().wait_ready()
        self.check_each_by_paper(house, count, "passed")

    def test_head_of_backups_tier_deleted(self):
        """A package that waits for its second attempt comes back into its tier, and the attempt stays backup's own."""
        count = 6
        house = self.house_of_failures(count, retry_tiers=f"{TIER_S}s*16", look_tier=f"{TIER_S}s", breaker_failures=1000)
        house.intake.rule(name="again", operation="create", do="answer", status=503, body="<html>", times=count)
        house.launch_backup().wait_ready()
        tier = f"{BACKUP}.retry-{TIER_S}s"
        until(lambda: len(house.records(tier)) >= count, 60, "all in the tier")
        until(lambda: house.sql_one("select count(*) from record_places where topic like '%retry%'") == str(count), 10,
              "their places")
        ends = end_offsets([house.prefix + tier], PARTITIONS)
        delete_records({place: offset for place, offset in ends.items() if offset})
        # What stands in doubt might be a call that is still out, for as long as one may last.
        self.assertEqual(house.sql("select distinct state from step_journal where step = 'create-location/1-1'"), [["started"]])
        self.looks(house, 3)
        self.assertEqual(self.events(house), [])
        house.sql("update step_journal set started_at = started_at - interval '900 s' where step = 'create-location/1-1' "
                  "returning step")
        again = until(lambda: len(found := house.records(tier)) >= count and found, TIER_S, "all in the tier again")
        self.assertEqual({(headers["dp-attempt"], headers["dp-attempts-of"]) for _, headers, _ in again}, {("1", BACKUP)})
        self.check_each_by_paper(house, count, "before-the-log")

    def begin_transaction(self, house, topic, partition):
        """Of somebody who then does nothing more. So much is written, for kcat reads its input by blocks. How many records."""
        stranger = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "kcat", "-b", house.brokers, "-P", "-X", f"transactional.id={house.name}",
             "-t", house.prefix + topic, "-p", str(partition)], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(stranger.kill)
        place = (house.prefix + topic, partition)
        before = end_offsets([place[0]], PARTITIONS)[place]
        stranger.stdin.write((b"no value of ours".ljust(LINE, b".") + b"\n") * LINES)
        stranger.stdin.flush()
        until(lambda: end_offsets([place[0]], PARTITIONS)[place] > before, 30, "the stranger's records")
        stranger.kill()   # no word of its end
        stranger.wait()
        stranger.stdin.close()
        return end_offsets([place[0]], PARTITIONS)[place] - before

    def test_transaction_of_a_stranger(self):
        """It stands open before the claims' records: these are read all the same, and none is taken for lost."""
        house = self.house()
        for name in ("proc-setup", "form-674"):
            house.start(name)
        house.submit([claims.claim("03", 1)])
        self.wait_written(house, "21-686C", 1)
        ((_, headers, _),) = house.values("claims.686c")
        partition = int(headers["offset"].split("/")[0])
        strange = self.begin_transaction(house, "claims.686c", partition)
        house.submit([claims.claim("03", 1)])   # the same Veteran's: the same partition
        self.wait_written(house, "21-686C", 2)
        self.looks(house, 4)
        self.assertEqual(self.events(house), [])
        write_in_transaction(house.prefix + "claims.686c", partition)   # over, with a marker at the log's end
        self.looks(house, 4)
        self.assertEqual(self.events(house), [])
        house.start("form-686c")
        house.wait_done(60)
        house.check_effects(self, quarantined=strange + 1)
        self.assertEqual(self.events(house), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
