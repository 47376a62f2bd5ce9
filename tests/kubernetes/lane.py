"""What the lane's tests share: one release that is installed once, claims that come in while something happens, and what must hold after."""
import atexit
import contextlib
import functools
import os
import pathlib
import shutil
import threading
import time
import unittest

import servers
from cluster import until
from deployed import SETTLED_S, Deployed


@functools.cache
def install():
    """(the house, None), or (None, why there is none): no test tries it a second time."""
    try:
        return installed(), None
    except Exception as error:
        return None, error


def house():
    found, trouble = install()
    if trouble:
        raise trouble
    return found


def installed():
    outside = pathlib.Path(os.environ["OUTSIDE"])
    deployed = Deployed(outside, os.environ["CLUSTER"])
    deployed.__enter__()
    deployed.postgres = servers.Postgres()
    atexit.register(deployed.postgres.end)   # after what comes next: the last that is registered is called first
    atexit.register(deployed.close, is_failed=False)
    KeptLogs(deployed.cluster.folder).start()
    deployed.cluster.import_layout(os.environ["IMAGE_LAYOUT"])
    deployed.prepare()
    began = time.monotonic()
    deployed.install("--wait", "--timeout=5m")
    waited = time.monotonic() - began
    deployed.wait_rolled_out()   # Helm 3 waits for no pod of which one may be missing
    tell(f"helm install --wait: {waited:.0f} s; all available after {time.monotonic() - began:.0f} s")
    deployed.let_callbacks_in()
    return deployed


class KeptLogs(threading.Thread):
    """The kubelet takes a pod's logs away with the pod; a second link to each keeps it, in CLUSTER-logs."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.pods = cluster / "log" / "pods"
        self.kept = cluster.with_name(f"{cluster.name}-logs")
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir()

    def run(self):
        while True:
            for log in self.pods.glob("*/*/*.log"):
                link = self.kept / f"{log.parent.parent.name.split('_')[1]}.{log.stem}.log"
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    os.link(log, link)
            time.sleep(0.3)


def tell(text):
    print(f"    {text}", flush=True)


def process_of(pod):
    """The program in a pod, as this machine numbers it."""
    identity = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
    return int(next(line.split()[1] for line in house().cluster.ctr("tasks", "ls").splitlines() if line.startswith(identity)))


class LaneTest(unittest.TestCase):
    house = property(lambda self: house())

    def setUp(self):
        self.house.wait_rolled_out()   # one that has failed may have left it on its way

    @contextlib.contextmanager
    def under_load(self, may_fail=False, may_restart=False, a_second=3):
        """Whatever the block does: no claim is lost or doubled, and all end in success; how soon is told. `may_fail`: POSTs may be refused
        meanwhile, and are repeated; `may_restart`: containers may be started again."""
        house, restarts = self.house, self.house.restarts()
        with house.load(a_second) as load:
            self.await_claims(load, 6)
            began = time.monotonic()
            yield load
            happened = time.monotonic() - began
            self.await_claims(load, len(load.stored) + 6)
        ended = time.monotonic()
        self.assertIsNone(load.trouble)
        until(house.all_done, SETTLED_S, lambda: f"all claim groups in success; they are {house.states()}\n{house.story()}")
        settled = time.monotonic() - ended
        house.wait_rolled_out()
        house.check(self, may_be_unheard=may_fail)
        tell(f"{len(load.stored)} claims while it lasted ({happened:.0f} s), 0 lost, 0 doubled; {len(load.failed)} POSTs refused, the slowest "
             f"{load.slowest * 1000:.0f} ms; all in success {settled:.1f} s after the last")
        if not may_fail:
            self.assertEqual(load.failed, [])
        if not may_restart:
            after = house.restarts()
            self.assertEqual({name: count for name, count in after.items() if count > restarts.get(name, 0)}, {}, "containers started again")

    def await_claims(self, load, count):
        until(lambda: load.trouble or len(load.stored) >= count, 60, lambda: f"{count} claims stored; {load.failed[-3:]}\n{self.house.story()}")
        if load.trouble:
            raise load.trouble

    def replace_pods(self, mark):
        """Returns when the old ones are gone: the last of claim-api end once the new ones are ready, and helm does not wait for that."""
        before = {pod["metadata"]["uid"] for pod in self.house.pods()}
        began = time.monotonic()
        self.house.upgrade("--wait", "--timeout=5m", *self.new_revision(mark))
        tell(f"helm upgrade --reuse-values --wait: {time.monotonic() - began:.0f} s")
        until(lambda: not before & {pod["metadata"]["uid"] for pod in self.house.pods()}, 60, "every pod replaced")

    def new_revision(self, mark):
        """Options of an upgrade that replaces every pod."""
        return ["--set-string=" + ",".join(f"{part}.podAnnotations.mark={mark}" for part in ("consumerDefaults", "claimApi", "web"))]
