"""A first install, and what the cluster then runs."""
import json
import subprocess
import time
import unittest

import claims
import cluster
import outside
from cluster import until
from deployed import CONSUMERS, FULL_NAME, NAMESPACE, NUMBERS, PROGRAMS, RELEASE, Connection, Page
from lane import LaneTest, process_of, tell
from plain_pdf import Pdf
from upload import upload_of


class Install(LaneTest):
    def test_helm_test_passes(self):
        began = time.monotonic()
        self.house.helm("test", RELEASE, "--namespace", NAMESPACE, "--timeout=2m")
        tell(f"helm test: {time.monotonic() - began:.0f} s")

    def test_every_sample_ends_in_success(self):
        connection = Connection(self.house, is_kept=True)
        began = time.monotonic()
        for sample in ("01", "02", "03", "04", "05", "06", "07", "08"):
            number = next(NUMBERS)
            status, text = connection.post(json.dumps(claims.claim(sample, number)).encode(), f"claim-{number}")
            self.assertEqual(status, 200, text)
        connection.close()
        until(self.house.all_done, 60, lambda: f"success; {self.house.states()}\n{self.house.story()}")
        tell(f"eight samples, in success after {time.monotonic() - began:.1f} s")
        self.house.check(self)

    def test_one_goes_by_paper(self):
        body = claims.claim("03", next(NUMBERS))
        body["user_data"]["veteran_information"]["full_name"]["last"] = "Bypaper"
        self.house.simulator.refuse("insertBenefitClaim", "insertBenefitClaim: Invalid zipcode.", contains="Bypaper")
        connection = Connection(self.house, is_kept=False)
        self.assertEqual(connection.post(json.dumps(body).encode(), "by-paper")[0], 200)
        until(self.house.all_done, 60, lambda: f"success; {self.house.states()}\n{self.house.story()}")
        self.house.simulator.let_go()
        self.house.check(self)

    def test_papers_reach_the_folder_and_the_page_tells(self):
        """A claim with two attachments: its form and both of them lie in the Veteran's folder; an operator sees that behind the page's Service."""
        house, number = self.house, next(NUMBERS)
        documents = [Pdf() for _ in range(2)]
        for document in documents:
            document.page()
        connection = Connection(house, is_kept=False)
        status, text = connection.post(None, f"claim-{number}", upload_of(
            json.dumps(claims.claim("03", number)).encode(), [(f"{index}.pdf", pdf.bytes()) for index, pdf in enumerate(documents)]))
        self.assertEqual(status, 200, text)
        guid = json.loads(text)["data"]["attributes"]["guid"]
        until(house.all_done, 60, lambda: f"success; {house.states()}\n{house.story()}")
        house.check(self)
        page = Page(house)
        self.assertEqual(page.ask("GET", f"/groups/{guid}.json")[0], 401)
        status, headers, _ = page.ask("GET", f"/groups/{guid}")
        self.assertEqual((status, headers["Location"]), (303, f"/login?next=%2Fgroups%2F{guid}"))
        self.assertEqual(page.ask("POST", "/login", {"token": "x" * 32, "next": "/"})[0], 403)
        status, headers, _ = page.ask("POST", "/login", {"token": house.page_token, "next": f"/groups/{guid}"})
        self.assertEqual((status, headers["Location"]), (303, f"/groups/{guid}"))
        status, _, text = page.ask("GET", f"/groups/{guid}")
        self.assertEqual((status, "in the folder as" in text), (200, True), text)
        told = json.loads(page.ask("GET", f"/groups/{guid}.json")[2])["papers"]
        self.assertEqual([paper["state"] for paper in told], ["stored"] * 3, told)
        folder = {file["uuid"] for file in house.evidence.state()["files"]}
        self.assertEqual({paper["uuid"] for paper in told} - folder, set(), "papers that the page tells of are in the folder")
        # What it asks the brokers for, by its own certificate and the rights that the chart gives it.
        consumers = json.loads(page.ask("GET", "/consumers.json?broker=yes")[2])["consumers"]
        self.assertLessEqual(set(CONSUMERS), {one["program"] for one in consumers if one["lag"] is not None}, consumers)
        tell(f"{len(told)} papers in the folder: {', '.join(paper['form_type'] or 'attachment' for paper in told)}")

    def test_pods_are_what_restricted_means(self):
        """Held against the kernel, not against what was asked for."""
        for pod in self.house.pods():
            with open(f"/proc/{process_of(pod)}/status", encoding="utf-8") as file:
                status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            self.assertEqual((status["Uid"].split()[0], status["CapEff"], status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]),
                             ("65532", "0" * 16, "0" * 16, "1", "2"), pod["metadata"]["name"])
        refused = self.house.kubectl("run", "plain", "--image=localhost/dependents-pipeline:none", "--image-pull-policy=Never", check=False)
        self.assertIn("violates PodSecurity", refused)

    def test_nobody_writes_to_the_root(self):
        for program in PROGRAMS:
            said = self.house.kubectl("exec", f"deployment/{FULL_NAME}-{program}", "--", "/bin/sh", "-c",
                                      "echo x >/x; echo x >/tmp/x && echo tmp-is-ours", check=False)
            self.assertIn("Read-only file system", said)
            self.assertIn("tmp-is-ours", said)

    def test_rights_are_the_charts(self):
        """Whom nobody has given a right gets nothing."""
        self.house.certificate("stranger", "/CN=stranger")
        for who, said in (("stranger", " 0 topics:"), ("kafka-client", f'topic "{self.house.prefix}claims.submitted"')):
            papers = self.house.papers
            done = subprocess.run(
                ["kcat", "-b", f"{cluster.HOST}:{outside.BROKERS_PORT}", "-X", "security.protocol=SSL", "-X", f"ssl.ca.location={papers}/ca.crt",
                 "-X", f"ssl.certificate.location={papers}/{who}.crt", "-X", f"ssl.key.location={papers}/{who}.key",
                 "-X", "ssl.endpoint.identification.algorithm=none", "-L"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
            self.assertIn(said, done.stdout)

    def test_nothing_of_the_jobs_is_left(self):
        left = [found["metadata"]["name"] for kind in ("jobs", "serviceaccounts", "networkpolicies") for found in self.house.get(kind)["items"]]
        self.assertEqual([name for name in left if name.endswith(("-before", "-migrate", "-topics"))], [])
        self.assertEqual(len(PROGRAMS), len(self.house.get("deployments")["items"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
