#!/usr/bin/env python3
"""A Kubernetes of one node, of plain programs: cluster.py up|down FOLDER

Etcd, containerd and its runc, the control plane, kubelet, kube-proxy and CoreDNS, with all that they write in FOLDER. Pods lie behind a
bridge of their own, whose first address is this machine; they reach one another and this machine, nothing else. `down` ends what `up`
has started, by number and time of start, and leaves nothing in the kernel; `up` does that first if something is left of an earlier one.

CLUSTER_PROGRAMS is the folder that fetch-cluster makes. Needs root."""
import argparse
import importlib.machinery
import importlib.util
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOUSE = HERE.parent.parent
NODE, BRIDGE = "node", "dependents0"
PODS, SERVICES = ipaddress.ip_network("10.86.74.0/24"), ipaddress.ip_network("10.86.75.0/24")
HOST, KUBERNETES = str(PODS[1]), str(SERVICES[1])
API = f"https://{HOST}:16443"
ETCD, ETCD_PEER = "http://127.0.0.1:23790", "http://127.0.0.1:23800"
NFT_TABLE = "dependents_cluster"
# Names under .test are this machine, as pods see it.
DOMAIN = "test"
PAUSE = "localhost/pause:1"
SYSCTLS = ("vm.overcommit_memory", "vm.panic_on_oom", "kernel.panic", "kernel.panic_on_oops", "kernel.keys.root_maxkeys",
           "kernel.keys.root_maxbytes")   # which the kubelet sets


def until(condition, seconds, what, every=0.1):
    """The first true value of condition (), which is asked again and again."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(every)


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, **options)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(str(word) for word in command)}: {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def succeeds(*command, **options):
    return subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False, **options).returncode == 0


def start_time(pid):
    """Of a process that runs; None: there is none, or it has ended and waits to be reaped. A number alone may be somebody else's by now."""
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if words[0] == "Z" else int(words[19])


class Authority:
    """Signs certificates; its own is FOLDER/ca.crt."""

    def __init__(self, folder, name):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "ca.crt").exists():
            run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                f"/CN={name}", "-keyout", folder / "ca.key", "-out", folder / "ca.crt")

    def sign(self, name, subject, *alternatives):
        """Leaves NAME.crt and NAME.key, anew each time."""
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("extendedKeyUsage=serverAuth,clientAuth\n"
                              + (f"subjectAltName={','.join(alternatives)}\n" if alternatives else ""))
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", subject,
            "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.csr")
        run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / "ca.crt", "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", self.folder / f"{name}.crt")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.programs = pathlib.Path(os.environ["CLUSTER_PROGRAMS"])
        self.kubeconfig = self.folder / "admin.kubeconfig"
        self.socket = self.folder / "run" / "containerd.sock"
        self.process_file = self.folder / "processes"

    # --- Processes

    def start(self, name, *command):
        with open(self.folder / "log" / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True, cwd=self.folder)
        with open(self.process_file, "a", encoding="ascii") as file:
            file.write(f"{name} {process.pid} {start_time(process.pid) or 0}\n")

    def started(self):
        """{name: pid} of what still runs."""
        if not self.process_file.exists():
            return {}
        lines = [line.split() for line in self.process_file.read_text(encoding="ascii").splitlines()]
        return {name: int(pid) for name, pid, began in lines if start_time(pid) == int(began)}

    def end(self, *names):
        for signal_no, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 10)):
            left = {pid for name, pid in self.started().items() if name in names}
            for pid in left:
                os.kill(pid, signal_no)
            deadline = time.monotonic() + seconds
            while left and time.monotonic() < deadline:
                for pid in left:
                    try:
                        os.waitpid(pid, os.WNOHANG)   # where it is our own child
                    except ChildProcessError:
                        pass
                time.sleep(0.05)
                left &= set(self.started().values())
            if not left:
                return
        raise RuntimeError(f"{names} do not end")

    def kubectl(self, *arguments, **options):
        return run(self.programs / "kubectl", f"--kubeconfig={self.kubeconfig}", *arguments, **options)

    def ctr(self, *arguments, **options):
        return run("ctr", "--address", self.socket, "--namespace", "k8s.io", *arguments, **options)

    # --- up

    def up(self):
        self.down()
        began = time.monotonic()
        for part in ("log/pods", "run", "etcd", "kubelet/plugins", "cni"):
            (self.folder / part).mkdir(parents=True)
        self.process_file.touch()
        self.make_bridge()
        self.make_papers()
        (self.folder / "sysctls").write_text(json.dumps({name: run("sysctl", "-n", name).strip() for name in SYSCTLS}))
        self.start_control_plane()
        self.start_node()
        print(f"cluster: up after {time.monotonic() - began:.1f} s; KUBECONFIG={self.kubeconfig}", flush=True)

    def make_bridge(self):
        """Forwarding is on for this bridge alone, since a Service leads from it back into it; what would leave it for another link is
        dropped."""
        for command in (f"add table inet {NFT_TABLE}",
                        f"add chain inet {NFT_TABLE} stay {{ type filter hook forward priority -10 ; policy accept ; }}",
                        f'add rule inet {NFT_TABLE} stay iifname "{BRIDGE}" oifname != "{BRIDGE}" counter drop',
                        f'add rule inet {NFT_TABLE} stay oifname "{BRIDGE}" iifname != "{BRIDGE}" counter drop'):
            run("nft", command)
        run("ip", "link", "add", "name", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{HOST}/{PODS.prefixlen}", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        run("sysctl", "-q", f"net.ipv4.conf.{BRIDGE}.forwarding=1")

    def make_papers(self):
        """Certificates, and a kubeconfig for each who talks to the API server."""
        self.authority = Authority(self.folder / "pki", "cluster")
        self.authority.sign("apiserver", "/CN=kube-apiserver", f"IP:{HOST}", f"IP:{KUBERNETES}", "DNS:kubernetes.default.svc")
        self.authority.sign("kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client")
        self.authority.sign("kubelet", f"/O=system:nodes/CN=system:node:{NODE}", f"IP:{HOST}", f"DNS:{NODE}")
        for name, subject in (("admin", "/O=system:masters/CN=admin"), ("controllers", "/CN=system:kube-controller-manager"),
                              ("scheduler", "/CN=system:kube-scheduler"), ("proxy", "/CN=system:kube-proxy"), ("coredns", "/CN=coredns")):
            self.authority.sign(name, subject)
        run("openssl", "genrsa", "-out", self.pki("accounts.key"), "2048")
        run("openssl", "rsa", "-in", self.pki("accounts.key"), "-pubout", "-out", self.pki("accounts.pub"))
        for name in ("admin", "kubelet", "controllers", "scheduler", "proxy", "coredns"):
            self.write(f"{name}.kubeconfig", json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "here",
                "clusters": [{"name": "here", "cluster": {"server": API, "certificate-authority": self.pki("ca.crt")}}],
                "users": [{"name": name, "user": {"client-certificate": self.pki(f"{name}.crt"), "client-key": self.pki(f"{name}.key")}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": name}}]}))

    def pki(self, name):
        return str(self.folder / "pki" / name)

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def start_control_plane(self):
        self.start("etcd", "etcd", "--data-dir", "etcd", "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                   "--listen-peer-urls", ETCD_PEER, "--initial-advertise-peer-urls", ETCD_PEER, "--initial-cluster", f"default={ETCD_PEER}",
                   "--unsafe-no-fsync", "--log-level", "warn")
        self.start("apiserver", self.programs / "kube-apiserver", f"--etcd-servers={ETCD}", f"--bind-address={HOST}",
                   f"--advertise-address={HOST}", f"--secure-port={API.rpartition(':')[2]}", f"--tls-cert-file={self.pki('apiserver.crt')}",
                   f"--tls-private-key-file={self.pki('apiserver.key')}", f"--client-ca-file={self.pki('ca.crt')}",
                   f"--kubelet-certificate-authority={self.pki('ca.crt')}", "--kubelet-preferred-address-types=InternalIP",
                   f"--kubelet-client-certificate={self.pki('kubelet-client.crt')}",
                   f"--kubelet-client-key={self.pki('kubelet-client.key')}", "--service-account-issuer=https://kubernetes.default.svc",
                   f"--service-account-key-file={self.pki('accounts.pub')}",
                   f"--service-account-signing-key-file={self.pki('accounts.key')}", f"--service-cluster-ip-range={SERVICES}",
                   "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
                   "--endpoint-reconciler-type=master-count")
        until(lambda: "ok" in self.kubectl("get", "--raw=/readyz", check=False).splitlines(), 120, "the API server ready")
        files = [f"--{kind}={self.folder}/controllers.kubeconfig" for kind in (
            "kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")]
        self.start("controllers", self.programs / "kube-controller-manager", *files, "--use-service-account-credentials",
                   f"--service-account-private-key-file={self.pki('accounts.key')}", f"--root-ca-file={self.pki('ca.crt')}",
                   "--bind-address=127.0.0.1", "--secure-port=11257", "--leader-elect=false")
        files = [word.replace("controllers", "scheduler") for word in files]
        self.start("scheduler", self.programs / "kube-scheduler", *files, "--bind-address=127.0.0.1", "--secure-port=11259",
                   "--leader-elect=false")

    def start_node(self):
        self.write_node_files()
        self.start("containerd", "containerd", "--config", self.folder / "containerd.toml", "--log-level", "info")
        until(lambda: succeeds("ctr", "--address", self.socket, "version"), 60, "containerd ready")
        self.import_pause()
        self.start("kubelet", self.programs / "kubelet", f"--config={self.folder}/kubelet.json",
                   f"--kubeconfig={self.folder}/kubelet.kubeconfig", f"--root-dir={self.folder}/kubelet",
                   f"--cert-dir={self.folder}/kubelet/pki", f"--hostname-override={NODE}", f"--node-ip={HOST}")
        self.start("proxy", self.programs / "kube-proxy", f"--config={self.folder}/proxy.json")
        self.kubectl("create", "clusterrole", "coredns", "--verb=list,watch",
                     "--resource=services,pods,namespaces,endpointslices.discovery.k8s.io")
        self.kubectl("create", "clusterrolebinding", "coredns", "--clusterrole=coredns", "--user=coredns")
        self.start("coredns", self.programs / "coredns", "-conf", self.folder / "Corefile")
        until(lambda: succeeds(self.programs / "kubectl", f"--kubeconfig={self.kubeconfig}", "wait", "--for=condition=Ready",
                               f"node/{NODE}", "--timeout=1s"), 120, "the node ready")
        until(lambda: succeeds(self.programs / "kubectl", f"--kubeconfig={self.kubeconfig}", "get", "serviceaccount", "default"), 60,
              "the account of pods")

    def write_node_files(self):
        # An empty file will not do: containerd would give pods the machine's own.
        resolver = self.write("resolv.conf", f"nameserver {HOST}\n")
        def block(zone, plugins):
            return f"{zone}:53 {{\n  bind {HOST}\n  errors\n  {plugins}\n}}\n"
        self.write("Corefile", block(DOMAIN, f'template IN A {{\n answer "{{{{ .Name }}}} 5 IN A {HOST}"\n }}\n'
                                             "template ANY ANY {\n rcode NOERROR\n }")
                   + block("cluster.local", f"kubernetes cluster.local {{\n kubeconfig {self.folder}/coredns.kubeconfig\n ttl 0\n }}")
                   + block(".", "template ANY ANY {\n rcode NXDOMAIN\n }"))
        self.write("cni/10-pods.conflist", json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [{
            "type": "bridge", "bridge": BRIDGE, "isGateway": False, "ipMasq": False, "hairpinMode": True,
            "ipam": {"type": "host-local", "dataDir": f"{self.folder}/addresses", "routes": [{"dst": "0.0.0.0/0"}],
                     "ranges": [[{"subnet": str(PODS), "rangeStart": str(PODS[10]), "rangeEnd": str(PODS[250]), "gateway": HOST}]]}}]}))
        self.write("kubelet.json", json.dumps({
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "address": HOST, "readOnlyPort": 0, "healthzBindAddress": "127.0.0.1",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True}, "x509": {"clientCAFile": self.pki("ca.crt")}},
            "authorization": {"mode": "Webhook"}, "tlsCertFile": self.pki("kubelet.crt"), "tlsPrivateKeyFile": self.pki("kubelet.key"),
            "containerRuntimeEndpoint": f"unix://{self.socket}", "cgroupDriver": "cgroupfs", "failCgroupV1": False, "failSwapOn": False,
            "podLogsDir": f"{self.folder}/log/pods", "volumePluginDir": f"{self.folder}/kubelet/plugins", "resolvConf": str(resolver),
            "clusterDNS": [HOST], "clusterDomain": "cluster.local", "makeIPTablesUtilChains": False,
            "nodeStatusUpdateFrequency": "5s", "syncFrequency": "10s", "imageMinimumGCAge": "24h",
            "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"}}))
        self.write("proxy.json", json.dumps({
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "nftables",
            "bindAddress": "127.0.0.1", "hostnameOverride": NODE, "nodePortAddresses": [f"{HOST}/32"],
            "clientConnection": {"kubeconfig": f"{self.folder}/proxy.kubeconfig"},
            "detectLocalMode": "BridgeInterface", "detectLocal": {"bridgeInterface": BRIDGE},
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}}))
        # restrict_oom_score_adj: without CAP_SYS_RESOURCE no process may be made less likely to be killed, and runc ends where it tries.
        self.write("containerd.toml", f"""version = 2
root = "{self.folder}/containerd"
state = "{self.folder}/run/containerd"
oom_score = 0
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{self.socket}"
[ttrpc]
  address = "{self.socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{self.folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
""")

    # --- Images

    def import_layout(self, layout):
        """An OCI image as ./dev image leaves it."""
        archive = self.folder / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(layout, arcname="")
        self.ctr("images", "import", archive)
        archive.unlink()

    def import_pause(self):
        loader = importlib.machinery.SourceFileLoader("layout", str(HOUSE / "helm" / "image" / "layout"))
        layout = importlib.util.module_from_spec(importlib.util.spec_from_loader("layout", loader))
        loader.exec_module(layout)
        root, folder = self.folder / "pause" / "root", self.folder / "pause" / "layout"
        root.mkdir(parents=True)
        folder.mkdir()
        shutil.copy(self.programs / "pause", root / "pause")
        layer = layout.tar_of(root, 0)
        config = layout.put_json(folder, {
            "architecture": layout.architecture(), "os": "linux", "config": {"User": "65535:65535", "Entrypoint": ["/pause"]},
            "rootfs": {"type": "layers", "diff_ids": [layout.digest(layer)]}}, "config.v1+json")
        layout.put_index(folder, PAUSE, config, [layout.put(folder, layer, "layer.v1.tar")], {})
        self.import_layout(folder)

    # --- down

    def down(self):
        if self.folder.exists():
            running = self.started()
            self.end("controllers", "scheduler")   # then nothing makes new pods
            if {"apiserver", "kubelet", "containerd"} <= set(running):
                self.kubectl("delete", "pods", "--all-namespaces", "--all", "--grace-period=1", "--timeout=60s", check=False)
            self.end("kubelet", "proxy", "coredns")
            if "containerd" in running:
                self.end_containers()
            self.end("containerd")
            self.end("apiserver")
            self.end("etcd")
            self.unmount()
        self.clean_kernel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end_containers(self):
        """What the kubelet did not get to: shims live on without containerd."""
        for kind in ("tasks", "containers"):
            for name in self.ctr(kind, "ls", "-q", check=False).split():
                self.ctr(kind, "rm", *(["-f"] if kind == "tasks" else []), name, check=False)

    def unmount(self):
        mounts = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
        for mount in sorted((mount for mount in mounts if mount.startswith(f"{self.folder}/")), reverse=True):
            run("umount", "--lazy", mount, check=False)

    def clean_kernel(self):
        if pathlib.Path(f"/sys/class/net/{BRIDGE}").exists():
            for link in pathlib.Path(f"/sys/class/net/{BRIDGE}/brif").iterdir():
                run("ip", "link", "delete", link.name, check=False)
            run("ip", "link", "delete", BRIDGE)
        for table in (("inet", NFT_TABLE), ("ip", "kube-proxy"), ("ip6", "kube-proxy")):
            if succeeds("nft", "list", "table", *table):
                run("nft", "delete", "table", *table)
        for top in pathlib.Path("/sys/fs/cgroup").glob("**/kubepods"):
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass   # not empty, or a file's
        before = self.folder / "sysctls"
        if before.exists():
            for name, value in json.loads(before.read_text()).items():
                run("sysctl", "-q", f"{name}={value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("up", "down"))
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("cluster: only root may make a bridge and containers")
    cluster = Cluster(arguments.folder)
    getattr(cluster, arguments.what)()


if __name__ == "__main__":
    main()
