"""What a child cannot do once its walls stand, and what it uses.

  under strace   it opens nothing, and makes no call but those of the list
  attempts       (builds with crash points) what a child that was taken over might try ends it by SIGSYS; what would
                 open a file answers EACCES and does not
  limits         processor time and output end it; what a document of 20 MB needs is measured

Usage: walls_test.py PRESS-FILE ATTACHMENT-PRESS strace|attempts|memory
"""
import fcntl
import os
import pathlib
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

import corpus
import corpus_test
import papers

PRESS_FILE, CHILD = sys.argv[1:3]
DENIED, ALLOWED = 40, 41        # attempt.c
NOT_THE_DOCUMENTS = 4           # report.h
TOO_COMPLEX = 19
MEMORY_BESIDE_DOCUMENT = 80_000_000

ALLOWED_CALLS = set("read write lseek pread64 fstat close mmap munmap mremap brk madvise futex clock_gettime getrandom "
                    "rt_sigreturn exit exit_group".split())
DENIED_CALLS = set("open openat openat2 creat stat lstat statx newfstatat access faccessat faccessat2 readlink "
                   "readlinkat".split())


def lifted(path, flags):
    """Away from the numbers that the child is given."""
    fd = os.open(path, flags)
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD, 20)
    finally:
        os.close(fd)


def run_child(folder, document, attempt=None):
    """The child by itself; returns its exit status as of subprocess, its report, and its most memory in bytes."""
    folder = pathlib.Path(folder)
    (folder / "stamps.pdf").write_bytes(corpus_test.stamps())
    given = [(lifted(document, os.O_RDONLY), 0),
             (lifted(folder / "result", os.O_RDWR | os.O_CREAT | os.O_TRUNC), 1),
             (lifted("/dev/null", os.O_WRONLY), 2),
             (lifted(folder / "stamps.pdf", os.O_RDONLY), 3),
             (lifted(folder / "report", os.O_RDWR | os.O_CREAT | os.O_TRUNC), 4)]
    environment = {"PRESS_ATTEMPT": attempt} if attempt else {}
    actions = [(os.POSIX_SPAWN_DUP2, *pair) for pair in given]
    places = [f"{x},{y}" for x, y in corpus_test.PLACES]
    pid = os.posix_spawn(CHILD, [CHILD, *places], environment, file_actions=actions,
                         setsigdef=[signal.SIGXFSZ])        # Python ignores it
    for fd, _ in given:
        os.close(fd)
    _, status, used = os.wait4(pid, 0)
    report = (folder / "report").read_bytes()
    return os.waitstatus_to_exitcode(status), struct.unpack("4I", report) if report else None, used.ru_maxrss * 1024


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def document(self, data):
        path = self.folder / "document"
        path.write_bytes(data)
        return path


class UnderStrace(InFolder):
    """One document of each kind."""
    ROWS = ("one page", "several streams", "owner password", "field drawn in UTF-16", "cut before its end", "PNG, interlaced",
            "JPEG, progressive", "JPEG, orientation 6", "user password", "PDF of noise")

    def calls_behind_the_walls(self, trace):
        """(name, result) of what the child calls after its filter is in place."""
        lines = trace.read_text(errors="replace").splitlines()
        standing = [at for at, line in enumerate(lines) if re.search(r"seccomp\(SECCOMP_SET_MODE_FILTER, 0, .* = 0$", line)]
        self.assertEqual(len(standing), 1, "the filter is set once")
        pid = lines[standing[0]].split()[0]
        for line in lines[standing[0] + 1:]:
            call = re.match(rf"{pid} +(\w+)\(.*\) += (.*)", line)
            if call:
                yield call.groups()

    def test_opens_nothing(self):
        (self.folder / "stamps.pdf").write_bytes(corpus_test.stamps())
        for row in (row for row in corpus.ROWS if row.name in self.ROWS):
            with self.subTest(row.name):
                trace = self.folder / "trace"
                subprocess.run(["strace", "-f", "-o", trace, PRESS_FILE, CHILD, self.document(row.make()),
                                self.folder / "stamps.pdf", self.folder / "result", "5,5", "400,770"],
                               check=True, capture_output=True)
                calls = list(self.calls_behind_the_walls(trace))
                self.assertIn(("exit_group", "?"), calls)
                self.assertLessEqual({name for name, _ in calls}, ALLOWED_CALLS | DENIED_CALLS)
                for name, result in calls:
                    if name in DENIED_CALLS:
                        self.assertTrue(result.startswith("-1 EACCES"), f"{name}: {result}")

    def test_nothing_is_read_before(self):
        """The document's descriptor is mapped, and no more is done with it."""
        (self.folder / "stamps.pdf").write_bytes(corpus_test.stamps())
        trace = self.folder / "trace"
        subprocess.run(["strace", "-f", "-o", trace, PRESS_FILE, CHILD, self.document(papers.one_page()),
                        self.folder / "stamps.pdf", self.folder / "result", "5,5", "400,770"], check=True, capture_output=True)
        started = trace.read_text().split("execve(")[-1]
        self.assertTrue(re.search(r"mmap\(NULL, \d+, PROT_READ, MAP_PRIVATE, 0, 0\)", started))
        self.assertIsNone(re.search(r"(read|pread64)\(0,", started))


class Attempts(InFolder):
    def ends(self, attempt):
        return run_child(self.folder, self.document(papers.one_page()), attempt)[0]

    def test_without_one_it_ends_well(self):
        self.assertEqual(self.ends(None), 0)

    def test_is_killed(self):
        for attempt in ("socket", "execve", "fork", "kill", "ptrace", "ioctl", "mprotect", "mmap-code", "mmap-shared-file"):
            with self.subTest(attempt):
                self.assertEqual(self.ends(attempt), -signal.SIGSYS)

    def test_is_denied(self):
        self.assertEqual(self.ends("openat"), DENIED)

    def test_what_happens_is_the_documents_doing(self):
        """Who was taken over may end as if the sandbox had failed: the report has said "too complex" by then."""
        status, report, _ = run_child(self.folder, self.document(papers.one_page()), "say-it-is-ours")
        self.assertEqual((status, report), (NOT_THE_DOCUMENTS, (TOO_COMPLEX, 0, 0, 0)))

    def test_memory_has_an_end(self):
        self.assertEqual(self.ends("memory"), DENIED)

    def test_output_has_an_end(self):
        self.assertEqual(self.ends("output"), -signal.SIGXFSZ)
        self.assertEqual((self.folder / "result").stat().st_size, 100_000_000)

    def test_time_has_an_end(self):
        def used():
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime
        before = used()
        self.assertEqual(self.ends("time"), -signal.SIGXCPU)
        self.assertTrue(15 < used() - before < 22)      # both sides count in ticks


class Memory(InFolder):
    """Documents of 20 MB that nobody can make smaller, each made by a process of its own: what this one had in hand
    would count as the child's."""
    LARGE = {
        "image": "pdf = papers.Pdf(); image = pdf.stream(noise(20_000_000), '/Subtype/Image/Width 5000/Height 1333'"
                 "'/BitsPerComponent 8/ColorSpace/DeviceRGB'); pdf.page('q 600 0 0 700 0 0 cm /I Do Q', "
                 "entries=f'/Resources<</XObject<</I {image} 0 R>>>>'); data = pdf.bytes()",
        "content in parts": "pdf = papers.Pdf()\nfor _ in range(2): pdf.page([noise(2_500_000) for _ in range(4)])\n"
                            "data = pdf.bytes()",
        "png, interlaced": "data = papers.png(2600, 2560, lambda y: noise(7800), interlaced=True)",
        "jpeg": "data = papers.jpeg(papers.Image.frombytes('RGB', (3900, 2700), noise(3900 * 2700 * 3)))",
    }

    def test_of_documents_of_20_mb(self):
        for name, making in self.LARGE.items():
            with self.subTest(name):
                path = self.folder / "document"
                subprocess.run([sys.executable, "-B", "-c", "import random, sys, papers\n"
                                "noise = random.Random(1).randbytes\n" + making + "\nopen(sys.argv[1], 'wb').write(data)",
                                path], check=True, cwd=pathlib.Path(__file__).parent)
                size = path.stat().st_size
                status, report, most = run_child(self.folder, path)
                print(f"{name}: {size / 1e6:.1f} MB, {(most - size) / 1e6:.1f} MB beside them")
                self.assertEqual((status, report[0]), (0, 0))
                self.assertGreater(size, 19_000_000)
                self.assertLessEqual(most - size, MEMORY_BESIDE_DOCUMENT)


if __name__ == "__main__":
    part = {"strace": UnderStrace, "attempts": Attempts, "memory": Memory}[sys.argv[3]]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(part)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
