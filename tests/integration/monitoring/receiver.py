"""A strict receiver of traces: OTLP/JSON over HTTP, as the specification has it and not a field beside it.

Refuses (400) what another receiver might let pass: unknown fields, ids that are no lower-case hex of their length or zero,
times that are no decimal text or run backwards, attributes without exactly one value.
"""

import http.server
import json
import re
import threading

SPAN = {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes", "status"}
REQUIRED = SPAN - {"parentSpanId", "status"}


def need(condition, what):
    if not condition:
        raise ValueError(what)


def fields(node, allowed, required=()):
    need(isinstance(node, dict), f"{node} is no object")
    need(set(node) <= set(allowed), f"unknown fields {set(node) - set(allowed)}")
    need(set(required) <= set(node), f"missing fields {set(required) - set(node)}")


def attributes_of(nodes):
    found = {}
    for node in nodes:
        fields(node, ("key", "value"), ("key", "value"))
        fields(node["value"], ("stringValue",), ("stringValue",))
        need(node["key"] and isinstance(node["value"]["stringValue"], str), node)
        need(node["key"] not in found, f"{node['key']} twice")
        found[node["key"]] = node["value"]["stringValue"]
    return found


def read_id(text, length):
    need(isinstance(text, str) and re.fullmatch(rf"[0-9a-f]{{{length}}}", text) and set(text) != {"0"}, f"id {text}")


def read_span(node):
    fields(node, SPAN, REQUIRED)
    read_id(node["traceId"], 32)
    read_id(node["spanId"], 16)
    if "parentSpanId" in node:
        read_id(node["parentSpanId"], 16)
    need(isinstance(node["name"], str) and node["name"], "name")
    need(isinstance(node["kind"], int) and 1 <= node["kind"] <= 5, f"kind {node['kind']}")
    times = [node[name] for name in ("startTimeUnixNano", "endTimeUnixNano")]
    need(all(isinstance(one, str) and re.fullmatch(r"[1-9][0-9]{17,18}", one) for one in times), f"times {times}")
    need(int(times[0]) <= int(times[1]), "it ends before it begins")
    if "status" in node:
        fields(node["status"], ("code", "message"), ("code",))
        need(node["status"]["code"] in (1, 2), "status")
    return {**node, "attributes": attributes_of(node["attributes"])}


def read_request(body):
    fields(body, ("resourceSpans",), ("resourceSpans",))
    for of_resource in body["resourceSpans"]:
        fields(of_resource, ("resource", "scopeSpans"), ("resource", "scopeSpans"))
        fields(of_resource["resource"], ("attributes",), ("attributes",))
        resource = attributes_of(of_resource["resource"]["attributes"])
        need({"service.name", "service.instance.id"} <= set(resource), "service")
        for of_scope in of_resource["scopeSpans"]:
            fields(of_scope, ("scope", "spans"), ("scope", "spans"))
            fields(of_scope["scope"], ("name", "version"), ("name",))
            for span in of_scope["spans"]:
                yield {**read_span(span), "service": resource["service.name"]}


class Receiver:
    def __init__(self):
        self.spans, self.bodies, self.refused = [], [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                try:
                    need(self.path == "/v1/traces", f"path {self.path}")
                    need(self.headers["Content-Type"] == "application/json", "content type")
                    spans = list(read_request(json.loads(body)))
                except (ValueError, KeyError, TypeError) as problem:
                    receiver.refused.append(str(problem))
                    self.answer(400, {"message": str(problem)})
                    return
                receiver.bodies.append(body)
                receiver.spans += spans
                self.answer(200, {"partialSuccess": {}})

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
