"""pipelinectl web: failures are counted, logins end, the token file may change, and a broker that is away is no matter.

Usage: with-postgres limits_test.py PROGRAMS
"""

import subprocess

from visitor import Visitor, WebStage, die_with_parent, main
from web_test import PAGES


class LimitsTest(WebStage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h"}

    def test_ten_failures_close_the_door(self):
        url = self.start_web("failures")
        inside = Visitor(url)
        self.assertEqual(inside.log_in(self.reading).status, 303)
        for _ in range(5):
            self.assertEqual(Visitor(url).log_in("x" * 40).status, 403)
            self.assertEqual(Visitor(url).get("/waiting.json", Authorization="Bearer " + "y" * 40).status, 401)
        answer = Visitor(url).log_in(self.acting)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "60"))
        self.assertEqual(Visitor(url).get("/waiting.json", Authorization=f"Bearer {self.acting}").status, 429)
        self.assertEqual(inside.get("/").status, 200)   # who is inside is not put out by others

    def test_a_login_ends(self):
        url = self.start_web("short", **{"web-session": "1s"})
        visitor = Visitor(url)
        visitor.log_in(self.reading)
        self.assertEqual(visitor.get("/").status, 200)
        self.await_true(lambda: visitor.get("/").status == 303, "the login to end")
        self.assertEqual(visitor.post("/logout", {}).status, 401)

    def test_another_token_file_asks_everybody_again(self):
        visitor = self.visitor(self.reading)
        self.assertEqual(visitor.get("/").status, 200)
        self.write_tokens(f"anton:act:{self.acting}\n")
        self.await_true(lambda: visitor.get("/").status == 303, "the login to hold no more")
        self.assertEqual(self.visitor().log_in(self.reading).status, 403)
        self.assertEqual(self.visitor().log_in(self.acting).status, 303)
        self.write_tokens(f"rita:read:{self.reading}\nanton:act:{self.acting}\n")
        self.await_true(lambda: self.visitor().log_in(self.reading).status == 303, "who is named again")

    def test_a_new_certificate_ends_it(self):
        """In good order, for whoever watches over it to start it again."""
        certificate, key = self.world.folder / "page.crt", self.world.folder / "page.key"

        def make():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                            "-subj", "/CN=page", "-keyout", key, "-out", certificate], check=True, capture_output=True)

        make()
        address = self.world.folder / "tls.address"
        page = subprocess.Popen([self.world.programs_folder / "pipelinectl", "web", f"--web-token-file={self.token_file}",
                                 f"--web-certificate-file={certificate}", f"--web-key-file={key}", f"--address-file={address}",
                                 "--web-address=0.0.0.0", "--renew-every=100ms"], env=self.world.environment, stderr=subprocess.PIPE,
                                text=True, preexec_fn=die_with_parent)
        self.addCleanup(page.wait)
        self.addCleanup(page.kill)
        self.await_true(address.exists, "the page")
        self.assertTrue(address.read_text().startswith("URL=https://"))
        with self.assertRaises(subprocess.TimeoutExpired):
            page.wait(0.5)   # it looks at the same files
        make()
        _, said = page.communicate(timeout=30)
        self.assertEqual(page.returncode, 0, said)
        self.assertIn("has changed", said)

    def test_without_a_broker(self):
        url = self.start_web("alone", **{"kafka-brokers": "127.0.0.1:1"})
        visitor = Visitor(url)
        visitor.log_in(self.reading)
        for path in PAGES:
            self.assertEqual(visitor.get(path).status, 200, path)


if __name__ == "__main__":
    main()
