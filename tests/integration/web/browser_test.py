"""The page in a browser without a window: with script and without, narrow and wide, dark and light, empty and full; each act by
clicking, a double click, a plan that is stale, a cookie that is over. Pictures of it all are left in build/pictures to be looked at.

Where there is no Chromium it says so and is told as not run (exit status 77).

Usage: with-postgres browser_test.py PROGRAMS
"""

import itertools
import pathlib
import shutil
import sys

from browser import Browser
from visitor import WebStage, main

PAGES = {"overview": "/", "groups": "/groups", "waiting": "/waiting", "holds": "/holds", "dead-letters": "/dead-letters",
         "quarantine": "/quarantine", "consumers": "/consumers", "replays": "/replays", "failure": "/groups?state=failure"}
PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")


class BrowserTest(WebStage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h", "heartbeat-interval-ms": "200"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pictures = pathlib.Path(sys.argv[1]).parent / "pictures"
        cls.pictures.mkdir(exist_ok=True)
        cls.browser = Browser(PROGRAM)
        cls.addClassCleanup(cls.browser.close)

    def log_in(self, token=None, url=None):
        self.browser.call("Network.clearBrowserCookies")
        self.browser.look(scripts=False)
        self.browser.go((url or self.web_url) + "/consumers")
        self.browser.type("input[name=token]", token or self.acting)
        self.browser.click(".login button")
        self.assertIn("/consumers", self.browser.ask("location.href"))

    def text(self):
        return self.browser.ask("document.body.innerText")

    def photograph(self, named):
        for name, path in named.items():
            for width, scheme, scripts in itertools.product((360, 1440), ("light", "dark"), (False, True)):
                self.browser.look(width, scheme=scheme, scripts=scripts)
                self.browser.go(self.web_url + path)
                self.assertFalse(self.browser.is_too_wide(), f"{name} at {width}")
                self.assertEqual(self.browser.complaints(), [], name)
                if not scripts:
                    self.browser.whole_picture(self.pictures / f"{name}-{width}-{scheme}.png")

    def test_a_empty(self):
        self.log_in()
        self.photograph({name + "-empty": path for name, path in PAGES.items()})

    def test_b_full(self):
        self.log_in()
        waiting, dead, (held, _) = self.waiting_claim(), self.dead_claim(), self.held_claim()
        whole = self.submit("07_combined_686c_674_two_students")
        self.await_state(whole, "success")
        self.photograph({**PAGES, "group-waiting": f"/groups/{waiting}", "group-held": f"/groups/{held}", "group-dead": f"/groups/{dead}",
                         "group-done": f"/groups/{whole}"})

    def test_c_acts_by_clicking(self):
        self.log_in()
        self.browser.go(self.web_url + "/consumers")
        self.browser.click("form[action='/act/pause'] input[value=form-674] ~ button")
        self.assertIn("form-674 takes nothing new", self.text())
        self.browser.picture(self.pictures / "plan.png")
        self.browser.type("textarea", "<script>document.title = 'owned'</script>")
        self.browser.click("button.bad")
        self.assertIn("form-674 is paused", self.text())
        self.assertNotEqual(self.browser.ask("document.title"), "owned")
        self.assertEqual(self.value("select reason from operator_actions where subject = 'form-674' order by id desc limit 1"),
                         "<script>document.title = 'owned'</script>")
        # Back, and once more: what was planned is done already.
        self.browser.go(self.web_url + "/consumers")
        self.browser.click("form[action='/act/resume'] button")
        self.browser.type("textarea", "clicked twice")
        self.browser.click("button.bad", times=2)
        self.await_true(lambda: self.value("select count (*) from consumer_pauses") == "0", "the consumer to go on")
        self.assertEqual(self.value("select count (*) from operator_actions where reason = 'clicked twice'"), "1")

    def test_c_adopts_and_replays_by_clicking(self):
        self.log_in()
        (held, benefit_claim), waiting = self.held_claim(), self.waiting_claim()
        self.browser.go(self.web_url + f"/groups/{held}")
        self.browser.picture(self.pictures / "adopt.png")
        self.browser.click("form[action='/act/resolve'] input[name=adopt] ~ button")
        self.assertIn("this benefit claim is the claim's own", self.text())
        self.browser.type("textarea", "seen in BGS")
        self.browser.click("button.bad")
        self.await_state(held, "success")
        self.assertEqual(self.value(f"select bgs_claim_id from saved_claim_groups where claim_group_guid = '{held}' "
                                    "and bgs_claim_id is not null"), benefit_claim)
        file = self.world.folder / "plan"
        self.assertEqual(self.ctl("replay", "plan", file, "--group", waiting)[0], 0)
        self.assertEqual(self.ctl("replay", "offer", file, "--yes", "--reason", "the night shift")[0], 0)
        self.photograph({"replays-offered": "/replays"})
        self.browser.look(scripts=False)
        self.browser.go(self.web_url + "/replays")
        self.browser.click("form[action='/act/replay'] button")
        self.assertIn("1 of 1 that are left are sent", self.text())
        for width in (360, 1440):
            self.browser.look(width, scripts=False)
            self.assertFalse(self.browser.is_too_wide(), f"the plan at {width}")
            self.browser.whole_picture(self.pictures / f"replay-plan-{width}.png")
        self.browser.type("textarea", "clicked twice")
        self.browser.click("button.bad", times=2)
        self.await_state(waiting, "success")
        self.assertEqual(self.value("select count (*) from operator_actions where action = 'replay apply'"), "1")

    def test_d_a_stale_plan(self):
        guid = self.waiting_claim()
        self.log_in()
        self.browser.go(self.web_url + f"/groups/{guid}")
        self.browser.click("form[action='/act/retry'] button")
        self.browser.type("textarea", "too late")
        self.visitor(self.acting)   # somebody else is quicker
        self.world.rows(f"update saved_claim_groups set replay = 1 where claim_group_guid = '{guid}' and parent_claim_id = saved_claim_id")
        self.browser.click("button.bad")
        self.assertIn("it has changed since you looked", self.text())
        self.browser.picture(self.pictures / "stale.png")
        self.assertEqual(self.value(f"select count (*) from operator_actions where claim_group_guid = '{guid}'"), "0")

    def test_e_a_cookie_that_is_over(self):
        url = self.start_web("short", **{"web-session": "2s"})
        self.log_in(url=url)
        self.await_true(lambda: self.browser.go(url + "/waiting") or "/login" in self.browser.ask("location.href"), "the cookie to end")

    def test_f_who_only_reads(self):
        self.log_in(self.reading)
        self.browser.go(self.web_url + "/consumers")
        self.assertEqual(self.browser.ask("document.querySelectorAll(\"form[action^='/act/']\").length"), 0)
        self.assertIn("rita, may read", self.text())


if __name__ == "__main__":
    if not PROGRAM:
        print("not run: there is no chromium; ./dev setup --browser installs it")
        sys.exit(77)
    main()
