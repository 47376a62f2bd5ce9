"""One test or more for each point of the simulator's list (its README.md, "What it keeps to")."""

import concurrent.futures
import datetime
import hashlib
import os
import subprocess
import time
import unittest
import uuid
import zoneinfo

from simulated_evidence import (API, FOLDER, SECRET, SimulatedEvidence, encrypted, file_part, form, part, payload, payload_part,
                                pdf, search, today, token)

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class RulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.evidence = SimulatedEvidence()

    @classmethod
    def tearDownClass(cls):
        assert cls.evidence.stop() == 0

    def setUp(self):
        for what in ("rules", "ledger", "state"):
            self.evidence.control("DELETE", what)

    def assert_code(self, answer, status, code, text=""):
        self.assertEqual((answer.status, answer.code), (status, code), answer.body)
        self.assertEqual(set(answer.json), {"uuid", "code", "message"})
        self.assertRegex(answer.json["uuid"], UUID)
        self.assertIn(text, answer.json["message"])

    def assert_nothing_stored(self):
        self.assertEqual(self.evidence.files(), [])

    # ---- 1: the token

    def test_a_request_needs_a_token(self):
        for method, path in (("POST", "/files"), ("POST", "/folders/files:search"), ("GET", f"/files/{uuid.uuid4()}/data")):
            for authorization in (None, "Basic x", "token"):
                answer = self.evidence.api(method, path, headers={"Authorization": authorization})
                self.assertEqual(answer.status, 401)
                message, = answer.json["messages"]
                self.assertEqual((message["key"], message["severity"], message["status"], message["httpStatus"]),
                                 ("UNAUTHORIZED", "ERROR", "401", "UNAUTHORIZED"))

    def test_what_a_token_must_be(self):
        now = int(time.time())
        for name, bad in {
            "no token": "x", "two parts": "a.b", "no JSON": "e30.eA.eA", "padding": token() + "=",
            "another algorithm": token(head={"typ": "JWT", "alg": "none"}), "no type": token(head={"alg": "HS256"}),
            "another secret": token(secret="other"), "no signature": token().rsplit(".", 1)[0] + ".",
            "iat to come": token(at=now + 60), "exp past": token(at=now - 901), "exp now": token(at=now - 900),
            "16 minutes": token(life=960), "15 minutes and 1 s": token(life=901), "no iat": token(iat=None),
            "no exp": token(exp=None), "iat a text": token(iat=str(now)), "exp a text": token(exp=str(now + 60)),
            "no iss": token(iss=None), "another iss": token(iss="OTHER"), "no applicationID": token(applicationID=None),
            "another applicationID": token(applicationID="OTHER"), "no userID": token(userID=None),
            "no stationID": token(stationID=None), "stationID a number": token(stationID=283), "no jti": token(jti=None),
            "jti no UUID": token(jti="1"),
        }.items():
            with self.subTest(name):
                self.assert_code(self.evidence.upload(headers={"Authorization": "Bearer " + bad}), 400, "VEFSERR40009")
        self.assert_nothing_stored()

    def test_a_token_of_another_user_or_station_is_not_authorised(self):
        for bad in (token(userID="OTHER"), token(stationID="300")):
            self.assert_code(self.evidence.upload(headers={"Authorization": "Bearer " + bad}), 403, "VEFSERR40301")
        self.assert_nothing_stored()

    def test_a_token_is_good_for_one_request(self):
        headers = {"Authorization": "Bearer " + token()}
        self.assertEqual(self.evidence.search(search(), headers).status, 200)
        self.assert_code(self.evidence.search(search(), headers), 400, "VEFSERR40009")
        self.assert_code(self.evidence.upload(headers=headers), 400, "VEFSERR40009")

    def test_a_jti_may_come_again_in_a_token_that_was_not_taken(self):
        jti = str(uuid.uuid4())
        for secret, status in (("other", 400), (SECRET, 200)):
            headers = {"Authorization": "Bearer " + token(secret=secret, jti=jti)}
            self.assertEqual(self.evidence.search(search(), headers).status, status)

    def test_times_of_tokens_go_by_its_clock(self):
        self.evidence.control("POST", "clock", {"forward_s": 901})
        try:
            self.assert_code(self.evidence.search(search()), 400, "VEFSERR40009")
            headers = {"Authorization": "Bearer " + token(at=time.time() + 901)}
            self.assertEqual(self.evidence.search(search(), headers).status, 200)
        finally:
            self.evidence.control("POST", "clock", {"forward_s": -901})

    # ---- 2: the folder

    def test_which_folders_there_are(self):
        for number, uri in enumerate(("VETERAN:PARTICIPANT_ID:1", "VETERAN:SSN:123456789", "VETERAN:FILENUMBER:12345678",
                                      "VETERAN:ICN:1234567890V123456", "VETERAN:EDIPI:1234567890"), 1):
            with self.subTest(uri):
                answer = self.evidence.upload(headers={"X-Folder-URI": uri})
                self.assertEqual((answer.status, answer.json["owner"]),
                                 (200, {"type": "VETERAN", "id": uri.split(":")[2]}))
                self.assertEqual([one["folder"] for one in self.evidence.files()][number - 1:], [uri])

    def test_what_a_folder_must_be(self):
        for uri in (None, "", "VETERAN", "VETERAN:SSN", "VETERAN:SSN:", "VETERAN:SSN:12345678", "VETERAN:SSN:123-45-6789",
                    "VETERAN:SSN:123456789:1", "VETERAN:PARTICIPANT_ID:", "VETERAN:PARTICIPANT_ID:1234567890123456",
                    "VETERAN:PARTICIPANT_ID:x", "VETERAN:ICN:1234567890", "VETERAN:EDIPI:1", "VETERAN:FILENUMBER:1234567",
                    "VETERAN:NAME:1", "VETERAN:SSN:\xff", "veteran:SSN:123456789", "PERSON:PARTICIPANT_ID:1", "VETERAN:ssn:123456789"):
            for answer in (self.evidence.upload(headers={"X-Folder-URI": uri}),
                           self.evidence.search(search(), {"X-Folder-URI": uri})):
                with self.subTest(uri):
                    self.assert_code(answer, 400, "VEFSERR40008", (uri or "").removesuffix("\xff"))
        self.assert_nothing_stored()

    def test_a_kind_that_is_not_enabled(self):
        self.assert_code(self.evidence.upload(headers={"X-Folder-URI": "VETERAN:SEARCH:x"}), 400, "VEFSERR40059", "SEARCH")
        self.assert_nothing_stored()

    # ---- 3: the form

    def test_what_the_parser_takes(self):
        parts = [payload_part(payload()), file_part(pdf())]
        for name, (body, content_type) in {
            "plain": (form(*parts), "multipart/form-data; boundary=boundary"),
            "the file first": (form(*reversed(parts)), "multipart/form-data; boundary=boundary"),
            "a quoted boundary": (form(*parts, boundary="a b:c"), 'multipart/form-data; charset=x; boundary="a b:c"'),
            "type in another case": (form(*parts), "Multipart/Form-Data; Boundary=boundary"),
            "no end of line behind the end": (form(*parts)[:-2], "multipart/form-data; boundary=boundary"),
            "something before and behind": (b"before\r\n" + form(*parts) + b"behind",
                                            "multipart/form-data; boundary=boundary"),
            "no type of the payload": (form(part("payload", payload()), parts[1]),
                                       "multipart/form-data; boundary=boundary"),
            "names of headers in any case": (form(parts[0], parts[1].replace(b"Content-", b"CONTENT-")),
                                             "multipart/form-data; boundary=boundary"),
            "a name that looks like another's": (form(parts[0], part(
                "", pdf()).replace(b'name=""', b'filename="x; name=payload"; name=file')),
                "multipart/form-data; boundary=boundary"),
            "a quote in a name": (form(parts[0], part(
                "", pdf()).replace(b'name=""', b'filename="x\\"; name=payload; \\""; name=file')),
                "multipart/form-data; boundary=boundary"),
        }.items():
            with self.subTest(name):
                self.evidence.control("DELETE", "state")
                answer = self.evidence.post(body, {"Content-Type": content_type})
                self.assertEqual(answer.status, 200, answer.body)
                self.assertEqual(self.evidence.files()[0]["sha256"], hashlib.sha256(pdf()).hexdigest())

    def test_what_the_parser_refuses(self):
        parts = [payload_part(payload()), file_part(pdf())]
        good = "multipart/form-data; boundary=boundary"
        for name, (body, content_type) in {
            "another type": (form(*parts), "multipart/mixed; boundary=boundary"),
            "no type": (form(*parts), ""),
            "no boundary": (form(*parts), "multipart/form-data"),
            "another boundary": (form(*parts), "multipart/form-data; boundary=other"),
            "a boundary of 71 characters": (form(*parts, boundary="x" * 71), "multipart/form-data; boundary=" + "x" * 71),
            "lines that end in LF": (form(*parts).replace(b"\r\n", b"\n"), good),
            "no end": (form(*parts)[:-len("--boundary--\r\n")], good),
            "no name": (form(parts[0], parts[1].replace(b'name="file"; ', b"")), good),
            "no disposition": (form(parts[0], b"Content-Type: application/pdf\r\n\r\n" + pdf() + b"\r\n"), good),
            "a disposition twice": (form(parts[0], part("x", pdf(), 'Content-Disposition: form-data; name="file"; filename="f"')
                                         .replace(b'name="x"', b"")), good),
            "another disposition": (form(parts[0], parts[1].replace(b"form-data", b"attachment")), good),
            "no payload": (form(parts[1]), good),
            "no file": (form(parts[0]), good),
            "nothing": (form(), good),
            "no body": (b"", good),
            "a third part": (form(*parts, part("note", b"x")), good),
            "the payload twice": (form(parts[0], *parts), good),
            "the file twice": (form(*parts, parts[1]), good),
            "names in another case": (form(parts[0], parts[1].replace(b'"file"', b'"File"')), good),
            "a file without a file name": (form(parts[0], part("file", pdf())), good),
            "a payload as a file": (form(part("payload", payload(), file_name="x.json"), parts[1]), good),
            "a payload of another type": (form(part("payload", payload(), "Content-Type: text/xml"), parts[1]), good),
        }.items():
            with self.subTest(name):
                self.assert_code(self.evidence.post(body, {"Content-Type": content_type}), 400, "VEFSERR40010")
        self.assert_nothing_stored()

    # ---- 4: the schema

    def test_what_the_schema_refuses(self):
        for name, (text, described) in {
            "no object": ("contentName", b"[]"),
            "no name": ("contentName", payload(name=None)),
            "a name that is no text": ("contentName", payload(name=7)),
            "no provider data": ("contentName", payload(more={"providerData": None})),
            "provider data that are no object": ("contentName", payload(more={"providerData": []})),
            "another member": ("contentName", payload(more={"other": 1})),
            "no source": ("contentSource", payload(contentSource=None)),
            "an empty source": ("contentSource", payload(contentSource="")),
            "a long source": ("contentSource", payload(contentSource="x" * 501)),
            "a source with other characters": ("contentSource", payload(contentSource="VA<gov>")),
            "no day": ("dateVaReceivedDocument", payload(dateVaReceivedDocument=None)),
            "a day the other way round": ("dateVaReceivedDocument", payload(dateVaReceivedDocument="11/21/2026")),
            "a moment": ("dateVaReceivedDocument", payload(dateVaReceivedDocument=today() + "T10:00:00")),
            "a 13th month": ("dateVaReceivedDocument", payload(dateVaReceivedDocument="2026-13-01")),
            "no type": ("documentTypeId", payload(documentTypeId=None)),
            "a type that is a text": ("documentTypeId", payload(documentTypeId="148")),
            "a type that is no integer": ("documentTypeId", payload(documentTypeId=148.0)),
            "type 0": ("documentTypeId", payload(documentTypeId=0)),
            "unknown provider data": ("documentType", payload(documentType=148)),
            "a long subject": ("subject", payload(subject="x" * 257)),
            "claim ids that are no list": ("associatedClaimIds", payload(associatedClaimIds="1")),
            "a truth that is a text": ("newMail", payload(newMail="true")),
        }.items():
            with self.subTest(name):
                self.assert_code(self.evidence.upload(described), 400, "VEFSERR40001", text)
        self.assert_nothing_stored()

    def test_a_key_twice(self):
        twice = payload().replace(b'"contentSource"', b'"documentTypeId": 10, "contentSource"')
        self.assert_code(self.evidence.upload(twice), 400, "VEFSERR40002", "documentTypeId")
        self.assert_nothing_stored()

    def test_what_is_no_json_gets_an_empty_answer(self):
        for answer in (self.evidence.upload(b"{"), self.evidence.upload(b""), self.evidence.search("{"),
                       self.evidence.search("")):
            self.assertEqual((answer.status, answer.body), (400, b""))

    def test_what_else_a_document_may_be_told_with(self):
        answer = self.evidence.upload(payload(subject="Marriage", associatedClaimIds=["600100"], newMail=True))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.evidence.files()[0]["providerData"]["associatedClaimIds"], ["600100"])

    # ---- 5: values

    def test_which_names_are_taken(self):
        for name in ("a.pdf", "x" * 252 + ".pdf", "21-686C (2) [of] {x}; $&+=@^`'~#_E Q.pdf", "a.b.PDF"):
            with self.subTest(name):
                answer = self.evidence.upload(payload(name))
                self.assertEqual(answer.status, 200, answer.body)

    def test_which_names_are_refused(self):
        for name in ("", ".pdf", "pdf", "form", "form.", "form.pd", "form.p7f", "form.abcde", "x" * 253 + ".pdf",
                     "a/b.pdf", "a,b.pdf", "a%b.pdf", 'a"b.pdf', "a:b.pdf", "José.pdf", "form.pdf\n", "form.exe", "a!.pdf"):
            with self.subTest(name):
                self.assert_code(self.evidence.upload(payload(name)), 400, "VEFSERR40003", "contentName")
        self.assert_nothing_stored()

    def test_which_days_are_refused(self):
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 48 * 3600))
        for day in (tomorrow, "2026-02-29", "1899-12-31", "2999-01-01"):
            with self.subTest(day):
                self.assert_code(self.evidence.upload(payload(dateVaReceivedDocument=day)), 400, "VEFSERR40003", day)
        self.assert_nothing_stored()

    def test_which_types_are_known(self):
        for type_id in (148, 142, 129, 10):
            self.assertEqual(self.evidence.upload(payload(f"{type_id}.pdf", documentTypeId=type_id)).status, 200)
        for type_id in (1, 149, 4294967444):
            self.assert_code(self.evidence.upload(payload(documentTypeId=type_id)), 400, "VEFSERR40003", str(type_id))

    # ---- 6: the file

    def test_which_files_are_refused(self):
        locked = encrypted(pdf(), "x")
        for name, (status, code, content) in {
            "nothing": (400, "VEFSERR40010", b""),
            "nobody knows what": (500, "VEFSERR50001", b"anything"),
            "a line before it": (500, "VEFSERR50001", b"\n" + pdf()),
            "a picture": (415, "VEFSERR41501", b"\x89PNG\r\n\x1a\n rest"),
            "an archive": (415, "VEFSERR41501", b"PK\x03\x04 rest"),
            "cut off": (500, "VEFSERR50012", pdf()[:60]),
            "locked": (500, "VEFSERR50012", locked),
            "a page too wide": (500, "VEFSERR50012", pdf((0, 0, 5617, 792))),
            "a page too high": (500, "VEFSERR50012", pdf((0, 0, 612, 7273))),
        }.items():
            with self.subTest(name):
                self.assert_code(self.evidence.upload(content=content), status, code)
        self.assert_nothing_stored()

    def test_a_pdf_under_another_extension(self):
        self.assert_code(self.evidence.upload(payload("form.png")), 415, "VEFSERR41502", "png")
        self.assert_nothing_stored()

    def test_an_owners_password_does_no_harm(self):
        self.assertEqual(self.evidence.upload(content=encrypted(pdf(), "")).status, 200)

    def test_up_to_100_000_000_bytes(self):
        document = pdf(filler=99_990_000)
        for length, status in ((100_000_000, 200), (100_000_001, 400)):
            answer = self.evidence.upload(payload(f"{length}.pdf"), document + b"\n" * (length - len(document)))
            self.assertEqual((answer.status, answer.code), (status, None if status == 200 else "VEFSERR40010"))

    # ---- 7: names are unique in a folder

    def test_a_name_that_the_folder_has_is_refused(self):
        first = self.evidence.upload().json["uuid"]
        answer = self.evidence.upload(payload(documentTypeId=10), pdf(filler=10))
        self.assert_code(answer, 400, "VEFSERR40060", "form.pdf")
        self.assertEqual([(one["uuid"], one["providerData"]["documentTypeId"]) for one in self.evidence.files()], [(first, 148)])
        other = {"X-Folder-URI": "VETERAN:SSN:600123456"}
        for status, name, headers in ((200, "form.pdf", other), (200, "Form.pdf", None), (400, "form.pdf", other)):
            self.assertEqual(self.evidence.upload(payload(name), headers=headers).status, status)

    def test_one_of_two_that_come_at_once_is_refused(self):
        self.evidence.control("POST", "rules", {"name": "together", "operation": "upload", "do": "hold"})
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(self.evidence.upload) for _ in range(4)]
            while len(self.evidence.control("GET", "ledger")) < 4:
                time.sleep(0.01)
            self.evidence.control("DELETE", "rules")
            self.assertEqual(sorted(one.result().status for one in answers), [200, 400, 400, 400])
        self.assertEqual(len(self.evidence.files()), 1)

    # ---- 8: the answer

    def test_the_answer_of_an_upload(self):
        content = pdf()
        answer = self.evidence.upload(content=content).json
        self.assertEqual(set(answer), {"uuid", "currentVersionUuid", "owner", "md5", "conversionInformation"})
        self.assertRegex(answer["uuid"], UUID)
        self.assertNotEqual(answer["uuid"], answer["currentVersionUuid"])
        self.assertEqual((answer["owner"], answer["md5"]),
                         ({"type": "VETERAN", "id": "600123456"}, hashlib.md5(content).hexdigest()))
        for one in (answer["conversionInformation"]["preprocessed"], answer["conversionInformation"]["converted"]):
            self.assertEqual((one["versionUuid"], one["mimeType"]), (answer["currentVersionUuid"], "application/pdf"))
        file, = self.evidence.files()
        self.assertEqual((file["uuid"], file["folder"], file["contentName"], file["md5"], file["bytes"], file["pages"]),
                         (answer["uuid"], FOLDER, "form.pdf", answer["md5"], len(content), 1))
        self.assertEqual(self.evidence.http("GET", "/_simulator/files/" + answer["uuid"]).body, content)

    # ---- 9: search

    def test_a_name_is_found(self):
        content = pdf()
        uuids = {name: self.evidence.upload(payload(name), content).json["uuid"] for name in ("a.pdf", "b.pdf")}
        self.evidence.upload(payload("a.pdf"), headers={"X-Folder-URI": "VETERAN:SSN:600123456"})
        answer = self.evidence.search(search("a.pdf")).json
        self.assertEqual(answer["page"], {"totalPages": 1, "requestedResultsPerPage": 10, "currentPage": 1, "totalResults": 1})
        file, = answer["files"]
        self.assertEqual((file["uuid"], file["owner"]), (uuids["a.pdf"], {"type": "VETERAN", "id": "600123456"}))
        system = file["currentVersion"]["systemData"]
        self.assertEqual((system["contentName"], system["contentSize"], system["mimeType"]),
                         ("a.pdf", len(content), "application/pdf"))
        self.assertRegex(system["uploadedDateTime"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        data = file["currentVersion"]["providerData"]
        self.assertEqual((data["documentTypeId"], data["contentSource"], data["dateVaReceivedDocument"]), (148, "VA.gov", today()))

    def test_nothing_found_has_no_files(self):
        self.evidence.upload()
        for body in (search("other.pdf"), search("form"), search("Form.pdf")):
            self.assertEqual(self.evidence.search(body).json, {
                "page": {"totalPages": 0, "requestedResultsPerPage": 10, "currentPage": 1, "totalResults": 0}})

    def test_a_folder_is_listed_by_pages_newest_first(self):
        for i in range(5):
            self.evidence.upload(payload(f"{i}.pdf"))
        found = []
        for page, count in ((1, 2), (2, 2), (3, 1), (4, 0)):
            answer = self.evidence.search(search(page=page, per_page=2)).json
            self.assertEqual(answer["page"], {"totalPages": 3, "requestedResultsPerPage": 2, "currentPage": page,
                                              "totalResults": 5})
            self.assertEqual("files" in answer, count > 0)
            found += answer.get("files", [])
        self.assertEqual([one["currentVersion"]["systemData"]["contentName"] for one in found],
                         [f"{i}.pdf" for i in reversed(range(5))])

    def test_which_searches_are_refused(self):
        name = {"evaluationType": "EQUALS", "value": "a.pdf"}
        for text, (status, code, body) in {
            "no page": (400, "VEFSERR40001", search(pageRequest=None)),
            "half a page": (400, "VEFSERR40001", search(pageRequest={"page": 1})),
            "page 0": (400, "VEFSERR40001", search(page=0)),
            "nothing on a page": (400, "VEFSERR40001", search(per_page=0)),
            "a page that is a text": (400, "VEFSERR40001", search(page="1")),
            "no filters": (400, "VEFSERR40001", search(filters=None)),
            "filters that are a list": (400, "VEFSERR40001", search(filters=[])),
            "another member": (400, "VEFSERR40001", search(other=1)),
            "no value": (400, "VEFSERR40001", search(filters={"systemData.contentName": {"evaluationType": "EQUALS"}})),
            "no evaluation": (400, "VEFSERR40001", search(filters={"systemData.contentName": {"value": "a.pdf"}})),
            "another evaluation": (500, "VEFSERR50015", search(
                filters={"systemData.contentName": {**name, "evaluationType": "CONTAINS"}})),
            "another filter": (400, "VEFSERR40010", search(filters={"contentName": name})),
            "an order": (400, "VEFSERR40010", search(sort=[{"systemData.contentName": "ASC"}])),
        }.items():
            with self.subTest(text):
                self.assert_code(self.evidence.search(body), status, code)
        self.assertEqual(self.evidence.search(search("a.pdf", sort=[])).status, 200)

    def test_a_search_may_lag_behind_but_the_name_is_taken(self):
        self.evidence.control("POST", "behaviour", {"search_lag_ms": 3600000})
        try:
            self.evidence.upload()
            self.assertEqual(self.evidence.search(search("form.pdf")).json["page"]["totalResults"], 0)
            self.assert_code(self.evidence.upload(), 400, "VEFSERR40060")
        finally:
            self.evidence.control("POST", "behaviour", {"search_lag_ms": 0})
        self.assertEqual(self.evidence.search(search("form.pdf")).json["page"]["totalResults"], 1)

    # ---- 10: data

    def data(self, what):
        return self.evidence.api("GET", f"/files/{what}/data", headers={"X-Folder-URI": None})

    def test_the_data_of_a_file(self):
        found = self.evidence.upload().json["uuid"]
        answer = self.data(found)
        self.assertEqual((answer.status, answer.json), (200, self.evidence.search(search()).json["files"][0]))
        unknown = str(uuid.uuid4())
        self.assert_code(self.data(unknown), 404, "VEFSERR40402", unknown)
        self.assert_code(self.data("1"), 400, "VEFSERR40010")

    # ---- 11: what else there is

    def test_what_is_not_enabled_and_what_is_not_there(self):
        found = self.evidence.upload().json["uuid"]
        self.assert_code(self.evidence.api("PUT", f"/files/{found}/data", "{}"), 501, "VEFSERR50102")
        self.assert_code(self.evidence.api("POST", f"/files/{found}", "{}"), 501, "VEFSERR50102")
        for method, path in (("GET", "/files"), ("GET", f"/files/{found}"), ("DELETE", f"/files/{found}/data"), ("GET", "/")):
            self.assert_code(self.evidence.api(method, path), 404, "VEFSERR40401")
        answer = self.evidence.http("POST", "/files")
        self.assertEqual((answer.status, answer.json["messages"][0]["key"]), (404, "NOT_FOUND"))

    # ---- control calls, rules, ledger

    def test_errors_on_demand(self):
        for code, status in (("VEFSERR40001", 400), ("VEFSERR40059", 400), ("VEFSERR40301", 403), ("VEFSERR40302", 403),
                             ("VEFSERR40402", 404), ("VEFSERR41501", 415), ("VEFSERR50009", 500), ("VEFSERR50014", 400),
                             ("VEFSERR50102", 501), ("VEFSERR40099", 400)):
            with self.subTest(code):
                self.evidence.control("POST", "refuse", {"code": code, "times": 1})
                self.assert_code(self.evidence.upload(), status, code)
        self.assert_nothing_stored()
        self.assertEqual(self.evidence.upload().status, 200)

    def test_whom_an_error_on_demand_meets(self):
        self.evidence.control("POST", "refuse", {"code": "VEFSERR40302", "operation": "upload", "folder": FOLDER,
                                                 "contains": '"b.pdf"', "skip": 1, "times": 2})
        other = {"X-Folder-URI": "VETERAN:SSN:600123456"}
        for status, name, headers in ((200, "a.pdf", None), (200, "b.pdf", other), (200, "b.pdf", None), (403, "b.pdf", None),
                                      (403, "b.pdf", None), (400, "b.pdf", None)):
            self.assertEqual(self.evidence.upload(payload(name), headers=headers).status, status)
        self.assertEqual(self.evidence.search(search("b.pdf")).status, 200)
        refusal, = self.evidence.control("GET", "refuse")
        self.assertEqual((refusal["seen"], refusal["taken"]), (4, 2))
        self.evidence.control("DELETE", "refuse")
        self.assertEqual(self.evidence.control("GET", "refuse"), [])

    def test_an_error_on_demand_must_be_one(self):
        for bad in ({}, {"code": "40001"}, {"code": "VEFSERR4000"}, {"code": "VEFSERR20000"}, {"code": "VEFSERR40001", "x": 1},
                    {"code": "VEFSERR40001", "times": -1}):
            with self.assertRaises(ValueError):
                self.evidence.control("POST", "refuse", bad)

    def test_operations_have_names(self):
        found = self.evidence.upload().json["uuid"]
        self.evidence.search(search())
        self.data(found)
        self.evidence.api("PUT", f"/files/{found}/data", "{}")
        self.evidence.api("POST", f"/files/{found}", "{}")
        self.evidence.api("GET", "/nothing")
        self.assertEqual([(one["operation"], one["status"], one["acted"]) for one in self.evidence.control("GET", "ledger")],
                         [("upload", 200, True), ("search", 200, True), ("data", 200, True), ("update-data", 501, False),
                          ("update", 501, False), ("", 404, False)])

    def test_an_upload_is_cut_before_and_after_it_is_stored(self):
        for action, count in (("drop-before", 0), ("drop-after", 1)):
            self.evidence.control("POST", "rules", {"operation": "upload", "do": action, "times": 1})
            with self.assertRaises(ConnectionError):
                self.evidence.upload()
            self.assertEqual(len(self.evidence.files()), count)

    def test_an_upload_is_answered_with_nonsense_after_it_is_stored(self):
        self.evidence.control("POST", "rules", {"operation": "upload", "do": "answer-after", "status": 200, "body": "<html>"})
        answer = self.evidence.upload()
        self.assertEqual((answer.status, answer.body, len(self.evidence.files())), (200, b"<html>", 1))

    def test_an_upload_hangs(self):
        self.evidence.control("POST", "rules", {"operation": "upload", "do": "hang"})
        with self.assertRaises(TimeoutError):
            self.evidence.http("POST", API + "/files", b"x", timeout=0.3)
        self.evidence.control("DELETE", "rules")
        self.assert_nothing_stored()


class DayTest(unittest.TestCase):
    def test_today_is_the_services_own(self):
        for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            evidence = SimulatedEvidence("--evidence-time-zone", name)
            try:
                for days, status in ((1, 400), (0, 200)):
                    there = datetime.datetime.now(zoneinfo.ZoneInfo(name)) + datetime.timedelta(days=days)
                    answer = evidence.upload(payload(dateVaReceivedDocument=there.strftime("%Y-%m-%d")))
                    self.assertEqual(answer.status, status, (name, days, answer.body))
            finally:
                evidence.stop()


class StartTest(unittest.TestCase):
    def start(self, *options, **environment):
        return subprocess.run([os.environ["EVIDENCE_SIMULATOR"], *options], capture_output=True, timeout=20, text=True,
                              env={**os.environ, "DEPENDENTS_EVIDENCE_EXPECTED_SECRET": SECRET, **environment})

    def test_wrong_settings_end_with_2(self):
        for options in (["--evidence-search-lag-ms", "x"], ["--evidence-time-zone", "Nowhere/At_All"], ["operand"],
                        ["--evidence-document-types", "148,x"], ["--evidence-duplicate-code", "40003"],
                        ["--evidence-expected-secret", "secret"]):
            self.assertEqual(self.start(*options).returncode, 2, options)
        self.assertEqual(self.start(DEPENDENTS_EVIDENCE_EXPECTED_SECRET="").returncode, 2)

    def test_without_qpdf_it_does_not_start(self):
        done = self.start(PATH="/nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn("qpdf is not installed", done.stderr)

    def test_the_oldest_contents_are_forgotten(self):
        evidence = SimulatedEvidence("--evidence-kept-bytes", str(2 * len(pdf()) + 1))
        try:
            uuids = [evidence.upload(payload(f"{i}.pdf")).json["uuid"] for i in range(3)]
            self.assertEqual([evidence.http("GET", "/_simulator/files/" + one).status for one in uuids], [404, 200, 200])
            self.assertEqual([one["bytes"] for one in evidence.files()], [len(pdf())] * 3)
            self.assertEqual(evidence.search(search()).json["page"]["totalResults"], 3)
            evidence.control("DELETE", "state")
            kept = evidence.upload(payload(), pdf(filler=3 * len(pdf()))).json["uuid"]
            self.assertEqual(evidence.http("GET", "/_simulator/files/" + kept).status, 200)   # the newest always is
        finally:
            evidence.stop()

    def test_settings_are_heeded(self):
        evidence = SimulatedEvidence("--evidence-document-types", "7", "--evidence-disabled-identifiers", "ICN,PARTICIPANT_ID",
                                     "--evidence-duplicate-code", "VEFSERR40003", "--evidence-search-lag-ms", "3600000")
        folder = {"X-Folder-URI": "VETERAN:SSN:123456789"}
        try:
            self.assertEqual(evidence.upload().code, "VEFSERR40059")
            self.assertEqual(evidence.upload(headers=folder).code, "VEFSERR40003")
            described = payload(documentTypeId=7)
            self.assertEqual([evidence.upload(described, headers=folder).code for _ in range(2)], [None, "VEFSERR40003"])
            self.assertNotIn("files", evidence.search(search(), folder).json)
        finally:
            evidence.stop()


if __name__ == "__main__":
    unittest.main()
