"""The operators' page, started beside a world of scenarios, and somebody who visits it: what a browser sends, without one."""

import html.parser
import http.client
import json
import pathlib
import secrets
import subprocess
import sys
import threading
import urllib.parse

sys.path.append(str(pathlib.Path(__file__).parents[1] / "operator"))

from stage import FOR_GOOD, FOR_NOW, WAIT_S, Stage, main   # noqa: E402, F401
from world import die_with_parent   # noqa: E402, F401

FORM = "application/x-www-form-urlencoded"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


class Document(html.parser.HTMLParser):
    """Its links, its forms (action, method, fields by name), and its words."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "href" in attrs and tag == "a":
            self.links.append(attrs["href"])
        if tag == "form":
            self.forms.append({"action": attrs.get("action"), "method": attrs.get("method", "get"), "fields": {}})
        if tag in ("input", "button", "textarea") and "name" in attrs and self.forms:
            self.forms[-1]["fields"][attrs["name"]] = attrs.get("value", "")

    def handle_data(self, data):
        self.words.append(data)

    def said(self):
        return " ".join(" ".join(self.words).split())


class Visitor:
    """@seen: every answer he got goes there."""

    def __init__(self, url, seen=None):
        self.url = urllib.parse.urlsplit(url)
        self.seen = seen if seen is not None else []
        self.cookie = None

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if self.cookie:
                sent.setdefault("Cookie", self.cookie)
            connection.request(method, path, body, sent)
            got = connection.getresponse()
            answer = Answer(got.status, dict((name.lower(), value) for name, value in got.headers.items()), got.read())
        finally:
            connection.close()
        self.seen.append((path, answer))
        if answer.headers.get("set-cookie"):
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, fields, **headers):
        headers.setdefault("Content_Type", FORM)
        return self.ask("POST", path, urllib.parse.urlencode(fields), **headers)

    def log_in(self, token, following="/"):
        return self.post("/login", {"token": token, "next": following})


class WebStage(Stage):
    """A stage with the page beside it, and everything that the page has ever said in self.seen."""
    web_settings = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seen, cls.all_canaries = [], []
        cls.reading, cls.acting = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        cls.token_file = cls.world.folder / "web-tokens"
        cls.write_tokens(f"rita:read:{cls.reading}\nanton:act:{cls.acting}\n")
        cls.web_url = cls.start_web()

    @classmethod
    def write_tokens(cls, text):
        cls.token_file.touch(0o600)
        cls.token_file.write_text(text)

    @classmethod
    def start_web(cls, name="web", part="operator", **settings):
        """Started as people start it, by the database's role of that part. It goes first."""
        given = {"web-token-file": cls.token_file, "address-file": cls.world.folder / f"{name}.address", **cls.web_settings,
                 **settings}
        with open(cls.world.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen([cls.world.programs_folder / "pipelinectl", "web",
                                        *(f"--{key}={value}" for key, value in given.items())], stdout=log,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=cls.world.environment_of("pipelinectl", part),
                                       preexec_fn=die_with_parent)
        cls.world.processes[name] = process

        def end():
            process.terminate()
            process.wait(WAIT_S)
            if process.returncode != 0:
                raise RuntimeError(f"{name} ended with {process.returncode}")

        cls.addClassCleanup(end)
        return cls.world.address(name, "URL")

    def submit(self, sample, leave_out=()):
        guid = super().submit(sample, leave_out)
        self.all_canaries.extend(self.canaries)
        return guid

    def visitor(self, token=None, url=None):
        visitor = Visitor(url or self.web_url, self.seen)
        if token:
            answer = visitor.log_in(token)
            self.assertEqual(answer.status, 303, answer.text)
        return visitor

    def bearer(self, path, token=None):
        return Visitor(self.web_url, self.seen).get(path, Authorization=f"Bearer {token or self.reading}")

    # ---- claims in every situation

    def waiting_claim(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_NOW, 2)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        self.await_waiting(self.children_of(guid)[0][0], "form-686c.retry-1h")
        return guid

    def held_claim(self):
        self.bgs_does("insertBenefitClaim", "drop-after", 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_true(lambda: self.children_of(guid), "the claim")
        self.await_true(lambda: self.world.bgs("GET", "state")["benefit_claims"], "the insert")
        made = self.world.bgs("GET", "state")["benefit_claims"][-1]
        self.world.bgs("POST", "benefit-claims", {"bnftClaimId": made["bnftClaimId"], "statusTypeCd": "CLR"})
        self.await_true(lambda: self.children_of(guid)[0][2] == "held", "the claim to be held")
        return guid, str(made["bnftClaimId"])

    def dead_claim(self):
        self.bgs_refuses("vnpPtcpntPhoneCreate", FOR_GOOD, 1)
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "failure")
        return guid


class ActingStage(WebStage):
    """With somebody who may act."""

    def setUp(self):
        super().setUp()
        self.anton = self.visitor(self.acting)

    def form(self, answer, action):
        forms = [form for form in Document(answer.text).forms if form["action"] == action]
        self.assertTrue(forms, f"no {action} in {answer.text}")
        return forms[0]["fields"]

    def plan(self, act, visitor=None, **subject):
        """Of a button that a page shows; the button's fields."""
        visitor = visitor or self.anton
        csrf = self.form(visitor.get("/"), "/logout")["csrf"]
        return visitor.post("/act/" + act, {"csrf": csrf, **subject})

    def apply(self, act, planned, reason="a rehearsal", status=200):
        answer = self.anton.post("/act/" + act, {**self.form(planned, "/act/" + act), "reason": reason})
        self.assertEqual(answer.status, status, answer.text)
        return answer

    def at_once(self, path, fields, count):
        """The statuses that several windows get."""
        statuses = []

        def send():
            visitor = Visitor(self.web_url)
            visitor.cookie = self.anton.cookie
            statuses.append(visitor.post(path, fields).status)

        threads = [threading.Thread(target=send) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(statuses)
