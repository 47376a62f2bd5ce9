"""What is planned: upgrades, scaling, a node that is emptied. No POST fails."""
import subprocess
import time
import unittest

from cluster import until
from deployed import CONSUMERS, PROGRAMS
from lane import LaneTest, tell


class Rolling(LaneTest):
    def test_upgrade_replaces_every_pod(self):
        with self.under_load() as load:
            self.replace_pods("upgrade")
            self.assertGreater(len(load.stored), 20)

    def test_scaled_and_upgraded(self):
        """One to three to one, then an upgrade that finds what `kubectl scale` has left."""
        with self.under_load():
            for replicas in (3, 1, 3):
                for program in ("proc-setup", "form-686c"):
                    self.house.scale(program, replicas)
                self.house.wait_rolled_out("proc-setup", "form-686c")
            self.house.upgrade("--wait", "--timeout=5m", *self.new_revision("scaled"))
        self.assertEqual(len(self.house.pods("form-686c")), 1, "the release's own number holds after an upgrade")

    def test_a_pod_of_each_is_deleted(self):
        with self.under_load():
            for program in PROGRAMS:
                began = time.monotonic()
                self.house.kubectl("delete", "pod", self.house.pods(program)[0]["metadata"]["name"])
                tell(f"{program}: gone {time.monotonic() - began:.1f} s after SIGTERM or its preStop")
                self.house.wait_rolled_out(program)

    def test_terminated_in_mid_rebalance(self):
        """Members that come and go before their group has settled; the last ones in the first moments of their lives."""
        with self.under_load():
            for replicas in (3, 1, 3):
                for program in CONSUMERS[:3]:
                    self.house.scale(program, replicas)
                until(lambda: self.wanted("form-686c") == replicas, 20, "the change is seen", every=0.05)
            for pod in self.house.pods("form-686c"):
                self.house.kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false", "--ignore-not-found")
            for program in CONSUMERS[:3]:
                self.house.scale(program, 1)
            self.house.wait_rolled_out()

    def wanted(self, program):
        """Pods that there are, without those that are told to go already."""
        return sum("deletionTimestamp" not in pod["metadata"] for pod in self.house.pods(program))

    def test_the_node_is_drained(self):
        """Its only claim-api pods cannot move anywhere, so the budget keeps one; all else waits until the node is back."""
        house = self.house
        with self.under_load():
            try:
                done = subprocess.run(
                    [house.cluster.programs / "kubectl", f"--kubeconfig={house.cluster.kubeconfig}", "drain", "node", "--delete-emptydir-data",
                     "--ignore-daemonsets", "--timeout=45s"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                self.assertIn("Cannot evict pod as it would violate the pod's disruption budget", done.stdout)
                ready = [pod for pod in house.pods("claim-api") if any(
                    condition["type"] == "Ready" and condition["status"] == "True" for condition in pod["status"]["conditions"])]
                self.assertEqual(len(ready), 1)
            finally:
                house.kubectl("uncordon", "node", namespace=None)
            house.wait_rolled_out()


if __name__ == "__main__":
    unittest.main(verbosity=2)
