"""A first install, and what the cluster then runs."""
import json
import subprocess
import time
import unittest

import claims
import cluster
import outside
from cluster import until
from deployed import CONSUMERS, FULL_NAME, NAMESPACE, NUMBERS, PROGRAMS, RELEASE, Connection
from lane import LaneTest, process_of, tell


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
        self.assertEqual(len(CONSUMERS) + 1, len(self.house.get("deployments")["items"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
