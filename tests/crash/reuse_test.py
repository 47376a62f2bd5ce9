"""A server that acts on a request and closes the kept connection without an answer.

libcurl by itself would send such a request again, on a new connection: the server acts twice, and the client sees one
answer. Ours goes out in a way that cannot be repeated: the outcome is unknown, and settled as each step says.
Between pipeline and simulator stands a server of the test's own, which counts what really arrives.
"""

import collections
import socket
import threading
import time
import unittest

import claims
from pipeline import INSERT, PROC_UPDATE, PipelineTest, until

# What is cut off, once each, and how often it may arrive in all.
FOUND_AFTERWARDS = {"vnpProcFormCreate": 1, "vnpPersonCreate": 2, INSERT: 1}   # two people: Veteran and spouse
MADE_AGAIN = {"vnpProcCreate": 2, "vnpPtcpntCreate": 3, "vnpBnftClaimCreate": 2, "vnpBnftClaimUpdate": 2,
              PROC_UPDATE: 2, "vnpPtcpntRlnshpCreate": 2}
READ_LIMIT_MS, SETTLE_MS = 1200, 1000


class CuttingServer:
    """Hands requests on to the simulator. The first of each operation that is not the first of its connection is handed
    on too, and then the connection is closed without an answer."""

    def __init__(self, netloc, operations):
        host, port = netloc.split(":")
        self.behind = host, int(port)
        self.to_cut = set(operations)
        self.arrived = collections.defaultdict(list)   # operation -> times
        self.cut = {}                                  # operation -> which request of its connection it was
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection, socket.create_connection(self.behind) as behind:
                number = 0
                while request := read_message(connection):
                    number += 1
                    behind.sendall(request)
                    answer = read_message(behind)
                    if self.is_to_cut(operation_of(request), number):
                        return
                    connection.sendall(answer)
        except OSError:
            pass   # the other side has gone

    def is_to_cut(self, operation, number):
        with self.lock:
            self.arrived[operation].append(time.monotonic())
            if number == 1 or operation not in self.to_cut:
                return False
            self.to_cut.discard(operation)
            self.cut[operation] = number
            return True


def read_message(connection):
    """One HTTP message with a Content-Length, as bytes; empty at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        elif line.lower().startswith(b"expect:"):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def operation_of(request):
    body = request.split(b":Body>", 1)[-1] if b":Body>" in request else request.split(b"Body>", 1)[-1]
    name = body.split(b"<", 1)[-1].split(b">")[0].split()[0].split(b":")[-1]
    return name.decode().rstrip("/")


class Reuse(PipelineTest):
    def test_each_operation_cut_off_once(self):
        house = self.pipeline(bgs_read_timeout_ms=READ_LIMIT_MS, unknown_settle_ms=SETTLE_MS).set_up()
        server = CuttingServer(house.simulator.netloc, {**FOUND_AFTERWARDS, **MADE_AGAIN})
        self.addCleanup(server.close)
        house.start_api()
        # One record at a time: one connection, so all but its first request find it kept.
        for name in ("proc-setup", "form-686c"):
            house.start(name, bgs_url=server.url, in_flight=1)
        house.submit([claims.claim("03", 1)])
        # The create of a proc is the first request of its connection; a second claim's is not.
        until(lambda: [row for row in house.journal("create-proc-form/21-686C") if row[3] == "finished"], 30, "set-up")
        house.submit([claims.claim("03", 2)])
        house.wait_done(90)
        house.check_effects(self)

        self.assertEqual(server.to_cut, set(), "never came over a kept connection")
        self.assertTrue(all(number > 1 for number in server.cut.values()))
        unknown = collections.Counter()
        for (step,) in house.sql("select step from step_journal where state in ('unknown', 'not there')"):
            unknown[step.split("/")[0]] += 1
        arrived = {operation: len(times) for operation, times in server.arrived.items()}
        acted = collections.Counter(entry["operation"] for entry in house.simulator.ledger() if entry["acted"])
        for operation, count in FOUND_AFTERWARDS.items():
            self.assertEqual(arrived[operation], 2 * count, f"{operation} was sent again")
            self.assertEqual(acted[operation], 2 * count, operation)
        for operation, count in MADE_AGAIN.items():
            undisturbed = count - 1
            self.assertEqual(arrived[operation], 2 * undisturbed + 1, operation)
        self.assertEqual(sum(unknown.values()), len(MADE_AGAIN), unknown)


if __name__ == "__main__":
    unittest.main(verbosity=2)
