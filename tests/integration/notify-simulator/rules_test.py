"""One test or more for each point of the simulator's list (its README.md, "What it keeps to")."""

import hashlib
import hmac
import json
import time
import unittest
import urllib.parse

from simulated_notify import PATH, SECRET, TEMPLATE, TOKEN, Receiver, SimulatedNotify, mail, token, until


class RulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.notify = SimulatedNotify()

    @classmethod
    def tearDownClass(cls):
        assert cls.notify.stop() == 0

    def setUp(self):
        for what in ("rules", "ledger", "state"):
            self.notify.control("DELETE", what)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.stop)

    def assert_refused(self, found, status, *faults):
        self.assertEqual((found[0], found[1]["status_code"]), (status, status))
        self.assertEqual([one["error"] for one in found[1]["errors"]], [error for error, _ in faults])
        for one, (_, text) in zip(found[1]["errors"], faults):
            self.assertIn(text, one["message"])
        self.assertEqual(self.notify.notifications(), [])

    # ---- 1: the token

    def test_no_token_is_401_and_a_wrong_one_403(self):
        now = time.time()
        for authorization, status, text in (
                ("none", 401, "must be provided"), ("Basic x", 401, "bearer"), ("Bearer x", 403, "not valid"),
                ("Bearer " + token(head={"typ": "JWT", "alg": "none"}), 403, "not valid"),
                ("Bearer " + token(issuer=None), 403, "iss"), ("Bearer " + token(issuer=TEMPLATE), 403, "service not found"),
                ("Bearer " + token(at=now - 40), 403, "system clock"), ("Bearer " + token(at=now + 40), 403, "system clock"),
                ("Bearer " + token(secret=TEMPLATE), 403, "api token not found")):
            with self.subTest(authorization):
                self.assert_refused(self.notify.send(mail(), authorization), status, ("AuthError", text))

    def test_a_token_is_good_for_30_s_and_a_revoked_key_for_nothing(self):
        self.assertEqual(self.notify.send(mail(), "Bearer " + token(at=time.time() - 25))[0], 201)
        self.notify.control("DELETE", "state")
        self.notify.control("POST", "behaviour", {"revoked": True})
        self.assert_refused(self.notify.send(mail()), 403, ("AuthError", "revoked"))
        self.notify.control("POST", "behaviour", {"revoked": False})
        self.assertEqual(self.notify.send(mail())[0], 201)

    def test_its_clock_can_be_wrong(self):
        self.notify.control("POST", "clock", {"forward_s": 60})
        self.assert_refused(self.notify.send(mail()), 403, ("AuthError", "clock"))
        self.notify.control("POST", "clock", {"forward_s": -60})
        self.assertEqual(self.notify.send(mail())[0], 201)

    # ---- 3 and 4: schema and templates

    def test_all_faults_come_in_one_list(self):
        self.assert_refused(self.notify.send(mail(template_id="x", email_address="nobody", other=1)), 400,
                            ("ValidationError", "other was unexpected"), ("ValidationError", "template_id is not a valid UUID"),
                            ("ValidationError", "email address"))

    def test_each_fault_of_the_schema(self):
        for changes, text in (({"template_id": None}, "required"), ({"email_address": None}, "required"),
                              ({"personalisation": []}, "key value"), ({"reference": 1}, "string"),
                              ({"callback_url": "http://example.com/x"}, "HTTPS"), ({"callback_url": "x"}, "HTTPS"),
                              ({"callback_url": "https://example.com/" + "x" * 240}, "HTTPS"),
                              ({"billing_code": "x" * 257}, "long"), ({"email_address": "a@b"}, "email")):
            with self.subTest(changes):
                self.assert_refused(self.notify.send(mail(**changes)), 400, ("ValidationError", text))
        self.assertEqual(self.notify.send(mail(callback_url="https://127.0.0.1:1/x", billing_code="x"))[0], 201)

    def test_templates_and_their_placeholders(self):
        self.assert_refused(self.notify.send(mail(template_id=SECRET)), 400, ("BadRequestError", "Template not found"))
        self.assert_refused(self.notify.send(mail(personalisation={"first_name": "A"})), 400,
                            ("BadRequestError", "Missing personalisation: date_submitted"))
        self.assert_refused(self.notify.send("nothing"), 400, ("BadRequestError", "JSON"))

    def test_another_path_is_404_and_a_body_over_1_mib_413(self):
        self.assertEqual(self.notify.http("POST", "/v2/notifications/sms", "{}")[0], 404)
        self.assertEqual(self.notify.http("POST", PATH, "x" * (1048576 + 1))[0], 413)

    # ---- 5 and 6: accepted

    def test_accepted_means_an_id_and_nothing_personal(self):
        status, answer = self.notify.send(mail())
        self.assertEqual((status, answer["reference"], answer["callback_url"]), (201, "ours", None))
        self.assertNotIn("ADA", json.dumps(answer))
        self.assertNotIn("ada@", json.dumps(answer))
        one, = self.notify.notifications()
        self.assertEqual((one["id"], one["email_address"], one["status"]), (answer["id"], "ada@example.com", "delivered"))

    def test_a_repeated_post_is_a_second_email(self):
        ids = {self.notify.send(mail())[1]["id"] for _ in range(2)}
        self.assertEqual({one["id"] for one in self.notify.notifications()}, ids)
        self.assertEqual(len(ids), 2)

    def test_simulated_addresses_are_accepted_and_nothing_is_told(self):
        self.assertEqual(self.notify.send(mail(email_address="simulate-delivered@notifications.va.gov",
                                               callback_url=self.receiver.url))[0], 201)
        self.assertEqual(self.notify.control("GET", "state"), {"notifications": [], "simulated": 1})
        self.notify.send(mail(callback_url=self.receiver.url))
        self.receiver.wait(1)
        self.assertEqual(len(self.receiver.got), 1)

    def test_acted_and_not_answered(self):
        self.notify.control("POST", "rules", {"operation": "email", "do": "drop-after", "times": 1})
        with self.assertRaises(OSError):
            self.notify.send(mail(callback_url=self.receiver.url))
        self.assertEqual(json.loads(self.receiver.wait(1)[0][1])["reference"], "ours")

    # ---- callbacks

    def test_a_callback_is_signed_over_its_fields_in_their_order(self):
        _, answer = self.notify.send(mail(callback_url=self.receiver.url, reference="with a blank/ä",
                                          email_address="ada+va@example.com"))
        headers, text, _ = self.receiver.wait(1)[0]
        fields = json.loads(text)
        self.assertEqual((fields["id"], fields["status"], fields["to"]), (answer["id"], "delivered", "ada+va@example.com"))
        self.assertRegex(fields["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        expected = hmac.new(SECRET.encode(), urllib.parse.urlencode(fields).encode(), hashlib.sha256).hexdigest()
        self.assertEqual(headers["x-enp-signature"], expected)
        self.assertIsNone(headers["Authorization"])

    def test_it_is_tried_again_after_5xx_and_429_and_later_each_time(self):
        self.receiver.answers = [503, 429, 500, 200]
        self.notify.send(mail(callback_url=self.receiver.url))
        got = self.receiver.wait(4)
        self.assertEqual(len({text for _, text, _ in got}), 1)
        waits = [later - earlier for (_, _, earlier), (_, _, later) in zip(got, got[1:])]
        for wait, least in zip(waits, (0.05, 0.1, 0.2)):
            self.assertGreaterEqual(wait, least * 0.9)
        until(lambda: [one["answer"] for one in self.notify.notifications()[0]["callbacks"]] == [503, 429, 500, 200],
              "four answers")

    def test_it_is_not_tried_again_after_4xx(self):
        self.receiver.answers = [401]
        self.notify.send(mail(callback_url=self.receiver.url))
        self.receiver.wait(1)
        self.receiver.answers = [200]
        self.notify.send(mail(callback_url=self.receiver.url, reference="next"))
        self.receiver.wait(2)
        self.assertEqual([json.loads(text)["reference"] for _, text, _ in self.receiver.got], ["ours", "next"])

    def test_what_becomes_of_it_can_be_said_and_repeated(self):
        self.notify.control("POST", "expect", {"contains": "silent", "status": "none"})
        self.notify.control("POST", "expect", {"contains": "bounces", "status": "permanent-failure"})
        _, silent = self.notify.send(mail(email_address="silent@example.com", callback_url=self.receiver.url))
        self.notify.send(mail(email_address="bounces@example.com", callback_url=self.receiver.url))
        self.receiver.wait(1)
        self.assertEqual(json.loads(self.receiver.got[0][1])["status"], "permanent-failure")
        self.notify.control("POST", "advance", {"id": silent["id"], "status": "temporary-failure", "times": 2})
        self.receiver.wait(3)
        self.assertEqual([json.loads(text)["status"] for _, text, _ in self.receiver.got[1:]], ["temporary-failure"] * 2)

    def test_a_callback_may_come_before_the_201(self):
        self.notify.control("POST", "behaviour", {"callback_first": True})
        _, answer = self.notify.send(mail(callback_url=self.receiver.url))
        self.assertEqual([json.loads(text)["id"] for _, text, _ in self.receiver.got], [answer["id"]])


class LimitsTest(unittest.TestCase):
    def limited(self, *options):
        notify = SimulatedNotify(*options)
        self.addCleanup(lambda: self.assertEqual(notify.stop(), 0))
        return notify

    def test_the_rate_and_the_day(self):
        for option, error in (("--notify-rate", "RateLimitError"), ("--notify-day-limit", "TooManyRequestsError")):
            with self.subTest(option):
                notify = self.limited(option, "2")
                # A minute may end between two requests: then one more is taken, and never two.
                statuses = [notify.send(mail())[0] for _ in range(4)]
                self.assertEqual(statuses[:2] + statuses[3:], [201, 201, 429])
                self.assertEqual(notify.send(mail())[1]["errors"][0]["error"], error)

    def test_the_services_own_callbacks_carry_its_token(self):
        receiver = Receiver()
        self.addCleanup(receiver.stop)
        notify = self.limited("--notify-service-callback-url", receiver.url)
        receiver.answers = [503, 200]
        notify.send(mail())
        for headers, text, _ in receiver.wait(2):
            self.assertEqual(headers["Authorization"], f"Bearer {TOKEN}")
            self.assertIsNone(headers["x-enp-signature"])
            self.assertIn("provider_payload", json.loads(text))


if __name__ == "__main__":
    unittest.main()
