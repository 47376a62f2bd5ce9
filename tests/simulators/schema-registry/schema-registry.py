#!/usr/bin/env python3
"""A schema registry for tests: the calls that the usual clients make, answered as Confluent's registry does.

    schema-registry.py [--port N]      prints its address as the first line, then serves until it is ended

    POST /subjects/S/versions          registers: {"id": N}; the same schema keeps its id, over all subjects
    POST /subjects/S                   looks a schema up: subject, id, version, schema
    GET  /subjects, /subjects/S/versions, /subjects/S/versions/N|latest
    GET  /schemas/ids/N                the schema's text

Strict rather than friendly: wrong content types are 415, bodies that are no Avro schema 422, and a version that could
not read what the latest wrote is 409 (compatibility BACKWARD, the default of the real one). Schemas are kept and given
back as compact JSON, not as the text that was sent, because the real one does so.

Beside it, under /_simulator/: POST down {"down": true} makes every call a 503, {"down": "drop"} closes the connection
without an answer, {"down": false} ends both; GET ledger lists the calls; DELETE state forgets everything.

Source: Confluent's "Schema Registry API Reference" (paths, error codes); Avro 1.11 specification (schemas).
"""

import argparse
import json
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
PROMOTIONS = {
    ("int", "long"), ("int", "float"), ("int", "double"), ("long", "float"), ("long", "double"), ("float", "double"),
    ("string", "bytes"), ("bytes", "string"),
}
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
CONTENT_TYPES = {"application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json"}
BODY_MAX_BYTES = 1024 * 1024


class Wrong(Exception):
    """An answer that is an error: HTTP status, the registry's error code, text."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(why):
    return Wrong(422, 42201, "Input schema is an invalid Avro schema: " + why)


def full_name(name, space):
    return name if "." in name or not space else space + "." + name


def resolve(schema, space="", names=None, depth=0):
    """The schema with full names and no attributes but those that matter for reading; refuses what is no schema."""
    names = {} if names is None else names
    if depth > 64:
        raise invalid("too deep")
    if isinstance(schema, str):
        if schema in PRIMITIVES:
            return {"type": schema}
        if full_name(schema, space) in names:
            return names[full_name(schema, space)]
        raise invalid("undefined name " + schema)
    if isinstance(schema, list):
        branches = [resolve(branch, space, names, depth + 1) for branch in schema]
        kinds = [branch.get("name", branch["type"]) for branch in branches]
        if not branches or "union" in kinds or len(set(kinds)) != len(kinds):
            raise invalid("a union of nothing, of unions or with doubles")
        return {"type": "union", "branches": branches}
    if not isinstance(schema, dict) or "type" not in schema:
        raise invalid("no type given")
    kind = schema["type"]
    if isinstance(kind, (dict, list)):
        return resolve(kind, space, names, depth + 1)
    if kind in ("array", "map"):
        part = "items" if kind == "array" else "values"
        if part not in schema:
            raise invalid(kind + " without " + part)
        return {"type": kind, "items": resolve(schema[part], space, names, depth + 1)}
    if kind in ("record", "enum", "fixed"):
        return resolve_named(schema, kind, space, names, depth)
    return resolve(kind, space, names, depth + 1)


def resolve_named(schema, kind, space, names, depth):
    name = schema.get("name")
    if not isinstance(name, str) or not NAME.match(name):
        raise invalid("a type without a name")
    name = full_name(name, schema.get("namespace", space))
    if name in names:
        raise invalid("can't redefine " + name)
    space = name.rpartition(".")[0]
    named = names[name] = {"type": kind, "name": name}
    if kind == "fixed":
        if not isinstance(schema.get("size"), int) or schema["size"] < 0:
            raise invalid("fixed without size")
        named["size"] = schema["size"]
    elif kind == "enum":
        symbols = schema.get("symbols")
        if not isinstance(symbols, list) or not symbols or len(set(map(str, symbols))) != len(symbols):
            raise invalid("enum without symbols, or with doubles")
        if not all(isinstance(symbol, str) and NAME.match(symbol) and "." not in symbol for symbol in symbols):
            raise invalid("illegal symbol")
        named["symbols"] = symbols
        named["default"] = schema.get("default")
        if named["default"] is not None and named["default"] not in symbols:
            raise invalid("the enum's default is no symbol")
    else:
        fields = schema.get("fields")
        if not isinstance(fields, list):
            raise invalid("record without fields")
        named["fields"] = {}
        for field in fields:
            if not isinstance(field, dict) or not NAME.match(str(field.get("name", ""))) or "type" not in field:
                raise invalid("a field without name or type")
            if field["name"] in named["fields"]:
                raise invalid("duplicate field " + field["name"])
            resolved = {"type": resolve(field["type"], space, names, depth + 1), "has_default": "default" in field}
            if resolved["has_default"] and not default_fits(field["default"], resolved["type"]):
                raise invalid("invalid default for field " + field["name"])
            named["fields"][field["name"]] = resolved
    return named


def default_fits(value, kind):
    name = kind["type"]
    if name == "union":
        return default_fits(value, kind["branches"][0])
    if name == "null":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name in ("int", "long"):
        bits = 31 if name == "int" else 63
        return isinstance(value, int) and not isinstance(value, bool) and -(2**bits) <= value < 2**bits
    if name in ("float", "double"):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in ("string", "bytes", "fixed"):
        return isinstance(value, str)
    if name == "enum":
        return value in kind["symbols"]
    if name == "array":
        return isinstance(value, list) and all(default_fits(item, kind["items"]) for item in value)
    return isinstance(value, dict)


def can_read(reader, writer, seen=frozenset()):
    """Whether a reader with one schema reads all that a writer with the other may have written."""
    if (id(reader), id(writer)) in seen:
        return True
    seen = seen | {(id(reader), id(writer))}
    if writer["type"] == "union":
        return all(can_read(reader, branch, seen) for branch in writer["branches"])
    if reader["type"] == "union":
        return any(can_read(branch, writer, seen) for branch in reader["branches"])
    if reader["type"] != writer["type"]:
        return (writer["type"], reader["type"]) in PROMOTIONS
    if reader.get("name") != writer.get("name"):
        return False
    if reader["type"] in ("array", "map"):
        return can_read(reader["items"], writer["items"], seen)
    if reader["type"] == "fixed":
        return reader["size"] == writer["size"]
    if reader["type"] == "enum":
        return reader["default"] is not None or set(writer["symbols"]) <= set(reader["symbols"])
    if reader["type"] == "record":
        return all(
            can_read(field["type"], writer["fields"][name]["type"], seen)
            if name in writer["fields"] else field["has_default"]
            for name, field in reader["fields"].items()
        )
    return True


class Registry:
    def __init__(self):
        self.lock = threading.Lock()
        self.forget()

    def forget(self):
        self.schemas = {}   # id → compact text
        self.subjects = {}  # subject → [id]; index + 1 is the version
        self.down = False
        self.ledger = []

    @staticmethod
    def text_of(body):
        if body.get("schemaType", "AVRO") != "AVRO":
            raise Wrong(422, 42201, "Invalid schema type: only AVRO here")
        text = body.get("schema")
        if not isinstance(text, str):
            raise Wrong(422, 42201, "Empty schema")
        try:
            parsed = json.loads(text)
        except ValueError:
            raise invalid("no JSON") from None
        resolve(parsed)
        return json.dumps(parsed, separators=(",", ":"), ensure_ascii=False)

    def id_of(self, text):
        return next((number for number, known in self.schemas.items() if known == text), None)

    def register(self, subject, body):
        text = self.text_of(body)
        versions = self.subjects.get(subject, [])
        number = self.id_of(text)
        if number in versions:
            return {"id": number}
        if versions:
            latest = self.schemas[versions[-1]]
            if not can_read(resolve(json.loads(text)), resolve(json.loads(latest))):
                raise Wrong(409, 409, "Schema being registered is incompatible with an earlier schema for subject "
                            f'"{subject}"')
        if number is None:
            number = len(self.schemas) + 1
            self.schemas[number] = text
        self.subjects.setdefault(subject, []).append(number)
        return {"id": number}

    def versions_of(self, subject):
        if subject not in self.subjects:
            raise Wrong(404, 40401, f"Subject '{subject}' not found.")
        return self.subjects[subject]

    def look_up(self, subject, body):
        versions = self.versions_of(subject)
        number = self.id_of(self.text_of(body))
        if number not in versions:
            raise Wrong(404, 40403, "Schema not found")
        return self.version(subject, str(versions.index(number) + 1))

    def version(self, subject, version):
        versions = self.versions_of(subject)
        if version != "latest" and not re.fullmatch(r"[1-9][0-9]{0,9}", version):
            raise Wrong(422, 42202, f"The specified version '{version}' is not a valid version id.")
        number = len(versions) if version == "latest" else int(version)
        if number > len(versions):
            raise Wrong(404, 40402, f"Version {version} not found.")
        schema_id = versions[number - 1]
        return {"subject": subject, "version": number, "id": schema_id, "schema": self.schemas[schema_id]}

    def schema(self, number):
        if not number.isdigit() or int(number) not in self.schemas:
            raise Wrong(404, 40403, f"Schema {number} not found")
        return {"schema": self.schemas[int(number)]}

    def answer(self, method, path, body):
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        match (method, *parts):
            case ("POST", "subjects", subject, "versions"):
                return self.register(subject, body)
            case ("POST", "subjects", subject):
                return self.look_up(subject, body)
            case ("GET", "subjects"):
                return sorted(self.subjects)
            case ("GET", "subjects", subject, "versions"):
                return list(range(1, len(self.versions_of(subject)) + 1))
            case ("GET", "subjects", subject, "versions", version):
                return self.version(subject, version)
            case ("GET", "schemas", "ids", number):
                return self.schema(number)
        raise Wrong(404, 404, "HTTP 404 Not Found")

    def control(self, method, path, body):
        match (method, path.removeprefix("/_simulator/")):
            case ("POST", "down"):
                if body.get("down") not in (True, False, "drop"):
                    raise Wrong(400, 400, "down is true, false or \"drop\"")
                self.down = body["down"]
                return {"down": self.down}
            case ("GET", "ledger"):
                return self.ledger
            case ("DELETE", "state"):
                self.forget()
                return {}
        raise Wrong(404, 404, "no such control")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = Registry()

    def log_message(self, *_):
        pass

    def read_body(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_MAX_BYTES:
            self.close_connection = True
            raise Wrong(413, 413, "Request entity too large")
        raw = self.rfile.read(length)
        if self.command != "POST":
            return {}
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if kind not in CONTENT_TYPES:
            raise Wrong(415, 415, "HTTP 415 Unsupported Media Type")
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Wrong(400, 400, "Unable to process JSON")
        return body

    def serve(self):
        path = urllib.parse.urlsplit(self.path).path
        registry = self.registry
        try:
            body = self.read_body()
            with registry.lock:
                if path.startswith("/_simulator/"):
                    status, answer = 200, registry.control(self.command, path, body)
                else:
                    registry.ledger.append({"seq": len(registry.ledger) + 1, "method": self.command, "path": self.path})
                    if registry.down == "drop":
                        self.close_connection = True
                        return
                    if registry.down:
                        raise Wrong(503, 50301, "Service unavailable")
                    status, answer = 200, registry.answer(self.command, path, body)
        except Wrong as wrong:
            status, answer = wrong.status, {"error_code": wrong.code, "message": wrong.message}
        payload = json.dumps(answer, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_DELETE = do_PUT = serve


def main():
    parser = argparse.ArgumentParser(description="A schema registry for tests.")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
