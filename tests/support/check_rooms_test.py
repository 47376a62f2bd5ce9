"""check-rooms tells what it is for, and nothing else."""
import pathlib
import subprocess
import tempfile
import unittest

BUILD = """
add_room (base LINKS PkgConfig::GLIB)
add_room (db LINKS base PkgConfig::PQ)
add_room (http LINKS base)   # add_room (never LINKS http)
add_room (claims LINKS db)
add_consumer (one LINKS claims)
add_program (api DIRECTORY producers/api LINKS http)
"""


class CheckRoomsTest(unittest.TestCase):
    def check(self, status, told, **files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text(BUILD)
            for room in ("base", "db", "http", "claims"):
                (root / "lib" / room).mkdir(parents=True)
                (root / "lib" / room / f"{room}.h").write_text("#pragma once\n")
            for name, includes in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(f'#include "{include}"\n' for include in includes))
            done = subprocess.run([pathlib.Path(__file__).with_name("check-rooms"), root], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (status, told, ""))

    def test_what_is_linked_may_be_included(self):
        self.check(0, "", **{"lib/claims/a.c": ["claims/claims.h", "db/db.h", "base/base.h", "claims/a.sql.h", "a.h"],
                             "consumers/one/one.c": ["claims/claims.h", "base/base.h", "jansson.h"],
                             "producers/api/api.c": ["http/http.h"]})

    def test_what_is_not_is_told(self):
        self.check(1, "lib/db/a.h includes claims/claims.h, but db does not link claims (CMakeLists.txt)\n",
                   **{"lib/db/a.h": ["claims/claims.h"]})
        self.check(1, "consumers/one/one.c includes http/http.h, but one does not link http (CMakeLists.txt)\n",
                   **{"consumers/one/one.c": ["http/http.h"]})
        self.check(1, "producers/api/api.c includes db/db.h, but api does not link db (CMakeLists.txt)\n",
                   **{"producers/api/api.c": ["db/db.h"]})

    def test_a_circle_is_told(self):
        self.check(1, "a circle: db/a db/b db/c\n",
                   **{"lib/db/a.h": ["db/b.h"], "lib/db/b.c": ["db/b.h", "db/c.h"], "lib/db/b.h": [], "lib/db/c.h": [],
                      "lib/db/c.c": ["db/a.h", "db/c.h"]})
        self.check(0, "", **{"lib/db/a.h": ["db/b.h"], "lib/db/a.c": ["db/a.h", "db/b.h"], "lib/db/b.h": [],
                             "lib/db/b.c": ["db/b.h"]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
