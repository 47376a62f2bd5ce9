"""claim-api beside a PostgreSQL (DATABASE_URL) and the embedded broker, and what tests ask of them."""
import base64
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "tests/samples"
CLAIMS = "/dependents_benefits/v0/claims"
TOKENS = ("token-one-for-tests-0123456789abc", "token-two-for-tests-0123456789abc")
KEYS = {"DEPENDENTS_MASTER_KEYS": "m1:" + base64.b64encode(b"m" * 32).decode(),
        "DEPENDENTS_HMAC_KEYS": "h1:" + base64.b64encode(b"h" * 32).decode()}


def document_around(marker="", size=0):
    """A PDF of one page: what comes before and behind so many zeros that the whole has @size bytes."""
    def write(padding):
        objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                   f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Marker({marker})>>"]
        out, at = "%PDF-1.7\n", []
        for number, body in enumerate(objects, 1):
            at.append(len(out))
            out += f"{number} 0 obj\n{body}\nendobj\n"
        at.append(len(out))
        out += f"4 0 obj\n<</Length {padding:010}>>\nstream\n"
        table = "".join(f"{place:010} 00000 n \n" for place in at)
        behind = (f"\nendstream\nendobj\nxref\n0 5\n0000000000 65535 f \n{table}trailer\n<</Root 1 0 R/Size 5>>\n"
                  f"startxref\n{len(out) + padding + len(chr(10) + 'endstream' + chr(10) + 'endobj' + chr(10)):010}\n%%EOF\n")
        return out.encode(), behind.encode()
    padding = max(0, size - len(b"".join(write(0))))
    return (*write(padding), padding)


def document(marker="", size=0):
    before, behind, padding = document_around(marker, size)
    return before + b"\0" * padding + behind


class Multipart:
    """A body of multipart/form-data, and its length, in pieces of at most 1 MB."""
    boundary = "a-boundary-of-tests"
    content_type = f"multipart/form-data; boundary={boundary}"

    def __init__(self):
        self.pieces = []    # bytes, or how many zeros

    def part(self, name, *pieces, filename=None):
        quoted = "" if filename is None else '; filename="' + filename.replace("\\", "\\\\").replace('"', '\\"') + '"'
        head = f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"{quoted}\r\n\r\n'
        self.pieces += [head.encode(), *pieces, b"\r\n"]
        return self

    def claim(self, claim):
        return self.part("claim", claim if isinstance(claim, bytes) else json.dumps(claim).encode())

    def types(self, text):
        return self.part("document_type_ids", text.encode())

    def file(self, filename, content):
        return self.part("attachments", content, filename=filename)

    def large_file(self, filename, size):
        before, behind, padding = document_around(filename, size)
        return self.part("attachments", before, padding, behind, filename=filename)

    def end(self):
        self.pieces.append(f"--{self.boundary}--\r\n".encode())
        return self

    def __len__(self):
        return sum(piece if isinstance(piece, int) else len(piece) for piece in self.pieces)

    def __iter__(self):
        for piece in self.pieces:
            if isinstance(piece, int):
                for at in range(0, piece, 1000000):
                    yield bytes(min(1000000, piece - at))
            else:
                yield piece


class Contract:
    """schemas/openapi.yaml: says whether an answer is one of those it promises."""

    def __init__(self):
        self.document = yaml.safe_load((ROOT / "schemas/openapi.yaml").read_text())
        self.resolver = jsonschema.RefResolver.from_schema(self.document)

    def _follow(self, node):
        return self.resolver.resolve(node["$ref"])[1] if "$ref" in node else node

    def check(self, path_template, method, status, content_type, body):
        responses = self.document["paths"][path_template][method.lower()]["responses"]
        assert str(status) in responses, f"{method} {path_template} promises no {status}"
        content = self._follow(responses[str(status)])["content"]
        media = content_type.split(";")[0].strip()
        assert media in content, f"{status} promises no {media}"
        if media == "application/json":
            validator = jsonschema.Draft202012Validator(content[media]["schema"], resolver=self.resolver)
            problems = [f"/{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(json.loads(body))]
            assert not problems, problems


class Program:
    """One program of ours, with its log in a file; started here, ended here."""

    def __init__(self, binary, folder, environment, *arguments):
        name = pathlib.Path(binary).name
        self.address_file = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "address"
        self.log_path = self.address_file.with_name(name + ".log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([binary, f"--address-file={self.address_file}", *arguments],
                                            env=environment, stdout=log, stderr=log)

    def address(self, name):
        for _ in range(1500):
            if self.address_file.exists():
                lines = dict(line.split("=", 1) for line in self.address_file.read_text().splitlines())
                if name in lines:
                    return lines[name].strip("'\"")
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no {name}: {self.log()}")

    def log(self):
        return self.log_path.read_text()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=30)
        assert code == 0, f"ended with {code}: {self.log()}"


class House:
    """Broker, schema and environment, shared by the tests of one file."""

    def __init__(self, build):
        self.build = pathlib.Path(build)
        self.folder = tempfile.TemporaryDirectory(prefix="claim-api-test.")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("DEPENDENTS_")}
        self.environment.update(KEYS)
        self.database_url = os.environ["DATABASE_URL"]
        self.environment["DEPENDENTS_DATABASE_URL"] = self.database_url
        self.environment["DEPENDENTS_SAME_CLAIM_WINDOW"] = "0"  # the tests send their samples over and over
        self.broker = Program(self.binary("embedded-broker"), self.folder.name, self.environment)
        self.environment["DEPENDENTS_KAFKA_BROKERS"] = self.broker.address("KAFKA_BROKERS")
        self.environment["DEPENDENTS_BROKER_ADMIN"] = "no"
        self.pipelinectl("migrate", check=True)
        self.token_file = pathlib.Path(self.folder.name) / "tokens"
        self.token_file.touch(0o600)
        self.token_file.write_text(f"# tokens\nportal:{TOKENS[0]}\noffice: {TOKENS[1]}\n")
        self.contract = Contract()

    def binary(self, name):
        return str(self.build / "bin" / name)

    def pipelinectl(self, *arguments, check=False, environment=None):
        done = subprocess.run([self.binary("pipelinectl"), *map(str, arguments)], env=environment or self.environment,
                              capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, done
        return done

    def api(self, *arguments, database_url=None):
        environment = dict(self.environment)
        if database_url:
            environment["DEPENDENTS_DATABASE_URL"] = database_url
        return Api(self, Program(self.binary("claim-api"), self.folder.name, environment, f"--token-file={self.token_file}",
                                 *arguments))

    def attachments(self, claim_id):
        """What is attached to a parent claim, in order: bytes, SHA-256, name."""
        done = subprocess.run([self.build / "tests/attachment-digests", claim_id], env=self.environment, capture_output=True,
                              text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        lines = [line.split(" ", 3) for line in done.stdout.splitlines()]
        assert [int(line[0]) for line in lines] == list(range(len(lines)))
        return [(int(length), digest, name) for _, length, digest, name in lines]

    def document_types(self, claim_id):
        """What each is said to be, in order; None: not told."""
        rows = self.sql(f"select coalesce (document_type_id, 0) from persistent_attachments where saved_claim_id = {claim_id} order by position")
        return [int(row) or None for row in rows.split()]

    def sql(self, statement):
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.database_url, "-c", statement],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def rows(self):
        """How many rows every table has that a submission writes to."""
        tables = ("saved_claims", "saved_claim_groups", "veterans", "idempotency_keys", "claim_notifications",
                  "persistent_attachments", "attachment_chunks")
        return {table: int(self.sql(f"select count(*) from {table}")) for table in tables}

    def copy_outbox(self):
        """From now on every outbox row is kept in table published, for it is deleted once it has gone out."""
        self.sql("""
          create table if not exists published (topic text, key text, value bytea, headers bytea);
          create or replace function copy_row () returns trigger language plpgsql as $$
          begin insert into published values (new.topic, convert_from (new.key, 'UTF8'), new.value, new.headers); return new; end $$;
          drop trigger if exists copy_row on outbox;
          create trigger copy_row after insert on outbox for each row execute function copy_row ();
          delete from published""")

    def close(self):
        self.broker.stop()
        self.folder.cleanup()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def pointers(self):
        return [error["meta"]["pointer"] for error in self.json()["errors"]]


class Api:
    """One running claim-api."""

    def __init__(self, house, program):
        self.house = house
        self.program = program
        self.url = urllib.parse.urlsplit(program.address("URL"))

    def connection(self):
        if self.url.scheme == "https":
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=30,
                                               context=ssl._create_unverified_context())
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=30)

    def ask(self, method, path, body=None, token=TOKENS[0], template=None, contract=True, connection=None, **headers):
        """Every answer is held against the contract unless told otherwise."""
        own = connection or self.connection()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            own.request(method, path, body, sent)
        except (BrokenPipeError, ConnectionResetError):
            pass    # an early refusal is there to be read
        answer = Answer(own.getresponse())
        if not connection:
            own.close()
        if contract and answer.status != 404 and "x_key_inflection" not in headers:
            self.house.contract.check(template or path, "post" if path == CLAIMS else "get", answer.status,
                                      answer.headers["Content-Type"], answer.body)
        return answer

    def post(self, body, **more):
        return self.ask("POST", CLAIMS, body, **more)

    def upload(self, body, **more):
        """@body: a Multipart, or bytes of one."""
        return self.post(body, Content_Type=Multipart.content_type, Content_Length=str(len(body)), **more)

    def status(self, guid, **more):
        return self.ask("GET", f"{CLAIMS}/{guid}/status", template=CLAIMS + "/{guid}/status", **more)

    def stop(self):
        self.program.stop()


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def with_user(claim, **changes):
    """A request for a sample: its own veteran_information as the signed-in user's."""
    veteran = dict(claim["veteran_information"], participant_id="600" + claim["veteran_information"]["ssn"][3:])
    veteran.update(changes)
    return dict(claim, user_data={"veteran_information": veteran})


class Proxy:
    """Between claim-api and PostgreSQL: can be away, and can lose the answer to a statement."""

    def __init__(self, database_url):
        parts = urllib.parse.urlsplit(database_url)
        self.target = (parts.hostname, parts.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.listener.getsockname()[1]}").geturl()
        self.is_away = False
        self.may_speak = threading.Event()
        self.may_speak.set()
        self.doomed_word = None  # the connection that says it next is cut before its answer
        self.lost = 0
        self.pairs = []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_away:
                client.close()
                continue
            pair = Pair(self, client, socket.create_connection(self.target))
            self.pairs.append(pair)
            for work in (pair.carry_up, pair.carry_down):
                self.threads.append(threading.Thread(target=work))
                self.threads[-1].start()

    def loses(self, data):
        with self.lock:
            if self.doomed_word is None or self.doomed_word not in data.lower():
                return False
            self.doomed_word = None
            self.lost += 1
            return True

    def cut(self):
        for pair in self.pairs:
            pair.cut()

    def lose(self, word):
        """The next one to say it does so on a connection of its own: a statement's text goes once over each."""
        self.cut()
        with self.lock:
            self.lost, self.doomed_word = 0, word

    def go_away(self):
        self.is_away = True
        self.cut()

    def fall_silent(self):
        """Connections stand, and nothing comes through."""
        self.may_speak.clear()

    def speak_again(self):
        self.may_speak.set()

    def come_back(self):
        self.is_away = False

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.go_away()
        self.may_speak.set()
        for thread in self.threads:
            thread.join()
        for pair in self.pairs:
            pair.client.close()
            pair.server.close()


class Pair:
    """One connection through the proxy."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.is_deaf = False

    def cut(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _carry(self, source, handle):
        try:
            while data := source.recv(65536):
                self.proxy.may_speak.wait()
                handle(data)
        except OSError:
            pass
        self.cut()

    def _up(self, data):
        self.is_deaf = self.is_deaf or self.proxy.loses(data)
        self.server.sendall(data)

    def _down(self, data):
        if self.is_deaf:
            raise OSError("the answer is lost")  # the server has acted; its connection ends here
        self.client.sendall(data)

    def carry_up(self):
        self._carry(self.client, self._up)

    def carry_down(self):
        self._carry(self.server, self._down)
