"""claim-api receives VA Notify's callbacks: who is believed, what is kept, and that nothing else changes anything.

Usage: with-postgres callbacks_test.py BUILD-DIRECTORY
"""
import hashlib
import hmac
import http.client
import json
import re
import socket
import sys
import time
import unittest
import urllib.parse
import uuid

from harness import TOKENS, House, Proxy, sample, with_user

PATH = "/dependents_benefits/v0/notify/callbacks"
SERVICE = "d6aa2c68-a2d9-4437-ab19-3ae8eb202553"
SECRET, FORMER, FOREIGN = (f"5c8b1f0e-9c3d-4a59-8a1f-1d0f7f7b6a1{n}" for n in (1, 2, 3))
TOKEN = "token-of-va-notify-0123456789abcdef"
ADDRESS = "canary-of-callbacks@example.com"


def callback(reference, status, notification=None, **changes):
    return {"id": notification or str(uuid.uuid4()), "reference": reference, "to": ADDRESS, "status": status,
            "status_reason": None, "created_at": "2026-11-21T19:05:00.123000Z", "completed_at": None, "sent_at": None,
            "notification_type": "email", "provider": "ses", **changes}


def signature(fields, secret=SECRET):
    return hmac.new(secret.encode(), urllib.parse.urlencode(fields).encode(), hashlib.sha256).hexdigest()


class CallbacksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House(sys.argv[1])
        cls.house.environment["DEPENDENTS_NOTIFY_CALLBACK_KEYS"] = ",".join(
            f"x-{SERVICE}-{secret}" for secret in (SECRET, FORMER))
        cls.house.environment["DEPENDENTS_NOTIFY_CALLBACK_TOKEN"] = TOKEN
        cls.proxy = Proxy(cls.house.database_url)
        cls.api = cls.house.api("--request-deadline-ms=4000", "--log-level=debug", database_url=cls.proxy.url)

    @classmethod
    def tearDownClass(cls):
        cls.api.stop()
        log = cls.api.program.log()
        cls.proxy.close()
        cls.house.close()
        assert ADDRESS not in log, "an address in the log"

    def setUp(self):
        self.reference = self.new_mail()

    def new_mail(self):
        """The reference of a submitted e-mail's row."""
        answer = self.api.post(with_user(sample("claims/03_686c_report_divorce")))
        guid = answer.json()["data"]["attributes"]["guid"]
        return self.house.sql("select n.reference from claim_notifications n join saved_claim_groups g on g.saved_claim_id = "
                              f"n.saved_claim_id where g.claim_group_guid = '{guid}'")

    def tell(self, fields, sign=None, contract=True, **headers):
        """@sign: the signature's fields, when others than those that are sent."""
        body = fields if isinstance(fields, str) else json.dumps(fields)
        if "authorization" not in headers and "x_enp_signature" not in headers:
            headers["x_enp_signature"] = signature(sign or fields)
        answer = self.api.ask("POST", PATH, body, token=None, contract=False, **headers)
        if contract:
            self.house.contract.check(PATH, "post", answer.status, answer.headers["Content-Type"], answer.body)
        return answer.status

    def row(self, reference=None):
        return self.house.sql("select state, coalesce (told, '-'), coalesce (notification_id, '-') from claim_notifications "
                              f"where reference = '{reference or self.reference}'").split("|")

    def assert_untouched(self):
        self.assertEqual(self.row(), ["requested", "-", "-"])

    # ---- kept

    def test_a_signed_callback_is_kept_by_our_reference(self):
        told = callback(self.reference, "delivered")
        self.assertEqual(self.tell(told), 200)
        self.assertEqual(self.row(), ["delivered", "delivered", told["id"]])

    def test_the_former_key_and_the_services_token_are_believed_too(self):
        told = callback(self.reference, "sending")
        self.assertEqual(self.tell(told, x_enp_signature=signature(told, FORMER)), 200)
        self.assertEqual(self.row()[0], "sent")
        told = callback(None, "permanent-failure", told["id"], provider_payload={"nested": 1})
        self.assertEqual(self.tell(told, authorization=f"Bearer {TOKEN}"), 200)
        self.assertEqual(self.row()[0], "bounced")

    def test_repeats_disorder_and_lateness_are_harmless(self):
        notification = str(uuid.uuid4())
        for status, state in (("delivered", "delivered"), ("sending", "delivered"), ("delivered", "delivered"),
                              ("temporary-failure", "delivered"), ("permanent-failure", "bounced"), ("delivered", "bounced"),
                              ("permanent-failure", "bounced")):
            self.assertEqual(self.tell(callback(self.reference, status, notification)), 200)
            self.assertEqual(self.row()[0], state, status)

    def test_what_is_not_known_is_200_and_changes_nothing(self):
        before = self.house.sql("select string_agg (state, ',' order by id) from claim_notifications")
        for told in (callback(str(uuid.uuid4()), "permanent-failure"), callback(None, "permanent-failure"),
                     callback("no uuid", "delivered"), callback(self.reference, "a-new-word"),
                     callback(self.reference, "returned-letter")):
            self.assertEqual(self.tell(told), 200)
        self.assertEqual(self.house.sql("select string_agg (state, ',' order by id) from claim_notifications"), before)

    def test_another_notification_under_our_reference_changes_nothing(self):
        told = callback(self.reference, "delivered")
        self.tell(told)
        self.assertEqual(self.tell(callback(self.reference, "permanent-failure")), 200)
        self.assertEqual(self.row(), ["delivered", "delivered", told["id"]])

    # ---- not believed

    def test_forged_callbacks_are_401_and_change_nothing(self):
        told = callback(self.reference, "permanent-failure")
        for headers in ({"x_enp_signature": signature(told, FOREIGN)}, {"x_enp_signature": ""}, {"x_enp_signature": "0" * 64},
                        {"x_enp_signature": signature(told).upper()},
                        {"x_enp_signature": signature(callback(self.reference, "delivered"))},
                        {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {TOKEN}x"},
                        {"authorization": f"Bearer {TOKENS[0]}"}, {"authorization": f"Basic {TOKEN}"},
                        # a wrong token is not mended by a right signature
                        {"authorization": "Bearer wrong", "x_enp_signature": signature(told)}):
            with self.subTest(headers):
                self.assertEqual(self.tell(told, **headers), 401)
                self.assert_untouched()
        answer = self.api.ask("POST", PATH, told, token=None, contract=False)
        self.assertEqual(answer.status, 401)
        self.assert_untouched()

    def test_a_callback_whose_fields_were_changed_on_the_way(self):
        told = callback(self.reference, "delivered")
        self.assertEqual(self.tell({**told, "status": "permanent-failure"}, sign=told), 401)
        self.assertEqual(self.tell(dict(reversed(told.items())), sign=told), 401)
        self.assertEqual(self.tell(json.dumps(told)[:-1] + ', "status": "permanent-failure"}', x_enp_signature=signature(told)), 401)
        self.assert_untouched()

    def test_a_replayed_callback_says_nothing_new(self):
        told = callback(self.reference, "sent")
        proof = signature(told)
        self.tell(told, x_enp_signature=proof)
        self.tell(callback(self.reference, "delivered", told["id"]))
        for _ in range(3):
            self.assertEqual(self.tell(told, x_enp_signature=proof), 200)
        self.assertEqual(self.row()[0], "delivered")

    def test_our_own_tokens_path_and_this_one_do_not_mix(self):
        answer = self.api.ask("POST", "/dependents_benefits/v0/claims", "{}", token=TOKEN)
        self.assertEqual(answer.status, 401)
        answer = self.api.ask("GET", PATH, token=None, contract=False, Authorization=f"Bearer {TOKEN}")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    # ---- not readable, too large, too slow

    def test_what_is_no_callback_is_400(self):
        for body in ("nothing", "[]", "{}", '{"id": "x", "status": "sent"}', '{"id": 1}'):
            with self.subTest(body):
                self.assertEqual(self.tell(body, authorization=f"Bearer {TOKEN}"), 400)

    def test_an_oversized_callback_is_refused_by_its_head(self):
        told = callback(self.reference, "permanent-failure", status_reason="x" * 17000)
        self.assertEqual(self.tell(told), 413)
        with socket.create_connection((self.api.url.hostname, self.api.url.port)) as client:
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: h\r\nx-enp-signature: x\r\nContent-Length: 1000000\r\n\r\n".encode())
            self.assertIn(b" 413 ", client.recv(65536).split(b"\r\n")[0])   # and nothing of it was sent
        with socket.create_connection((self.api.url.hostname, self.api.url.port)) as client:
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: h\r\nx-enp-signature: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            self.assertIn(b" 411 ", client.recv(65536).split(b"\r\n")[0])
        self.assert_untouched()

    def test_a_slow_callback_is_cut_off(self):
        told = json.dumps(callback(self.reference, "permanent-failure"))
        started = time.monotonic()
        with socket.create_connection((self.api.url.hostname, self.api.url.port)) as client:
            client.settimeout(30)
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: h\r\nx-enp-signature: x\r\nContent-Length: {len(told)}\r\n\r\n"
                           f"{told[:10]}".encode())
            self.assertEqual(client.recv(65536), b"")
        self.assertGreater(time.monotonic() - started, 3.5)
        self.assert_untouched()

    # ---- the database

    def test_what_cannot_be_kept_is_503_and_may_be_told_again(self):
        told = callback(self.reference, "delivered")
        self.proxy.go_away()
        try:
            self.assertEqual(self.tell(told), 503)
        finally:
            self.proxy.come_back()
        self.assertEqual(self.tell(told), 200)
        self.assertEqual(self.row()[0], "delivered")

    def test_a_commit_whose_answer_is_lost_may_be_told_again(self):
        told = callback(self.reference, "delivered")
        self.proxy.lose(b"commit")
        self.assertIn(self.tell(told), (200, 503))
        self.assertEqual(self.proxy.lost, 1)
        self.assertEqual(self.tell(told), 200)
        self.assertEqual(self.row()[0], "delivered")

    def test_one_that_is_told_in_time_is_answered_in_time(self):
        self.proxy.fall_silent()
        try:
            started = time.monotonic()
            self.assertEqual(self.tell(callback(self.reference, "delivered")), 503)
            self.assertLess(time.monotonic() - started, 5)
        finally:
            self.proxy.cut()
            self.proxy.speak_again()

    def test_what_came_of_them_is_counted(self):
        told = callback(self.reference, "delivered")
        self.tell(told)
        self.tell(told)
        self.tell(callback(str(uuid.uuid4()), "delivered"))
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.api.program.address("METRICS_URL")).netloc)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        for outcome in ("moved", "repeated", "unknown"):
            self.assertRegex(text, rf'notify_callbacks_total{{outcome="{outcome}"}} [1-9]')
        self.assertIsNone(re.search(re.escape(self.reference), text))


class WithoutKeysTest(unittest.TestCase):
    def test_nobody_is_believed_where_neither_key_nor_token_is_set(self):
        house = House(sys.argv[1])
        self.addCleanup(house.close)
        api = house.api()
        self.addCleanup(api.stop)
        told = callback(None, "delivered")
        for headers in ({"x_enp_signature": signature(told, "")}, {"x_enp_signature": signature(told)},
                        {"authorization": "Bearer "}, {}):
            answer = api.ask("POST", PATH, told, token=None, contract=False, **headers)
            self.assertEqual(answer.status, 401)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
