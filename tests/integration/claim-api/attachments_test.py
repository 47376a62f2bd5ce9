"""Claims with attachments, as multipart/form-data: what is taken, what is refused, and what it costs.

Usage: with-postgres attachments_test.py BUILD-DIRECTORY
"""
import base64
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from door_test import MIB, Flood, memory_kib
from harness import CLAIMS, TOKENS, Api, House, Multipart, Program, document, sample, with_user
from threads import of_threads

CLAIM = with_user(sample("claims/03_686c_report_divorce"))
LARGEST = 100000000


def upload(*files, claim=CLAIM):
    body = Multipart().claim(claim)
    for name, content in files:
        body.file(name, content)
    return body.end()


def digest_of(content):
    return hashlib.sha256(content).hexdigest()


def head(length, token=TOKENS[0]):
    return (f"POST {CLAIMS} HTTP/1.1\r\nHost: h\r\nContent-Type: {Multipart.content_type}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


def spooled(api):
    """Bytes of attachments that claim-api holds in unnamed files."""
    with urllib.request.urlopen(api.program.address("METRICS_URL") + "/metrics", timeout=20) as answer:
        found = re.search(r"^dependents_claim_api_spooled_bytes (\S+)", answer.read().decode(), re.M)
    return float(found[1])


class AttachmentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(sys.argv[1])
        cls.api = cls.house.api()

    @classmethod
    def tearDownClass(cls):
        cls.api.stop()
        cls.house.close()

    @contextlib.contextmanager
    def other_api(self, *arguments):
        api = self.house.api(*arguments)
        try:
            yield api
            api.stop()
        finally:
            if api.program.process.poll() is None:
                api.program.process.kill()
                api.program.process.wait()

    def taken(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["data"]["id"]

    def until(self, condition):
        end = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    # --- What is taken ---

    def test_files_come_back_as_they_were_sent(self):
        names = ["a.pdf", "a.pdf", 'say "a".pdf', "../../etc/passwd", "C:\\papers\\a.pdf", "Geburtsurkunde Müller 証明書.pdf", "n" * 255]
        files = [(name, document(str(i), i * MIB // 2)) for i, name in enumerate(names)]
        claim_id = self.taken(self.api.upload(upload(*files)))
        self.assertEqual(self.house.attachments(claim_id),
                         [(len(content), digest_of(content), name) for name, content in files])

    def test_what_they_are(self):
        files = lambda body: body.file("a.pdf", document("a")).file("b.pdf", document("b"))
        for body, types in (
                (files(Multipart().claim(CLAIM)).types("[61, null]").end(), [61, None]),
                (files(Multipart().types(" [ 1 , 9999 ] ").claim(CLAIM)).end(), [1, 9999]),
                (files(Multipart().claim(CLAIM)).end(), [None, None]),
                (Multipart().claim(CLAIM).types("[]").end(), [])):
            self.assertEqual(self.house.document_types(self.taken(self.api.upload(body))), types)
        inline = [{"name": name, "content_base64": base64.b64encode(document(name)).decode()} | more
                  for name, more in (("a", {"document_type_id": 61}), ("b", {"document_type_id": None}), ("c", {}))]
        answer = self.api.post(dict(CLAIM, attachments=inline))
        self.assertEqual(self.house.document_types(self.taken(answer)), [61, None, None])
        # Another type is another request; the same in other words is the same.
        body = lambda types: files(Multipart().claim(CLAIM)).types(types).end()
        first, again, other = (self.api.upload(body(types), idempotency_key="what-they-are")
                               for types in ("[61, 61]", "[61,61]", "[61, 62]"))
        self.assertEqual((self.taken(first), first.body), (self.taken(again), again.body))
        self.assertEqual(other.status, 409, other.body)

    def test_other_ways_to_say_the_same(self):
        content = document("other ways")
        last = Multipart().file("a.pdf", content).claim(CLAIM).end()
        none = Multipart().claim(CLAIM).end()
        for body, files in ((last, [(len(content), digest_of(content), "a.pdf")]), (none, [])):
            self.assertEqual(self.house.attachments(self.taken(self.api.upload(body))), files)
        # As curl writes it.
        paths = [pathlib.Path(self.house.folder.name, name) for name in ("claim.json", "a \"b\".pdf")]
        for path, data in zip(paths, (json.dumps(CLAIM).encode(), document("curl", 2 * MIB))):
            path.write_bytes(data)
        quoted = str(paths[1]).replace('"', '\\"')
        done = subprocess.run(["curl", "-s", "-H", f"Authorization: Bearer {TOKENS[0]}", "-F", f"claim=<{paths[0]};type=application/json",
                               "-F", f'attachments=@"{quoted}"', self.api.url.geturl() + CLAIMS], capture_output=True,
                              text=True, timeout=60, check=True)
        self.assertEqual([length for length, _, _ in self.house.attachments(json.loads(done.stdout)["data"]["id"])], [2 * MIB])
        # In chunks of HTTP, and with keys in camelCase.
        answer = self.api.post(iter(upload(("a.pdf", content))), Content_Type=Multipart.content_type)
        self.assertEqual(len(self.house.attachments(self.taken(answer))), 1)
        camel = json.loads(json.dumps(CLAIM).replace("statement_of_truth_certified", "statementOfTruthCertified"))
        answer = self.api.upload(upload(("a.pdf", content), claim=camel), x_key_inflection="camel")
        self.assertEqual((answer.status, "confirmationNumber" in answer.json()["data"]["attributes"]), (200, True), answer.body)

    def test_a_file_of_the_largest_size(self):
        claim_id = self.taken(self.api.upload(Multipart().claim(CLAIM).large_file("a", LARGEST).end()))
        self.assertEqual(self.house.attachments(claim_id)[0][0], LARGEST)
        before = self.house.rows()
        answer = self.api.upload(Multipart().claim(CLAIM).large_file("a", LARGEST + 1).end())
        self.assertEqual((answer.status, answer.pointers()), (422, ["/attachments/0"]), answer.body)
        self.assertIn("100", answer.json()["errors"][0]["title"])
        self.assertEqual(self.house.rows(), before)

    def test_twenty_files_and_one_more(self):
        files = [(f"{i}.pdf", document(str(i))) for i in range(21)]
        self.assertEqual(len(self.house.attachments(self.taken(self.api.upload(upload(*files[:20]))))), 20)
        before = self.house.rows()
        answer = self.api.upload(upload(*files))
        self.assertEqual((answer.status, answer.pointers()), (422, ["/attachments"]), answer.body)
        self.assertEqual(self.house.rows(), before)

    # --- What is refused ---

    def test_refused_files_are_named_with_the_reason(self):
        good = document()
        before = self.house.rows()
        answer = self.api.upload(upload(("a", good), ("b", b"no document"), ("c", good), ("d", b""), ("e", good[:60])))
        self.assertEqual((answer.status, answer.pointers()), (422, ["/attachments/1", "/attachments/3", "/attachments/4"]))
        titles = [error["title"] for error in answer.json()["errors"]]
        self.assertIn("PDF, PNG or JPEG", titles[0])
        self.assertEqual(titles[1], titles[0].replace("attachments/1", "attachments/3"))
        self.assertIn("damaged", titles[2])
        self.assertEqual(self.house.rows(), before)

    def test_refused_uploads(self):
        good = document()
        secret = b"Quetzalcoatlus"
        invalid = with_user(sample("invalid/02_statement_of_truth_certified_not_boolean"))
        inline = dict(CLAIM, attachments=[{"name": "a", "content_base64": "QUFB"}])
        whole = b"".join(upload(("a", good)))
        cases = [
            ("claim breaks a rule", upload(("a", good), claim=invalid), 422, "/statement_of_truth_certified"),
            ("attachments in the claim", upload(("a", good), claim=inline), 422, "/attachments"),
            ("no filename", Multipart().claim(CLAIM).part("attachments", good).end(), 422, "/attachments/0"),
            ("blank filename", upload((" ", good)), 422, "/attachments/0"),
            ("long filename", upload(("n" * 256, good)), 422, "/attachments/0"),
            ("no claim", Multipart().file("a", good).end(), 400, None),
            ("nothing", Multipart().end(), 400, None),
            ("two claims", Multipart().claim(CLAIM).claim(CLAIM).end(), 400, None),
            ("another part", Multipart().claim(CLAIM).part("photo", good, filename="a").end(), 400, None),
            ("claim is no JSON", upload(("a", good), claim=b"{" + secret), 400, None),
            ("NUL in a filename", upload(("a\0b", good)), 400, None),
            ("line end in a filename", upload(("a\r\nX: y", good)), 400, None),
            ("another boundary", whole.replace(Multipart.boundary.encode(), b"other"), 400, None),
            ("no last boundary", whole[:-len(Multipart.boundary) - 8], 400, None),
            ("something behind", whole + b"x", 400, None),
            ("empty", b"", 400, None),
            ("types without an attachment", Multipart().claim(CLAIM).types("[61]").end(), 422, "/document_type_ids"),
            ("too few types", Multipart().claim(CLAIM).file("a", good).types("[]").end(), 422, "/document_type_ids"),
            ("types of no list", Multipart().claim(CLAIM).file("a", good).types("61").end(), 422, "/document_type_ids"),
            ("types of no JSON", Multipart().claim(CLAIM).file("a", good).types("[6").end(), 422, "/document_type_ids"),
            ("no types in their part", Multipart().claim(CLAIM).file("a", good).types("").end(), 422, "/document_type_ids"),
            ("many types", Multipart().claim(CLAIM).types("[" + " " * 1000 + "]").end(), 422, "/document_type_ids"),
            ("types twice", Multipart().claim(CLAIM).types("[]").types("[]").end(), 400, None),
            *((f"type {text}", Multipart().claim(CLAIM).file("a", good).types(f"[{text}]").end(), 422, "/document_type_ids/0")
              for text in ("0", "-1", "10000", '"61"', "61.0", "true", "[]", "1e2")),
            ("claim too large", upload(("a", good), claim=dict(CLAIM, x="x" * MIB)), 413, None),
        ]
        before = self.house.rows()
        for name, body, status, pointer in cases:
            with self.subTest(name):
                answer = self.api.upload(body)
                self.assertEqual(answer.status, status, answer.body)
                self.assertEqual(answer.pointers() if pointer else None, [pointer] if pointer else None)
                self.assertNotIn(secret, answer.body)
        for content_type, status in (("multipart/form-data", 400), ("multipart/form-data; boundary=" + "b" * 71, 400),
                                     ("multipart/mixed; boundary=b", 415), ("text/plain", 415)):
            self.assertEqual(self.api.post(whole, Content_Type=content_type).status, status, content_type)
        self.assertEqual(self.house.rows(), before)
        self.assertNotIn(secret.decode(), self.api.program.log())
        self.until(lambda: not spooled(self.api))

    def test_a_bad_claim_is_refused_before_its_files_come(self):
        invalid = with_user(sample("invalid/02_statement_of_truth_certified_not_boolean"))
        with socket.create_connection((self.api.url.hostname, self.api.url.port), timeout=20) as client:
            client.sendall(head(LARGEST) + b"".join(Multipart().claim(invalid)) + b"--" + Multipart.boundary.encode())
            self.assertIn(b"HTTP/1.1 422 ", client.recv(65536))

    def test_more_than_all_may_have_together(self):
        with self.other_api("--max-attachments-bytes=3000000") as api:
            before = self.house.rows()
            body = upload(*((str(i), document(str(i), 1000000)) for i in range(4)))
            self.assertEqual(api.upload(body).status, 413)
            # Declared as so much, nothing of it is waited for.
            with socket.create_connection((api.url.hostname, api.url.port), timeout=20) as client:
                client.sendall(head(10 * MIB))
                self.assertIn(b"HTTP/1.1 413 ", client.recv(65536))
            self.assertEqual(self.house.rows(), before)
            self.taken(api.upload(upload(*((str(i), document(str(i), 1000000)) for i in range(3)))))

    def test_two_are_looked_at_at_once(self):
        folder = pathlib.Path(self.house.folder.name) / "bin"
        folder.mkdir()
        gate = folder / "gate"
        os.mkfifo(gate)
        shutil.copy(self.house.binary("claim-api"), folder)
        press = folder / "attachment-press"
        press.write_text(f"#!/bin/sh\nread line < {gate}\nexec {self.house.binary('attachment-press')} \"$@\"\n")
        press.chmod(0o755)
        program = Program(str(folder / "claim-api"), self.house.folder.name, self.house.environment,
                          f"--token-file={self.house.token_file}")
        self.addCleanup(program.process.kill)    # where it has ended, nothing happens
        api = Api(self.house, program)
        answers = []
        callers = [threading.Thread(target=lambda: answers.append(api.upload(upload(("a", document()))).status))
                   for _ in range(2)]
        for caller in callers:
            caller.start()
        pid = api.program.process.pid
        self.until(lambda: sum(len(children.split()) for (children,) in of_threads(pid, "children")) == 2)
        answer = api.upload(upload(("a", document())))
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "5"))
        opened = os.open(gate, os.O_RDWR)    # both ends, so that it does not matter who reads when
        os.write(opened, b"\n\n")
        for caller in callers:
            caller.join()
        os.close(opened)
        self.assertEqual(answers, [200, 200])
        # Without a child nobody is refused for good.
        press.unlink()
        self.assertEqual(api.upload(upload(("a", document()))).status, 503)
        self.until(lambda: "an attachment cannot be looked at" in api.program.log())   # may come after the answer
        api.stop()

    # --- Known again ---

    def test_another_file_makes_another_claim(self):
        claim = with_user(sample("claims/03_686c_report_divorce"), ssn="666909003")
        one, other = document("one"), document("other")
        with self.other_api("--same-claim-window=10m") as api:
            first = api.upload(upload(("a", one), claim=claim), idempotency_key="files")
            again = api.upload(upload(("a", one), claim=claim))
            self.assertEqual((again.status, again.headers["Repeated"], again.body), (200, "true", first.body))
            self.assertEqual(api.upload(upload(("a", one), claim=claim), idempotency_key="files").body, first.body)
            self.assertEqual(api.upload(upload(("a", other), claim=claim), idempotency_key="files").status, 409)
            ids = {self.taken(first)}
            for files in ((("a", other),), (("b", one),), (("a", one), ("a", one)), ()):
                answer = api.upload(upload(*files, claim=claim))
                self.assertIsNone(answer.headers["Repeated"])
                ids.add(self.taken(answer))
            self.assertEqual(len(ids), 5)

    # --- What does not arrive, and what it costs ---

    def test_a_dribble_ends_by_its_deadline(self):
        with self.other_api("--request-deadline-ms=1500") as api:
            before = self.house.rows()
            body = b"".join(upload(("a", document("x", 5 * MIB))))
            with socket.create_connection((api.url.hostname, api.url.port), timeout=20) as client:
                client.sendall(head(LARGEST) + body[:-5 * MIB])    # the claim, and a file's beginning
                began = time.monotonic()
                client.settimeout(0.2)    # a byte each time that nothing is heard
                for at in range(100):
                    try:
                        self.assertEqual(client.recv(65536), b"")
                        break
                    except TimeoutError:
                        client.sendall(body[-5 * MIB + at:][:1])
                self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(self.house.rows(), before)
            self.until(lambda: spooled(api) == 0)

    def test_a_cut_connection_stores_nothing(self):
        before = self.house.rows()
        body = b"".join(upload(("a", document("x", 5 * MIB)), ("b", document("y", MIB))))
        for length in (1, len(body) // 2, len(body) - 1):
            with socket.create_connection((self.api.url.hostname, self.api.url.port), timeout=20) as client:
                client.sendall(head(len(body)) + body[:length])
                self.until(lambda: length == 1 or spooled(self.api))
            self.until(lambda: not spooled(self.api))
        self.assertEqual(self.house.rows(), before)

    def test_fifty_strangers_upload_at_once(self):
        with self.other_api() as api:
            self.taken(api.post(CLAIM))
            before = memory_kib(api.program.process, "VmRSS")
            begin = b"".join(Multipart().claim(CLAIM).part("attachments", filename="a"))[:-2]
            statuses = Flood((api.url.hostname, api.url.port), 50, 20 * MIB, content_type=Multipart.content_type,
                             begin=begin).run()
            grown = memory_kib(api.program.process, "VmHWM") - before
            print(f"50 strangers with 20 MiB each: {grown} kB more")
            self.assertEqual((statuses, spooled(api)), ([401] * 50, 0))
            self.assertLess(grown, 16 * 1024)

    def test_uploads_have_a_budget(self):
        with self.other_api("--max-attachments-bytes=30000000", "--max-uploads-bytes=64000000") as api:
            held = []
            for _ in range(50):
                held.append(socket.create_connection((api.url.hostname, api.url.port), timeout=20))
                held[-1].sendall(head(30000000) + b"--" + Multipart.boundary.encode())
            # Two have room; the others are told so at once.
            answered = 0
            for client in held:
                client.settimeout(0.05 if len(held) - answered <= 2 else 5)
                with contextlib.suppress(TimeoutError):
                    answered += client.recv(65536).startswith(b"HTTP/1.1 503 ")
            self.assertEqual(answered, 48)
            for client in held:
                client.close()
            end = time.monotonic() + 30
            while (answer := api.upload(upload(("a", document())))).status == 503:
                self.assertLess(time.monotonic(), end)
            self.taken(answer)

    def test_memory_stays_bounded(self):
        if b"__asan_init" in pathlib.Path(self.house.binary("claim-api")).read_bytes():
            self.skipTest("the address sanitizer keeps what was freed")
        with self.other_api() as api:
            self.taken(api.upload(upload(("a", document()))))
            before = memory_kib(api.program.process, "VmRSS")
            body = Multipart().claim(CLAIM)
            for i in range(5):
                body.large_file(str(i), 20000000)
            claim_id = self.taken(api.upload(body.end()))
            grown = memory_kib(api.program.process, "VmHWM") - before
            print(f"5 files of 20 MB: {grown} kB more than before")
            self.assertLess(grown, 24 * 1024)
            self.assertEqual([length for length, _, _ in self.house.attachments(claim_id)], [20000000] * 5)
            self.assertEqual(spooled(api), 0)

    def test_spool_directory(self):
        folder = pathlib.Path(self.house.folder.name) / "spool"
        folder.mkdir()
        with self.other_api(f"--spool-directory={folder}") as api:
            body = b"".join(upload(("a", document("x", 5 * MIB))))
            with socket.create_connection((api.url.hostname, api.url.port), timeout=20) as client:
                client.sendall(head(len(body)) + body[:3 * MIB])
                self.until(lambda: spooled(api))
                self.assertEqual(list(folder.iterdir()), [])
                client.sendall(body[3 * MIB:])
                self.assertIn(b"HTTP/1.1 200 ", client.recv(65536))
        done = subprocess.run([self.house.binary("claim-api"), f"--token-file={self.house.token_file}", "--spool-directory=/nowhere"],
                              env=self.house.environment, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("spool-directory", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
