"""pipelinectl topics on Apache Kafka: makes what is missing once, and finds what is not as the table says.

Usage: with-postgres with-kafka topics_test.py BUILD-DIRECTORY
"""
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]


class TopicsTest(unittest.TestCase):
    def topics(self, *arguments, status=0):
        done = subprocess.run([sys.argv[1] + "/bin/pipelinectl", "topics", *arguments], capture_output=True, text=True,
                              timeout=120, env=dict(os.environ))
        self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        return done

    def names(self, prefix):
        """Every topic of the table, retry tiers included, each once."""
        table = json.loads((ROOT / "schemas/topics.json").read_text())
        names = [topic["name"] for topic in table["topics"]]
        for consumer, row in table["consumers"].items():
            names += [f"{consumer}.retry-{tier.split('*')[0]}" for tier in row["retry_tiers"].split(",")]
        self.assertEqual(len(names), len(set(names)))
        return {prefix + name for name in names}

    def on_broker(self, prefix):
        listed = subprocess.run(["kcat", "-b", os.environ["KAFKA_BROKERS"], "-L", "-J"], capture_output=True, text=True,
                                check=True)
        return {topic["topic"]: len(topic["partitions"]) for topic in json.loads(listed.stdout)["topics"]
                if topic["topic"].startswith(prefix)}

    def test_created_once_and_checked(self):
        done = self.topics("check", status=1)
        self.assertIn("pipelinectl topics create", done.stderr)
        self.assertEqual(self.on_broker("dependents."), {})  # asking makes none

        created = self.topics("create").stdout.splitlines()
        self.assertEqual({line.split()[0] for line in created}, self.names("dependents."))
        self.assertTrue(all(line.endswith(" created") for line in created))
        self.assertEqual(self.on_broker("dependents."), dict.fromkeys(self.names("dependents."), 12))
        self.topics("check")

        again = self.topics("create").stdout.splitlines()
        self.assertTrue(all(line.endswith(" exists") for line in again))

    def test_wrong_partitions_and_settings_are_found(self):
        self.topics("create", "--topic-prefix=other.")
        self.topics("check", "--topic-prefix=other.")
        self.alter("other.proc-setup.retry-12h", "retention.ms", 3600000)
        done = self.topics("check", "--topic-prefix=other.", status=1)
        self.assertIn("other.proc-setup.retry-12h keeps records for 3600000 ms, and its tier needs more than 220320000 ms",
                      done.stderr)
        self.alter("other.claims.686c", "retention.ms", 60000)
        done = self.topics("check", "--topic-prefix=other.", status=1)
        self.assertIn("other.claims.686c keeps records for 60000 ms instead of", done.stderr)
        self.assertNotIn("compression", done.stderr.replace("retention.ms and compression.type with", ""))
        self.alter("other.claims.674", "compression.type", "producer")
        done = self.topics("check", "--topic-prefix=other.", status=1)
        self.assertIn("other.claims.674 has compression.type=producer instead of uncompressed", done.stderr)

        admin_create("third.claims.submitted", 3)
        # What create cannot mend it does not call done.
        done = self.topics("create", "--topic-prefix=third.", status=1)
        self.assertIn("third.claims.submitted exists", done.stdout)
        self.assertIn("third.claims.submitted has 3 partitions instead of 12", done.stderr)
        done = self.topics("check", "--topic-prefix=third.", status=1)
        self.assertIn("third.claims.submitted has 3 partitions instead of 12", done.stderr)

    def test_as_many_partitions_as_are_asked_for(self):
        """Of what is made; beside topics of another number nothing is, for a key stays with one member."""
        asked = "--topic-prefix=many.", "--replication-factor=1", "--min-insync-replicas=1"
        self.topics("create", *asked, "--partitions=24")
        made = self.on_broker("many.")
        self.assertEqual(made, dict.fromkeys(self.names("many."), 24))
        self.assertEqual(setting_of("many.claims.674", "min.insync.replicas"), "1")
        self.topics("check", "--topic-prefix=many.", "--min-insync-replicas=1")
        self.assertIn("many.claims.674 exists", self.topics("create", *asked, "--partitions=24").stdout)

        tiers = "--retry-tiers=7s"   # none of them is there
        done = self.topics("create", *asked, tiers, "--partitions=12", status=1)
        self.assertIn("many.claims.674 has 24 partitions instead of 12", done.stderr)
        self.assertNotIn("many.claim-events", done.stderr)   # ordered by nothing
        self.assertIn("Nothing was made. None can be taken away: ask for 24.", done.stderr)
        done = self.topics("create", *asked, tiers, "--partitions=36", status=1)
        self.assertIn("Nothing was made. Run: pipelinectl topics grow --partitions 36.", done.stderr)
        self.assertEqual(self.on_broker("many."), made)
        self.topics("create", *asked, tiers)
        self.assertEqual(self.on_broker("many.")["many.backup.retry-7s"], 24)

        done = self.topics("create", "--topic-prefix=few.", "--partitions=6", status=2)
        self.assertIn("--partitions 6: programs start with 12 or more", done.stderr)
        self.assertEqual(self.on_broker("few."), {})

    def test_copies(self):
        """More than there are brokers, and more than could ever be written."""
        done = self.topics("create", "--topic-prefix=copies.", "--replication-factor=2", status=1)
        self.assertRegex(done.stderr, r"^pipelinectl: topics could not be created: copies\.\S+ and \d+ more: "
                                      r"--replication-factor 2 cannot be had: .* only 1 broker")
        done = self.topics("create", "--topic-prefix=copies.", "--replication-factor=1", "--min-insync-replicas=2", status=2)
        self.assertIn("--min-insync-replicas 2 is more than --replication-factor 1: nothing could be written", done.stderr)
        done = self.topics("create", "--topic-prefix=copies.", "--min-insync-replicas=2", status=2)
        self.assertIn("--min-insync-replicas 2 needs --replication-factor", done.stderr)
        self.assertEqual(self.on_broker("copies."), {})

        self.topics("create", "--topic-prefix=copies.")
        made = self.on_broker("copies.")
        self.alter("copies.claims.674", "min.insync.replicas", 3)   # more is no fault
        wanted = "--topic-prefix=copies.", "--min-insync-replicas=2"
        done = self.topics("create", *wanted, "--replication-factor=2", "--retry-tiers=7s", status=1)
        self.assertIn("copies.claims.686c has min.insync.replicas=1 instead of 2", done.stderr)
        self.assertNotIn("copies.claims.674 has min", done.stderr)
        self.assertIn("copies.claims.674 has 1 of 2 copies\n", done.stderr)   # a broker then asks for one, whatever is set
        self.assertIn("Nothing was made. Make copies with the broker's kafka-reassign-partitions tool. Set min.insync.replicas with the "
                      "broker's kafka-configs tool.", done.stderr)
        self.assertEqual(self.on_broker("copies."), made)
        done = self.topics("check", *wanted, status=1)
        self.assertIn("copies.claims.686c has min.insync.replicas=1 instead of 2", done.stderr)
        self.assertNotIn("copies.claims.674", done.stderr)

        done = self.topics("check", "--topic-prefix=copies.", "--replication-factor=2", "--partitions=24", status=1)
        self.assertIn("copies.claims.686c has 1 of 2 copies\n", done.stderr)
        self.assertIn("copies.claims.686c has 12 partitions instead of 24\n", done.stderr)

    def test_two_who_want_other_numbers(self):
        """At the same moment: the topics are as one of them asked, and the other one is told."""
        both = [subprocess.Popen([sys.argv[1] + "/bin/pipelinectl", "topics", "create", "--topic-prefix=two.", f"--partitions={count}"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for count in (12, 24)]
        said = [one.communicate(timeout=120)[1] for one in both]
        self.assertEqual(sorted(one.returncode for one in both), [0, 1], said)
        self.assertRegex("".join(said), r"two\.\S+ has \d+ partitions instead of \d+\n")

    def test_made_by_somebody_who_reads(self):
        """A topic without an order of keys, with fewer partitions than programs start with: nothing is made beside it, and it may grow."""
        admin_create("read.claim-events", 3)
        until = time.monotonic() + 30
        while not self.on_broker("read.") and time.monotonic() < until:   # the broker learns it a moment later
            pass
        asked = "--topic-prefix=read.", "--partitions=12"
        done = self.topics("create", *asked, status=1)
        self.assertIn("read.claim-events has 3 partitions instead of 12\nNothing was made. Run: pipelinectl topics grow --partitions 12.",
                      done.stderr)
        self.assertEqual(self.on_broker("read."), {"read.claim-events": 3})
        subprocess.run([sys.argv[1] + "/bin/pipelinectl", "migrate", "--yes"], check=True, stdout=subprocess.DEVNULL)
        self.topics("grow", *asked, "--yes", "--reason=somebody has read", "--kafka.topic.metadata.refresh.interval.ms=1000")
        self.topics("create", *asked)
        self.assertEqual(set(self.on_broker("read.").values()), {12})

    def test_names_that_no_topic_has(self):
        done = self.topics("create", "--topic-prefix=x y", status=2)
        self.assertIn('--topic-prefix "x y": a topic\'s name has', done.stderr)

    def test_tiers_of_a_setting_and_former_ones(self):
        """Other tiers make other topics; those of before are told of, with what waits in them."""
        self.topics("create", "--topic-prefix=tiers.", "--retry-tiers=1s*2,5s")
        self.assertEqual({name for name in self.on_broker("tiers.") if "retry" in name},
                         {f"tiers.{consumer}.retry-{tier}" for consumer in ("proc-setup", "form-686c", "form-674", "backup", "notify", "evidence")
                          for tier in ("1s", "5s")})
        self.assertNotIn("no retry tier any more", self.topics("check", "--topic-prefix=tiers.",
                                                               "--retry-tiers=1s,5s").stdout)
        self.topics("create", "--topic-prefix=tiers.", "--retry-tiers=5s")
        subprocess.run(["kcat", "-b", os.environ["KAFKA_BROKERS"], "-P", "-t", "tiers.form-674.retry-1s", "-p", "3"],
                       input="x\ny\n", text=True, check=True)
        told = self.topics("check", "--topic-prefix=tiers.", "--retry-tiers=5s").stdout.splitlines()
        self.assertEqual(sorted(line for line in told if "any more" in line), [
            "tiers.backup.retry-1s is no retry tier any more; it is empty and may be deleted",
            "tiers.evidence.retry-1s is no retry tier any more; it is empty and may be deleted",
            "tiers.form-674.retry-1s is no retry tier any more; 2 records are still to be handled in it",
            "tiers.form-686c.retry-1s is no retry tier any more; it is empty and may be deleted",
            "tiers.notify.retry-1s is no retry tier any more; it is empty and may be deleted",
            "tiers.proc-setup.retry-1s is no retry tier any more; it is empty and may be deleted"])
        done = self.topics("create", "--topic-prefix=tiers.", "--retry-tiers=5", status=2)
        self.assertIn("“5” is no tier such as 15s", done.stderr)

    def alter(self, topic, setting, value):
        from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource
        client = admin()  # must outlive its futures
        entry = ConfigEntry(setting, str(value), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        for future in client.incremental_alter_configs([resource]).values():
            future.result(30)
        until = time.monotonic() + 30
        while time.monotonic() < until:  # the broker learns it a moment later
            if setting_of(topic, setting) == str(value):
                return
        self.fail("the broker does not take the setting")


def admin():
    from confluent_kafka.admin import AdminClient
    return AdminClient({"bootstrap.servers": os.environ["KAFKA_BROKERS"]})


def setting_of(topic, setting):
    from confluent_kafka.admin import ConfigResource
    client = admin()
    (future,) = client.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]).values()
    return future.result(30)[setting].value


def admin_create(name, partitions):
    from confluent_kafka.admin import NewTopic
    client = admin()
    for future in client.create_topics([NewTopic(name, partitions, 1)]).values():
        future.result(30)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
