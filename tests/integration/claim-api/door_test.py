"""claim-api's door: who comes in, what strangers cost, and what a caller is told while the database does not answer.

Usage: with-postgres door_test.py BUILD-DIRECTORY
"""
import contextlib
import json
import os
import pathlib
import re
import selectors
import socket
import subprocess
import sys
import time
import unittest

from harness import CLAIMS, TOKENS, House, Proxy, sample, with_user

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support"))
from strangers import Stranger   # noqa: E402

CLAIM = "claims/03_686c_report_divorce"
MIB = 1048576


def memory_kib(process, field):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{field}:\s+(\d+) kB", status.read(), re.M)[1])


def head(length, token=None, content_type="application/json"):
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return (f"POST {CLAIMS} HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\n{authorization}"
            f"Content-Length: {length}\r\n\r\n").encode()


class Flood:
    """Many callers at once, each with a head and a body of @length, blanks behind @begin; all send for as long as they are
    listened to."""

    def __init__(self, address, count, length, token=None, content_type="application/json", begin=b""):
        self.selector = selectors.DefaultSelector()
        self.filler = b" " * 65536
        self.statuses = []
        for _ in range(count):
            client = socket.create_connection(address)
            client.setblocking(False)
            self.selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE,
                                   {"out": head(length, token, content_type) + begin, "left": length - len(begin), "in": b""})

    def _send(self, client, state):
        data = state["out"] or self.filler[:state["left"]]
        sent = client.send(data) if data else 0
        if state["out"]:
            state["out"] = state["out"][sent:]
        else:
            state["left"] -= sent
        if not state["out"] and not state["left"]:
            self.selector.modify(client, selectors.EVENT_READ, state)

    def run(self):
        until = time.monotonic() + 60
        while self.selector.get_map():
            assert time.monotonic() < until, f"{len(self.selector.get_map())} callers still wait"
            for key, events in self.selector.select(1):
                client, state, is_over = key.fileobj, key.data, False
                try:
                    if events & selectors.EVENT_READ:
                        data = client.recv(65536)
                        state["in"] += data
                        is_over = not data or b"\r\n\r\n" in state["in"]
                    elif events & selectors.EVENT_WRITE:
                        self._send(client, state)
                except OSError:
                    is_over = True
                if is_over:
                    self.statuses.append(int(state["in"][9:12] or 0))
                    self.selector.unregister(client)
                    client.close()
        return self.statuses


class DoorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(sys.argv[1])

    @classmethod
    def tearDownClass(cls):
        cls.house.close()

    @contextlib.contextmanager
    def api(self, *arguments, database_url=None):
        api = self.house.api(*arguments, database_url=database_url)
        try:
            yield api
            api.stop()
        finally:
            if api.program.process.poll() is None:
                api.program.process.kill()
                api.program.process.wait()

    @contextlib.contextmanager
    def locked(self, what):
        """A stranger's transaction that holds a lock until the block ends."""
        with Stranger(self.house.database_url) as stranger:
            stranger.do(what + ";")
            yield

    def readiness(self, api):
        done = subprocess.run(["curl", "-s", "-w", "%{http_code}", api.program.address("METRICS_URL") + "/readyz"],
                              capture_output=True, text=True, timeout=20)
        return int(done.stdout[-3:]), done.stdout[:-3].strip()

    def wait_until_ready(self, api):
        until = time.monotonic() + 30
        while self.readiness(api)[0] != 200:
            self.assertLess(time.monotonic(), until, self.readiness(api))

    def lines_about(self, api, guid):
        """The log is written beside the work, so its lines may come after an answer."""
        until = time.monotonic() + 30
        while not (told := [json.loads(line) for line in api.program.log().split("\n")[:-1] if guid in line]):
            self.assertLess(time.monotonic(), until, f"no line about {guid}")
        return told

    def counted(self, api, series):
        done = subprocess.run(["curl", "-s", api.program.address("METRICS_URL") + "/metrics"], capture_output=True, text=True,
                              timeout=20)
        found = re.search(rf"^dependents_{re.escape(series)} (\d+)", done.stdout, re.M)
        return int(found[1]) if found else 0

    # --- Who comes in ---

    def test_strangers_cost_no_body(self):
        with self.api() as api:
            self.assertEqual(api.post(with_user(sample(CLAIM))).status, 200)
            before = memory_kib(api.program.process, "VmRSS")
            statuses = Flood((api.url.hostname, api.url.port), 250, 16 * MIB).run()
            peak = memory_kib(api.program.process, "VmHWM")
            after = memory_kib(api.program.process, "VmRSS")
            print(f"250 strangers with 16 MiB each: {before} kB before, {peak} kB at most, {after} kB after")
            self.assertEqual(statuses, [401] * 250)
            self.assertLess(peak - before, 64 * 1024)
            self.assertEqual(self.counted(api, 'claim_api_strangers_total{reason="no token"}'), 250)
            lines = [line for line in api.program.log().splitlines() if "without a valid token" in line]
            self.assertEqual((len(lines), json.loads(lines[0])["peer"]), (1, "127.0.0.1"))

    def test_bodies_have_a_budget(self):
        with self.api("--max-bodies-bytes=33554432") as api:
            statuses = Flood((api.url.hostname, api.url.port), 40, 16 * MIB, TOKENS[0]).run()
            self.assertEqual(set(statuses), {400, 503})  # blanks are no claim
            # At least the first two found room, and not all of the others did.
            self.assertGreaterEqual(statuses.count(400), 2)
            self.assertEqual(api.post(with_user(sample(CLAIM))).status, 200)

    def test_judged_in_order(self):
        with self.api() as api:
            for path, method, token, status in (("/nothing", "GET", None, 401), (CLAIMS, "PUT", None, 401),
                                                ("/nothing", "PUT", TOKENS[0], 404), (CLAIMS, "PUT", TOKENS[0], 405),
                                                (CLAIMS, "GET", TOKENS[0], 405)):
                with self.subTest(f"{method} {path}"):
                    self.assertEqual(api.ask(method, path, token=token, contract=False).status, status)
            for token, status in ((None, 401), (TOKENS[0], 413)):
                with socket.create_connection((api.url.hostname, api.url.port), timeout=20) as client:
                    client.sendall(head(10 ** 12, token))
                    self.assertEqual(int(client.recv(65536)[9:12]), status)

    def test_over_the_bound_of_an_address_is_answered(self):
        with self.api("--max-connections-per-address=3") as api:
            held = [api.connection() for _ in range(3)]
            for connection in held:
                self.assertEqual(api.status("x", connection=connection).status, 404)
            answer = api.status("x", contract=False)
            self.assertEqual((answer.status, answer.headers["Retry-After"]), (429, "5"))
            for connection in held:
                connection.close()

    def test_a_proxy_is_one_address(self):
        with self.api() as api:
            held = [api.connection() for _ in range(200)]
            self.assertEqual({api.status("x", connection=connection).status for connection in held}, {404})
            for connection in held:
                connection.close()

    def certificate(self, name, *how):
        """A certificate signed by itself, and its key, as files beside the tokens."""
        folder = self.house.token_file.parent
        subprocess.run(["openssl", "req", "-x509", *(how or ["-newkey", "rsa:2048", "-nodes"]), "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True,
                       capture_output=True)
        return f"--certificate-file={folder}/{name}.pem", f"--key-file={folder}/{name}.key"

    def test_only_tls_1_2_or_better(self):
        with self.api(*self.certificate("door")) as api:
            for version, is_spoken in (("-tls1", False), ("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
                done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{api.url.port}", version, "-cipher",
                                       "DEFAULT:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30)
                self.assertEqual(done.returncode == 0, is_spoken, (version, done))

    def test_plain_http_to_a_port_of_tls_is_told(self):
        with self.api(*self.certificate("plain")) as api:
            for sent in (head(5, TOKENS[0]) + b"hello", head(4 * MIB) + b"x" * 4 * MIB):
                with socket.create_connection((api.url.hostname, api.url.port), timeout=20) as client:
                    client.sendall(sent)
                    heard = b"".join(iter(lambda: client.recv(65536), b""))     # a reset would raise
                self.assertEqual(heard[9:12], b"400")
                self.assertIn(b"HTTPS", heard)

    def test_a_certificate_and_a_key_that_do_not_fit(self):
        first, second = self.certificate("first"), self.certificate("second")
        other = self.certificate("other", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        locked = self.certificate("locked", "-newkey", "rsa:2048", "-passout", "pass:x")
        for (certificate, key), reason in (((first[0], second[1]), "belongs to another certificate"),
                                           ((first[0], other[1]), "do not belong together"),
                                           ((locked[0], locked[1]), "without a password"),
                                           ((first[0], "--key-file=/etc/hostname"), "no private key"),
                                           (("--certificate-file=/etc/hostname", first[1]), "none in PEM"),
                                           ((first[0], "--log-level=info"), "belong together")):
            with self.subTest(reason):
                # Nobody else is waited for: there is no such database.
                done = subprocess.run([self.house.binary("claim-api"), f"--token-file={self.house.token_file}", certificate, key],
                                      env=self.house.environment | {"DEPENDENTS_DATABASE_URL": "postgresql://127.0.0.1:1/none"},
                                      capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(reason, done.stderr)

    def test_plain_connections_from_other_machines_are_warned_of(self):
        for address, is_warned in (("127.0.0.1", False), ("0.0.0.0", True)):
            with self.api(f"--bind-address={address}") as api:
                pass
            self.assertEqual("come in unencrypted" in api.program.log(), is_warned)   # whole only at the end

    # --- Tokens ---

    def test_who_submitted_is_in_the_log_and_on_the_group(self):
        with self.api() as api:
            for token, name in zip(TOKENS, ("portal", "office")):
                answer = api.post(with_user(sample(CLAIM)), token=token)
                guid = answer.json()["data"]["attributes"]["guid"]
                self.assertEqual([line["submitted_by"] for line in self.lines_about(api, guid)], [name])
                # The group's own row alone says it.
                self.assertEqual(self.house.sql("select coalesce (submitted_by, 'nobody') from saved_claim_groups "
                                                f"where claim_group_guid = '{guid}' order by id").split(), [name, "nobody"])
                self.assertEqual(api.status(guid).json()["data"]["attributes"]["submitted_by"], name)

    def test_a_group_of_an_older_program_has_no_submitter(self):
        with self.api() as api:
            guid = api.post(with_user(sample(CLAIM))).json()["data"]["attributes"]["guid"]
            self.house.sql(f"update saved_claim_groups set submitted_by = null where claim_group_guid = '{guid}'")
            self.assertIsNone(api.status(guid).json()["data"]["attributes"]["submitted_by"])

    def test_token_files_that_are_none(self):
        path = self.house.token_file.with_name("other-tokens")
        good = "t" * 32
        for text, mode, reason in ((f"a:{good}", 0o644, "chmod 600"), (f"a:{good}", 0o620, "chmod 600"),
                                   (f"a:{good[1:]}", 0o600, "32 characters"), (good[1:], 0o600, "32 characters"),
                                   ("# none\n\n", 0o600, "no token"), ("", 0o600, "no token"),
                                   (f"a b:{good}", 0o600, "name"), (f":{good}", 0o600, "name"),
                                   (f"a:{good}\nb:{good}", 0o600, "before"), (f"a:{good[1:]}\"", 0o600, "characters")):
            with self.subTest((text, oct(mode))):
                path.write_text(text)
                path.chmod(mode)
                done = subprocess.run([self.house.binary("claim-api"), f"--token-file={path}"], env=self.house.environment,
                                      capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(reason, done.stderr)
                self.assertNotIn(good[1:], done.stderr)

    def test_without_tokens_nobody_comes_in(self):
        file = self.house.token_file.with_name("changing")
        text = f"a:{TOKENS[0]}\nb:{TOKENS[1]}\n"

        def write(content):
            file.write_text(content)
            file.chmod(0o600)

        def write_pipe():
            file.unlink()
            os.mkfifo(file, 0o600)

        write(text)
        with self.api(f"--token-file={file}") as api:
            for spoil in (lambda: write(""), lambda: write("# none\n"), file.unlink, lambda: file.chmod(0o604),
                          lambda: write("a:short\n"), lambda: write(text + "\0"), write_pipe):
                self.assertEqual(api.status("x").status, 404)
                spoil()
                self.assertEqual(api.status("x").status, 401)
                self.assertEqual(self.readiness(api)[0], 503)
                self.assertIn("token-file", self.readiness(api)[1])
                self.assertIn("nobody can come in", api.program.log())
                file.unlink(missing_ok=True)
                write(text)
            # A line that is none shuts out nobody else.
            write(text + "c:short\n")
            self.assertEqual(api.status("x", token=TOKENS[1]).status, 404)
            self.assertEqual(self.readiness(api)[0], 200)
            self.assertNotIn(TOKENS[0], api.program.log())

    # --- The database does not answer ---

    def assert_told_in_time(self, api, deadline_s, post):
        rows = self.house.rows()
        began = time.monotonic()
        answer = post()
        took = time.monotonic() - began
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "5"), answer.body)
        self.assertLess(took, deadline_s)
        self.assertEqual(self.readiness(api)[0], 503)
        self.assertIn("database", self.readiness(api)[1])
        return rows, answer

    def test_a_locked_row_is_told_in_time(self):
        claim = with_user(sample(CLAIM), participant_id="600777777")
        with self.api("--request-deadline-ms=2000") as api:
            self.assertEqual(api.post(claim).status, 200)
            self.assertEqual(self.readiness(api)[0], 200)
            with self.locked("select 1 from veterans for update"):
                rows, answer = self.assert_told_in_time(api, 2, lambda: api.post(claim, idempotency_key="locked"))
                # The statement has a little less time than its caller; where that was used up otherwise, nobody knows yet.
                self.assertRegex(answer.body, b"was not stored|did not say whether the claim was stored")
            self.assertEqual(api.post(claim, idempotency_key="locked").status, 200)
            self.assertEqual(self.house.rows()["saved_claim_groups"], rows["saved_claim_groups"] + 2)  # parent and child
            self.assertEqual(self.readiness(api)[0], 200)

    def test_a_full_pool_is_told_in_time(self):
        claim = with_user(sample(CLAIM))
        with self.api("--request-deadline-ms=2000", "--database-connections=2") as api:
            with self.locked("lock table saved_claim_groups in access exclusive mode"):
                began = time.monotonic()
                flood = [api.connection() for _ in range(12)]
                for connection in flood:
                    connection.request("POST", CLAIMS, json.dumps(claim), {"Authorization": f"Bearer {TOKENS[0]}",
                                                                         "Content-Type": "application/json"})
                self.assertEqual({connection.getresponse().status for connection in flood}, {503})
                self.assertLess(time.monotonic() - began, 3)
                for connection in flood:
                    connection.close()
            self.wait_until_ready(api)
            self.assertEqual(api.post(claim).status, 200)

    def test_a_database_that_is_silent_is_told_in_time(self):
        proxy = Proxy(self.house.database_url)
        claim = with_user(sample(CLAIM))
        with self.api("--request-deadline-ms=2000", database_url=proxy.url) as api:
            self.assertEqual(api.post(claim).status, 200)
            proxy.fall_silent()
            rows, _ = self.assert_told_in_time(api, 2, lambda: api.post(claim, idempotency_key="silent"))
            self.assert_told_in_time(api, 2, lambda: api.status("0" * 8 + "-0000-4000-8000-" + "0" * 12))
            proxy.cut()
            proxy.speak_again()
            self.wait_until_ready(api)
            self.assertEqual(api.post(claim, idempotency_key="silent").status, 200)
            self.assertEqual(self.house.rows()["saved_claim_groups"], rows["saved_claim_groups"] + 2)  # parent and child
        proxy.close()

    def test_a_database_that_is_away_is_told(self):
        proxy = Proxy(self.house.database_url)
        claim = with_user(sample(CLAIM))
        with self.api(database_url=proxy.url) as api:
            self.assertEqual(api.post(claim).status, 200)
            proxy.go_away()
            self.assert_told_in_time(api, 10, lambda: api.post(claim))
            proxy.come_back()
            self.wait_until_ready(api)
        proxy.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
