"""A notify-simulator process of a test's own, an independent little client for it, and a receiver of its callbacks.

Both are written against the wire only (lib/notify/README.md); nothing of lib/ is used.
"""

import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse

SERVICE = "d6aa2c68-a2d9-4437-ab19-3ae8eb202553"
SECRET = "5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a11"
TEMPLATE = "11111111-2222-4333-8444-555555555555"
TOKEN = "token-of-the-service"
PATH = "/v2/notifications/email"


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(secret=SECRET, issuer=SERVICE, at=None, head=None):
    claims = {"iss": issuer, "iat": int(time.time() if at is None else at)}
    text = ".".join(base64url(json.dumps(part).encode()) for part in (
        head or {"typ": "JWT", "alg": "HS256"}, {name: value for name, value in claims.items() if value is not None}))
    return text + "." + base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def mail(**changes):
    body = {"template_id": TEMPLATE, "email_address": "ada@example.com", "reference": "ours",
            "personalisation": {"first_name": "ADA", "date_submitted": "November 21, 2026"}, **changes}
    return {name: value for name, value in body.items() if value is not None}


def until(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)
    return value


class Receiver:
    """Keeps what it is sent as (headers, body), and answers with the next of `answers`, the last one for ever."""

    def __init__(self):
        receiver = self
        self.got, self.answers = [], [200]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.got.append((self.headers, body, time.monotonic()))
                status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/callbacks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, count):
        until(lambda: len(self.got) >= count, f"{count} callbacks, not {len(self.got)}")
        return self.got


class SimulatedNotify:
    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="notify-simulator-")
        address = os.path.join(self.folder, "address")
        environment = {**os.environ, "DEPENDENTS_NOTIFY_EXPECTED_KEY": f"dependents-{SERVICE}-{SECRET}",
                       "DEPENDENTS_NOTIFY_CALLBACK_TOKEN": TOKEN}
        self.process = subprocess.Popen(
            [os.environ["NOTIFY_SIMULATOR"], "--address-file", address, "--notify-known-templates",
             f"{TEMPLATE} first_name date_submitted", "--notify-callback-delay-ms", "0", "--notify-callback-retry-ms", "50",
             *options], stderr=subprocess.DEVNULL, env=environment)
        until(lambda: os.path.exists(address) and os.path.getsize(address), "the simulator's address")
        with open(address) as file:
            self.port = urllib.parse.urlsplit(file.read().strip().removeprefix("URL=")).port

    def stop(self):
        self.process.terminate()
        status = self.process.wait(20)
        shutil.rmtree(self.folder)
        return status

    def http(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def control(self, method, what, document=None):
        status, text = self.http(method, "/_simulator/" + what, None if document is None else json.dumps(document))
        if status != 200:
            raise ValueError(f"{method} {what}: {status} {text}")
        return json.loads(text)

    def send(self, body, authorization=None):
        """Status and document."""
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": "application/json", "Authorization": authorization or f"Bearer {token()}"}
        status, said = self.http("POST", PATH, text, {name: value for name, value in headers.items() if value != "none"})
        return status, json.loads(said)

    def notifications(self):
        return self.control("GET", "state")["notifications"]
