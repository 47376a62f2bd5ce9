"""Every crash point of one consumer, whose work the others have ended already: killed there once, started again.

Work is kept coming until each point has been walked; then all of it has to end. walk_test.py walks those that make claims, all
at once.
"""

import pathlib
import sys
import time

import claims
from pipeline import CONSUMERS, PipelineTest, until
from walk_test import Walker

sys.path.append(str(pathlib.Path(__file__).parents[1] / "support"))
from plain_pdf import Pdf   # noqa: E402

UNDER_WAY = 6
DONE_WITHIN_S = 120


class WalkerOf(Walker):
    def __init__(self, test, house, points):
        super().__init__(house, test.consumer, points)
        self.test = test

    def launch(self, environment):
        return self.test.launch_listing(self.house, self.list_file, environment, kafka__group__instance__id=self.name)


class ConsumerWalk(PipelineTest):
    """Whoever inherits says which `consumer`, how many of its doings are `undisturbed` first, what they are called, and how one is
    launched and submitted, how many are under way, how all stands and what must be true at the end."""

    def launch_listing(self, house, path, environment, **settings):
        """It writes the points that it passes to that file."""
        return self.launch(house, environment={**environment, "CRASH_LIST": str(path)}, **settings)

    def walk(self, house):
        started = time.monotonic()
        self.veteran = 0
        points = self.discover(house)
        print(f"{self.consumer}: {len(points)} points passed undisturbed; {time.monotonic() - started:.0f} s", flush=True)

        walker = WalkerOf(self, house, points)
        walker.start()
        while walker.is_alive():
            if self.under_way(house) < UNDER_WAY:
                self.submit(house)
            time.sleep(0.05)
        if walker.trouble:
            raise walker.trouble
        walker.launch({})
        until(lambda: self.under_way(house) == 0, DONE_WITHIN_S, lambda: f"all {self.called} to end: {self.states(house)}")
        self.assertEqual(walker.unreached, [], "never reached")
        self.check(house)
        print(f"{len(walker.killed)} points walked, {self.told(house)}; not again: {', '.join(walker.not_again) or 'none'}; "
              f"{time.monotonic() - started:.0f} s in all", flush=True)

    def discover(self, house):
        path = house.folder / f"{self.consumer}.undisturbed"
        program = self.launch_listing(house, path, {}).wait_ready()
        for _ in range(self.undisturbed):
            self.submit(house)
        until(lambda: self.under_way(house) == 0, 60, lambda: f"the undisturbed {self.called} to end: {self.states(house)}")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 20, "all published")
        self.assertEqual(program.end(), 0)
        return path.read_text().split()


class WalkWithPapers(ConsumerWalk):
    """Claims of one form and one attachment, which BGS takes; what becomes of their papers is walked."""

    called = "papers"

    def begin(self, house):
        house.start_api()
        self.paper = house.folder / "paper.pdf"
        pdf = Pdf()
        pdf.page()
        self.paper.write_bytes(pdf.bytes())
        for name in CONSUMERS:
            house.start(name)

    @staticmethod
    def states(house):
        return dict(house.sql("select latest_status, count(*) from claims_evidence_api_submissions group by 1"))

    def submit_with_paper(self, house, simulator, **again):
        """Every second one is told once to come again, so that it goes through a tier."""
        self.veteran += 1
        if self.veteran % 2:
            simulator.rule(name="again", do="answer", body="<html>", times=1, **again)
        house.submit([claims.claim("03", self.veteran)], connections=1, files=[self.paper])

    @staticmethod
    def under_way(house):
        return house.papers_under_way() + int(house.sql_one(
            "select count(*) from saved_claim_groups where parent_claim_id = saved_claim_id and status <> 'success'"))
