"""A process dies between its commit and the publishing: its outbox rows are published by whoever is the relay."""

import unittest

import claims
from pipeline import CONSUMERS, PipelineTest, until
from servers import Kafka

RELAY = "this process is the relay now"


class Relay(PipelineTest):
    def setUp(self):
        self.kafka = Kafka()
        self.addCleanup(self.kafka.make_sure)

    def take_in_and_die(self, house):
        """claim-api commits three claims while there is no broker, and is killed. One that only stands still would find them
        in its sockets."""
        dead = house.api
        self.kafka.crash()
        house.submit([claims.claim("03", veteran) for veteran in (1, 2, 3)], connections=1)
        dead.kill()
        house.api = None
        (waiting,) = house.sql("select count(*), count(distinct instance_id) from outbox where topic like '%claims.submitted'")
        self.assertEqual(waiting, ["3", "1"])
        self.kafka.start()

    def test_another_process_is_the_relay(self):
        house = self.pipeline().set_up()
        consumers = [house.start(name) for name in CONSUMERS]
        until(lambda: any(RELAY in program.log() for program in consumers), 10, "a relay")
        house.start_api()
        self.take_in_and_die(house)
        house.wait_done(90)
        house.check_effects(self)
        (relay,) = [program for program in consumers if RELAY in program.log()]
        self.assertGreaterEqual(relay.metric("outbox_relayed_total"), 3)

    def test_the_relay_itself_dies(self):
        """Its lease has to run out first. claim-api's own role takes none."""
        house = self.pipeline().set_up()
        api = house.start_api(database_url=house.database_url)
        until(lambda: RELAY in api.log(), 10, "a relay")
        consumers = [house.start(name) for name in CONSUMERS]
        self.assertFalse(any(RELAY in program.log() for program in consumers))
        self.take_in_and_die(house)
        house.wait_done(120)
        house.check_effects(self)
        self.assertEqual(sum(RELAY in program.log() for program in consumers), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
