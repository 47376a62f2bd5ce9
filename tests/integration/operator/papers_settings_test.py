"""What papers do while somebody changes the settings that they hang on: the secret of the tokens, and whether there are any.

Usage: with-postgres papers_settings_test.py PROGRAMS
"""

from stage import Stage, main


class PapersSettingsTest(Stage):
    settings = {**Stage.settings, "evidence": "yes", "retry-tiers": "100ms,1h"}

    def again(self, name, **settings):
        """That program ends and begins with other settings."""
        process = self.world.processes[name]
        process.terminate()
        self.assertEqual(process.wait(30), 0)
        (self.world.folder / f"{name}.address").unlink()
        for setting, value in settings.items():
            self.world.set(setting.replace("_", "-"), value)
        self.world.launch(name)
        self.world.await_ready(name)

    def papers(self, guids):
        return self.world.rows("select latest_status, count (*) from claims_evidence_api_submissions s join saved_claim_groups g "
                               f"on g.id = s.claim_group_id where g.claim_group_guid = any ('{{{','.join(guids)}}}'::uuid[]) group by 1")

    def test_the_secret_is_another(self):
        secret = self.world.environment["DEPENDENTS_EVIDENCE_SECRET"]
        self.again("evidence", evidence_secret="one that the service does not know yet")
        guids = [self.submit("06_674_three_students") for _ in range(3)]
        self.await_true(lambda: self.value("select state from breakers where downstream = 'evidence'") not in (None, "closed"),
                        f"the breaker, of {self.world.rows('select downstream, state from breakers')}")
        for guid in guids:
            self.await_state(guid, "success")
        self.again("evidence", evidence_secret=secret)
        self.await_true(lambda: self.papers(guids) == [["stored", "9"]], "all to be stored")
        files = [file["contentName"] for file in self.world.evidence("GET", "state")["files"]
                 if any(guid in file["contentName"] for guid in guids)]
        self.assertEqual((len(files), len(set(files))), (9, 9))
        self.assertEqual(self.value("select count (*) from tier_waits where consumer = 'evidence' and not is_look"), "0")

    def test_off_and_on_again(self):
        """What was handed on goes on, whatever is set; what was not is never asked for afterwards."""
        self.again("form-674", evidence="no")
        off = self.submit("05_674_one_student")
        self.await_state(off, "success")
        self.again("form-674", evidence="yes")
        on = self.submit("05_674_one_student")
        self.await_true(lambda: self.papers([on]) == [["stored", "1"]], "its paper")
        self.assertEqual(self.papers([off]), [])


if __name__ == "__main__":
    main()
