"""One test or more for each point of the simulator's list (its README.md, "What it keeps to")."""

import base64
import hashlib
import itertools
import json
import os
import re
import socket
import subprocess
import unittest
from datetime import datetime

from simulated_intake import (API, KEY, METADATA, SimulatedIntake, encrypted, metadata, package, part, payload, pdf)

XML_ERROR = re.compile(r"<Error><Code>(\w+)</Code><Message>(.*?)</Message>")


class RulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.intake = SimulatedIntake("--intake-quota", "0")

    @classmethod
    def tearDownClass(cls):
        assert cls.intake.stop() == 0

    def setUp(self):
        for what in ("rules", "ledger", "state"):
            self.intake.control("DELETE", what)

    def assert_xml(self, answer, status, code, text=""):
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (status, "application/xml"))
        found = XML_ERROR.search(answer.text)
        self.assertEqual(found[1], code)
        self.assertIn(text, found[2])

    def assert_judged(self, body, code, text=""):
        status, found, detail = self.intake.judged(body)
        self.assertEqual((status, found), ("error" if code else "received", code), detail)
        self.assertIn(text, detail)

    # ---- 1: the key

    def test_a_call_needs_the_key(self):
        for method, path in (("POST", "/uploads"), ("GET", "/uploads/x"), ("POST", "/uploads/report")):
            answer = self.intake.http(method, API + path)
            self.assertEqual((answer.status, answer.json, answer.headers["WWW-Authenticate"]),
                             (401, {"message": "No API key found in request"}, 'Key realm="kong"'))
            answer = self.intake.http(method, API + path, headers={"apikey": "other"})
            self.assertEqual((answer.status, answer.json), (403, {"message": "You cannot consume this service"}))
        self.assertEqual(self.intake.uploads(), [])

    # ---- 2: create

    def test_create_gives_a_guid_and_a_location(self):
        answer = self.intake.api("POST", "/uploads")
        self.assertEqual(answer.status, 202)
        data = answer.json["data"]
        attributes = data["attributes"]
        self.assertEqual((data["type"], data["id"]), ("document_upload", attributes["guid"]))
        self.assertRegex(data["id"], r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        self.assertEqual((attributes["status"], attributes["code"], attributes["detail"], attributes["final_status"],
                          attributes["uploaded_pdf"]), ("pending", None, "", False, None))
        self.assertRegex(attributes["updated_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(attributes["location"], "^" + re.escape(
            f"{self.intake.url}/services_user_content/vba_documents/{data['id']}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
            "&X-Amz-Credential=") + r"[^&]+&X-Amz-Date=\d{8}T\d{6}Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host"
            r"&X-Amz-Signature=[0-9a-f]{64}$")
        self.assertNotEqual(self.intake.create()[0], data["id"])

    # ---- 3: the PUT

    def test_put_stores_without_judging(self):
        guid, location = self.intake.create()
        body = b"\xff anything"
        answer = self.intake.put(location, body)
        self.assertEqual((answer.status, answer.body, answer.headers["ETag"]),
                         (200, b"", f'"{hashlib.md5(body).hexdigest()}"'))
        self.assertEqual(self.intake.upload(guid)["puts"], 1)

    def test_the_exact_location_is_needed(self):
        guid, location = self.intake.create()
        other, _ = self.intake.create()
        for altered in (location + "&x=1", location.replace("900", "901"), location.replace(guid, other),
                        location.split("?")[0], location[:-1] + ("0" if location[-1] != "0" else "1"),
                        location.replace("%2F", "/")):
            self.assert_xml(self.intake.put(altered, b"x"), 403, "SignatureDoesNotMatch")
        self.assert_xml(self.intake.put(location, b"x", Host="elsewhere"), 403, "SignatureDoesNotMatch")
        self.assertEqual({upload["puts"] for upload in self.intake.uploads()}, {0})

    def test_a_location_lives_900_seconds(self):
        _, location = self.intake.create()
        self.intake.forward(895)
        self.assertEqual(self.intake.put(location, b"x").status, 200)
        self.intake.forward(10)
        self.assert_xml(self.intake.put(location, b"x"), 403, "AccessDenied", "Request has expired")

    def test_the_same_put_may_be_repeated(self):
        guid, location = self.intake.create()
        for _ in range(2):
            self.assertEqual(self.intake.put(location, package()).status, 200)
        upload = self.intake.upload(guid)
        self.assertEqual((upload["puts"], upload["status"]), (2, "received"))

    def test_content_md5_is_checked(self):
        _, location = self.intake.create()
        right = base64.b64encode(hashlib.md5(b"x").digest()).decode()
        self.assert_xml(self.intake.put(location, b"y", Content_MD5=right), 400, "BadDigest")
        self.assertEqual(self.intake.put(location, b"x", Content_MD5=right).status, 200)

    def raw_put(self, location, head, body):
        path = location.removeprefix(self.intake.url)
        return self.intake.raw(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.intake.port}\r\n"
                               f"Connection: close\r\n{head}\r\n".encode() + body)

    def test_a_length_is_needed_and_chunks_are_refused(self):
        guid, location = self.intake.create()
        answer = self.raw_put(location, "Transfer-Encoding: chunked\r\n", b"1\r\nx\r\n0\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 501 "), answer)
        self.assertIn(b"<Code>NotImplemented</Code>", answer)
        answer = self.raw_put(location, "", b"")
        self.assertTrue(answer.startswith(b"HTTP/1.1 411 "), answer)
        self.assertIn(b"<Code>MissingContentLength</Code>", answer)
        self.assertEqual(self.intake.upload(guid)["puts"], 0)

    def test_expect_100_continue_is_answered(self):
        _, location = self.intake.create()
        path = location.removeprefix(self.intake.url)
        with socket.create_connection(("127.0.0.1", self.intake.port), timeout=20) as connection:
            connection.sendall(f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.intake.port}\r\nContent-Length: 1\r\n"
                               "Expect: 100-continue\r\n\r\n".encode())
            self.assertEqual(connection.recv(25), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"x")
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200 "))

    def test_neither_key_nor_authorization_belongs_to_the_storage(self):
        _, location = self.intake.create()
        self.assert_xml(self.intake.put(location, b"x", apikey=KEY), 400, "InvalidRequest")
        self.assert_xml(self.intake.put(location, b"x", Authorization="Bearer x"), 400, "InvalidArgument")
        self.assert_xml(self.intake.http("GET", location.removeprefix(self.intake.url)), 405, "MethodNotAllowed")

    # ---- 4: the parser

    def test_what_the_parser_takes(self):
        good = [metadata(), part("content", pdf())]
        header = 'Content-Disposition: form-data; name="content"'
        for name, body in {
            "plain": payload(*good),
            "any order": payload(*reversed(good)),
            "any separator": payload(*good, separator="what is this"),
            "no CRLF at the very end": payload(*good)[:-2],
            "something behind the end": payload(*good) + b"rest",
            "names of headers in any case": payload(good[0], part("", pdf(), headers=[
                header.upper().replace("CONTENT\"", "content\"").replace("NAME=", "name="),
                "CONTENT-TYPE: application/pdf"])),
            "a file name before the name": payload(good[0], part("", pdf(), headers=[
                'Content-Disposition: form-data; filename="name=x; name=y"; name="content"',
                "Content-Type: application/pdf"])),
            "other headers": payload(good[0], part("", pdf(), headers=[
                "Content-Transfer-Encoding: binary", header, "Content-Type: application/pdf"])),
            "a name without quotes": payload(good[0], part("", pdf(), headers=[
                "Content-Disposition: form-data; name=content", "Content-Type: application/pdf"])),
            "base64": b"data:multipart/form-data;base64," + base64.b64encode(payload(*good)),
        }.items():
            with self.subTest(name):
                self.assert_judged(body, None)

    def test_the_boundary_of_the_http_header_is_never_looked_at(self):
        guid, location = self.intake.create()
        self.intake.put(location, package(), Content_Type="multipart/form-data; boundary=other")
        self.assertEqual(self.intake.upload(guid)["status"], "received")

    def test_what_the_parser_refuses(self):
        good = [metadata(), part("content", pdf())]
        for name, (text, body) in {
            "lines that end in LF": ("Unexpected end", payload(*good).replace(b"\r\n", b"\n")),
            "no disposition": ("Missing part name", payload(good[0], part("", pdf(), headers=[
                "Content-Type: application/pdf"]))),
            "no name": ("Missing part name", payload(good[0], part("", pdf(), headers=[
                'Content-Disposition: form-data; filename="content"', "Content-Type: application/pdf"]))),
            "no type": ("Missing content-type", payload(good[0], part("", pdf(), headers=[
                'Content-Disposition: form-data; name="content"']))),
            "no type of the JSON part": ("Missing content-type", payload(part("", b"{}", headers=[
                'Content-Disposition: form-data; name="metadata"']), good[1])),
            "another type": ("text/plain", payload(*good, part("attachment1", b"x", "text/plain"))),
            "a type in another case": ("application/PDF", payload(good[0], part("content", pdf(),
                                                                                 "application/PDF"))),
            "a type with a parameter": ("charset", payload(part("metadata", b"{}", "application/json; charset=utf-8"),
                                                           good[1])),
            "no end": ("Unexpected end", payload(*good, end=b"")),
            "an end with one hyphen": ("Unexpected end", payload(*good, end=b"--boundary-\r\n")),
            "an end of another separator": ("Unexpected end", payload(*good, end=b"--other--\r\n")),
            "no empty line": ("Unexpected end", b"--boundary\r\nContent-Type: application/pdf"),
            "something before the first separator": ("Unexpected end", b"preamble\r\n" + payload(*good)),
            "a type of an unknown part": ("image/png", payload(*good, part("picture", b"x", "image/png"))),
        }.items():
            with self.subTest(name):
                self.assert_judged(body, "DOC101", text)

    def test_an_empty_object(self):
        self.assert_judged(b"", "DOC107")

    def test_a_repeated_name_replaces_the_earlier_part(self):
        guid = self.intake.send(payload(metadata(), part("content", b"bad"), part("attachment1", pdf(text="a")),
                                        part("content", pdf(text="later"))))
        upload = self.intake.upload(guid)
        self.assertEqual(upload["status"], "received")
        self.assertEqual([one["name"] for one in upload["parts"]], ["metadata", "content", "attachment1"])
        self.assertEqual(self.intake.http("GET", f"/_simulator/uploads/{guid}/content").body, pdf(text="later"))

    def test_unknown_names_are_dropped_silently(self):
        guid = self.intake.send(payload(metadata(), part("content", pdf()), part("attachment_1", b"no pdf"),
                                        part("Attachment2", b"no pdf"), part("attachment", b"no pdf")))
        upload = self.intake.upload(guid)
        self.assertEqual(upload["status"], "received")
        self.assertEqual([one["dropped"] for one in upload["parts"]], [False, False, True, True, True])
        self.assertEqual(upload["uploaded_pdf"]["total_documents"], 1)

    def test_attachments_count_in_the_order_of_their_appearance(self):
        body = payload(metadata(), part("content", pdf()), part("attachment7", pdf()), part("attachment3", b"%PDF-"))
        self.assert_judged(body, "DOC103", "attachment2")

    def test_the_state_shows_what_was_sent(self):
        main, more = pdf(text="main"), pdf(((100, 100), (200, 200)), text="more")
        guid = self.intake.send(package(more, content=main))
        upload = self.intake.upload(guid)
        self.assertEqual(upload["metadata"], METADATA)
        self.assertEqual([(one["name"], one["type"], one["bytes"], one["sha256"]) for one in upload["parts"][1:]],
                         [("content", "application/pdf", len(main), hashlib.sha256(main).hexdigest()),
                          ("attachment1", "application/pdf", len(more), hashlib.sha256(more).hexdigest())])
        answer = self.intake.http("GET", f"/_simulator/uploads/{guid}/attachment1")
        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.body), (200, "application/pdf", more))
        for missing in (f"uploads/{guid}/attachment2", "uploads/nobody/content", f"uploads/{guid}"):
            self.assertEqual(self.intake.http("GET", "/_simulator/" + missing).status, 404)

    # ---- 5: parts and their kinds

    def test_presence_and_kind_of_parts(self):
        good = [metadata(), part("content", pdf())]
        for name, (code, body) in {
            "no metadata": ("DOC102", payload(good[1])),
            "metadata as a PDF": ("DOC102", payload(part("metadata", b"{}"), good[1])),
            "no content": ("DOC103", payload(good[0])),
            "content as JSON": ("DOC103", payload(good[0], part("content", b"{}", "application/json"))),
            "neither": ("DOC102", payload(part("attachment1", pdf()))),
        }.items():
            with self.subTest(name):
                self.assert_judged(body, code)

    # ---- 6: metadata

    def test_metadata_that_is_taken(self):
        for changes in ({}, {"veteranFirstName": "  Ann-Marie/Sue Lee "}, {"veteranLastName": "x" * 50},
                        {"fileNumber": "12345678"}, {"fileNumber": " 123456789 "}, {"zipCode": "12345-6789"},
                        {"zipCode": "00000"}, {"source": None}, {"docType": None}, {"docType": 7},
                        {"businessLine": None}, {"businessLine": ""}, {"businessLine": "cmp"}, {"businessLine": "OTH"},
                        {"other": [1]}):
            with self.subTest(changes):
                self.assert_judged(payload(metadata(**changes), part("content", pdf())), None)

    def test_metadata_that_is_refused(self):
        for text, changes in (
                ("Missing required keys: veteranFirstName, zipCode", {"veteranFirstName": None, "zipCode": None}),
                ("Non-string values for keys: veteranLastName, fileNumber",
                 {"veteranLastName": 1, "fileNumber": 123456789, "zipCode": "bad"}),
                ("fileNumber", {"fileNumber": "1234567"}), ("fileNumber", {"fileNumber": "1234567890"}),
                ("fileNumber", {"fileNumber": "123-45-6789"}), ("fileNumber", {"fileNumber": "1234567x"}),
                ("veteranFirstName", {"veteranFirstName": "Zoë"}), ("veteranFirstName", {"veteranFirstName": " "}),
                ("veteranFirstName", {"veteranFirstName": "x" * 51}),
                ("veteranLastName", {"veteranLastName": "O'Neil"}), ("veteranLastName", {"veteranLastName": ""}),
                ("businessLine", {"businessLine": " "}), ("businessLine", {"businessLine": 1}),
                ("businessLine", {"businessLine": "XYZ"}),
                ("zipCode", {"zipCode": "1234"}), ("zipCode", {"zipCode": "123456789"}),
                ("zipCode", {"zipCode": "12345 "}), ("zipCode", {"zipCode": "12345-678"}),
                ("zipCode", {"zipCode": "12345\n"}), ("zipCode", {"zipCode": "K1A 0B1"})):
            with self.subTest(changes):
                self.assert_judged(payload(metadata(**changes), part("content", pdf())), "DOC102", text)
        for text in (b"", b"[]", b"{", b'"x"'):
            with self.subTest(text):
                body = payload(part("metadata", text, "application/json"), part("content", pdf()))
                self.assert_judged(body, "DOC102", "Invalid JSON object")

    def test_the_order_of_the_complaints(self):
        wrong = {"fileNumber": "1", "veteranFirstName": "1", "businessLine": "1", "zipCode": "1"}
        for expected in ("fileNumber", "veteranFirstName", "businessLine", "zipCode"):
            self.assert_judged(payload(metadata(**wrong), part("content", b"bad")), "DOC102", expected)
            del wrong[expected]
        self.assert_judged(payload(metadata(), part("content", b"bad")), "DOC103", "content")

    # ---- 7: documents

    def test_documents(self):
        wide, high = 78 * 72, 101 * 72
        for name, (code, document) in {
            "as large as may be": (None, pdf(((wide, high),))),
            "too wide": ("DOC108", pdf(((612, 792), (wide + 1, 100)))),
            "too high": ("DOC108", pdf(((100, high + 1),))),
            "fits only when turned": ("DOC108", pdf(((high, wide),))),
            "needs a password": ("DOC103", encrypted(pdf(), "secret")),
            "an owner's password only": (None, encrypted(pdf(), "")),
            "no PDF": ("DOC103", b"hello"),
            "empty": ("DOC103", b""),
            "cut off": ("DOC103", pdf()[:60]),
            "no pages": ("DOC103", pdf(())),
            "pages in a circle": ("DOC103", pdf().replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")),   # qpdf alone sees it
            "mended by a reader": (None, pdf().replace(b"startxref", b"startxrex")),
        }.items():
            with self.subTest(name):
                self.assert_judged(package(content=document), code, "content" if code == "DOC103" else "")
                self.assert_judged(package(document), code, "attachment1" if code == "DOC103" else "")

    def test_a_document_over_100_000_000_bytes(self):
        large = pdf() + b"%" * (100_000_001 - len(pdf()) - 2)   # the CRLF behind it counts, as the server keeps it
        self.assert_judged(package(large), "DOC106")
        self.assert_judged(package(large[:-1]), None)

    def test_the_content_is_judged_before_attachments_and_size_before_validity(self):
        self.assert_judged(package(encrypted(pdf(), "x"), content=pdf(((9999, 1),))), "DOC108")

    def test_a_detail_is_cut_at_200_characters(self):
        _, _, detail = self.intake.judged(payload(part("metadata", b"{}", "x" * 500)))
        self.assertEqual((len(detail), detail[-4:]), (203, "x..."))

    # ---- 8: the life of an upload

    def test_pending_becomes_expired_after_20_minutes(self):
        guid, _ = self.intake.create()
        self.intake.forward(1190)
        self.assertEqual(self.intake.status(guid)["status"], "pending")
        self.intake.forward(20)
        status = self.intake.status(guid)
        self.assertEqual((status["status"], status["final_status"], status["code"]), ("expired", True, None))

    def test_a_good_package_stops_at_received_as_in_the_sandbox(self):
        guid = self.intake.send(package(pdf()))
        self.intake.upload(guid)   # waits for the judge
        status = self.intake.status(guid)
        self.assertEqual((status["status"], status["final_status"], status["code"], status["detail"],
                          status["location"]), ("received", False, None, "", None))
        shown = status["uploaded_pdf"]
        self.assertEqual((shown["total_documents"], shown["total_pages"], shown["line_of_business"]), (2, 2, "CMP"))
        self.assertEqual(shown["content"]["dimensions"], {"height": 11.0, "width": 8.5, "oversized_pdf": False})
        self.assertEqual([one["page_count"] for one in shown["content"]["attachments"]], [1])

    def test_errors_by_their_code_are_final_or_not(self):
        guid = self.intake.send(b"bad")
        self.intake.upload(guid)
        status = self.intake.status(guid)
        self.assertEqual((status["status"], status["code"], status["final_status"], status["uploaded_pdf"]),
                         ("error", "DOC101", True, None))
        for code, final in (("DOC104", True), ("DOC201", False), ("DOC202", False)):
            self.intake.advance(guid, "error", code=code, detail="Upstream status: Error")
            status = self.intake.status(guid)
            self.assertEqual((status["code"], status["final_status"], status["detail"]),
                             (code, final, "Upstream status: Error"))

    def test_a_test_moves_an_upload(self):
        guid = self.intake.send(package())
        for status, more, final in (("processing", {}, False), ("success", {}, False),
                                    ("success", {"final_status": True}, True), ("error", {"code": "DOC202"}, False),
                                    ("vbms", {}, True), ("expired", {}, True)):
            self.assertEqual(self.intake.advance(guid, status, **more), {"advanced": 1})
            shown = self.intake.status(guid)
            self.assertEqual((shown["status"], shown["final_status"]), (status, final))
            self.assertEqual(self.intake.report(guid)[guid]["status"], status)
        self.assertIsNone(self.intake.status(guid)["code"])
        self.intake.advance(guid, "vbms", uploaded_pdf={"total_documents": 7})
        self.assertEqual(self.intake.status(guid)["uploaded_pdf"], {"total_documents": 7})
        for wrong in ({"status": "done"}, {"guid": guid}, {"guid": guid, "status": "vbms", "x": 1}):
            with self.assertRaisesRegex(ValueError, "400"):
                self.intake.control("POST", "advance", wrong)
        with self.assertRaisesRegex(ValueError, "404"):
            self.intake.advance("nobody", "vbms")

    def test_all_that_are_not_final_are_moved_at_once(self):
        guids = [self.intake.create()[0] for _ in range(5)]
        self.intake.advance(guids[0], "vbms")
        self.assertEqual(self.intake.control("POST", "advance", {"status": "expired"}), {"advanced": 4})
        self.assertEqual([one["status"] for one in self.intake.uploads()], ["vbms"] + ["expired"] * 4)

    def test_a_late_put_of_what_has_moved_on_changes_nothing(self):
        guid, location = self.intake.create()
        self.intake.put(location, package())
        self.intake.upload(guid)
        self.assertEqual(self.intake.put(location, b"bad").status, 200)
        upload = self.intake.upload(guid)
        self.assertEqual((upload["status"], upload["puts"]), ("received", 2))

    # ---- 9: status and report

    def test_an_unknown_guid_is_404_alone_and_doc105_in_a_report(self):
        answer = self.intake.api("GET", "/uploads/11111111-2222-4333-8444-555555555555")
        self.assertEqual(answer.status, 404)
        error, = answer.json["errors"]
        self.assertEqual((error["title"], error["status"], error["code"]), ("Record not found", "404", "404"))
        guid, _ = self.intake.create()
        report = self.intake.report(guid, "no guid", "11111111-2222-4333-8444-555555555555")
        self.assertEqual({key: (row["status"], row["code"]) for key, row in report.items()},
                         {guid: ("pending", None), "no guid": ("error", "DOC105"),
                          "11111111-2222-4333-8444-555555555555": ("error", "DOC105")})

    def test_a_report_takes_1_to_1000_ids(self):
        self.assertEqual(len(self.intake.report(*[f"id{i}" for i in range(1000)])), 1000)
        for body, text in ((json.dumps({"ids": ["x"] * 1001}), "cannot exceed 1000 items (submitted 1001)"),
                           ('{"ids": []}', "ids"), ('{"ids": "x"}', "ids"), ("{}", "ids"), ("[]", "ids"), ("", "ids")):
            answer = self.intake.api("POST", "/uploads/report", body)
            self.assertEqual(answer.status, 400)
            error, = answer.json["errors"]
            self.assertEqual((error["code"], error["status"]), ("111", "400"))
            self.assertIn(text, error["detail"])

    def test_a_report_does_not_keep_the_order(self):
        guids = [self.intake.create()[0] for _ in range(3)]
        answer = self.intake.api("POST", "/uploads/report", json.dumps({"ids": guids}))
        self.assertEqual([item["id"] for item in answer.json["data"]], guids[::-1])

    def test_a_report_may_be_an_hour_old_unless_the_upload_was_asked_for(self):
        first, location = self.intake.create()
        second, other = self.intake.create()
        self.intake.report(first, second)
        for where in (location, other):
            self.intake.put(where, package())
        self.intake.uploads()
        self.assertEqual(self.intake.report(first)[first]["status"], "pending")
        self.assertEqual(self.intake.status(second)["status"], "received")
        self.assertEqual(self.intake.report(second)[second]["status"], "received")
        self.intake.forward(3601)
        self.assertEqual(self.intake.report(first)[first]["status"], "received")

    def test_a_status_can_be_pretended(self):
        guid, _ = self.intake.create()
        self.assertEqual(self.intake.status(guid, {"Status-Override": "vbms"})["status"], "vbms")
        self.assertEqual(self.intake.status(guid)["status"], "pending")
        self.assertEqual(self.intake.api("GET", f"/uploads/{guid}", headers={"Status-Override": "x"}).status, 422)

    # ---- 10: validate one document

    def validate(self, document, content_type="application/pdf"):
        return self.intake.api("POST", "/uploads/validate_document", document, {"Content-Type": content_type})

    def test_validate_one_document(self):
        answer = self.validate(pdf())
        self.assertEqual((answer.status, answer.json),
                         (200, {"data": {"type": "documentValidation", "attributes": {"status": "valid"}}}))
        for document, content_type, text in ((b"", "application/pdf", "not provided"),
                                             (b"x", "application/pdf", "not a PDF"), (pdf(), "text/plain", "not a PDF"),
                                             (pdf()[:60], "application/pdf", "not a valid PDF"),
                                             (pdf(((9999, 9),)), "application/pdf", "78 in. x 101 in."),
                                             (encrypted(pdf(), "x"), "application/pdf", "user password")):
            answer = self.validate(document, content_type)
            error, = answer.json["errors"]
            self.assertEqual((answer.status, error["title"], error["status"]),
                             (422, "Document failed validation", "422"))
            self.assertIn(text, error["detail"])
        self.assertEqual(self.intake.uploads(), [])

    # ---- 12: rules, ledger

    def test_operations_have_names(self):
        guid = self.intake.send(package())
        self.intake.status(guid)
        self.intake.report(guid)
        self.validate(pdf())
        self.intake.api("GET", "/nothing")
        ledger = self.intake.control("GET", "ledger")
        self.assertEqual([(one["operation"], one["status"], one["acted"]) for one in ledger],
                         [("create", 202, True), ("put", 200, True), ("status", 200, True), ("report", 200, True),
                          ("validate", 200, True), ("", 404, False)])

    def test_a_put_is_cut_before_and_after_it_is_stored(self):
        for action, puts in (("drop-before", 0), ("drop-after", 1)):
            self.intake.control("POST", "rules", {"operation": "put", "do": action, "times": 1})
            guid, location = self.intake.create()
            with self.assertRaises(ConnectionError):
                self.intake.put(location, package())
            self.assertEqual(self.intake.upload(guid)["puts"], puts)


class QuotaTest(unittest.TestCase):
    def test_the_quota_has_its_headers_and_ends_in_429(self):
        intake = SimulatedIntake("--intake-quota", "3")
        try:
            for left in ("2", "1", "0"):
                answer = intake.api("POST", "/uploads")
                self.assertEqual(answer.status, 202)
                self.assertEqual([answer.headers[name] for name in ("X-RateLimit-Limit-Minute", "RateLimit-Limit",
                                                                     "X-RateLimit-Remaining-Minute",
                                                                     "RateLimit-Remaining")], ["3", "3", left, left])
                self.assertTrue(1 <= int(answer.headers["RateLimit-Reset"]) <= 60)
            answer = intake.api("POST", "/uploads")
            self.assertEqual((answer.status, answer.json), (429, {"message": "API rate limit exceeded"}))
            self.assertEqual(answer.headers["Retry-After"], answer.headers["RateLimit-Reset"])
            intake.forward(60)
            self.assertEqual(intake.api("POST", "/uploads").status, 202)
        finally:
            intake.stop()

    def test_without_a_key_no_quota_is_used(self):
        intake = SimulatedIntake("--intake-quota", "1")
        try:
            self.assertEqual(intake.http("POST", API + "/uploads").status, 401)
            self.assertEqual(intake.api("POST", "/uploads").status, 202)
        finally:
            intake.stop()


class WayTest(unittest.TestCase):
    def test_an_upload_moves_on_by_itself_to_the_last_status(self):
        intake = SimulatedIntake("--intake-step-ms", "600000", "--intake-last-status", "vbms")
        try:
            guid = intake.send(package())
            intake.upload(guid)
            times = []
            for status in ("uploaded", "received", "processing", "success", "vbms", "vbms"):
                shown = intake.status(guid)
                self.assertEqual((shown["status"], shown["final_status"]), (status, status == "vbms"))
                times.append(datetime.fromisoformat(shown["updated_at"]))
                intake.forward(600)
            self.assertEqual([(later - earlier).seconds for earlier, later in itertools.pairwise(times)],
                             [600] * 4 + [0])
            bad = intake.send(b"bad")
            self.assertEqual(intake.upload(bad)["status"], "uploaded")
            intake.forward(600)
            self.assertEqual(intake.upload(bad)["code"], "DOC101")
        finally:
            intake.stop()

    def test_a_second_object_in_time_is_the_one_that_is_judged(self):
        intake = SimulatedIntake("--intake-step-ms", "60000")
        try:
            guid, location = intake.create()
            intake.put(location, b"bad")
            intake.put(location, package())
            intake.forward(61)
            self.assertEqual(intake.upload(guid)["status"], "received")
        finally:
            intake.stop()


class StartTest(unittest.TestCase):
    def test_wrong_settings_end_with_2(self):
        for options in (["--intake-quota", "x"], ["--intake-last-status", "done"], ["operand"],
                        ["--intake-expected-key", "secret"]):
            done = subprocess.run([os.environ["INTAKE_SIMULATOR"], *options], capture_output=True, timeout=20)
            self.assertEqual(done.returncode, 2, options)

    def test_without_qpdf_it_does_not_start(self):
        done = subprocess.run([os.environ["INTAKE_SIMULATOR"]], capture_output=True, timeout=20, text=True,
                              env={"PATH": "/nowhere"})
        self.assertEqual(done.returncode, 1)
        self.assertIn("qpdf is not installed", done.stderr)


if __name__ == "__main__":
    unittest.main()
