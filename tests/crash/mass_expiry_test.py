"""2,000 packages expire at once: something is wrong that is no package's fault.

As many as package-expired-max are sent anew, the others stop, each with its event, and nobody is told of a failure. The
claims come in by claim-api; that their packages were sent is written into the database, for the way there is long.
EXPIRED_PACKAGES sets how many.
"""

import collections
import json
import os
import unittest
import urllib.request

import claims
from pipeline import PipelineTest, until

PACKAGES = int(os.environ.get("EXPIRED_PACKAGES", "2000"))
SENT_ANEW = 20   # package-expired-max
RESIDENT_MAX_KB = 64 * 1024

ALL_DEAD = """
update saved_claim_groups set status = 'dead' where parent_claim_id <> saved_claim_id;
update saved_claim_groups set status = 'processing', backup_begun_at = clock_timestamp () where parent_claim_id = saved_claim_id;
"""
SENT = """
with own as (select id, parent_claim_id, row_number () over (order by id) as nth from saved_claim_groups
  where parent_claim_id = saved_claim_id),
uuids as (select uuid, row_number () over () as nth from unnest (array['%s']) uuid),
packages as (
  insert into lighthouse_submissions (claim_group_id, saved_claim_id, package_no, form_id, latest_status, benefits_intake_uuid,
    document_count, page_count, sent_at, ask_at)
  select id, parent_claim_id, 1, '686C-674-V2', 'sent', uuid, 1, 13, clock_timestamp (), clock_timestamp ()
  from own join uuids using (nth) returning id, benefits_intake_uuid)
insert into lighthouse_submission_attempts (lighthouse_submission_id, attempt_no, benefits_intake_uuid, status)
select id, 1, benefits_intake_uuid, 'sent' from packages;
"""


class MassExpiry(PipelineTest):
    def house(self):
        """All packages are sent as far as we know, and nothing has come: their locations are older than 20 minutes."""
        house = self.pipeline().set_up()
        house.start_intake()
        house.start_api()
        house.submit([claims.claim("03", veteran) for veteran in range(PACKAGES)])
        house.sql(ALL_DEAD)
        house.sql(SENT % "','".join(self.new_location(house) for _ in range(PACKAGES)))
        self.assertEqual(house.sql_one("select count(*) from lighthouse_submissions"), str(PACKAGES))
        house.intake.control("POST", "clock", {"forward_s": 1300})
        return house

    @staticmethod
    def new_location(house):
        request = urllib.request.Request(house.intake.url + "/services/vba_documents/v1/uploads", b"{}", {"apikey": "key"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]["id"]

    def test_most_stop(self):
        house = self.house()
        backup = house.launch_backup().wait_ready()
        stopped = "select count(*) from lighthouse_submissions where stopped_at is not null and ask_at is null"
        until(lambda: house.sql_one(stopped) == str(PACKAGES - SENT_ANEW), 120, lambda: f"stopped: {house.sql(stopped)}")
        second = "select count(*) from lighthouse_submissions where package_no = 2 and sent_at is not null"
        until(lambda: house.sql_one(second) == str(SENT_ANEW), 60, lambda: f"sent anew: {house.sql(second)}")
        until(lambda: house.sql_one("select count(*) from outbox") == "0", 30, "all told")

        self.assertEqual(house.states(), {"processing": str(PACKAGES)})
        kinds = collections.Counter(fields["kind"] for _, _, fields in house.values("monitoring-events"))
        self.assertEqual((kinds["package-stopped"], kinds["second-package"]), (PACKAGES - SENT_ANEW, SENT_ANEW))
        mails = collections.Counter(fields["kind"] for _, _, fields in house.values("notifications"))
        self.assertEqual(mails, {"SUBMITTED": PACKAGES, "IN_PROGRESS": SENT_ANEW})
        self.assertEqual(house.sql("select claim_id, reason from holds"), [])
        until(lambda: backup.metric("packages_stopped") == PACKAGES - SENT_ANEW, 20, "the gauge")
        stored = [upload for upload in house.intake.state()["uploads"] if upload["puts"]]
        self.assertEqual(len(stored), SENT_ANEW)
        resident = backup.most_resident_kb()
        print(f"{PACKAGES} expired at once: backup had {resident / 1024:.0f} MB resident at most", flush=True)
        self.assertLess(resident, RESIDENT_MAX_KB)
        self.assertEqual(backup.end(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
