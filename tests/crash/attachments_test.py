"""Attachments on the way by paper, and into the folder: what they cost, and what becomes of them where backup has trouble of its
own."""

import pathlib
import random
import shutil
import sys
import unittest

import claims
from pipeline import BACKUP, EVIDENCE, INSERT, PROGRAMS, PipelineTest, until

sys.path.append(str(pathlib.Path(__file__).parents[1] / "support"))
from plain_pdf import Pdf   # noqa: E402

FOR_GOOD = "insertBenefitClaim: Invalid zipcode."
FEW_BYTES = 100_000
LARGE_BYTES = 20_000_000
LARGE_FILES = 5
BACKUP_MAX_KB = 150 * 1024
LARGEST_BYTES = 90_000_000
EVIDENCE_MAX_KB = 60 * 1024   # resident, whatever is sent


class Attachments(PipelineTest):
    def house(self, **settings):
        house = self.pipeline(**settings).set_up()
        house.start_intake("--intake-last-status=vbms")
        house.simulator.refuse(INSERT, FOR_GOOD)
        house.start_api()
        house.start("proc-setup")
        house.start("form-686c")
        return house

    @staticmethod
    def file(house, size, seed=1):
        """A PDF that nobody can make smaller."""
        pdf = Pdf()
        image = pdf.stream(random.Random(seed).randbytes(size), f"/Subtype/Image/Width 1000/Height {size // 1000}"
                           "/BitsPerComponent 8/ColorSpace/DeviceGray")
        pdf.page("q 600 0 0 700 0 0 cm /I Do Q", entries=f"/Resources<</XObject<</I {image} 0 R>>>>")
        path = house.folder / f"{size}-{seed}.pdf"
        path.write_bytes(pdf.bytes())
        return path

    @staticmethod
    def submit(house, veteran, *files):
        house.submit([claims.claim("03", veteran)], files=files)

    def wait_state(self, house, states, seconds=60):
        until(lambda: house.states() == states, seconds, lambda: f"{states}: {house.states()}")

    @staticmethod
    def parts(house):
        return sorted(",".join(part["name"] for part in upload["parts"]) for upload in house.intake.state()["uploads"])

    def with_press(self, house, script):
        """A folder with backup, and what it takes for attachment-press."""
        folder = house.folder / "bin"
        folder.mkdir()
        shutil.copy(PROGRAMS / BACKUP, folder)
        press = folder / "attachment-press"
        press.write_text("#!/bin/sh\n" + script)
        press.chmod(0o755)
        return folder

    def test_memory(self):
        if b"__asan_init" in (PROGRAMS / BACKUP).read_bytes():
            self.skipTest("the address sanitizer keeps what was freed")
        house = self.house()
        self.submit(house, 1, *(self.file(house, LARGE_BYTES, seed) for seed in range(LARGE_FILES)))
        self.wait_state(house, {"failure": "1"})
        backup = house.launch_backup(intake_timeout_ms=30000).wait_ready()
        house.wait_done(240)   # what judges a package there looks at 100 MB three times
        # What is read while it goes out is in no mapping of the process: its memfds count beside it.
        resident = backup.most_resident_kb()
        held = LARGE_FILES * LARGE_BYTES // 1024
        print(f"{LARGE_FILES} attachments of 20 MB: backup had {resident} kB resident at most, and {held} kB in memfds", flush=True)
        self.assertLess(resident + held, BACKUP_MAX_KB)
        self.assertEqual(self.parts(house), ["metadata,content," + ",".join(f"attachment{n + 1}" for n in range(LARGE_FILES))])
        house.check_effects(self)

    def test_the_largest_is_streamed_into_its_folder(self):
        if b"__asan_init" in (PROGRAMS / EVIDENCE).read_bytes():
            self.skipTest("the address sanitizer keeps what was freed")
        house = self.pipeline(bgs_read_timeout_ms=20000).set_up()
        house.start_evidence("--ledger-bytes=2000000")
        house.start_api()
        for name in ("proc-setup", "form-686c"):
            house.start(name)
        evidence = house.launch_evidence(evidence_timeout_ms=60000).wait_ready()
        before = evidence.most_resident_kb()
        largest = self.file(house, LARGEST_BYTES)
        self.submit(house, 1, largest)
        until(lambda: house.states() == {"success": "1"} and house.papers_under_way() == 0, 240, "the papers in the folder", every=0.2)
        most = evidence.most_resident_kb()
        stored = {file["contentName"][:10]: file["bytes"] for file in house.evidence.state()["files"]}
        print(f"an attachment of {LARGEST_BYTES} bytes: evidence had {most} kB resident at most, {before} kB before it", flush=True)
        self.assertLess(most, EVIDENCE_MAX_KB)
        self.assertGreater(stored["attachment"], LARGEST_BYTES)
        house.check_papers(self)

    def test_packages_in_hand_are_bounded(self):
        """There is room for one: the others wait for it, with no attempt spent, and all arrive."""
        count = 4
        house = self.house()
        small = self.file(house, FEW_BYTES)
        for veteran in range(count):
            self.submit(house, veteran, small)
        self.wait_state(house, {"failure": str(count)})
        house.intake.rule(name="slow", operation="put", do="delay", delay_ms=700, times=0)
        house.launch_backup(max_packages_bytes=1, intake_timeout_ms=10000).wait_ready()
        house.wait_done(60)
        puts = sorted((entry["at"], entry["ended_at"]) for entry in house.intake.ledger("put"))
        self.assertEqual(len(puts), count)
        for (_, ended), (began, _) in zip(puts, puts[1:]):
            self.assertLessEqual(ended, began, "two packages were in hand")
        self.assertEqual(house.sql("select count(*) from lighthouse_submission_attempts where attempt_no > 1"), [["0"]])
        house.check_effects(self)

    def test_child_killed_once(self):
        """By the kernel, say, for want of memory. The door had taken the document, so it is looked at once more."""
        house = self.house()
        self.submit(house, 1, self.file(house, FEW_BYTES))
        self.wait_state(house, {"failure": "1"})
        once = house.folder / "killed"
        folder = self.with_press(house, f'[ -e {once} ] && exec {PROGRAMS}/attachment-press "$@"\n: >{once}\nkill -KILL $$\n')
        house.launch_backup(programs=folder).wait_ready()
        house.wait_done(60)
        self.assertTrue(once.exists())
        self.assertEqual(self.parts(house), ["metadata,content,attachment1"])
        self.assertEqual(house.sql("select reason from holds"), [])

    def test_child_killed_always(self):
        """Then the package goes without it, and a person is told how it ended."""
        house = self.house()
        self.submit(house, 1, self.file(house, FEW_BYTES))
        self.wait_state(house, {"failure": "1"})
        house.launch_backup(programs=self.with_press(house, "kill -KILL $$\n")).wait_ready()
        house.wait_done(60)
        self.assertEqual(self.parts(house), ["metadata,content"])
        self.assertEqual(house.sql("select reason from holds"), [["attachment 1 left out: too-complex, killed"]])

    def test_damaged_in_the_database(self):
        """One of which a byte is another now, one that has lost a chunk: the others go along, and a person is told."""
        house = self.house()
        self.submit(house, 1, *(self.file(house, FEW_BYTES, seed) for seed in range(3)))
        self.wait_state(house, {"failure": "1"})
        self.assertEqual(house.sql(
            "update attachment_chunks set sealed = set_byte (sealed, 40, get_byte (sealed, 40) # 1) where attachment_id = "
            "(select id from persistent_attachments where position = 0) and chunk_no = 0 returning chunk_no"), [["0"]])
        self.assertEqual(house.sql("delete from attachment_chunks where attachment_id = "
                                   "(select id from persistent_attachments where position = 1) and chunk_no = 0 "
                                   "returning chunk_no"), [["0"]])
        # Its name is for people, and no package has it.
        self.assertEqual(house.sql("update persistent_attachments set name_ciphertext = '\\x00' where position = 2 "
                                   "returning position"), [["2"]])
        house.launch_backup().wait_ready()
        house.wait_done(60)
        self.assertEqual(self.parts(house), ["metadata,content,attachment1"])
        self.assertEqual(house.sql("select reason from holds order by reason"), [
            [f"attachment {number} left out: damaged-in-store"] for number in (1, 2)])

    def test_without_its_folder(self):
        """Backup is ill, not the claim: no attempt is spent, and it goes on by itself when the folder is back."""
        house = self.house()
        self.submit(house, 1, self.file(house, FEW_BYTES))
        self.wait_state(house, {"failure": "1"})
        spool = house.folder / "spool"
        spool.mkdir()
        backup = house.launch_backup(spool_directory=spool).wait_ready()
        spool.rmdir()
        # It may have been quicker.
        self.submit(house, 2, self.file(house, FEW_BYTES))
        until(lambda: backup.get("/readyz")[0] == 503 and backup.metric("trouble") > 0, 30, "it says that it is ill")
        self.assertTrue(backup.runs())
        spool.mkdir()
        house.wait_done(60)
        self.assertEqual(self.parts(house), ["metadata,content,attachment1"] * 2)
        self.assertEqual(house.sql("select count(*) from lighthouse_submission_attempts where status <> 'vbms'"), [["0"]])
        until(lambda: backup.get("/readyz")[0] == 200, 20, "it is well again")

    def test_a_folder_that_takes_nothing_is_a_wrong_setting(self):
        house = self.pipeline().set_up()
        house.start_intake()
        backup = house.launch_backup(spool_directory="/proc")
        self.assertEqual(backup.wait_exit(20), 2)
        self.assertIn("spool-directory", backup.log())

    def test_without_its_child(self):
        """It waits until there is a child again."""
        house = self.house()
        self.submit(house, 1, self.file(house, FEW_BYTES))
        self.wait_state(house, {"failure": "1"})
        folder = self.with_press(house, f'exec {PROGRAMS}/attachment-press "$@"\n')
        press = folder / "attachment-press"
        press.rename(folder / "away")
        backup = house.launch_backup(programs=folder).wait_ready()
        until(lambda: backup.get("/readyz")[0] == 503, 30, "it says that it is ill")
        (folder / "away").rename(press)
        house.wait_done(60)
        self.assertEqual(self.parts(house), ["metadata,content,attachment1"])
        self.assertEqual(house.sql("select count(*) from lighthouse_submission_attempts where status <> 'vbms'"), [["0"]])


if __name__ == "__main__":
    unittest.main(verbosity=2)
