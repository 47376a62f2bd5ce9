"""For stages on which claims have papers: see stage.py."""

from stage import Stage

NOT_FOR_NOW, NOT_FOR_GOOD = "VEFSERR41501", "VEFSERR40302"


class PapersOnStage:
    """Mixed into a Stage: its claims have papers, and their consumers do not find anybody away."""
    settings = {**Stage.settings, "evidence": "yes", "breaker-failures": "1000"}

    def setUp(self):
        super().setUp()
        for what in ("rules", "refuse", "state", "ledger"):
            self.world.evidence("DELETE", what)
        self.world.intake("DELETE", "ledger")
    def papers(self, guid):
        return [state for state, in self.world.rows(
            "select latest_status from claims_evidence_api_submissions s join saved_claim_groups g on g.id = s.claim_group_id "
            f"where g.claim_group_guid = '{guid}' order by paper_no")]

    def await_papers(self, guid, *states):
        self.await_true(lambda: self.papers(guid) == list(states), f"its papers to be {states}, not {self.papers(guid)}")

    def await_no_call_under_way(self, guid):
        """No request of it can act any more: what stands started is looked for, or made again."""
        self.await_true(lambda: self.value("select coalesce (max (started_at) < clock_timestamp () - interval '3 seconds', true) "
                                           f"from step_journal where state = 'started' and scope = '{guid}/papers'") == "t", "settled")

    def refused_by_both(self):
        """A group whose one paper the folder does not take, and Benefits Intake does not answer yet: its guid."""
        self.world.intake("DELETE", "rules")
        self.world.evidence("POST", "refuse", {"operation": "upload", "code": NOT_FOR_GOOD})
        self.world.intake("POST", "rules", {"operation": "create", "do": "answer", "status": 500, "body": "{}", "times": 0})
        guid = self.submit("05_674_one_student")
        self.await_waiting(guid + "/papers", "backup.retry-1h")
        self.await_state(guid, "success")
        self.world.intake("DELETE", "rules")
        self.await_no_call_under_way(guid)
        return guid
