"""The database server and the broker as things that can go away and come back, on the same data and port."""

import os
import pathlib
import shlex
import signal
import socket
import struct
import subprocess
import urllib.parse

from pipeline import until

KAFKA = ("127.0.0.1", int(os.environ["KAFKA_BROKERS"].rsplit(":", 1)[1]))


def runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def accepts(address):
    try:
        socket.create_connection(address, timeout=1).close()
        return True
    except OSError:
        return False


class Postgres:
    """The server of DATABASE_URL, which must be of this machine."""

    def __init__(self):
        url = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
        self.address = url.hostname, url.port
        data = subprocess.run(["psql", "-XAt", "-d", os.environ["DATABASE_URL"], "-c", "show data_directory"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        self.pid_file = pathlib.Path(data) / "postmaster.pid"
        self.own = None
        self.pid = int(self.pid_file.read_text().splitlines()[0])
        self.command = pathlib.Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        self.user = pathlib.Path(f"/proc/{self.pid}").stat()

    def crash(self):
        """Immediate: what was committed asynchronously a moment ago may be gone, as after a power cut."""
        os.kill(self.pid, signal.SIGQUIT)
        if self.own:
            self.own.wait()
        until(lambda: not runs(self.pid), 20, "PostgreSQL ended")

    def start(self):
        user = ["--reuid", str(self.user.st_uid), "--regid", str(self.user.st_gid), "--clear-groups"]
        self.own = subprocess.Popen(["setpriv", *(user if os.geteuid() == 0 else []), "--pdeathsig", "INT", "--",
                                     *self.command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL, cwd=self.pid_file.parent)
        self.pid = self.own.pid
        until(lambda: self.own.poll() is not None or self.answers(), 30, "PostgreSQL started")
        assert self.own.poll() is None, "PostgreSQL did not start again"

    def answers(self):
        return subprocess.run(["psql", "-XAtq", "-d", os.environ["DATABASE_URL"], "-c", "select 1"], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def make_sure(self):
        """It runs; called at a test's end, however that came."""
        if not runs(self.pid):
            self.start()

    def end(self):
        """Only one that was started here; the first is its starter's to end."""
        if self.own and self.own.poll() is None:
            self.own.send_signal(signal.SIGQUIT)
            self.own.wait()


class Kafka:
    def __init__(self):
        self.pid_file = pathlib.Path(os.environ["KAFKA_PID_FILE"])

    def crash(self):
        pid = int(self.pid_file.read_text())
        os.kill(pid, signal.SIGKILL)
        until(lambda: not runs(pid), 20, "Kafka ended")

    def start(self):
        subprocess.run(shlex.split(os.environ["KAFKA_RESTART"]), check=True, timeout=120)

    def make_sure(self):
        if not accepts(KAFKA):
            self.start()


def create_topic(name, partitions):
    """CreateTopics, version 2, by hand: what ours would never make."""
    def text(value):
        return struct.pack(">h", len(value)) + value.encode()

    request = (struct.pack(">hhi", 19, 2, 1) + text("test") + struct.pack(">i", 1) + text(name)
               + struct.pack(">ihii", partitions, 1, 0, 0) + struct.pack(">ib", 10000, 0))
    with socket.create_connection(KAFKA, timeout=20) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")
        (length,) = struct.unpack(">i", answer.read(4))
        body = answer.read(length)
    # correlation id, throttle time, number of topics, then the name and its error code
    (code,) = struct.unpack_from(">h", body, 12 + 2 + len(name))
    assert code == 0, f"topic {name}: error {code}"
