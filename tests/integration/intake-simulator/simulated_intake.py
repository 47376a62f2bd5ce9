"""An intake-simulator process of a test's own, and an independent little client for it.

The client is written against the wire only (lib/intake/README.md); nothing of lib/ is used.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import urllib.parse

API = "/services/vba_documents/v1"
KEY = "test-key"
METADATA = {"veteranFirstName": "Ada", "veteranLastName": "Example", "fileNumber": "123456789", "zipCode": "00012",
            "source": "test", "docType": "686C-674-V2", "businessLine": "CMP"}


def pdf(pages=((612, 792),), text="x"):
    """A small PDF with pages of these sizes, in points."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>",
               f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{4 + i} 0 R' for i in range(len(pages)))}] >>",
               f"<< /Title ({text}) >>"]
    objects += [f"<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 {w} {h}] >>" for w, h in pages]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    return out + (f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{start}\n"
                  "%%EOF\n").encode()


def encrypted(document, user, owner="owner"):
    with tempfile.TemporaryDirectory() as folder:
        plain, locked = os.path.join(folder, "plain.pdf"), os.path.join(folder, "locked.pdf")
        with open(plain, "wb") as file:
            file.write(document)
        subprocess.run(["qpdf", "--encrypt", user, owner, "256", "--", plain, locked], check=True, timeout=60)
        with open(locked, "rb") as file:
            return file.read()


def part(name, body, content_type="application/pdf", headers=None):
    if headers is None:
        headers = [f'Content-Disposition: form-data; name="{name}"', f"Content-Type: {content_type}"]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body + b"\r\n"


def metadata(**changes):
    values = {**METADATA, **changes}
    return part("metadata", json.dumps({k: v for k, v in values.items() if v is not None}).encode(),
                "application/json")


def payload(*parts, separator="--boundary", end=None):
    line = separator.encode() + b"\r\n"
    return b"".join(line + one for one in parts) + (separator.encode() + b"--\r\n" if end is None else end)


def package(*attachments, content=None, meta=None):
    parts = [metadata() if meta is None else meta, part("content", pdf() if content is None else content)]
    parts += [part(f"attachment{i}", one) for i, one in enumerate(attachments, 1)]
    return payload(*parts)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class SimulatedIntake:
    def __init__(self, *options, key=KEY):
        self.folder = tempfile.mkdtemp(prefix="intake-simulator-")
        address = os.path.join(self.folder, "address")
        environment = dict(os.environ)
        if key:
            environment["DEPENDENTS_INTAKE_EXPECTED_KEY"] = key
        self.process = subprocess.Popen([os.environ["INTAKE_SIMULATOR"], "--address-file", address, *options],
                                        stderr=subprocess.PIPE, text=True, env=environment)
        self.log = []
        ready = threading.Event()

        def read_log():
            for line in self.process.stderr:
                self.log.append(line)
                if '"listening"' in line:   # said once the address file is there
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read_log, daemon=True)
        self.reader.start()
        if not ready.wait(20) or self.process.poll() is not None:
            raise RuntimeError(f"intake-simulator did not start: {self.log}")
        with open(address) as file:
            self.url = file.read().strip().removeprefix("URL=")
        self.port = urllib.parse.urlsplit(self.url).port

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        self.reader.join(5)
        self.process.stderr.close()
        shutil.rmtree(self.folder)
        return status

    def http(self, method, path, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def control(self, method, what, document=None):
        answer = self.http(method, "/_simulator/" + what, None if document is None else json.dumps(document))
        if answer.status != 200:
            raise ValueError(f"{method} {what}: {answer.status} {answer.text}")
        return answer.json

    def forward(self, seconds):
        self.control("POST", "clock", {"forward_s": seconds})

    def advance(self, guid, status, **more):
        return self.control("POST", "advance", {"guid": guid, "status": status, **more})

    def uploads(self):
        return self.control("GET", "state")["uploads"]

    def upload(self, guid):
        found, = [one for one in self.uploads() if one["guid"] == guid]
        return found

    def api(self, method, path, body=None, headers=None):
        return self.http(method, API + path, body, {"apikey": KEY, **(headers or {})})

    # ---- the calls that most tests start with

    def create(self):
        """guid and location"""
        answer = self.api("POST", "/uploads", "{}")
        assert answer.status == 202, answer.text
        return answer.json["data"]["id"], answer.json["data"]["attributes"]["location"]

    def put(self, location, body, **headers):
        assert location.startswith(self.url), location
        return self.http("PUT", location.removeprefix(self.url), body,
                         {name.replace("_", "-"): value for name, value in headers.items()})

    def send(self, body):
        """Creates, PUTs; the guid."""
        guid, location = self.create()
        answer = self.put(location, body)
        assert answer.status == 200, answer.text
        return guid

    def judged(self, body):
        """What has become of it: status, code, detail."""
        upload = self.upload(self.send(body))
        return upload["status"], upload["code"], upload["detail"]

    def status(self, guid, headers=None):
        answer = self.api("GET", f"/uploads/{guid}", headers=headers)
        assert answer.status == 200, answer.text
        return answer.json["data"]["attributes"]

    def report(self, *ids):
        answer = self.api("POST", "/uploads/report", json.dumps({"ids": ids}), {"Content-Type": "application/json"})
        assert answer.status == 200, answer.text
        return {item["id"]: item["attributes"] for item in answer.json["data"]}

    def raw(self, data):
        """What is answered to these bytes, until the connection ends or falls silent."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(data)
            while more := connection.recv(65536):
                answer += more
        return answer
