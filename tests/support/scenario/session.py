"""A session with PostgreSQL that is kept: who asks twenty times a second what has become of a claim would keep a core busy
with starting psql, and a process of the server, each time. The simple query protocol, without a password; values as texts."""

import select
import socket
import struct
import threading
import urllib.parse


class DatabaseError(RuntimeError):
    """The server has refused a statement, or has gone while it was carried out."""


class Session:
    def __init__(self, url, null=""):
        parts = urllib.parse.urlsplit(url)
        self.address, self.user, self.database = (parts.hostname, parts.port), parts.username, parts.path.lstrip("/")
        self.null = null
        self.lock = threading.Lock()
        self.connection = None

    def close(self):
        if self.connection:
            self.stream.close()
            self.connection.close()
            self.connection = None

    def ask(self, statement, seconds=60):
        """Rows of all its results, as lists of texts."""
        with self.lock:
            if self.connection and select.select([self.connection], [], [], 0)[0]:
                self.close()   # nobody was asked: the server says that it ends, or has ended
            try:
                if not self.connection:
                    self.connect()
                self.connection.settimeout(seconds)
                self.send(b"Q", statement.encode() + b"\0")
                return self.read_answer()
            except (OSError, EOFError) as error:
                self.close()
                raise DatabaseError(f"{error or 'the server has gone'}: {statement}") from error
            except DatabaseError as error:
                error.add_note(statement)
                raise

    def connect(self):
        self.connection = socket.create_connection(self.address, timeout=5)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.connection.makefile("rb")
        names = {"user": self.user, "database": self.database, "application_name": "test", "client_encoding": "UTF8"}
        self.send(b"", struct.pack(">i", 3 << 16) + b"".join(
            f"{name}\0{value}\0".encode() for name, value in names.items()) + b"\0")
        self.read_answer()

    def send(self, kind, body):
        self.connection.sendall(kind + struct.pack(">i", len(body) + 4) + body)

    def read(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def read_answer(self):
        """Up to ReadyForQuery."""
        rows, problem = [], None
        while True:
            kind, length = struct.unpack(">ci", self.read(5))
            body = self.read(length - 4)
            if kind == b"D":
                rows.append([self.null if text is None else text for text in columns_of(body)])
            elif kind == b"E":
                problem = "; ".join(field[1:].decode() for field in body.split(b"\0") if field[:1] in (b"M", b"C", b"D"))
                if body.startswith(b"SFATAL"):   # nothing follows
                    self.close()
                    raise DatabaseError(problem)
            elif kind == b"Z":
                if problem:
                    raise DatabaseError(problem)
                return rows


def columns_of(body):
    """The texts of a DataRow; None for null."""
    at = 2
    for _ in range(struct.unpack_from(">h", body)[0]):
        (length,) = struct.unpack_from(">i", body, at)
        at += 4
        yield None if length < 0 else body[at:at + length].decode()
        at += max(length, 0)
