"""The image: built twice it is the same, it is small, says what is in it, and its programs run in it as nobody with a root that is read-only."""
import gzip
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

HOUSE = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = pathlib.Path(os.environ["PROGRAMS"])
MOST_BYTES = 120_000_000
USER = 65532


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def consumers():
    return re.findall(r"add_consumer \((\S+) ", (HOUSE / "CMakeLists.txt").read_text())


@unittest.skipUnless(os.geteuid() == 0, "only root may change its root")
class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.folder.chmod(0o755)
        cls.digests = []
        for name in ("first", "second"):
            run(HOUSE / "helm/image/root", PROGRAMS, cls.folder / name / "root")
            cls.digests.append(run(HOUSE / "helm/image/layout", cls.folder / name / "root", cls.folder / name / "layout").strip())
        cls.root = cls.folder / "first" / "root"
        cls.layout = cls.folder / "first" / "layout"

    def inside(self, *command, **options):
        return subprocess.run([HOUSE / "helm/image/apart", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"', self.root,
                               "chroot", f"--userspec={USER}:{USER}", self.root, *command],
                              env={"PATH": "/usr/bin:/usr/sbin:/bin:/sbin"}, capture_output=True, text=True, **options)

    def blob(self, descriptor):
        content = (self.layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
        self.assertEqual("sha256:" + hashlib.sha256(content).hexdigest(), descriptor["digest"])
        self.assertEqual(len(content), descriptor["size"])
        return content

    def parts(self):
        """Manifest, configuration, layer."""
        index = json.loads((self.layout / "index.json").read_text())
        manifest = json.loads(self.blob(index["manifests"][0]))
        return manifest, json.loads(self.blob(manifest["config"])), gzip.decompress(self.blob(manifest["layers"][0]))

    def test_twice_it_is_the_same(self):
        self.assertEqual(self.digests[0], self.digests[1])

    def test_it_is_small(self):
        _, _, layer = self.parts()
        with tempfile.TemporaryFile() as file:
            file.write(layer)
            file.seek(0)
            with tarfile.open(fileobj=file) as tar:
                members = tar.getmembers()
        self.assertLess(sum(member.size for member in members), MOST_BYTES)
        self.assertEqual({(member.uid, member.gid) for member in members}, {(0, 0)})
        self.assertEqual([member.name for member in members if member.mode & 0o6002 and not member.issym() and not member.mode & 0o1000], [])

    def test_it_is_an_oci_image(self):
        manifest, config, layer = self.parts()
        self.assertEqual(config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(layer).hexdigest()])
        self.assertEqual(config["config"]["User"], f"{USER}:{USER}")
        self.assertEqual(json.loads((self.layout / "oci-layout").read_text()), {"imageLayoutVersion": "1.0.0"})
        for name in ("title", "version", "created", "licenses", "revision"):
            self.assertTrue(config["config"]["Labels"][f"org.opencontainers.image.{name}"], name)

    def test_every_program_runs_as_nobody(self):
        for name in [*consumers(), "claim-api"]:
            done = self.inside(f"/usr/bin/{name}", "--version")
            self.assertEqual((done.returncode, done.stdout.split()[0]), (0, name), done.stderr)
        self.assertEqual(self.inside("/usr/bin/pipelinectl", "migrate", "--help").returncode, 0)
        self.assertEqual(self.inside("/usr/bin/attachment-press").returncode, subprocess.run([PROGRAMS / "attachment-press"]).returncode)

    def test_nobody_writes_to_it(self):
        done = self.inside("/bin/sh", "-c", "(: >/usr/bin/x); echo $?; (: >/tmp/x); echo $?")
        self.assertEqual(done.stdout.split(), ["2", "2"], done.stderr)
        self.assertEqual(done.stderr.count("Read-only file system"), 2, done.stderr)

    def test_no_library_is_missing(self):
        for name in [*consumers(), "claim-api", "pipelinectl", "pipelinectl-web", "attachment-press"]:
            done = self.inside("/lib64/ld-linux-x86-64.so.2", "--list", f"/usr/bin/{name}")
            self.assertEqual((done.returncode, re.findall("not found", done.stdout)), (0, []), done.stderr)

    def test_scanners_find_what_is_in_it(self):
        status = (self.root / "var/lib/dpkg/status").read_text()
        installed = dict(re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: (\S+)$", status, re.M))
        sbom = json.loads((self.root / "usr/share/sbom/dependents-pipeline.spdx.json").read_text())
        told = {package["name"]: package["versionInfo"] for package in sbom["packages"] if package["SPDXID"].startswith("SPDXRef-deb-")}
        self.assertEqual(installed, told)
        for package in ("libc6", "libssl3", "librdkafka1", "libpq5", "tzdata", "fonts-nanum", "ca-certificates"):
            self.assertIn(package, installed)
        self.assertEqual(status.count("Status: install ok installed"), len(installed))
        self.assertIn("ID=debian", (self.root / "etc/os-release").read_text())
        for package in installed:
            self.assertTrue((self.root / "usr/share/doc" / package / "copyright").exists() or (self.root / "usr/share/doc" / package).is_symlink(),
                            f"the licence of {package}")

    def test_it_knows_whom_to_trust_and_what_day_it_is(self):
        certificates = (self.root / "etc/ssl/certs/ca-certificates.crt").read_text()
        self.assertGreater(certificates.count("BEGIN CERTIFICATE"), 100)
        self.assertTrue((self.root / "usr/share/zoneinfo/America/Chicago").is_file())

    def test_fonts_are_there_with_their_cache(self):
        faces = re.findall(r'\{ TRUETYPE "([^"]+)"', (HOUSE / "lib/pdf/fonts.c").read_text())
        self.assertGreater(len(faces), 4)
        for face in faces:
            self.assertTrue((self.root / "usr/share/fonts/truetype" / face).is_file(), face)
        told = run("fc-cache", "--sysroot", self.root, "--verbose", "--system-only", env={**os.environ, "SOURCE_DATE_EPOCH": str(int(self.root.stat().st_mtime))})
        self.assertNotRegex(told, r"caching, new cache contents", "its cache is not the one that its folders need")

    def test_what_people_need_beside_the_programs_is_in_it(self):
        for name in ("topics.json", "openapi.yaml", "sql/0001-claims.up.sql", "forms/21-686c.pdf", "forms/21-674.json"):
            self.assertEqual((self.root / "usr/share/dependents-pipeline" / name).read_bytes(), (HOUSE / "schemas" / name).read_bytes())


if __name__ == "__main__":
    unittest.main(verbosity=2)
