"""Records of one id whose copies reach the settle desk together: nobody had settled them when they were looked at, for a
stranger kept all inbox rows waiting. Each is settled once and goes on once, the other copy is told a double, and every offset is
given away."""

import subprocess
import unittest

from pipeline import PROGRAMS, PipelineTest, until
from strangers import Stranger

IDS, PARTITIONS = 24, 12
RECORDS = 2 * IDS
IN_HAND = "select coalesce (sum (cardinality (open_offsets)), 0) from deliveries"


class SettledDoubles(PipelineTest):
    def test_each_of_one_id_is_settled_once(self):
        house = self.pipeline().set_up()
        for topic in ("bench.in", "bench.out"):
            subprocess.run([PROGRAMS / "bench-load", house.brokers, "topic", house.prefix + topic, str(PARTITIONS)], check=True)
        for number in range(RECORDS):
            headers = {"dp-message-id": f"id-{number % IDS}", "dp-hop": "0", "dp-attempt": "0", "dp-replay": "0"}
            house.produce("bench.in", number % PARTITIONS, f"key-{number}", headers, b"%020d" % (number % IDS))
        with Stranger(house.database_url) as stranger:
            stranger.do("lock table inbox in share row exclusive mode;")   # it can be read, and nothing be written
            program = house.start("bench-consumer", database_url=house.database_url)
            until(lambda: house.sql_one(IN_HAND) == str(RECORDS), 30, "all of them looked at, for that is one transaction")
        until(lambda: house.sql_one(IN_HAND) == "0", 60, "nothing in hand")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        self.assertEqual(program.metric("doubles_total"), IDS)
        self.assertEqual(house.sql("select count(*), count(distinct message_id) from inbox where verdict = 'DONE'"),
                         [[str(IDS), str(IDS)]])
        self.assertEqual(sorted(value for _, _, value in house.raw_records("bench.out")), [b"%020d" % n for n in range(IDS)])
        self.assertEqual(program.metric("settlements_refused_total"), 0)
        self.assertEqual(program.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
