"""One test or more for each point of the simulator's list (its README.md, "What it keeps to")."""

import itertools
import json
import os
import re
import unittest
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

from simulated_bgs import JOURNAL, NIL, SERVICES, SOAP, SimulatedBgs, elements, envelope

ADDRESS = {"efctvDt": "2026-01-15T18:30:00Z", "ptcpntAddrsTypeNm": "Mailing", "sharedAddrsInd": "N"}


class RulesTest(unittest.TestCase):
    veterans = itertools.count(600100001)

    @classmethod
    def setUpClass(cls):
        cls.bgs = SimulatedBgs("--incident-flash", "600999001,600999002", "--pension-participants", "600999003")

    @classmethod
    def tearDownClass(cls):
        assert cls.bgs.stop() == 0

    def veteran(self):
        """A participant id that nobody has used."""
        return str(next(self.veterans))

    def assert_fault(self, reply, text, detail=None):
        code, string, element = reply.fault
        self.assertEqual(code.partition(":")[2], "Server")
        self.assertIn(text, string)
        if detail is None:
            self.assertIsNone(element)
        else:
            self.assertEqual(element[0].tag, detail)
            self.assertEqual(element[0].findtext("message"), string)

    def assert_oracle(self, reply, text):
        """The useful text runs from ORA- to just before the statement, inside a long stack trace."""
        code, string, detail = reply.fault
        self.assertEqual(code.partition(":")[2], "Server")
        self.assertTrue(string.startswith("EJB Exception"), string[:80])
        self.assertIn("Caused by", string)
        self.assertTrue(10_000 <= len(string) <= 75_000, len(string))
        self.assertIsNone(detail)
        useful = re.search(r"ORA-.*?(?=\s*\{prepstmnt)", string, re.S)
        self.assertEqual(useful.group().strip(), text)

    # ---- 1: method, path, namespace, operation

    def test_unknown_path_method_namespace_and_operation_are_faults_with_500(self):
        path, namespace = SERVICES["proc"]
        arguments = elements({"arg0": {"vnpProcTypeCd": "DEPCHG", **JOURNAL}})
        right = envelope(namespace, "vnpProcCreate", arguments)
        before = len(self.bgs.state()["procs"])
        wrong = {
            "path": self.bgs.post("/VnpProcWebServiceBean/VnpProcService", right),
            "case of the path": self.bgs.post(path.lower(), right),
            "trailing slash": self.bgs.post(path + "/", right),
            "method": self.bgs.http("PUT", path, right, {"Content-Type": "text/xml"}),
            "content type": self.bgs.post(path, right, "application/json"),
            "namespace": self.bgs.post(path, envelope(namespace.replace(".v2", ""), "vnpProcCreate", arguments)),
            "no namespace": self.bgs.post(path, right.replace(f' xmlns:t="{namespace}"'.encode(), b"")
                                          .replace(b"t:vnpProcCreate", b"vnpProcCreate")),
            "operation": self.bgs.post(path, envelope(namespace, "vnpProcCreat", arguments)),
            "other service's operation": self.bgs.post(path, envelope(namespace, "vnpPersonCreate", arguments)),
            "SOAP 1.2": self.bgs.post(path, right.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope")),
            "no XML": self.bgs.post(path, b"{}"),
            "cut off": self.bgs.post(path, right[:-20]),
            "empty": self.bgs.post(path, b""),
            "document type": self.bgs.post(path, right.replace(b"<e:Env", b"<!DOCTYPE x><e:Env", 1)),
        }
        for case, reply in wrong.items():
            with self.subTest(case):
                self.assertEqual(reply.fault[0].partition(":")[2], "Client")
        self.assertEqual(len(self.bgs.state()["procs"]), before)
        self.assertEqual(self.bgs.post(path, right).status, 200)

    def test_both_twins_keep_to_their_own_operations_and_the_advertised_path_works(self):
        share, vetsnet = SERVICES["claim"], SERVICES["claimV1"]
        self.assertEqual(self.bgs.post(share[0], envelope(vetsnet[1], "findBnftClaim", "")).status, 500)
        inner = "<ptcpntId>1</ptcpntId>"
        reply = self.bgs.post("/BenefitClaimWebServiceBean/BenefitClaimWebService",
                              envelope(vetsnet[1], "findBnftClaimDetailByPtcpntId", inner))
        self.assertEqual(reply.status, 200)

    def test_wsdl_is_answered(self):
        for path, namespace in SERVICES.values():
            reply = self.bgs.http("GET", path + "?WSDL")
            self.assertEqual(reply.status, 200)
            self.assertEqual(reply.root.get("targetNamespace"), namespace)

    # ---- 2: sequences

    def test_every_kind_of_row_has_a_sequence_of_its_own(self):
        veteran = self.veteran()

        def make():
            proc = self.bgs.proc()
            ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId=proc).values()["vnpPtcpntId"]
            ids = {"vnpProcId": proc, "vnpProcID": proc, "vnpPtcpntId": ptcpnt}
            modifier = self.bgs.increment(veteran).operation.findtext("return")
            return {
                "proc": proc,
                "ptcpnt": ptcpnt,
                "addrs": self.bgs.vnp("addrs", "vnpPtcpntAddrsCreate", **ids).values()["vnpPtcpntAddrsId"],
                "phone": self.bgs.vnp("phone", "vnpPtcpntPhoneCreate", **ids).values()["vnpPtcpntPhoneId"],
                "school": self.bgs.vnp("childSchool", "vnpChildSchoolCreate", **ids).values()["vnpChildSchoolId"],
                "rlnshp": self.bgs.vnp("rlnshp", "vnpPtcpntRlnshpCreate", **ids).values()["vnpPtcpntRlnshpId"],
                "vnpClaim": self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", **ids).values()["vnpBnftClaimId"],
                "claim": self.bgs.insert_id(veteran, modifier),
                "note": self.bgs.call("notes", "createNote", {"note": {"txt": "x"}}).values("note")["noteId"],
            }

        first, second = make(), make()
        for kind in first:
            self.assertGreater(int(second[kind]), int(first[kind]), kind)
        self.assertEqual(len(set([*first.values(), *second.values()])), 2 * len(first))

    # ---- 3: unknown elements, order, nil, empty

    def test_unknown_and_misspelt_elements_are_lost_without_an_error(self):
        proc = self.bgs.proc()
        reply = self.bgs.call("rlnshp", "vnpPtcpntRlnshpCreate", {"arg0": {
            "vnpProcId": proc, "ptcpntRlnshpTypeNm": "Child", "ssn": "666010203", "familyRlnshpTypNm": "Biological",
            "jrnUsrId": "VAgovAPI"}})
        self.assertEqual(sorted(reply.values()), ["ptcpntRlnshpTypeNm", "vnpProcId", "vnpPtcpntRlnshpId"])
        row = next(row for row in self.bgs.state()["relationships"] if row["vnpProcId"] == proc)
        self.assertEqual(row, {"vnpPtcpntRlnshpId": reply.values()["vnpPtcpntRlnshpId"], "vnpProcId": proc,
                               "ptcpntRlnshpTypeNm": "Child"})

    def test_elements_in_a_namespace_are_not_the_row_s(self):
        path, namespace = SERVICES["proc"]
        inner = "<t:arg0><t:vnpProcTypeCd>DEPCHG</t:vnpProcTypeCd></t:arg0>"
        self.assertEqual(self.bgs.post(path, envelope(namespace, "vnpProcCreate", inner)).status, 500)
        inner = "<arg0><t:vnpProcTypeCd>DEPCHG</t:vnpProcTypeCd></arg0>"
        reply = self.bgs.post(path, envelope(namespace, "vnpProcCreate", inner))
        self.assertEqual(reply.names(), ["vnpProcId"])

    def test_nil_and_absent_are_omitted_and_empty_text_comes_back_empty(self):
        reply = self.bgs.call("addrs", "vnpPtcpntAddrsCreate", {"arg0": {
            "cityNm": NIL, "prvncNm": "", "vnpPtcpntId": "1", "frgnPostalCd": NIL, "cntryNm": "Cote d'Ivoire & <co>"}})
        self.assertEqual(reply.values() | {"vnpPtcpntAddrsId": ""}, {
            "vnpPtcpntAddrsId": "", "vnpPtcpntId": "1", "prvncNm": "", "cntryNm": "Cote d'Ivoire & <co>"})
        row = self.bgs.state()["addresses"][-1]
        self.assertEqual(row["prvncNm"], "")
        self.assertNotIn("cityNm", row)

    def test_order_of_elements_means_nothing_and_the_reply_has_its_own(self):
        values = {"submtdDt": "2026-01-15T18:30:00Z", **JOURNAL, "lastModifdDt": "2026-01-15T18:30:00Z",
                  "creatdDt": "2026-01-15T18:30:00Z", "vnpProcStateTypeCd": "Started", "vnpProcTypeCd": "DEPCHG"}
        forwards = self.bgs.call("proc", "vnpProcCreate", {"arg0": values})
        backwards = self.bgs.call("proc", "vnpProcCreate", {"arg0": dict(reversed(values.items()))})
        self.assertEqual(forwards.names(), ["vnpProcId", "vnpProcTypeCd", "vnpProcStateTypeCd", "creatdDt",
                                            "lastModifdDt", "jrnDt", "jrnLctnId", "jrnStatusTypeCd", "jrnUserId",
                                            "jrnObjId", "submtdDt"])
        self.assertEqual(backwards.names(), forwards.names())

    def test_a_fraction_gets_its_leading_zero(self):
        reply = self.bgs.vnp("rlnshp", "vnpPtcpntRlnshpCreate", vnpProcId="1", mthlySupportFromVetAmt=".5")
        self.assertEqual(reply.values()["mthlySupportFromVetAmt"], "0.5")

    # ---- 4: dates

    def test_dates_are_chicago_s_where_the_summary_says_so(self):
        noon, winter, summer = "1975-07-04T12:00:00+00:00", "2026-01-15T03:30:00Z", "2026-07-15T03:30:00Z"
        proc = self.bgs.vnp("proc", "vnpProcCreate", creatdDt=winter).values()
        self.assertEqual(proc["creatdDt"], winter)
        updated = self.bgs.vnp("proc", "vnpProcUpdate", vnpProcId=proc["vnpProcId"], creatdDt=winter,
                               lastModifdDt=summer).values()
        self.assertEqual(updated["creatdDt"], "2026-01-14T21:30:00-06:00")
        self.assertEqual(updated["lastModifdDt"], "2026-07-14T22:30:00-05:00")
        form = self.bgs.call("procForm", "vnpProcFormCreate", {"arg0": {
            "compId": {"vnpProcId": proc["vnpProcId"], "formTypeCd": "21-674"}, "jrnDt": summer}})
        self.assertEqual(form.values()["jrnDt"], "2026-07-14T22:30:00-05:00")
        ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId=proc["vnpProcId"]).values()
        self.assertEqual(ptcpnt["jrnDt"], JOURNAL["jrnDt"])
        ids = {"vnpProcId": proc["vnpProcId"], "vnpPtcpntId": ptcpnt["vnpPtcpntId"]}
        person = self.bgs.vnp("person", "vnpPersonCreate", brthdyDt=noon, deathDt="not a date", **ids).values()
        self.assertEqual(person["brthdyDt"], "1975-07-04T07:00:00-05:00")
        self.assertEqual(person["deathDt"], "not a date")
        student = self.bgs.vnp("childStudent", "vnpChildStudentCreate", marageDt=noon, **ids).values()
        self.assertEqual(student["marageDt"], noon)
        school = self.bgs.vnp("childSchool", "vnpChildSchoolCreate", schoolActualExpctdStartDt="2026-09-01",
                              gradtnDt=noon, **ids).values()
        self.assertEqual((school["schoolActualExpctdStartDt"], school["gradtnDt"]), ("2026-09-01", noon))
        found = self.bgs.call("childSchool", "vnpChildSchoolFindByPrimaryKey",
                              {"vnpChildSchoolId": school["vnpChildSchoolId"]}).values()
        self.assertEqual((found["schoolActualExpctdStartDt"], found["gradtnDt"]),
                         ("2026-09-01", "1975-07-04T07:00:00-05:00"))
        claim = self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", claimRcvdDt=winter, vnpProcID=ids["vnpProcId"]).values()
        self.assertEqual(claim["claimRcvdDt"], winter)
        claim = self.bgs.vnp("vnpClaim", "vnpBnftClaimUpdate", claimRcvdDt=winter, vnpProcID=ids["vnpProcId"],
                             vnpBnftClaimId=claim["vnpBnftClaimId"]).values()
        self.assertEqual(claim["claimRcvdDt"], "2026-01-14T21:30:00-06:00")
        note = self.bgs.call("notes", "createNote", {"note": {"jrnDt": winter}}).values("note")
        self.assertEqual(note["jrnDt"], "2026-01-14T21:30:00-06:00")

    def test_a_midnight_further_east_falls_on_the_day_before(self):
        ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId="1").values()["vnpPtcpntId"]
        person = self.bgs.vnp("person", "vnpPersonCreate", vnpPtcpntId=ptcpnt, brthdyDt="1961-05-05T00:00:00-04:00")
        self.assertEqual(person.values()["brthdyDt"], "1961-05-04T23:00:00-05:00")

    # ---- 5: numbers

    def test_a_proc_id_that_is_no_number_is_a_number_format_fault(self):
        for reply, dto in (
                (self.bgs.call("procForm", "vnpProcFormCreate", {"arg0": {"compId": {
                    "vnpProcId": "a12", "formTypeCd": "21-674"}, **JOURNAL}}), "VnpProcFormPKDTO"),
                (self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId="a12"), "VnpPtcpntDTO")):
            code, string, detail = reply.fault
            self.assertEqual(code.partition(":")[2], "Server")
            self.assertTrue(string.startswith("\n"))
            for part in ("vnpProcId", "java.lang.Long", "gov.va.vba.vonapp.dto." + dto):
                self.assertIn(part, string)
            self.assertTrue(string.endswith('NumberFormatException: For input string: "a12"'), string)
            self.assertIsNone(detail)

    def test_a_missing_proc_id_is_refused_where_the_server_needs_it(self):
        self.assert_oracle(self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId=NIL),
                           'ORA-01400: cannot insert NULL into ("CORPPROD"."VNP_PTCPNT"."VNP_PROC_ID")')
        # Outside its wrapper the proc id is an unknown element.
        reply = self.bgs.vnp("procForm", "vnpProcFormCreate", vnpProcId="1", compId={"formTypeCd": "21-674"})
        self.assert_oracle(reply, 'ORA-01400: cannot insert NULL into ("CORPPROD"."VNP_PROC_FORM"."VNP_PROC_ID")')

    # ---- 6: keys

    def proc_form(self, proc, form_type):
        return self.bgs.call("procForm", "vnpProcFormCreate", {"arg0": {
            "compId": {"vnpProcId": proc, "formTypeCd": form_type}, **JOURNAL}})

    def test_a_proc_form_is_unique_per_proc_and_form_type(self):
        proc, other = self.bgs.proc(), self.bgs.proc()
        reply = self.proc_form(proc, "21-686c")
        self.assertEqual(reply.values("return/compId"), {"vnpProcId": proc, "formTypeCd": "21-686c"})
        self.assertEqual(reply.names(), ["compId", "jrnDt", "jrnLctnId", "jrnObjId", "jrnStatusTypeCd", "jrnUserId"])
        self.assert_oracle(self.proc_form(proc, "21-686c"),
                           "ORA-00001: unique constraint (CORPPROD.PK_VNP_PROC_FORM) violated")
        self.assertEqual(self.proc_form(proc, "21-674").status, 200)
        self.assertEqual(self.proc_form(other, "21-686c").status, 200)
        rows = [row for row in self.bgs.state()["proc_forms"] if row["vnpProcId"] == proc]
        self.assertEqual(sorted(row["formTypeCd"] for row in rows), ["21-674", "21-686c"])

    def test_person_and_student_have_the_participant_id_as_key(self):
        ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId="1").values()["vnpPtcpntId"]
        for service, operation, constraint in (("person", "vnpPersonCreate", "CORPPROD.PK_VNP_PERSON"),
                                               ("childStudent", "vnpChildStudentCreate",
                                                "CORPPROD.PK_VNP_CHILD_STUDENT")):
            self.assertEqual(self.bgs.vnp(service, operation, vnpPtcpntId=ptcpnt).status, 200)
            self.assert_oracle(self.bgs.vnp(service, operation, vnpPtcpntId=ptcpnt, vnpProcId="2"),
                               f"ORA-00001: unique constraint ({constraint}) violated")
            self.assertIn("ORA-01400", self.bgs.vnp(service, operation, vnpProcId="1").fault[1])

    def test_one_of_many_equal_creates_at_once_wins(self):
        proc = self.bgs.proc()
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: self.proc_form(proc, "21-674").status, range(16)))
        self.assertEqual(sorted(replies), [200] + [500] * 15)

    def test_finders_by_primary_key_give_the_row_or_nothing(self):
        proc = self.bgs.proc("MANUAL_VAGOV")
        ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId=proc).values()["vnpPtcpntId"]
        self.proc_form(proc, "21-674")
        self.bgs.vnp("person", "vnpPersonCreate", vnpPtcpntId=ptcpnt, firstNm="Ada")
        self.bgs.vnp("childStudent", "vnpChildStudentCreate", vnpPtcpntId=ptcpnt, rmks="r")
        found = self.bgs.call("procForm", "vnpProcFormFindByPrimaryKey", {"vnpProcId": proc, "formTypeCd": "21-674"})
        self.assertEqual(found.values("return/compId"), {"vnpProcId": proc, "formTypeCd": "21-674"})
        for form_type in ("21-674 ", "21-686c", "21-674C"):
            missing = self.bgs.call("procForm", "vnpProcFormFindByPrimaryKey",
                                    {"vnpProcId": proc, "formTypeCd": form_type})
            self.assertEqual((missing.status, missing.values()), (200, None), form_type)
        found = self.bgs.call("proc", "vnpProcFindByPrimaryKey", {"vnpProcId": proc})
        self.assertEqual(found.values()["vnpProcStateTypeCd"], "MANUAL_VAGOV")
        found = self.bgs.call("person", "vnpPersonFindByPrimaryKey", {"vnpPtcpntId": ptcpnt})
        self.assertEqual(found.values()["firstNm"], "Ada")
        found = self.bgs.call("childStudent", "vnpChildStudentFindByPrimaryKey", {"vnpPtcpntId": ptcpnt})
        self.assertEqual(found.values()["rmks"], "r")
        missing = self.bgs.call("person", "vnpPersonFindByPrimaryKey", {"vnpPtcpntId": "99"})
        self.assertEqual((missing.status, missing.values()), (200, None))
        self.assertIn("NumberFormatException",
                      self.bgs.call("proc", "vnpProcFindByPrimaryKey", {"vnpProcId": "x"}).fault[1])

    # ---- 7: vnpProcID, updates

    def test_a_vnp_claim_needs_the_proc_id_with_that_spelling(self):
        self.assert_oracle(self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", vnpProcId="1"),
                           'ORA-01400: cannot insert NULL into ("CORPPROD"."VNP_BNFT_CLAIM"."VNP_PROC_ID")')
        claim = self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", vnpProcID="1").values()["vnpBnftClaimId"]
        self.assert_oracle(self.bgs.vnp("vnpClaim", "vnpBnftClaimUpdate", vnpBnftClaimId=claim, vnpProcId="1"),
                           'ORA-01407: cannot update ("CORPPROD"."VNP_BNFT_CLAIM"."VNP_PROC_ID") to NULL')

    def test_an_update_replaces_the_row(self):
        claim = self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", vnpProcID="1", atchmsInd="N",
                             ptcpntMailAddrsId="3").values()["vnpBnftClaimId"]
        updated = self.bgs.vnp("vnpClaim", "vnpBnftClaimUpdate", vnpProcID="1", vnpBnftClaimId=claim,
                               bnftClaimId="600200301", endPrdctTypeCd="130")
        self.assertNotIn("atchmsInd", updated.values())
        self.assertEqual(updated.names()[-1], "bnftClaimId")
        row = next(row for row in self.bgs.state()["vnp_claims"] if row["vnpBnftClaimId"] == claim)
        self.assertEqual(row["endPrdctTypeCd"], "130")
        self.assertNotIn("ptcpntMailAddrsId", row)

        proc = self.bgs.proc("Started")
        self.bgs.vnp("proc", "vnpProcUpdate", vnpProcId=proc, vnpProcStateTypeCd="Ready")
        row = next(row for row in self.bgs.state()["procs"] if row["vnpProcId"] == proc)
        self.assertNotIn("vnpProcTypeCd", row)
        self.assertEqual([(change["vnpProcStateTypeCd"], change["operation"]) for change in row["state_changes"]],
                         [("Started", "vnpProcCreate"), ("Ready", "vnpProcUpdate")])

    def test_an_update_of_nothing_is_refused(self):
        self.assertIn("EntityNotFound", self.bgs.vnp("proc", "vnpProcUpdate", vnpProcId="99").fault[1])
        self.assertIn("EntityNotFound", self.bgs.vnp("proc", "vnpProcUpdate").fault[1])

    # ---- 8: Oracle

    def test_a_middle_name_over_30_characters_is_refused(self):
        ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId="1").values()["vnpPtcpntId"]
        self.assert_oracle(self.bgs.vnp("person", "vnpPersonCreate", vnpPtcpntId=ptcpnt, middleNm="m" * 52),
                           'ORA-12899: value too large for column "CORPPROD"."VNP_PERSON"."MIDDLE_NM" '
                           '(actual: 52, maximum: 30)')
        self.assertEqual(
            self.bgs.vnp("person", "vnpPersonCreate", vnpPtcpntId=ptcpnt, middleNm="m" * 30).status, 200)

    def test_address_lines_hold_20_characters(self):
        self.assertEqual(self.bgs.vnp("addrs", "vnpPtcpntAddrsCreate", addrsTwoTxt="x" * 20).status, 200)
        self.assertIn('"VNP_PTCPNT_ADDRS"."ADDRS_TWO_TXT" (actual: 21, maximum: 20)',
                      self.bgs.vnp("addrs", "vnpPtcpntAddrsCreate", addrsTwoTxt="x" * 21).fault[1])

    def test_columns_hold_so_many_characters(self):
        for service, operation, element, column, limit in (
                ("addrs", "vnpPtcpntAddrsCreate", "cityNm", "VNP_PTCPNT_ADDRS\".\"CITY_NM", 30),
                ("addrs", "vnpPtcpntAddrsCreate", "frgnPostalCd", "VNP_PTCPNT_ADDRS\".\"FRGN_POSTAL_CD", 16),
                ("addrs", "vnpPtcpntAddrsCreate", "zipPrefixNbr", "VNP_PTCPNT_ADDRS\".\"ZIP_PREFIX_NBR", 5),
                ("phone", "vnpPtcpntPhoneCreate", "phoneNbr", "VNP_PTCPNT_PHONE\".\"PHONE_NBR", 11),
                ("childSchool", "vnpChildSchoolCreate", "curntSchoolNm", "VNP_CHILD_SCHOOL\".\"CURNT_SCHOOL_NM", 80),
                ("rlnshp", "vnpPtcpntRlnshpCreate", "marageTrmntnCityNm",
                 "VNP_PTCPNT_RLNSHP\".\"MARAGE_TRMNTN_CITY_NM", 30)):
            self.assertEqual(self.bgs.vnp(service, operation, vnpProcId="1", **{element: "1" * limit}).status, 200)
            self.assert_oracle(self.bgs.vnp(service, operation, **{element: "1" * (limit + 1)}),
                               f'ORA-12899: value too large for column "CORPPROD"."{column}" '
                               f'(actual: {limit + 1}, maximum: {limit})')

    def test_an_insert_takes_the_letters_of_an_envelope_and_three_military_areas(self):
        for values, text in (({"addressLine1": "12½ Main Street"}, "Address Line has invalid character(s)"),
                             ({"addressLine3": "a  b"}, "Address Line has invalid character(s)"),
                             ({"city": "Köln"}, "City has invalid character(s)"),
                             ({"addressType": "OVR", "mltyPostalTypeCd": "OH"}, "Invalid data for MLTY_POSTAL_TYPE_CD")):
            self.assertIn(text, self.bgs.insert(self.veteran(), "130", **values).fault[1])
        self.assertEqual(self.bgs.insert(self.veteran(), "130", addressLine1="5 O'Hare (c/o #3), B&B: 50%", city="St. John").status, 200)

    def test_stack_traces_differ_in_length_and_place_of_the_useful_text(self):
        faults = [self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", vnpProcId="1").fault[1] for _ in range(12)]
        self.assertGreater(len({len(text) for text in faults}), 6)
        self.assertGreater(max(map(len, faults)), 2 * min(map(len, faults)))
        starts = sorted(text.index("ORA-01400") for text in faults)
        self.assertLess(starts[0], 200)
        self.assertGreater(starts[-1], 2000)

    # ---- 9: increments

    def test_increments_are_the_lowest_free_ones_until_nine_claims_are_open(self):
        veteran = self.veteran()
        claims = []
        for n in range(9):
            reply = self.bgs.increment(veteran, ("130DPNEBNADJ", "130SCHATTEBN")[n % 2])
            modifier = reply.operation.findtext("return")
            self.assertEqual(modifier, str(130 + n))
            claims.append(self.bgs.insert_id(veteran, modifier))
        self.assert_fault(
            self.bgs.increment(veteran),
            "StandardDataWebServiceBean-->findBenefitClaimTypeIncrement-->"
            "Maximum number of EPs reached for this bnftClaimTypeCd",
            "{http://standarddata.services.vetsnet.vba.va.gov/}MessageException")
        self.bgs.control("POST", "benefit-claims", {"bnftClaimId": claims[3], "statusTypeCd": "CLR"})
        self.assertEqual(self.bgs.increment(veteran).operation.findtext("return"), "133")

    def test_asking_for_an_increment_reserves_nothing(self):
        veteran = self.veteran()
        self.assertEqual([self.bgs.increment(veteran).operation.findtext("return") for _ in range(2)], ["130", "130"])

    def test_a_foreign_claim_takes_an_increment_too(self):
        veteran = self.veteran()
        planted = self.bgs.control("POST", "benefit-claims", {"ptcpntId": veteran, "cpClaimEndPrdctTypeCd": "130"})
        self.assertEqual((planted["jrnUserId"], planted["statusTypeCd"], planted["is_planted"]),
                         ("CLERK", "PEND", True))
        self.assertEqual(self.bgs.increment(veteran).operation.findtext("return"), "131")
        with self.assertRaisesRegex(ValueError, "409"):
            self.bgs.control("POST", "benefit-claims", {"ptcpntId": veteran, "cpClaimEndPrdctTypeCd": "130"})

    def test_an_increment_wants_its_three_arguments(self):
        for values, name in (({"bnftClaimTypeCd": "130DPNEBNADJ", "pgmTypeCd": "CPL"}, "ptcpntId"),
                             ({"ptcpntId": "1", "pgmTypeCd": "CPL"}, "bnftClaimTypeCd"),
                             ({"ptcpntId": "1", "bnftClaimTypeCd": "130DPNEBNADJ"}, "pgmTypeCd")):
            reply = self.bgs.call("stdData", "findBenefitClaimTypeIncrement", values)
            self.assertIn(f"-->{name} is invalid", reply.fault[1])

    # ---- 10: insertBenefitClaim

    SHARE_EXCEPTION = "{http://services.share.benefits.vba.va.gov/}ShareException"

    def test_a_claim_is_inserted_and_told_as_the_recordings_tell_it(self):
        veteran = self.veteran()
        first = self.bgs.insert_id(veteran, "130")
        reply = self.bgs.insert(veteran, "131", endProductCode="130SCHATTEBN", dateOfClaim="07/04/2026")
        record = reply.values("return/benefitClaimRecord")
        expected = {"endProductTypeCode": "131", "claimTypeCode": "130SCHATTEBN", "statusTypeCode": "PEND",
                    "programTypeCode": "CPL", "serviceTypeCode": "CP", "participantClaimantID": veteran,
                    "participantVetID": veteran, "journalUserId": "VAGOVAPI", "claimReceiveDate": "07/04/2026",
                    "returnCode": "SHAR 9999", "claimStationOfJurisdiction": "310", "cpLocationID": "341",
                    "numberOfBenefitClaimRecords": "001", "benefitClaimReturnLabel": "BNFT_CLAIM"}
        self.assertEqual({name: record[name] for name in expected}, expected)
        self.assertEqual(reply.operation.findtext("return/returnCode"), "GUIE05000")
        self.assertEqual(reply.names(), ["benefitClaimRecord", "lifeCycleRecord", "participantRecord", "returnCode",
                                         "returnMessage", "suspenceRecord"])
        selections = reply.operation.findall("return/participantRecord/selection")
        self.assertEqual([s.findtext("benefitClaimID") for s in selections], [record["benefitClaimID"], first])
        self.assertEqual(reply.operation.findtext("return/participantRecord/numberOfRecords"), "002")

        row = next(row for row in self.bgs.state()["benefit_claims"]
                   if row["bnftClaimId"] == record["benefitClaimID"])
        self.assertEqual(
            {name: row[name] for name in ("ptcpntVetId", "cpClaimEndPrdctTypeCd", "bnftClaimTypeCd", "statusTypeCd",
                                          "claimRcvdDt", "jrnUserId", "city", "is_planted")},
            {"ptcpntVetId": veteran, "cpClaimEndPrdctTypeCd": "131", "bnftClaimTypeCd": "130SCHATTEBN",
             "statusTypeCd": "PEND", "claimRcvdDt": "2026-07-04T00:00:00-05:00", "jrnUserId": "VAGOVAPI",
             "city": "Sampleton", "is_planted": False})
        self.assertNotIn("emailAddress", row)

    def test_a_modifier_in_use_is_a_duplicate_until_its_claim_is_closed(self):
        veteran = self.veteran()
        claim = self.bgs.insert_id(veteran, "130")
        for code in ("130DPNEBNADJ", "130SCHATTEBN"):
            self.assert_fault(self.bgs.insert(veteran, "130", endProductCode=code),
                              "GUIE50010 - Duplicate Benefit Claims found on the Corporate Database",
                              self.SHARE_EXCEPTION)
        self.assertEqual(self.bgs.insert(self.veteran(), "130").status, 200)
        for status in ("CLR", "CAN"):
            self.bgs.control("POST", "benefit-claims", {"bnftClaimId": claim, "statusTypeCd": status})
            claim = self.bgs.insert_id(veteran, "130")

    def test_one_of_many_equal_inserts_at_once_wins(self):
        veteran = self.veteran()
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: self.bgs.insert(veteran, "130").status, range(16)))
        self.assertEqual(sorted(replies), [200] + [500] * 15)

    def test_a_missing_city_is_refused_but_for_a_military_address(self):
        for city in (None, NIL, ""):
            self.assert_fault(self.bgs.insert(self.veteran(), "130", city=city), "insertBenefitClaim: City is null",
                              self.SHARE_EXCEPTION)
        self.assertEqual(self.bgs.insert(self.veteran(), "130", city=NIL, addressType="OVR",
                                         postalCode="09012").status, 200)
        self.assertEqual(self.bgs.insert(self.veteran(), "130", city=NIL, addressType="INT").status, 500)

    def test_a_bad_zip_is_refused(self):
        for bad in (None, NIL, "", "00000", "00100", "1901", "19018-1234", "1901a", "99"):
            self.assert_fault(self.bgs.insert(self.veteran(), "130", postalCode=bad),
                              "insertBenefitClaim: Invalid zipcode.", self.SHARE_EXCEPTION)
        for good in ("00001", "00099", "19018", "33701"):
            self.assertEqual(self.bgs.insert(self.veteran(), "130", postalCode=good).status, 200)
        self.assertEqual(self.bgs.insert(self.veteran(), "130", postalCode=NIL, addressType="INT").status, 200)

    def test_file_number_and_ssn_of_different_veterans_are_refused(self):
        one, two = self.veteran(), self.veteran()
        self.bgs.insert_id(one, "130")
        self.bgs.insert_id(two, "130")
        self.assert_fault(self.bgs.insert(one, "131", ssn=f"6{two}"),
                          "ORA-20099: Error - File Number and Social Security number are different",
                          self.SHARE_EXCEPTION)
        # A number that nobody is known for proves nothing.
        self.assertEqual(self.bgs.insert(one, "131", ssn="666999999").status, 200)

    def test_who_a_veteran_is_is_learnt_from_the_person_row_too(self):
        one, two = self.veteran(), self.veteran()
        for veteran in (one, two):
            ptcpnt = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate", vnpProcId="1", corpPtcpntId=veteran)
            self.bgs.vnp("person", "vnpPersonCreate", vnpPtcpntId=ptcpnt.values()["vnpPtcpntId"],
                         fileNbr=f"7{veteran}", ssnNbr=f"6{veteran}")
        self.assertIn("ORA-20099", self.bgs.insert(one, "130", ssn=f"6{two}").fault[1])

    def test_the_file_number_decides_whose_claim_it_is(self):
        one, two = self.veteran(), self.veteran()
        self.bgs.insert_id(one, "130")
        reply = self.bgs.insert(two, "131", fileNumber=f"7{one}", ssn="666888888")
        self.assertEqual(reply.values("return/benefitClaimRecord")["participantVetID"], one)

    def test_an_incident_flash_is_refused(self):
        self.assert_fault(self.bgs.insert("600999001", "130"),
                          "This update is being elevated for additional review due to an Incident Flash associated "
                          "with this Beneficiary", self.SHARE_EXCEPTION)
        veteran = self.veteran()
        self.bgs.control("POST", "veterans", {"ptcpntId": veteran, "incidentFlash": True})
        self.assertEqual(self.bgs.insert(veteran, "130").status, 500)
        self.bgs.control("POST", "veterans", {"ptcpntId": veteran, "incidentFlash": False})
        self.assertEqual(self.bgs.insert(veteran, "130").status, 200)

    def test_claims_are_found_again(self):
        veteran = self.veteran()
        self.assertEqual(len(self.bgs.details(veteran).operation), 0)
        first = self.bgs.insert_id(veteran, "130")
        second = self.bgs.insert_id(veteran, "131", dateOfClaim="10/31/2025")
        self.bgs.control("POST", "benefit-claims",
                         {"bnftClaimId": first, "statusTypeCd": "CAN", "jrnUserId": "SOMEBODY"})
        details = self.bgs.details(veteran).operation.findall("BnftClaimDetail")
        self.assertEqual([d.findtext("bnftClaimId") for d in details], [second, first])
        self.assertEqual(details[0].findtext("claimRcvdDt"), "2025-10-31T00:00:00-05:00")
        self.assertEqual(
            [(d.findtext("cpClaimEndPrdctTypeCd"), d.findtext("statusTypeCd"), d.findtext("statusTypeNm"))
             for d in details], [("131", "PEND", "Pending"), ("130", "CAN", "Cancelled")])
        life = details[1].findall("bnftClaimLcStatus")
        self.assertEqual([(line.findtext("bnftClaimLcStatusTypeNm"), line.findtext("jrnUserId")) for line in life],
                         [("Open", "VAGOVAPI"), ("Cancelled", "SOMEBODY")])
        claim = self.bgs.call("claimV1", "findBnftClaim", {"bnftClaimId": second}).values("BnftClaimDTO")
        self.assertEqual((claim["cpClaimEndPrdctTypeCd"], claim["ptcpntVetId"]), ("131", veteran))
        self.assertEqual(
            len(self.bgs.call("claimV1", "findBnftClaim", {"bnftClaimId": "1"}).operation), 0)
        found = self.bgs.call("claim", "findBenefitClaim", {"fileNumber": f"7{veteran}"}).operation
        self.assertEqual([s.findtext("benefitClaimID") for s in found.findall("return/participantRecord/selection")],
                         [second, first])
        found = self.bgs.call("claim", "findBenefitClaim", {"fileNumber": "000"}).operation
        self.assertEqual(found.findall("return/participantRecord/selection"), [])

    # ---- offices and pension

    def route(self, zip_code, country="USA", prefix="t:"):
        inner = elements({"searchROCriteria": {"zipCode": zip_code, "country": country, "province": ""},
                          "lob": "CP"}, prefix)
        return self.bgs.call("routing", "GetRegionalOfficeByZipCode", inner)

    def test_zips_are_routed_and_the_samples_all_to_one_office(self):
        number = ("{http://www.va.gov/vba/corp/schema/roRoutingService/v20101101}regionalOffice/"
                  "{http://www.va.gov/vba/corp/schema/ro/v20101101}number")
        for zip_code, office in (("19018", "310"), ("00001", "310"), ("00099", "310"), ("33701", "317"),
                                 ("83702", "347")):
            self.assertEqual(self.route(zip_code).operation.findtext(number), office)
        self.assertEqual(self.route("", "France").operation.findtext(number), "311")
        for zip_code, country in (("00000", "USA"), ("00100", "USA"), ("", "USA"), ("19018-1234", "USA"),
                                  ("19018", "US"), ("19018", "")):
            _, _, detail = self.route(zip_code, country).fault
            self.assertEqual(detail[0].tag, "{http://www.va.gov/vba/corp/schema/roRoutingService/v20101101}"
                                            "ResultNotFoundFault")

    def test_routing_wants_its_inner_elements_qualified(self):
        self.assertEqual(self.route("19018", prefix="").status, 500)

    def test_regional_offices_have_both_347s(self):
        offices = self.bgs.call("stdData", "findRegionalOffices").operation.findall("return")
        self.assertEqual(len(offices), 76)
        self.assertEqual(sum(office.find("pmcLctnId") is not None for office in offices), 59)
        by_station = {o.findtext("stationNumber"): (o.findtext("lctnId"), o.findtext("nm")) for o in offices}
        self.assertEqual(by_station["347"], ("375", "Boise"))
        self.assertEqual(by_station["317"], ("347", "St. Petersburg"))

    def test_the_pension_read_wants_a_bearer_token(self):
        path = "/api/v1/awards/pension/"
        headers = {"Authorization": "Bearer anything"}
        reply = self.bgs.http("GET", path + "600999003", headers=headers)
        award = json.loads(reply.text)["awardsPension"]
        self.assertEqual((reply.status, award["veteranId"], award["isInReceiptOfPension"]), (200, 600999003, True))
        reply = self.bgs.http("GET", path + "600999004", headers=headers)
        self.assertIs(json.loads(reply.text)["awardsPension"]["isInReceiptOfPension"], False)
        self.assertEqual(self.bgs.http("GET", path + "1").status, 401)
        self.assertEqual(self.bgs.http("GET", path + "1", headers={"Authorization": "Basic x"}).status, 401)
        self.assertEqual(self.bgs.http("GET", path + "x", headers=headers).status, 400)
        self.assertEqual(self.bgs.http("POST", path + "1", "{}", headers).status, 405)

    # ---- 11: no referential checks

    def test_rows_of_strangers_are_taken(self):
        reply = self.bgs.vnp("rlnshp", "vnpPtcpntRlnshpCreate", vnpProcId="5", vnpPtcpntIdA="7", vnpPtcpntIdB="7",
                             ptcpntRlnshpTypeNm="Nobody's")
        self.assertEqual(reply.status, 200)
        self.assertEqual(self.bgs.vnp("phone", "vnpPtcpntPhoneCreate", phoneNbr="none at all").status, 200)

    def test_notes_are_told_as_the_recordings_tell_them(self):
        reply = self.bgs.call("notes", "createNote", {"note": {
            "jrnDt": "2026-01-15T03:30:00Z", "jrnLctnId": "281", "jrnObjId": "VAgovAPI", "jrnSttTc": "I",
            "jrnStatusTypeCd": "U", "jrnUserId": "VAgovAPI", "name": "Claim rejected by VA.gov",
            "bnftClmNoteTc": "CLMDVLNOTE", "clmId": "600200301", "ptcpntId": "7", "txt": "needs review"}})
        note = reply.values("note")
        self.assertEqual(reply.names("note"), ["callId", "jrnDt", "jrnLctnId", "jrnObjId", "jrnSttTc", "jrnUserId",
                                               "name", "rowCnt", "rowId", "bnftClmNoteTc", "clmId", "noteId",
                                               "noteOutTn", "ptcpntId", "txt"])
        self.assertEqual((note["name"], note["noteOutTn"], note["txt"]),
                         ("Note", "Claim Development Note", "needs review"))
        self.assertNotEqual(note["jrnObjId"], "VAgovAPI")
        self.assertEqual(self.bgs.state()["notes"][-1]["noteId"], note["noteId"])

    # ---- 12: who calls

    def test_over_long_callers_are_refused(self):
        text = "The length of the EXTERNAL_UID or EXTERNAL_KEY exceeds the maximum"
        arguments = {"arg0": {"vnpProcTypeCd": "DEPCHG"}}
        for header in ({"uid": "u" * 40}, {"key": "k" * 40}, {"key": "é" * 40}):
            self.assert_fault(self.bgs.call("proc", "vnpProcCreate", arguments, **header), text)
        for header in ({"uid": "u" * 39}, {"key": "k" * 39}, {"key": "é" * 39}):
            self.assertEqual(self.bgs.call("proc", "vnpProcCreate", arguments, **header).status, 200)
        reply = self.bgs.call("claim", "findBenefitClaim", {"fileNumber": "1"}, key="k" * 40)
        self.assert_fault(reply, text, self.SHARE_EXCEPTION)

    def test_an_unknown_user_cannot_log_on(self):
        code, string, detail = self.bgs.call("proc", "vnpProcCreate", {"arg0": {}}, username="somebody").fault
        self.assertEqual(code, "S:Client")
        self.assertRegex(string, r"^ID: [0-9a-f-]{36}: Logon ID somebody Not Found$")
        self.assertIsNone(detail)

    def test_without_a_token_nothing_goes(self):
        for header in ("", f'<w:Security xmlns:w="wrong"/>'):
            reply = self.bgs.call("proc", "vnpProcCreate", {"arg0": {}}, header=header)
            self.assertIn("WssVerification Exception - Security Verification Exception", reply.fault[1])

    # ---- 13: dialects

    def test_both_dialects(self):
        arguments = {"arg0": {"vnpPtcpntId": NIL, "vnpProcId": "1", "fraudInd": NIL, "corpPtcpntId": NIL,
                              "ptcpntShortNm": "", "ptcpntTypeNm": "Person"}}
        new = self.bgs.call("ptcpnt", "vnpPtcpntCreate", arguments)
        self.assertIn("<ns0:vnpPtcpntCreateResponse ", new.text)
        self.assertEqual(new.names(), ["vnpPtcpntId", "vnpProcId", "ptcpntShortNm", "ptcpntTypeNm"])
        self.bgs.control("POST", "dialect", {"dialect": "old"})
        try:
            texts = [self.bgs.call("ptcpnt", "vnpPtcpntCreate", arguments) for _ in range(16)]
            fault = self.bgs.vnp("ptcpnt", "vnpPtcpntCreate")
        finally:
            self.bgs.control("POST", "dialect", {"dialect": "new"})
        old = texts[0].values()
        self.assertEqual((old["fraudInd"], old["corpPtcpntId"], old["ptcpntShortNm"]), ("", "0", ""))
        self.assertTrue(all("<ns2:vnpPtcpntCreateResponse " in reply.text for reply in texts))
        self.assertTrue(any("<S:Header>" in reply.text for reply in texts))
        self.assertTrue(any("Header" not in reply.text for reply in texts))
        self.assertFalse(any("env:" in reply.text for reply in texts))
        self.assertIn("ORA-01400", fault.fault[1])
        with self.assertRaisesRegex(ValueError, "400"):
            self.bgs.control("POST", "dialect", {"dialect": "other"})

    def test_replies_are_xml_of_the_right_type(self):
        reply = self.bgs.call("proc", "vnpProcCreate", {"arg0": {}})
        self.assertEqual(reply.headers["Content-Type"], "text/xml; charset=utf-8")
        self.assertTrue(reply.text.startswith("<?xml version='1.0' encoding='UTF-8'?><S:Envelope "))


@unittest.skipUnless(os.environ.get("BGS_RECORDINGS"), "no recordings at hand")
class RecordingsTest(unittest.TestCase):
    """Requests that were really sent, and the shape of what came back."""

    def shape(self, text):
        """Paths of elements under the body's first one, ids and values aside."""
        def walk(element, path):
            here = f"{path}/{element.tag}"
            return {here}.union(*(walk(child, here) for child in element))
        return walk(ElementTree.fromstring(text).find(f"{{{SOAP}}}Body")[0], "")

    def setUp(self):
        self.folder = os.environ["BGS_RECORDINGS"]
        self.bgs = SimulatedBgs()

    def tearDown(self):
        self.bgs.stop()

    def recorded(self, name):
        with open(f"{self.folder}/{name}.xml") as file:
            return file.read()

    def assert_shape(self, service, name, request, optional=()):
        """@optional: elements of the recording that say something that is not always so."""
        reply = self.bgs.post(SERVICES[service][0], request.encode())
        optional = {path for path in self.shape(self.recorded(name)) if path.rpartition("/")[2] in optional}
        self.assertEqual(self.shape(reply.text), self.shape(self.recorded(name)) - optional, name)

    def test_replies_have_the_recorded_shape(self):
        for name, service in (("create_note", "notes"), ("find_regional_offices", "stdData"),
                              ("get_regional_office_by_zip_code", "routing"),
                              ("vnp_bnft_claim_create", "vnpClaim")):
            self.assert_shape(service, name + ".response", self.recorded(name + ".request"))

    def test_an_update_has_the_recorded_shape(self):
        claim = self.bgs.vnp("vnpClaim", "vnpBnftClaimCreate", vnpProcID="1").values()["vnpBnftClaimId"]
        self.assert_shape("vnpClaim", "vnp_bnft_claim_update.response",
                          self.recorded("vnp_bnft_claim_update.request").replace(">426094<", f">{claim}<"))

    def test_readers_have_the_recorded_shape(self):
        claim = self.bgs.insert_id("600043201", "130")
        sometimes = ("tempJrsdtnLctnId", "temporaryStationOfJurisdiction", "lcStatusReasonTypeCd")
        for name, response in (("find_bnft_claim", ".response"),
                               ("find_bnft_claim_detail_by_bnft_claim_id", ".response"),
                               ("find_bnft_claim_detail_by_ptcpnt_id", ".response.trimmed")):
            request = self.recorded(name + ".request").replace(">600131328<", f">{claim}<")
            self.assert_shape("claimV1", name + response, request, sometimes)


if __name__ == "__main__":
    unittest.main()
