"""Our forms are what their description says: made again, they are the same, byte for byte."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pikepdf

ROOT = pathlib.Path(__file__).resolve().parents[3]
FORMS = ROOT / "schemas/forms"


class Forms(unittest.TestCase):
    def test_made_again_they_are_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-B", FORMS / "make", folder], check=True)
            made = sorted(pathlib.Path(folder).iterdir())
            self.assertEqual([path.name for path in made],
                             ["21-674.json", "21-674.pdf", "21-686c.json", "21-686c.pdf"])
            for path in made:
                self.assertEqual(path.read_bytes(), (FORMS / path.name).read_bytes(), f"run schemas/forms/make for {path.name}")

    def test_title_language_and_fonts(self):
        for name in ("21-686c", "21-674"):
            with pikepdf.open(FORMS / f"{name}.pdf") as pdf:
                self.assertEqual(pdf.Root.Lang, "en-US")
                self.assertIn(name, str(pdf.docinfo["/Title"]))
                for page in pdf.pages:
                    for key in page.Resources.Font.keys():
                        self.assertIn("/FontFile2", page.Resources.Font[key].FontDescriptor)

    def test_what_is_around_a_process_changes_no_paper(self):
        """A redelivery may come to another machine, and has to make the same package of it."""
        claim = ROOT / "tests/samples/claims/08_maximal_overflow.json"
        around = [{}, {"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "PANGO_LANGUAGE": "tr", "TZ": "Asia/Tokyo"},
                  {"LC_ALL": "C", "LANGUAGE": "ja", "PANGO_LANGUAGE": "ja", "FONTCONFIG_FILE": "/nowhere", "TZ": "America/New_York",
                   "FREETYPE_PROPERTIES": "truetype:interpreter-version=35"}]
        made = []
        for variables in around:
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([os.environ["PRINT_PAPERS"], claim, folder], env=variables, check=True, capture_output=True)
                made.append({path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()})
        self.assertEqual(len(made[0]), 4)
        for other in made[1:]:
            self.assertEqual([name for name in made[0] if other[name] != made[0][name]], [])


unittest.main()
