"""An evidence-simulator process of a test's own, and an independent little client for it.

The client is written against the wire only (tests/simulators/evidence-simulator/README.md); nothing of lib/ is used.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

sys.path.append(str(pathlib.Path(__file__).parents[2] / "support"))
from plain_pdf import LETTER, Pdf   # noqa: E402

API = "/api/v1/rest"
SECRET = "secret-of-a-test"
FOLDER = "VETERAN:PARTICIPANT_ID:600123456"


def pdf(media=LETTER, filler=0):
    document = Pdf()
    document.page(media=media)
    if filler:
        document.stream(os.urandom(filler))
    return document.bytes()


def encrypted(document, user):
    with tempfile.TemporaryDirectory() as folder:
        plain, locked = os.path.join(folder, "plain.pdf"), os.path.join(folder, "locked.pdf")
        with open(plain, "wb") as file:
            file.write(document)
        subprocess.run(["qpdf", "--encrypt", user, "owner", "256", "--", plain, locked], check=True, timeout=60)
        with open(locked, "rb") as file:
            return file.read()


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(secret=SECRET, head=None, at=None, life=900, **changes):
    """A change to None leaves that claim out."""
    now = int(time.time() if at is None else at)
    claims = {"jti": str(uuid.uuid4()), "iat": now, "exp": now + life, "iss": "VAGOV", "applicationID": "VAGOV",
              "userID": "VAGOVSYSACCT", "stationID": "283", **changes}
    text = ".".join(base64url(json.dumps(part).encode()) for part in (
        head or {"typ": "JWT", "alg": "HS256"}, {name: value for name, value in claims.items() if value is not None}))
    return text + "." + base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def today():
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - 24 * 3600))   # so it is wherever the service may be


def payload(name="form.pdf", more=None, **changes):
    """Of providerData a change to None leaves that member out."""
    data = {"contentSource": "VA.gov", "dateVaReceivedDocument": today(), "documentTypeId": 148, **changes}
    document = {"contentName": name, "providerData": {key: value for key, value in data.items() if value is not None},
                **(more or {})}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


def part(name, body, *headers, file_name=None):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if file_name:
        disposition += f'; filename="{file_name}"'
    return "\r\n".join([disposition, *headers]).encode() + b"\r\n\r\n" + body + b"\r\n"


def payload_part(body):
    return part("payload", body, "Content-Type: application/json")


def file_part(body):
    return part("file", body, "Content-Type: application/pdf", file_name="form.pdf")


def form(*parts, boundary="boundary"):
    return b"".join(b"--%b\r\n%b" % (boundary.encode(), one) for one in parts) + b"--%b--\r\n" % boundary.encode()


def search(name=None, page=1, per_page=10, **changes):
    filters = {"systemData.contentName": {"evaluationType": "EQUALS", "value": name}} if name else {}
    body = {"pageRequest": {"resultsPerPage": per_page, "page": page}, "filters": filters, **changes}
    return json.dumps({key: value for key, value in body.items() if value is not None})


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code") if self.body else None


class SimulatedEvidence:
    def __init__(self, *options, secret=SECRET):
        self.folder = tempfile.mkdtemp(prefix="evidence-simulator-")
        address = os.path.join(self.folder, "address")
        self.process = subprocess.Popen(
            [os.environ["EVIDENCE_SIMULATOR"], "--address-file", address, *options], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "DEPENDENTS_EVIDENCE_EXPECTED_SECRET": secret})
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
            raise RuntimeError(f"evidence-simulator did not start: {self.log}")
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
            raise ValueError(f"{method} {what}: {answer.status} {answer.body}")
        return answer.json

    def files(self):
        return self.control("GET", "state")["files"]

    def api(self, method, path, body=None, headers=None):
        """A header that is None is left out."""
        whole = {"Authorization": "Bearer " + token(), "X-Folder-URI": FOLDER, **(headers or {})}
        return self.http(method, API + path, body, {name: value for name, value in whole.items() if value is not None})

    # ---- the calls that most tests start with

    def post(self, body, headers=None):
        return self.api("POST", "/files", body, {"Content-Type": "multipart/form-data; boundary=boundary", **(headers or {})})

    def upload(self, described=None, content=None, headers=None):
        return self.post(form(payload_part(payload() if described is None else described),
                              file_part(pdf() if content is None else content)), headers)

    def search(self, body, headers=None):
        return self.api("POST", "/folders/files:search", body, {"Content-Type": "application/json", **(headers or {})})
