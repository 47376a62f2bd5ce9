"""pipelinectl web: who comes in, that pages, their .json twins and the commands say the same, and that nothing personal is in any
answer.

Usage: with-postgres web_test.py PROGRAMS
"""

import json
import subprocess

from visitor import FORM, Document, WebStage, main

PAGES = ("/", "/groups", "/waiting", "/holds", "/dead-letters", "/quarantine", "/consumers", "/replays")
MOVES = {"heartbeat_age_s", "age_s", "oldest_open_group_s", "in_flight", "snoozing", "lag_s"}


def still(document):
    """Without what is another at each look."""
    if isinstance(document, list):
        return [still(one) for one in document]
    if isinstance(document, dict):
        return {name: still(value) for name, value in document.items() if name not in MOVES}
    return document


class WebTest(WebStage):
    settings = {"retry-tiers": "100ms,1h", "look-tier": "1h"}

    # ---- who comes in

    def test_a_stranger_sees_nothing(self):
        visitor = self.visitor()
        for path in (*PAGES, "/nothing", "/groups/6fb7a5a0-0000-4000-8000-000000000000"):
            answer = visitor.get(path)
            self.assertEqual((answer.status, answer.body), (303, b""), path)
            self.assertTrue(answer.headers["location"].startswith("/login?next=%2F"), path)
            answer = visitor.get((path if path != "/" else "/index") + ".json")
            self.assertEqual((answer.status, answer.json()), (401, {"error": "A token is needed"}), path)
        self.assertEqual(visitor.get("/style.css").status, 200)
        self.assertEqual(visitor.get("/readyz").status, 200)

    def test_login_and_logout(self):
        visitor = self.visitor()
        answer = visitor.log_in(self.reading, "/groups?state=failure")
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/groups?state=failure"))
        said = answer.headers["set-cookie"]
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, said)
        page = visitor.get("/")
        self.assertIn("rita, may read", Document(page.text).said())
        form, = [form for form in Document(page.text).forms if form["action"] == "/logout"]
        self.assertEqual(visitor.post("/logout", {"csrf": "x" * 72}).status, 403)
        self.assertEqual(visitor.get("/").status, 200)
        cookie = visitor.cookie
        self.assertEqual(visitor.post("/logout", form["fields"]).status, 303)
        self.assertEqual(visitor.get("/", Cookie=cookie).status, 303)

    def test_a_token_as_people_paste_it(self):
        self.assertEqual(self.visitor().log_in(f" {self.reading}\r\n").status, 303)

    def test_cookies_of_others(self):
        visitor = self.visitor(self.reading)
        own, name = visitor.cookie, visitor.cookie.partition("=")[0]
        for cookies in (f"theme=dark; {own}; lang=de", f";;;=; {own};", f"{name}x=1; {own}", f"  {own}  "):
            self.assertEqual(visitor.get("/waiting", Cookie=cookies).status, 200, cookies)
        for cookies in (name, f"{name}=", f"{name}={'x' * 4000}", f"{name}=%00", f"{own[:-1]}", f"{own}x", f"{name.upper()}={own}",
                        f"x{own}", f"{name}=1; {own}", "; ".join(f"c{n}=1" for n in range(200))):
            answer = visitor.get("/waiting", Cookie=cookies)
            self.assertEqual((answer.status, answer.body), (303, b""), cookies)
        self.assertEqual(visitor.get("/waiting").status, 200)

    def test_nobody_is_sent_elsewhere(self):
        for following in ("//evil.example", "https://evil.example/", "/\\evil.example", "evil", ""):
            self.assertEqual(self.visitor().log_in(self.reading, following).headers["location"], "/", following)

    def test_every_answer_is_walled(self):
        visitor = self.visitor(self.acting)
        for path in (*PAGES, "/index.json", "/login", "/style.css", "/nothing", "/groups/nothing"):
            headers = visitor.get(path).headers
            policy = headers["content-security-policy"]
            self.assertTrue(policy.startswith("default-src 'none';"), path)
            self.assertNotIn("unsafe", policy)
            self.assertNotIn("script", policy)
            self.assertEqual((headers["x-content-type-options"], headers["cache-control"]), ("nosniff", "no-store"), path)

    def test_forms_of_others_are_refused(self):
        self.assertEqual(self.visitor().post("/login", {"token": self.reading}, Origin="http://evil.example").status, 403)
        self.assertEqual(self.visitor().post("/login", {"token": self.reading}, Origin="null").status, 403)
        self.assertEqual(self.visitor().post("/login", {"token": self.reading}, Sec_Fetch_Site="cross-site").status, 403)
        self.assertEqual(self.visitor().ask("POST", "/login", json.dumps({"token": self.reading}),
                                            Content_Type="application/json").status, 403)
        own = self.web_url
        self.assertEqual(self.visitor().post("/login", {"token": self.reading}, Origin=own, Sec_Fetch_Site="same-origin").status, 303)

    def test_methods(self):
        visitor = self.visitor(self.acting)
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(visitor.ask(method, "/waiting", "", Content_Type=FORM).status, 405)
        answer = visitor.ask("HEAD", "/waiting")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(visitor.post("/login", {"token": "x" * 20000}).status, 413)

    def test_a_bearer_reads_json_alone(self):
        self.assertEqual(self.bearer("/waiting.json").status, 200)
        self.assertEqual(self.bearer("/waiting").status, 303)

    # ---- what is shown

    def test_the_twins_and_the_commands_say_the_same(self):
        self.waiting_claim()
        self.dead_claim()
        held, _ = self.held_claim()
        for path, member, command in (
                ("/waiting.json", "waiting", ["waiting"]), ("/holds.json", "holds", ["holds"]),
                ("/dead-letters.json", "records", ["dead-letters", "list"]),
                ("/dead-letters.json", "causes", ["dead-letters", "group"]),
                ("/quarantine.json", "records", ["quarantine", "list"]),
                ("/consumers.json?broker=yes", "consumers", ["consumers"]), ("/replays.json", "replays", ["replay", "status"])):
            # What has just happened is still being committed and noted.
            self.await_true(lambda path=path, member=member, command=command:
                            still(self.bearer(path).json()[member]) == still(self.ask(*command)), f"{path} to say what {command} says")
        overview, document = self.ask("overview"), self.bearer("/index.json").json()
        self.assertEqual(still({"worst": document["worst"], **document["overview"]}), still(overview))
        self.await_true(lambda: still(self.bearer(f"/groups/{held}.json?broker=yes").json()) == still(self.ask("why", held)),
                        "the page to say what why says")
        document = self.bearer(f"/groups/{held}.json").json()
        self.assertEqual((document["now"], document["claims"][0]["record"]["is_there"]), (self.ask("why", held)["now"], None))
        self.assertIn(document["now"], Document(self.visitor(self.reading).get(f"/groups/{held}").text).said())

    def test_groups_by_state_reason_and_any_id(self):
        waiting, dead, (held, benefit_claim) = self.waiting_claim(), self.dead_claim(), self.held_claim()
        claim = self.children_of(held)[0][0]

        def listed(query):
            return {row["group"]: row for row in self.bearer("/groups.json?" + query).json()["groups"]}

        self.assertLessEqual({waiting, dead, held}, set(listed("")))
        self.assertIn(dead, listed("state=failure"))
        self.assertEqual({row["state"] for row in listed("state=failure").values()}, {"failure"})
        row = listed("reason=bgs-fault")[waiting]
        self.assertEqual((row["waits"], row["waits_for"], row["children"], row["children_done"]), ("retry", "bgs-fault", 1, 0))
        self.assertEqual(row["due_at"][:19], self.ask("why", waiting)["claims"][0]["waits"]["due_at"][:19])
        row = listed("reason=the+insert%27s+benefit+claim+is+not+clear")[held]
        self.assertEqual((row["waits"], row["due_at"]), ("person", None))
        self.assertNotIn(held, listed("reason=bgs-fault"))
        self.assertEqual(listed("reason=nothing"), {})
        visitor = self.visitor(self.reading)
        proc = self.ask("why", held)["proc_id"]
        for number in (held, held.upper(), f" {claim} ", proc):
            answer = visitor.get("/groups?q=" + str(number).replace(" ", "%20"))
            self.assertEqual((answer.status, answer.headers.get("location")), (303, f"/groups/{held}"), number)
        self.assertIn("No claim group", visitor.get("/groups?q=nothing").text)
        for wrong in ("after=nothing", "after=2026-11-30T00:00:00Z,x"):
            self.assertEqual(self.bearer("/groups.json?" + wrong).status, 404)
        for odd in ("reason=%27%3Bdrop", "state=", "q=" + "9" * 400):
            self.assertEqual(self.bearer("/groups.json?" + odd).status, 200, odd)
        for unreadable in ("state=%00", "state=%ff", "q=%ff", "q=%zz"):   # it is not left out, which would select all
            self.assertEqual(self.bearer("/groups.json?" + unreadable).status, 400, unreadable)
            self.assertEqual(visitor.get("/groups?" + unreadable).status, 400, unreadable)

    def test_a_page_has_fifty_rows_and_the_next_goes_on(self):
        self.dead_claim()
        # Rows of a claim that is there: their group is told as any.
        self.world.rows("""insert into dead_ends (consumer, topic, mark, source, message_id, hop, replay, attempt, error_class, error_message)
          select 'form-674', 'dependents.quarantine', 'quarantine:' || n, 'x/0/' || n, 'm' || n, 0, 0, 0, 'undecodable', '<script>' || n
          from generate_series (1, 120) n""")
        visitor, path, ids = self.visitor(self.reading), "/quarantine?cause=undecodable", []
        while path:
            document = Document(visitor.get(path).text)
            rows = [int(link.rsplit("/", 1)[1]) for link in document.links if link.startswith("/quarantine/")]
            self.assertLessEqual(len(rows), 50)
            ids += rows
            path = next((link for link in document.links if "before=" in link), None)
        self.assertEqual(ids, sorted(set(ids), reverse=True))
        self.assertEqual(str(len(ids)), self.value("select count (*) from dead_ends where topic like '%quarantine'"))
        one = visitor.get(f"/quarantine/{ids[0]}").text
        self.assertIn("&lt;script&gt;", one)
        self.assertNotIn("<script", one)
        self.assertEqual(visitor.get(f"/dead-letters/{ids[0]}").status, 404)

    def test_the_worst_comes_first(self):
        self.ctl("breakers", "open", "bgs", "--yes", "--reason", "a rehearsal")
        try:
            document = self.bearer("/index.json").json()
            self.assertEqual(document["about"], "breakers")
            self.assertIn(document["worst"] + ".", Document(self.visitor(self.reading).get("/").text).said())
        finally:
            self.ctl("breakers", "close", "bgs", "--yes", "--reason", "a rehearsal")

    def test_the_minutes(self):
        guid = self.submit("03_686c_report_divorce")
        self.await_state(guid, "success")
        minutes = self.bearer("/index.json").json()["minutes"]
        self.assertEqual(len(minutes), 180)
        self.await_true(lambda: str(sum(one["settled"] for one in self.bearer("/index.json").json()["minutes"]))
                        == self.value("select count (*) from inbox where verdict = 'DONE'"), "all that was settled")

    def test_zz_nothing_personal_is_in_any_answer(self):
        """The last one: all that was ever answered, and every link from every page."""
        self.waiting_claim(), self.dead_claim(), self.held_claim()
        visitor = self.visitor(self.acting)
        ahead, known = list(PAGES), set(PAGES)
        while ahead:
            path = ahead.pop()
            answer = visitor.get(path)
            self.assertIn(answer.status, (200, 303), path)
            self.assertNotIn("=&quot;", answer.text, path)   # markup that was taken for text
            plain, _, query = path.partition("?")
            twin = (plain if plain != "/" else "/index") + ".json" + (f"?{query}" if query else "")
            self.assertEqual(visitor.get(twin).status, 200, twin)
            for link in Document(answer.text).links:
                link = plain + link if link.startswith("?") else link
                if link.startswith("/") and link not in known:
                    known.add(link)
                    ahead.append(link)
        self.assertGreater(len(known), 30)
        self.assertGreater(len(self.all_canaries), 20)
        for path, answer in self.seen:
            for what, text in self.all_canaries:
                self.assertNotIn(text.encode(), answer.body, f"{what} in {path}")
        log = self.world.log("web")
        for what, text in self.all_canaries:
            self.assertNotIn(text, log, what)
        for token in (self.reading, self.acting):
            self.assertNotIn(token, log)

    # ---- how it is started

    def refused(self, *arguments):
        done = subprocess.run([self.world.programs_folder / "pipelinectl", "web", *arguments], capture_output=True, text=True,
                              timeout=30, env=self.world.environment)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_what_it_refuses(self):
        tokens = f"--web-token-file={self.token_file}"
        self.assertIn("unencrypted", self.refused(tokens, "--web-address=0.0.0.0"))
        self.assertIn("belong together", self.refused(tokens, f"--web-key-file={self.token_file}"))
        self.assertIn("web-token-file", self.refused())
        self.assertIn("schema-registry-url must begin with", self.refused(tokens, "--schema-registry-url=registry:8081"))
        wrong = self.world.folder / "wrong-tokens"
        for text in ("anton:" + "x" * 40, "anton:root:" + "x" * 40, "anton:act:short", ""):
            wrong.touch(0o600)
            wrong.write_text(text + "\n")
            self.assertIn("web-token-file", self.refused(f"--web-token-file={wrong}"), text)
        wrong.write_text("anton:act:" + "x" * 40)
        wrong.chmod(0o644)
        self.assertIn("open to others", self.refused(f"--web-token-file={wrong}"))

    def test_the_page_cannot_open_what_is_sealed(self):
        def symbols(program):
            return subprocess.run(["nm", self.world.programs_folder / program], capture_output=True, text=True, check=True).stdout

        self.assertIn("row_key_unseal", symbols("pipelinectl"))
        for name in ("row_key", "sealer", "unseal", "claim_load_form"):
            self.assertNotIn(name, symbols("pipelinectl-web"), name)
        environment = f"/proc/{self.world.processes['web'].pid}/environ"
        with open(environment, "rb") as file:
            self.assertNotIn(b"MASTER_KEYS", file.read())
        self.assertIn("DEPENDENTS_MASTER_KEYS", self.world.environment)


if __name__ == "__main__":
    main()
