"""The small documents of the corpus as seeds of the fuzz target: seeds.py writes tests/fuzz/press/ anew. Run it when rows
were added; what is there stands in the repository, so that fuzzing needs no Pillow."""
import pathlib
import re

import corpus

SMALL = 2500
ONE_OF_MANY = ("rotated 270, cropped, from -100 200", "JPEG, orientation 6", "page smaller than a stamp, rotated")
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fuzz" / "press"


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for row in corpus.ROWS:
        if row.walls or row.name not in ONE_OF_MANY and row.name.startswith(("rotated", "JPEG, orientation", "page smaller")):
            continue
        data = row.make()
        if 20 < len(data) <= SMALL:
            (FOLDER / (re.sub(r"[^a-z0-9]+", "-", row.name.lower()).strip("-") + ".seed")).write_bytes(data)


if __name__ == "__main__":
    main()
