"""What a settlement may meet in the inbox: a double of its own batch, and rows that a stranger holds.

With an empty handler, so that many records are at the settle desk at once; each goes on once, and every offset is given away."""

import time
import unittest

from pipeline import PipelineTest, until
from servers import create_topic
from strangers import Stranger

IDS, PARTITIONS = 24, 12
HELD, OTHERS = 20, 100
LOCK_WAIT_S = 0.5   # of a statement of the settle desk
IN_HAND = "select coalesce (sum (cardinality (open_offsets)), 0) from deliveries"


class InboxRows(PipelineTest):
    def house_with(self, ids):
        """A record of each of these ids, in their order, before anybody reads."""
        house = self.pipeline().set_up()
        for topic in ("bench.in", "bench.out"):
            create_topic(house.prefix + topic, PARTITIONS)
        for number, of_id in enumerate(ids):
            headers = {"dp-message-id": f"id-{of_id}", "dp-hop": "0", "dp-attempt": "0", "dp-replay": "0"}
            house.produce("bench.in", number % PARTITIONS, f"key-{number}", headers, b"%020d" % of_id)
        return house

    def check_once(self, house, program, ids):
        until(lambda: house.sql_one(IN_HAND) == "0", 60, "nothing in hand")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        self.assertEqual(house.sql("select count(*), count(distinct message_id) from inbox where verdict = 'DONE'"),
                         [[str(ids), str(ids)]])
        self.assertEqual(sorted(value for _, _, value in house.raw_records("bench.out")), [b"%020d" % n for n in range(ids)])
        self.assertEqual(program.metric("settlements_refused_total"), 0)

    def check_doubles(self, house):
        """Nobody had settled them when they were looked at, for all inbox rows had to wait."""
        with Stranger(house.database_url) as stranger:
            stranger.do("lock table inbox in share row exclusive mode;")   # it can be read, and nothing be written
            program = house.start("bench-consumer", database_url=house.database_url)
            until(lambda: house.sql_one(IN_HAND) == str(2 * IDS), 30, "all of them looked at, for that is one transaction")
        self.check_once(house, program, IDS)
        self.assertEqual(program.metric("doubles_total"), IDS)
        self.assertEqual(program.end(), 0)

    def test_doubles_of_one_batch(self):
        self.check_doubles(self.house_with(2 * list(range(IDS))))

    def test_doubles_beside_a_foreign_rule(self):
        """PostgreSQL refuses ON CONFLICT on a table with rules."""
        house = self.house_with(2 * list(range(IDS)))
        house.sql("create table strange_notes (message_id text)")
        house.sql("create rule strange_note as on insert to inbox do also insert into strange_notes values (new.message_id)")
        self.check_doubles(house)

    def test_many_that_a_stranger_holds(self):
        """They wait; those behind them do not wait for each of them in turn."""
        house = self.house_with(range(HELD + OTHERS))
        with Stranger(house.database_url) as stranger:
            stranger.do("insert into inbox (consumer, message_id, hop, replay, verdict) select 'bench-consumer', 'id-' || n, 0, 0, "
                        f"'DONE' from generate_series (0, {HELD - 1}) n;")
            program = house.start("bench-consumer", database_url=house.database_url)
            began = time.monotonic()
            until(lambda: house.sql_one("select count(*) from inbox") == str(OTHERS), 30, "all the others settled", every=0.1)
            self.assertLess(time.monotonic() - began, HELD * LOCK_WAIT_S)
            self.assertGreaterEqual(program.metric("settlements_waiting_total"), HELD)
        self.check_once(house, program, HELD + OTHERS)
        self.assertEqual(program.end(), 0)

    def test_a_row_that_is_refused_in_every_shape(self):
        """Nothing can be written of it: its offset stands, the process says so, and the others go on. What a settlement has
        become by then is a record in quarantine."""
        house = self.house_with(range(1 + OTHERS))
        house.sql("create function refuse () returns trigger language plpgsql as $$ begin if new.message_id = 'id-0' then raise "
                  "exception 'not this one' using errcode = 'check_violation'; end if; return new; end $$; "
                  "create trigger refuse before insert on inbox for each row execute function refuse ()")
        program = house.start("bench-consumer", database_url=house.database_url)
        until(lambda: house.sql_one("select count(*) from inbox") == str(OTHERS), 30, "all the others settled")
        until(lambda: "trouble: settlement" in program.get("/readyz")[1], 20, lambda: program.get("/readyz"))
        until(lambda: program.metric("settlements_waiting") == 1, 20, "it waits")
        house.sql("drop trigger refuse on inbox")
        until(lambda: house.records("quarantine"), 60, "it goes on")
        until(program.is_ready, 20, lambda: program.get("/readyz"))
        self.assertEqual(house.sql("select message_id from inbox where verdict = 'QUARANTINE'"), [["id-0"]])
        self.assertEqual(program.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
