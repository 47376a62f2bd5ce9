"""What nobody has planned, while claims come in: none lost, none doubled, and nothing is needed afterwards."""
import json
import pathlib
import secrets
import ssl
import socket
import subprocess
import sys
import time
import unittest

import claims
import outside
import papers
import servers
from cluster import until
from deployed import API_NAME, CONSUMERS, FULL_NAME, NUMBERS, PAGE_NAME, PROGRAMS, Connection, Page
from lane import LaneTest, process_of, tell
from upload import upload_of

AWAY_S = 180
# Fills a memory cgroup until the kernel ends somebody in it, who is not this process: it counts as less likely.
HOG = """
import os, sys
with open(sys.argv[1], "w") as file:
    file.write(str(os.getpid()))
held = []
while os.path.exists("/proc/" + sys.argv[2]):
    held.append(bytearray(os.urandom(1) * (1 << 20)))
"""


class Troubles(LaneTest):
    def test_out_of_memory(self):
        """The kernel ends a program that is over its limit; the container is started again in its pod."""
        for program in ("form-686c", "backup"):
            with self.under_load(may_restart=True):
                pod, = self.house.pods(program)
                pid = process_of(pod)
                group = next(line.rpartition(":")[2] for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
                             if ":memory:" in line or line.startswith("0::"))
                folder = next(path for path in (pathlib.Path(f"/sys/fs/cgroup/memory{group}"), pathlib.Path(f"/sys/fs/cgroup{group}"))
                              if path.is_dir())
                hog = subprocess.Popen([sys.executable, "-c", HOG, folder / "cgroup.procs", str(pid)])
                try:
                    until(lambda: self.last_end(program) == ("OOMKilled", 137), 60, lambda: f"{program} killed: {self.last_end(program)}")
                finally:
                    hog.kill()
                    hog.wait()
                self.house.wait_rolled_out(program)

    def last_end(self, program):
        for pod in self.house.pods(program):
            for status in pod["status"].get("containerStatuses", []):
                ended = status.get("lastState", {}).get("terminated") or status.get("state", {}).get("terminated")
                if ended:
                    return ended["reason"], ended["exitCode"]
        return None

    def test_the_password_of_the_database_is_rotated(self):
        """In the Secret and at the server; nobody is started again. Sessions of the old one are ended once the new one has arrived."""
        house = self.house
        with self.under_load(may_fail=True):
            house.password = secrets.token_hex(16)
            house.server.ask(f"alter role {outside.ROLE} password '{house.password}'")
            began = time.monotonic()
            house.put_secret("database", house.secret_files()["database"])
            new = house.url_of_pods()
            until(lambda: all(house.kubectl("exec", f"deployment/{FULL_NAME}-{program}", "--", "/bin/sh", "-c",
                                            "read -r url </run/secrets/dependents/database/database-url; echo $url", check=False).strip()
                              == new for program in PROGRAMS), 150, "the new password in every pod", every=1)
            tell(f"the Secret is in every pod after {time.monotonic() - began:.0f} s")
            house.server.ask(f"select pg_terminate_backend (pid) from pg_stat_activity where usename = '{outside.ROLE}'")
            until(lambda: Page(house).ask("GET", "/index.json", Authorization=f"Bearer {house.page_token}")[0] == 200, 30, "the page made")

    def test_certificates_are_rotated(self):
        """In their Secrets, and nothing else is done: every program begins anew by itself, one pod of it at a time."""
        house = self.house
        with self.under_load(may_restart=True):
            served, before = self.served(), house.restarts()
            began = time.monotonic()
            for group in ("claimApiTls", "webTls", "bgs", "kafka"):
                house.put_secret(group, house.secret_files()[group])
            until(lambda: all(count > before[name] for name, count in house.restarts().items()), 300,
                  lambda: f"all begin anew: {before}, {house.restarts()}", every=1)
            tell(f"all programs have begun with their new certificates {time.monotonic() - began:.0f} s after the Secrets have changed")
            house.wait_rolled_out()
            for name, certificate in self.served().items():
                self.assertNotEqual(certificate, served[name], f"{name} has the same certificate")
        self.assertEqual({name: count - before[name] for name, count in house.restarts().items()}, dict.fromkeys(before, 1))

    def served(self):
        """The certificates of claim-api and of the page."""
        context, found = ssl.create_default_context(cafile=self.house.papers / "ca.crt"), {}
        for name in (API_NAME, PAGE_NAME):
            with context.wrap_socket(socket.create_connection(self.house.address_of(name)), server_hostname=name) as connection:
                found[name] = connection.getpeercert(binary_form=True)
        return found

    def test_a_tenth_of_a_processor(self):
        """A limit that throttles: slow, and nobody is taken for dead."""
        limits = [f"--set=consumers.{program}.resources.limits.cpu=100m" for program in CONSUMERS]
        self.house.upgrade("--wait", "--timeout=5m", "--set=claimApi.resources.limits.cpu=100m", *limits)
        try:
            with self.under_load(a_second=1):
                time.sleep(60)
        finally:
            self.house.upgrade("--wait", "--timeout=5m", "--set=claimApi.resources.limits.cpu=null",
                               *(option.replace("=100m", "=null") for option in limits))

    def test_the_broker_restarts(self):
        with self.under_load():
            kafka = servers.Kafka()
            kafka.crash()
            kafka.start()

    def test_the_database_is_away(self):
        """For three minutes: claims flow within half a minute of its return. Who has an answer in hand that cannot be written gives it up after
        database-wait-ms and begins anew, once, and then waits; nobody is ended by liveness or kept from starting."""
        house = self.house
        postgres = house.postgres
        self.replace_pods("away")   # who has begun anew lately is held back by the kubelet the next time
        self.addCleanup(postgres.make_sure)
        house.wait_rolled_out()
        before, pods = house.restarts(), {pod["metadata"]["uid"] for pod in house.pods()}
        with self.under_load(may_fail=True, may_restart=True) as load:
            postgres.crash()
            gone = time.monotonic()
            until(lambda: not house.are_ready("form-686c"), 60, "form-686c is not ready")
            until(lambda: time.monotonic() - gone > AWAY_S, AWAY_S + 5, "three minutes")
            postgres.start()
            back = time.monotonic()
            until(lambda: any(at > back for at, _ in load.stored), 30, lambda: f"a claim stored; {load.failed[-3:]}\n{house.story()}")
            guid = next(guid for at, guid in load.stored if at > back)
            until(lambda: house.sql("select 1 from saved_claim_groups where parent_claim_id = saved_claim_id and status = 'success' "
                                    f"and claim_group_guid = '{guid}'"), 30 - (time.monotonic() - back), "that claim in success")
            tell(f"a claim went through {time.monotonic() - back:.1f} s after the database was back")
        after = house.restarts()
        self.assertEqual(set(before), set(after), "other pods")
        self.assertLessEqual(max(after[name] - before[name] for name in after), 1)
        told = [event["message"] for event in house.get("events")["items"]
                if event["involvedObject"].get("uid") in pods
                and (event["reason"] == "BackOff" or "failed liveness probe" in event["message"])]
        self.assertEqual(told, [])

    def test_a_hostile_document(self):
        """It is refused; what it does to itself it does to nobody else."""
        connection = Connection(self.house, is_kept=False)
        with self.under_load():
            for make in (lambda: papers.large_content(1600, parts=2), lambda: papers.large_object_stream(2048)):
                body = json.dumps(claims.claim("03", next(NUMBERS))).encode()
                status, text = connection.post(None, f"hostile-{secrets.token_hex(4)}", upload_of(body, [("hostile.pdf", make())]))
                self.assertEqual((status, "The document is too complex" in text), (422, True), text[:300])
        for pod in self.house.pods("claim-api"):
            log = self.house.kubectl("logs", pod["metadata"]["name"])
            self.assertNotIn("could not shut itself in", log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
