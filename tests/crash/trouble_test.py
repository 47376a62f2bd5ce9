"""Database, broker, topics, schema, settings or keys are not as they should be: said in words that help, by waiting or
by the right exit status; and no claim is lost."""

import unittest

import claims
from pipeline import CONSUMERS, INSERT, PipelineTest, invented_key, until
from servers import Kafka, Postgres, create_topic

PROGRAMS = ("claim-api", *CONSUMERS)
SAMPLES = ("03", "06", "01", "03", "03", "07", "03", "03")


class Trouble(PipelineTest):
    @classmethod
    def setUpClass(cls):
        cls.postgres, cls.kafka = Postgres(), Kafka()

    @classmethod
    def tearDownClass(cls):
        cls.postgres.end()

    def setUp(self):
        # Cleanups run last first, the pipelines' before these: what they cannot remove goes with the servers.
        self.addCleanup(self.kafka.make_sure)
        self.addCleanup(self.postgres.make_sure)

    def running(self, pipeline):
        pipeline.start_api()
        return [pipeline.start(name) for name in CONSUMERS]

    def wait_logged(self, program, words, seconds=20):
        until(lambda: words in program.log() or not program.runs(), seconds,
              lambda: f"“{words}” in the log of {program.name}:\n{program.log()[-2000:]}")
        self.assertIn(words, program.log())

    def check_refuses(self, program, status, *words):
        """Ends with that status, and the last word of its log tells what to do."""
        self.assertEqual(program.wait_exit(30), status, program.log()[-1000:])
        last = program.last_words()
        for word in words:
            self.assertIn(word, last)

    # --- Database

    def test_database_away_at_start(self):
        pipeline = self.pipeline().set_up()
        self.postgres.crash()
        programs = [pipeline.launch("claim-api", token_file=pipeline.token_file)]
        programs += [pipeline.launch(name) for name in CONSUMERS]
        for program in programs:
            self.wait_logged(program, "waiting for the database (database-url)")
        self.postgres.start()
        for program in programs:
            program.wait_ready()
        pipeline.api = programs[0]
        pipeline.submit([claims.claim("03", 1)])
        pipeline.wait_done()
        pipeline.check_effects(self)

    def test_database_away_for_a_while(self):
        """Who has an answer in hand keeps it: nobody ends, no call is made again."""
        pipeline = self.pipeline(simulator_options=["--answer-delay-ms=150"], bgs_read_timeout_ms=8000).set_up()
        programs = self.running(pipeline)
        pipeline.submit([claims.claim(sample, veteran) for veteran, sample in enumerate(SAMPLES, 1)])
        until(lambda: pipeline.simulator.ledger(INSERT), 30, "claims under way")
        self.postgres.crash()
        for program in programs[1:]:
            self.wait_logged(program, "this process is in trouble and tries again")
        client = claims.Client(pipeline.api.address("URL"), pipeline.token)
        status, text = client.exchange(claims.claim("03", 99))
        client.close()
        self.assertEqual(status, 503, text)
        self.assertIn("not stored", text)
        for program in programs:
            until(lambda: program.get("/readyz")[0] == 503 and "trouble: heartbeat" in program.get("/readyz")[1], 20,
                  lambda: f"{program.name} not ready; it says {program.get('/readyz')}")
        self.assertEqual([program.get("/livez")[0] for program in programs], [200] * len(programs))
        self.postgres.start()
        pipeline.wait_done(90)
        pipeline.check_effects(self)
        self.assertEqual(len(pipeline.sql("select distinct claim_group_guid from saved_claim_groups")), len(SAMPLES))
        self.assertTrue(all(program.runs() for program in programs))
        # A start may have been committed, and the word of that lost with the connection: no call was made. It ends as "not there";
        # a proc cannot be looked for, and stays unknown.
        self.assertEqual(pipeline.sql("select scope, step from step_journal where state = 'unknown' and step <> 'create-proc'"), [],
                         "an answer in hand was thrown away")
        self.assertEqual(len(pipeline.simulator.ledger("vnpProcCreate")), len(SAMPLES), "a proc was made again")

    def test_database_away_for_too_long(self):
        """After database-wait-ms the process ends, with 1; the next one finishes what it had."""
        pipeline = self.pipeline(database_wait_ms=1500, bgs_read_timeout_ms=20000).set_up()
        programs = self.running(pipeline)
        pipeline.simulator.rule(name="slow", operation=INSERT, do="hold", times=2)
        pipeline.submit([claims.claim("03", 1), claims.claim("06", 2)])
        until(lambda: len(pipeline.simulator.in_progress(INSERT)) == 2, 30, "two inserts under way", every=0.01)
        self.postgres.crash()
        pipeline.simulator.control("DELETE", "rules")   # the answers come when nobody can write them down
        for program in programs[1:]:
            self.check_refuses(program, 1, "this process cannot go on", "delivered again")
        self.postgres.start()
        for program in programs:
            if not program.runs():
                pipeline.start(program.name)
        pipeline.wait_done(60)
        pipeline.check_effects(self)
        self.assertEqual(len(pipeline.simulator.ledger(INSERT)), 4, "an insert was sent twice")

    # --- Broker

    def test_broker_away_at_start(self):
        pipeline = self.pipeline().set_up()
        self.kafka.crash()
        programs = [pipeline.launch("claim-api", token_file=pipeline.token_file)]
        programs += [pipeline.launch(name) for name in CONSUMERS]
        for program in programs:
            self.wait_logged(program, "waiting for the broker (kafka-brokers)")
        self.kafka.start()
        for program in programs:
            program.wait_ready(60)
        pipeline.api = programs[0]
        pipeline.submit([claims.claim("03", 1)])
        pipeline.wait_done()
        pipeline.check_effects(self)

    def test_broker_away_for_a_while(self):
        """Claims are still taken in; they pass when the broker is back."""
        pipeline = self.pipeline(simulator_options=["--answer-delay-ms=50"]).set_up()
        programs = self.running(pipeline)
        pipeline.submit([claims.claim(sample, veteran) for veteran, sample in enumerate(SAMPLES, 1)])
        until(lambda: pipeline.simulator.ledger(INSERT), 30, "claims under way")
        self.kafka.crash()
        pipeline.submit([claims.claim("03", veteran) for veteran in (20, 21, 22)])
        until(lambda: int(pipeline.sql_one("select count(*) from outbox")) > 0, 10, "outbox rows that wait")
        self.kafka.start()
        pipeline.wait_done(120)
        pipeline.check_effects(self)
        self.assertEqual(pipeline.states(), {"success": str(len(SAMPLES) + 3)})
        self.assertTrue(all(program.runs() for program in programs))

    # --- Topics

    def test_topics_missing(self):
        pipeline = self.pipeline()
        pipeline.migrate()
        programs = [pipeline.launch(name, **self.extras(pipeline, name)) for name in PROGRAMS]
        for program in programs:
            self.wait_logged(program, pipeline.prefix + "claims.submitted is missing")
            self.assertIn("pipelinectl topics create", program.log())
        pipeline.ctl("topics", "create")
        for program in programs:
            program.wait_ready()

    def test_topic_with_other_partition_count(self):
        pipeline = self.pipeline()
        pipeline.migrate()
        create_topic(pipeline.prefix + "claims.674", 5)
        done = pipeline.ctl("topics", "create", check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("claims.674", done.stdout)
        for program in [pipeline.launch(name, **self.extras(pipeline, name)) for name in PROGRAMS]:
            self.check_refuses(program, 1, pipeline.prefix + "claims.674 has 5 partitions instead of 12")
            self.assertNotIn("claims.686c is missing", program.log())

    # --- Schema

    def test_no_schema(self):
        pipeline = self.pipeline()
        programs = [pipeline.launch(name, **self.extras(pipeline, name)) for name in PROGRAMS]
        for program in programs:
            self.wait_logged(program, "the database has no schema yet")
            self.wait_logged(program, "pipelinectl migrate")
        pipeline.set_up()
        for program in programs:
            program.wait_ready()

    def test_schema_of_another_release(self):
        pipeline = self.pipeline()
        pipeline.migrate()
        pipeline.sql("insert into schema_migrations (version, name, checksum) "
                     "select max (version) + 1, 'of-tomorrow', 'x' from schema_migrations")
        newest = pipeline.sql_one("select max (version) from schema_migrations")
        for program in [pipeline.launch(name, **self.extras(pipeline, name)) for name in PROGRAMS]:
            self.check_refuses(program, 1, f"schema is at version {newest}", "pipelinectl migrate")

    # --- Settings and keys

    def test_wrong_settings(self):
        pipeline = self.pipeline()
        wrong = {
            "heartbeat-interval-ms": ("soon", "heartbeat-interval-ms", "soon"),
            "no-such-setting": ("1", "no-such-setting", "--help"),
            "database-url": (None, "database-url", "must be set"),
            "master-keys": ("m:c2hvcnQ=", "master-keys", "32 bytes"),
        }
        for name in PROGRAMS:
            for setting, (value, *words) in wrong.items():
                with self.subTest(program=name, setting=setting):
                    program = pipeline.launch(name, **{**self.extras(pipeline, name), setting: value})
                    self.check_refuses(program, 2, *words)
        for name in ("form-686c", "form-674"):
            with self.subTest(program=name):
                self.check_refuses(pipeline.launch(name, bid_url=None), 2, "bid-url", "pension-check")
        # Limits that only together make no sense.
        for name in CONSUMERS:
            with self.subTest(program=name):
                self.check_refuses(pipeline.launch(name, unknown_settle_ms=900), 2, "unknown-settle-ms",
                                   "connect timeout", "send-within-ms")

    def test_keys_of_another_pipeline(self):
        """A process with other keys could read nothing, and would make look-ups miss."""
        pipeline = self.pipeline().set_up()
        pipeline.start_api().end()
        for setting in ("master-keys", "hmac-keys"):
            for name in PROGRAMS:
                program = pipeline.launch(name, **{**self.extras(pipeline, name), setting: invented_key("k")})
                self.check_refuses(program, 1, "is missing", "master-keys or hmac-keys")

    @staticmethod
    def extras(pipeline, name):
        return {"token_file": pipeline.token_file} if name == "claim-api" else {}


if __name__ == "__main__":
    unittest.main(verbosity=2)
