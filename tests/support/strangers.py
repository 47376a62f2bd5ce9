"""Who else is on the database."""

import subprocess


class Stranger:
    """A session of somebody else's on the database, with a transaction that he forgets to end."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.do("begin;")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def do(self, statement):
        """Lines of its answer. Waits for as long as somebody else holds what it needs."""
        self.process.stdin.write(statement + "\n\\echo done\n")
        lines = []
        for line in self.process.stdout:
            if line == "done\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise RuntimeError(f"{statement}: {lines}")

    def hold(self, statement):
        """A select for update or an insert that must meet a row at least."""
        assert self.do(statement), f"no row: {statement}"

    def end(self):
        """His transaction is rolled back."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(20)
            self.process.stdout.close()
