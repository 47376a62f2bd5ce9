"""Every document of corpus.py through lib/press and its child.

A verdict is held against the table. What was taken must be sound for qpdf, have its pages, have nothing left of what is
taken out, and show two stamps where they belong on the page as it is drawn; twice the same document gives the same bytes.

Usage: corpus_test.py PRESS-FILE ATTACHMENT-PRESS WALLS (yes or no) [NAME-OF-A-ROW…]
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import corpus
import papers

DPI = 144
STAMP_WIDTH, STAMP_HEIGHT = 40, 10
PLACES = [(5, 5), (400, 770)]
# Left and right half of a stamp above, and what lies below: it is neither turned nor mirrored. The second one in other
# colours, for on a small page it comes to lie over the first.
COLOURS = [((200, 0, 0), (0, 0, 200), (0, 200, 0)), ((200, 0, 200), (0, 200, 200), (200, 200, 0))]
NEAR = 12
ACTIVE = ("/JavaScript ", "/JS ", "/Launch", "/OpenAction ", "/AA ", "/XFA ")


def stamps():
    pdf = papers.Pdf()
    for left, right, below in COLOURS:
        drawn = [" ".join(f"{value / 255:.5f}" for value in colour) for colour in (left, right, below)]
        pdf.page(f"{drawn[0]} rg 0 3 20 7 re f {drawn[1]} rg 20 3 20 7 re f {drawn[2]} rg 0 0 40 3 re f",
                 media=(0, 0, STAMP_WIDTH, STAMP_HEIGHT))
    return pdf.bytes()


class Drawn:
    """A page as it is displayed; points from its lower left."""

    def __init__(self, path, page, unit):
        image = subprocess.run(["pdftoppm", "-cropbox", "-r", str(DPI), "-aa", "no", "-aaVector", "no", "-f", str(page),
                                "-l", str(page), path], capture_output=True, check=True).stdout
        _, size, _, self.pixels = image.split(b"\n", 3)
        self.width, self.height = map(int, size.split())
        self.scale = DPI / 72 / unit

    def at(self, x, y):
        column, row = int(x * self.scale), self.height - 1 - int(y * self.scale)
        start = (row * self.width + column) * 3
        return tuple(self.pixels[start:start + 3])


def near(one, other):
    return all(abs(a - b) <= NEAR for a, b in zip(one, other))


def stamp_problems(drawn, shown, which):
    """Where a stamp lies, by the same rule as the press, but in the plain coordinates of the displayed page."""
    scale = min(1, shown[0] / STAMP_WIDTH, shown[1] / STAMP_HEIGHT)
    x = max(0, min(PLACES[which][0], shown[0] - scale * STAMP_WIDTH))
    y = max(0, min(PLACES[which][1], shown[1] - scale * STAMP_HEIGHT))
    for (right, up), colour in zip(((10, 6.5), (30, 6.5), (20, 1.5)), COLOURS[which]):
        found = drawn.at(x + right * scale, y + up * scale)
        if not near(found, colour):
            yield f"stamp {which} at {right},{up}: {found}, not {colour}"


def result_problems(row, path):
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    if checked.returncode != 0:
        yield f"qpdf --check: {checked.stdout[-300:]}{checked.stderr[-300:]}"
    pages = int(subprocess.run(["qpdf", "--show-npages", path], capture_output=True, text=True).stdout)
    if pages != row.pages:
        yield f"{pages} pages"
    plain = subprocess.run(["qpdf", "--qdf", "--object-streams=disable", path, "-"], capture_output=True).stdout.decode("latin-1") \
        if path.stat().st_size < 100_000 else ""
    plain = " ".join(plain.split())
    kept = " ".join(row.kept)
    for word in ACTIVE:
        if word in plain and word not in kept:
            yield f"{word} is left"
    for words in row.kept:
        if words not in plain:
            yield f"{words} is gone"

    for page in {1, row.pages} if row.is_drawn else ():
        drawn = Drawn(path, page, row.unit)
        if page == 1:
            expected = tuple(round(size * drawn.scale) for size in row.shown)
            if any(abs(a - b) > 1 for a, b in zip(expected, (drawn.width, drawn.height))):
                yield f"is displayed as {drawn.width} x {drawn.height}, not {expected}"
                return
        if row.shown[0] > STAMP_WIDTH:      # else the second hides the first
            yield from stamp_problems(drawn, row.shown, 0)
        yield from stamp_problems(drawn, row.shown, 1)
        if page == 1:
            for (x, y), colour in row.pixels:
                if not near(drawn.at(x, y), colour):
                    yield f"at {x},{y}: {drawn.at(x, y)}, not {colour}"


def press(programs, folder, document, result):
    given = pathlib.Path(folder, "document")
    given.write_bytes(document)
    told = subprocess.run([*programs, given, pathlib.Path(folder, "stamps.pdf"), result,
                           *(f"{x},{y}" for x, y in PLACES)], capture_output=True, text=True)
    return json.loads(told.stdout) if told.returncode == 0 else {"verdict": f"press-file fails: {told.stderr[-300:]}"}


def problems(programs, folder, row):
    result, again = pathlib.Path(folder, "result.pdf"), pathlib.Path(folder, "again.pdf")
    document = row.make()
    told = press(programs, folder, document, result)
    expected = {"verdict": row.verdict, "page": row.page, "ended": row.ended}
    found = {key: told.get(key) for key in expected}
    if found != expected:
        yield f"{found}, not {expected}"
        return
    if row.verdict != "fine":
        return
    if set(told["notes"]) != row.notes:
        yield f"notes {told['notes']}, not {sorted(row.notes)}"
    yield from result_problems(row, result)
    press(programs, folder, document, again)
    if result.read_bytes() != again.read_bytes():
        yield "other bytes the second time"


def main(press_file, child, walls, *names):
    rows = [row for row in corpus.ROWS if not names or row.name in names]
    left_out = [row.name for row in rows if row.walls and walls == "no"]
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "stamps.pdf").write_bytes(stamps())
        for row in rows:
            if row.name in left_out:
                continue
            for problem in problems((press_file, child), folder, row):
                failed.append(row.name)
                print(f"{row.name}: {problem}")
    for name in left_out:
        print(f"left out, for this build has no walls: {name}")
    print(f"{len(rows) - len(left_out)} documents, {len(set(failed))} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
