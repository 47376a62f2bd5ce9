"""Upgrades that fail leave what was there; and what an uninstall leaves."""
import time
import unittest

from cluster import until
from deployed import CONSUMERS, FULL_NAME, NAMESPACE, RELEASE
from lane import LaneTest, tell


class Failing(LaneTest):
    def upgrade_in_vain(self, *options):
        before = {pod["metadata"]["uid"] for pod in self.house.pods()}
        done = self.house.upgrade(*options, check=False)
        self.assertNotEqual(done.returncode, 0, "the upgrade was to fail")
        return done.stderr, before

    def test_a_migration_fails(self):
        """It cannot log on. Nothing has been changed then: pods serve on, and the next upgrade passes."""
        wrong = self.house.url_of_pods().replace(self.house.password, "wrong")
        self.house.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "wrong", "namespace": NAMESPACE},
                          "stringData": {"database-url": wrong}})
        with self.under_load():
            said, before = self.upgrade_in_vain("--set=secrets.migration.existing=wrong,migrations.job.backoffLimit=0,migrations.job.deadlineSeconds=20",
                                     "--wait", "--timeout=2m", *self.new_revision("migration"))
            self.assertIn("pre-upgrade hooks failed", said)
            self.assertEqual(before, {pod["metadata"]["uid"] for pod in self.house.pods()})
            self.house.upgrade("--wait", "--timeout=5m", *self.new_revision("migrated"))
        self.house.kubectl("delete", "secret", "wrong")

    def test_topics_are_not_as_the_values_say(self):
        """The Job changes nothing, is left to be read, and says what to do; pods serve on, and values that fit pass."""
        with self.under_load():
            said, before = self.upgrade_in_vain("--set=topics.partitions=24,topics.job.backoffLimit=0", "--wait", "--timeout=2m")
            self.assertIn("pre-upgrade hooks failed", said)
            self.assertEqual(before, {pod["metadata"]["uid"] for pod in self.house.pods()})
            told = self.house.kubectl("logs", f"job/{FULL_NAME}-topics")
            self.assertIn(f"{self.house.prefix}claims.674 has 12 partitions instead of 24", told)
            self.assertIn("Nothing was made. Run: pipelinectl topics grow --partitions 24.", told)
            self.house.upgrade("--wait", "--timeout=5m", *self.new_revision("topics"))

    def test_a_rollout_fails(self):
        """A Secret that is not there. With two replicas of everything the old ones serve on; the next upgrade passes."""
        two = [f"--set=consumers.{name}.replicas=2" for name in CONSUMERS]
        self.house.upgrade("--wait", "--timeout=5m", *two)
        with self.under_load():
            said, before = self.upgrade_in_vain("--wait", "--timeout=30s", "--set=secrets.keys.existing=none")
            tell(said.strip().splitlines()[-1][:160])
            self.assertNotIn("hooks failed", said)
            # Those that are told to go may still be about.
            until(lambda: len(self.left_of(before)) == 2 + len(CONSUMERS) + 1, 120,
                  lambda: "of claim-api both are left, of each consumer one, and the page, which has no keys: "
                  f"{self.left_of(before)}\n{self.house.story()}")
            self.house.upgrade("--wait", "--timeout=5m", *self.new_revision("rolled"))
        self.house.upgrade("--wait", "--timeout=5m", *(option.replace("=2", "=1") for option in two))

    def left_of(self, before):
        return [pod["metadata"]["name"] for pod in self.house.pods() if pod["metadata"]["uid"] in before]

    def test_an_atomic_upgrade_goes_back(self):
        with self.under_load():
            before = self.house.get("deployment", f"{FULL_NAME}-claim-api")["spec"]["template"]["spec"]
            self.upgrade_in_vain("--atomic", "--timeout=40s", "--set=secrets.keys.existing=none")
            self.house.wait_rolled_out()
            self.assertEqual(before, self.house.get("deployment", f"{FULL_NAME}-claim-api")["spec"]["template"]["spec"])

    def test_rolled_back(self):
        self.house.upgrade("--wait", "--timeout=5m", "--set=settings.log-level=debug")
        with self.under_load():
            self.house.helm("rollback", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=5m")
        self.assertNotIn("DEPENDENTS_LOG_LEVEL", self.house.get("configmap", f"{FULL_NAME}-settings")["data"])

    def test_uninstalled_and_back(self):
        """Schema, topics and Secrets of others stay, and nothing else; `--atomic` puts it back, by Helm 4 as well."""
        house = self.house
        with self.under_load(may_fail=True, a_second=2):
            for tool, options in (("helm", ("--atomic",)), ("helm4", ("--rollback-on-failure", "--wait"))):
                house.helm("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=2m")
                left = house.kubectl("get", "deployments,services,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,jobs,secrets",
                                     f"--selector=app.kubernetes.io/instance={RELEASE}", "--output=name").split()
                self.assertEqual(left, [])
                self.assertEqual(len(house.get("secrets")["items"]), len(house.secret_names()))
                self.assertGreater(int(house.sql_one("select count(*) from saved_claim_groups")), 0)
                self.assertGreater(len(house.records("claims.submitted")), 0)
                began = time.monotonic()
                house.install(*options, "--timeout=5m", tool=tool)
                tell(f"{tool} install {' '.join(options)}: {time.monotonic() - began:.0f} s")
                gateway = house.gateways.pop()   # the Service has another address now
                gateway.kill()
                gateway.wait()
                house.let_callbacks_in()


if __name__ == "__main__":
    unittest.main(verbosity=2)
