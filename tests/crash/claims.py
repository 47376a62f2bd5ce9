"""Claims of invented Veterans, from the samples, and a client of claim-api."""

import copy
import http.client
import json
import pathlib
import sys
import urllib.parse

sys.path.append(str(pathlib.Path(__file__).parent.parent / "support"))
from upload import upload_of   # noqa: E402

SAMPLES = pathlib.Path(__file__).parent.parent / "samples" / "claims"
CHILDREN = {"01": 1, "03": 1, "06": 3, "07": 3}   # child claims of the samples that these tests use


def sample(number):
    (path,) = SAMPLES.glob(f"{number}_*.json")
    return json.loads(path.read_text())


def each_step_once(spouse=True, student=True):
    """A small claim with one of each kind of step: a spouse who lives apart, and a student. Both forms together need a
    review, so both get their note, and the pension is asked for. Either form alone closes its proc for certain."""
    both, with_student = sample("01"), sample("05")["dependents_application"]
    application = both["dependents_application"]
    for history in ("veteran_marriage_history", "spouse_marriage_history"):
        del application[history]
    if student:
        application["student_information"] = with_student["student_information"]
    options = {"add_spouse": spouse, "report674": student}
    both["view:selectable686_options"] = options
    application["view:selectable686_options"] = application["view:add_dependent_options"] = options
    return both


def claim(number, veteran):
    """A request's body: sample `number`, or a body as of sample(), for the Veteran of that number, who has ids of his
    own."""
    body = sample(number) if isinstance(number, str) else copy.deepcopy(number)
    user = body.pop("veteran_information")   # claim-api takes the signed-in user's
    digits = f"{veteran:06d}"
    user["ssn"] = user["va_file_number"] = "666" + digits
    user["participant_id"] = "600" + digits
    body["user_data"] = {"veteran_information": user}
    return body


class Client:
    """One connection that is kept."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def exchange(self, body, key=None, files=()):
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        sent = json.dumps(body).encode()
        if files:
            sent, kind = upload_of(sent, [(file.name, file.read_bytes()) for file in files])
            headers = {**headers, "Content-Type": kind}
        self.connection.request("POST", "/dependents_benefits/v0/claims", sent, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def post(self, body, files=()):
        """The group's guid."""
        status, text = self.exchange(body, files=files)
        if status != 200:
            raise RuntimeError(f"claim-api answered {status}: {text[:500]}")
        return json.loads(text)["data"]["attributes"]["guid"]

    def try_post(self, body, key):
        """Whether it is stored; if not, or if nobody knows, the same key may be used again."""
        try:
            status, text = self.exchange(body, key)
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False
        if status not in (200, 503):
            raise RuntimeError(f"claim-api answered {status}: {text[:500]}")
        return status == 200

    def close(self):
        self.connection.close()
