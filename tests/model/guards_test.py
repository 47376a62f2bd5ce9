"""Holds the table of README.md against code and models: no guard without a row, no row without its guard.

A guard is `GUARD (NAME)` in lib/, consumers/ or producers/, and NO_NAME in a model. A new guard in the code is told
here until the table says what it stands for.
"""

import pathlib
import re
import unittest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
FUNCTION = re.compile(r"^([a-z_0-9]+) \(", re.MULTILINE)   # the return type stands on a line of its own


def table():
    """Guard: ([(model, flag that takes it out)], {(file, function)}, whether the code has no GUARD for it)."""
    rows = {}
    for line in (HERE / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not re.fullmatch(r"`[A-Z_]+`", cells[0]) or len(cells) != 4:
            continue
        places = set()
        for part in cells[2].split(";"):
            names = re.findall(r"`([^`]+)`", part)
            places |= {(names[0], function) for function in names[1:]}
        guard = cells[0].strip("`")
        models = [(model, flag or f"-DNO_{guard}") for model, _, flag in
                  (cell.partition(" ") for cell in cells[1].split(", "))]
        rows[guard] = (models, places, "none" in cells[2])
    return rows


def guards_in_code():
    """Guard: {(file, function)}."""
    guards = {}
    for room in ("lib", "consumers", "producers"):
        for path in sorted((ROOT / room).rglob("*.c")):
            text = path.read_text()
            for use in re.finditer(r"\bGUARD \(([A-Z_]+)\)", text):
                function = [f[1] for f in FUNCTION.finditer(text, 0, use.start())][-1]
                guards.setdefault(use[1], set()).add((str(path.relative_to(ROOT)), function))
    return guards


def guards_in_models():
    """Guard: the models that have it, named by what the preprocessor looks at."""
    guards = {}
    for path in sorted(HERE.glob("*.pml")):
        lines = [line for line in path.read_text().splitlines() if line.startswith("#") or "defined" in line]
        for name in set(re.findall(r"\bNO_([A-Z_]+)\b", "\n".join(lines))):
            guards.setdefault(name, []).append(path.stem)
    return guards


class Guards(unittest.TestCase):
    maxDiff = None

    def test_code(self):
        told = {guard: places for guard, (_, places, is_none) in table().items() if not is_none}
        self.assertEqual(told, guards_in_code(), "the table of README.md and the guards of the code differ")

    def test_told_without_guard_is_there(self):
        for guard, (_, places, is_none) in table().items():
            for file, function in places if is_none else ():
                text = (ROOT / file).read_text()
                self.assertIn(function, FUNCTION.findall(text), f"{guard}: {file} has no {function}")
                self.assertNotIn(f"GUARD ({guard})", text, f"{guard} can be taken out: say so")

    def test_models(self):
        told = {guard: sorted(model for model, _ in models) for guard, (models, _, _) in table().items()
                if models[0][1] == f"-DNO_{guard}"}
        self.assertEqual(told, {guard: sorted(models) for guard, models in guards_in_models().items()},
                         "the table of README.md and the guards of the models differ")

    def test_each_is_taken_out(self):
        rows = [line.split() for line in (HERE / "rows").read_text().splitlines() if line and line[0] not in "#["]
        taken_out = {(row[0], flag) for row in rows for flag in row[2].split(",")}
        missing = [f"{model} {guard}" for guard, (models, _, _) in table().items() for model, flag in models
                   if (model, flag) not in taken_out]
        self.assertEqual(missing, [], "no row takes these out")


if __name__ == "__main__":
    unittest.main(verbosity=2)
