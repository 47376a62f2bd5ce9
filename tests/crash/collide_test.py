"""Students of one Veteran whose inserts meet: in two processes, at once, with lost answers, with a clerk in between.

A Veteran's records have one key, so normally one process has them one after another. Here the second student's record is
put into a partition of another process as well, as a rebalance or a redelivery may do, and both are started only then. What
keeps them apart is the Veteran's lock alone. Each situation has Veterans of its own; all are tried at once.
"""

import collections
import re
import unittest

import claims
from pipeline import INSERT, PipelineTest, until

STUDENTS = 3   # of sample 06
OF_EACH = 2    # Veterans of a situation
TYPE = "130SCHATTEBN"
MACHINES = {"a": "10.9.0.1", "z": "10.9.0.2"}
LIMITS = {"breaker_failures": 1000, "bgs_read_timeout_ms": 4000}
SEEN_MS = 3000   # so long an insert can be met on its way
CLERKS = ("clerk is quicker", "clerk takes the increment of an insert that was lost")

# What BGS does with the first insert of a Veteran.
SITUATIONS = {
    "at once": {"do": "delay", "delay_ms": 700},
    "answer lost": {"do": "drop-after"},
    "request lost": {"do": "drop-before"},
    CLERKS[0]: {"do": "delay", "delay_ms": SEEN_MS},
    CLERKS[1]: {"do": "drop-before", "delay_ms": SEEN_MS},
}

# The increments that are sent, in the end. A request whose answer nobody knows is sent again with the same one.
SENT = {
    "at once": ["130", "131", "132"],
    "answer lost": ["130", "131", "132"],
    "request lost": ["130", "130", "131", "132"],
    CLERKS[0]: ["130", "131", "132", "133"],
    CLERKS[1]: ["130", "131", "132", "133"],
}


class Veteran:
    def __init__(self, number, situation):
        self.situation = situation
        self.body = claims.claim("06", number)
        self.participant = self.body["user_data"]["veteran_information"]["participant_id"]

    def is_asking(self, entry):
        return f">{self.participant}<" in entry["request"]


class Collide(PipelineTest):
    def test_students_of_one_veteran(self):
        self.house = self.pipeline().set_up()
        self.simulator = self.house.simulator
        situations = [situation for situation in SITUATIONS for _ in range(OF_EACH)]
        self.veterans = [Veteran(number, situation) for number, situation in enumerate(situations, 1)]
        for veteran in self.veterans:
            self.simulator.rule(name=veteran.participant, operation=INSERT, contains=f">{veteran.participant}<", times=1,
                                **SITUATIONS[veteran.situation])
        self.house.start_api()
        self.house.start("proc-setup")
        self.house.submit([veteran.body for veteran in self.veterans])
        until(lambda: len(self.house.records("claims.674")) == len(self.veterans) * STUDENTS, 30, "the students' records")
        self.start_both()
        self.plant_when_inserting()
        self.house.wait_done(120)
        self.house.check_effects(self)   # one benefit claim a student, its id with the student, no increment twice
        self.state = self.simulator.state()
        self.check_ties()
        for veteran in self.veterans:
            with self.subTest(veteran.situation, participant=veteran.participant):
                self.check(veteran)

    def start_both(self):
        """Each Veteran's second student is in the hands of both, the others in those of one."""
        of_veteran = collections.defaultdict(list)
        for key, headers, value in self.house.raw_records("claims.674"):
            of_veteran[key].append((headers, value))
        for key, found in of_veteran.items():
            headers, value = found[1]
            self.house.produce("claims.674", (int(headers["offset"].split("/")[0]) + 6) % 12, key, headers, value)
        programs = [self.house.launch("form-674", kafka__group__instance__id=member, bgs_client_machine=machine, **LIMITS)
                    for member, machine in MACHINES.items()]
        for program in programs:
            program.wait_ready()

    def plant_when_inserting(self):
        """The clerk opens a claim of our type, with our increment, while the first insert is on its way."""
        waiting = {veteran.participant for veteran in self.veterans if veteran.situation in CLERKS}

        def plant():
            for participant in [veteran.participant for veteran in self.veterans if veteran.participant in waiting
                                and any(veteran.is_asking(entry) for entry in self.simulator.in_progress(INSERT))]:
                self.simulator.control("POST", "benefit-claims", {
                    "ptcpntId": participant, "cpClaimEndPrdctTypeCd": "130", "bnftClaimTypeCd": TYPE})
                waiting.discard(participant)
            return not waiting

        until(plant, 60, lambda: f"an insert under way of each that meets a clerk; not of {waiting}", every=0.02)

    def check_ties(self):
        """Each benefit claim of ours is tied to a draft of its own, and both processes had their part."""
        ours = [row["benefitClaimID"] for row in self.state["benefit_claims"] if not row["is_planted"]]
        tied = {row["vnpBnftClaimId"]: row["bnftClaimId"] for row in self.state["vnp_claims"] if row.get("bnftClaimId")}
        self.assertEqual(sorted(tied.values()), sorted(ours))
        for machine in MACHINES.values():
            self.assertNotEqual(self.simulator.requests_of(machine), [], "one process had nothing to do")

    def check(self, veteran):
        inserts = [entry for entry in self.simulator.ledger(INSERT) if veteran.is_asking(entry)]
        for first, second in zip(inserts, inserts[1:]):
            self.assertLessEqual(first["ended_at"], second["at"], "two inserts of one Veteran at once")
        sent = sorted(re.search("<endProduct>([^<]*)<", entry["request"])[1] for entry in inserts)
        self.assertEqual(sent, SENT[veteran.situation], "increments sent")
        refused = sum("GUIE50010" in (entry["response"] or "") for entry in inserts)
        self.assertEqual(refused, veteran.situation == CLERKS[0], "GUIE50010")
        claims_there = [row for row in self.state["benefit_claims"] if row["participantVetID"] == veteran.participant]
        clerks = {row["benefitClaimID"] for row in claims_there if row["is_planted"]}
        self.assertEqual(len(clerks), veteran.situation in CLERKS)
        adopted = {row[0] for row in self.house.sql("select bgs_claim_id from saved_claim_groups where bgs_claim_id is not null")}
        self.assertEqual(clerks & adopted, set(), "a clerk's claim was adopted")
        self.assertEqual(len(claims_there) - len(clerks), STUDENTS)


if __name__ == "__main__":
    unittest.main(verbosity=2)
