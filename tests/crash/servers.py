"""The database server and the broker as things that can go away and come back, on the same data and port."""

import os
import pathlib
import shlex
import signal
import socket
import struct
import subprocess
import threading
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


class Gate:
    """In front of a server, which keeps all that it knows: closed, nobody listens on its port, and whoever was connected is
    cut off."""

    def __init__(self, netloc):
        host, port = netloc.split(":")
        self.behind = host, int(port)
        self.lock = threading.Lock()
        self.connections = set()
        self.listener = self.holder = None
        self.port = 0
        self.open()
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self):
        if self.holder:
            self.holder.close()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """The port stays ours, and nobody listens there."""
        if self.listener.fileno() < 0:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            cut, self.connections = self.connections, set()
        for connection in cut:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))   # a reset, as of the dead
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass   # it has gone by itself
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.bind(("127.0.0.1", self.port))

    def end(self):
        self.close()
        self.holder.close()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
                behind = socket.create_connection(self.behind)
            except OSError:
                return
            with self.lock:
                if listener is not self.listener or listener.fileno() < 0:
                    connection.close()
                    behind.close()
                    return
                self.connections |= {connection, behind}
            for one, other in ((connection, behind), (behind, connection)):
                threading.Thread(target=self.hand_on, args=(one, other), daemon=True).start()

    def hand_on(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        finally:
            for end in (one, other):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            with self.lock:
                is_last = one not in self.connections   # the other direction has ended, or close() has taken both
                self.connections -= {one, other}
            if is_last:
                one.close()
                other.close()


# --- Requests that no tool here makes, by hand

def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def ask(key, version, body):
    """The answer's body, without its correlation id."""
    request = struct.pack(">hhi", key, version, 1) + text("test") + body
    with socket.create_connection(KAFKA, timeout=20) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")
        (length,) = struct.unpack(">i", answer.read(4))
        return answer.read(length)[4:]


class Answer:
    """Read from the front."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def number(self, kind):
        (value,) = struct.unpack_from(">" + kind, self.body, self.at)
        self.at += struct.calcsize(">" + kind)
        return value

    def text(self):
        length = self.number("h")
        self.at += length
        return self.body[self.at - length:self.at].decode()


def end_offsets(topics, partitions):
    """By (topic, partition): ListOffsets, version 1, of the latest. None: some have no leader yet."""
    asked = array([struct.pack(">iq", number, -1) for number in range(partitions)])
    answer = Answer(ask(2, 1, struct.pack(">i", -1) + array([text(topic) + asked for topic in topics])))
    offsets = {}
    for _ in range(answer.number("i")):
        topic = answer.text()
        for _ in range(answer.number("i")):
            number, code, _, offset = (answer.number(kind) for kind in "ihqq")
            offsets[topic, number] = offset if code == 0 else None
    return None if None in offsets.values() else offsets


def commit_offsets(group, offsets):
    """For a group without members: OffsetCommit, version 2. Whether all was taken."""
    topics = {}
    for (topic, number), offset in offsets.items():
        topics.setdefault(topic, []).append(struct.pack(">iq", number, offset) + text(""))
    answer = Answer(ask(8, 2, text(group) + struct.pack(">i", -1) + text("") + struct.pack(">q", -1)
                        + array([text(topic) + array(parts) for topic, parts in topics.items()])))
    codes = set()
    for _ in range(answer.number("i")):
        answer.text()
        for _ in range(answer.number("i")):
            answer.number("i")
            codes.add(answer.number("h"))
    return codes == {0}


def committed_offsets(group, topic, partitions):
    """OffsetFetch, version 1. By partition; -1: none."""
    asked = struct.pack(">i", partitions) + b"".join(struct.pack(">i", number) for number in range(partitions))
    answer = Answer(ask(9, 1, text(group) + array([text(topic) + asked])))
    offsets = {}
    for _ in range(answer.number("i")):
        answer.text()
        for _ in range(answer.number("i")):
            number, offset = answer.number("i"), answer.number("q")
            answer.text()
            assert answer.number("h") == 0
            offsets[number] = offset
    return offsets


def delete_topic(name):
    """DeleteTopics, version 1; with all that is in it."""
    answer = Answer(ask(20, 1, array([text(name)]) + struct.pack(">i", 10000)))
    answer.number("i"), answer.number("i"), answer.text()
    code = answer.number("h")
    assert code == 0, f"topic {name}: error {code}"


def delete_records(offsets):
    """DeleteRecords, version 0: all before the offset of each (topic, partition), as retention does it."""
    asked = array([text(topic) + array([struct.pack(">iq", number, offset)])
                   for (topic, number), offset in offsets.items()])
    answer = Answer(ask(21, 0, asked + struct.pack(">i", 10000)))
    answer.number("i")
    for _ in range(answer.number("i")):
        name = answer.text()
        for _ in range(answer.number("i")):
            number, low, code = (answer.number(kind) for kind in "iqh")
            assert code == 0, f"{name}/{number}: error {code}, log begins at {low}"


def remove_static_member(group, instance):
    """Whose partitions would wait for its session's end otherwise: LeaveGroup, version 3. It need not be there."""
    ask(13, 3, text(group) + array([text("") + text(instance)]))


NO_BROKER_REGISTERED = 38   # a replication factor above the brokers that the controller knows: it has lost ours for a moment


def create_topic(name, partitions, **configs):
    """CreateTopics, version 2: what ours would never make."""
    given = array([text(key.replace("_", ".")) + text(str(value)) for key, value in configs.items()])
    wanted = array([text(name) + struct.pack(">ihi", partitions, 1, 0) + given]) + struct.pack(">ib", 10000, 0)

    def answered():
        # throttle time, number of topics, then the name and its error code
        code = struct.unpack_from(">h", ask(19, 2, wanted), 8 + 2 + len(name))
        return None if code == (NO_BROKER_REGISTERED,) else code

    (code,) = until(answered, 20, f"topic {name}: a registered broker", every=0.2)
    assert code == 0, f"topic {name}: error {code}"


def grow_topic(name, partitions):
    """CreatePartitions, version 0: what somebody does who has not read how."""
    ask(37, 0, array([text(name) + struct.pack(">ii", partitions, -1)]) + struct.pack(">ib", 10000, 0))
    until(lambda: end_offsets([name], partitions), 20, f"{name} has {partitions} partitions")


def write_in_transaction(topic, partition):
    """A stranger's transaction that ends well: a record, and behind it a marker that nobody is given to read."""
    place = topic, partition
    before = until(lambda: end_offsets([topic], partition + 1), 30, "a leader")[place]
    # The first one of a broker can take it longer to prepare than kcat waits; nothing is written then.
    command = ["kcat", "-b", os.environ["KAFKA_BROKERS"], "-P", "-X", f"transactional.id={topic}", "-t", topic, "-p", str(partition)]
    until(lambda: subprocess.run(command, input=b"no value of ours\n", check=False, timeout=60).returncode == 0, 120, "a transaction")
    until(lambda: end_offsets([topic], partition + 1)[place] == before + 2, 30, "a record and its marker")
