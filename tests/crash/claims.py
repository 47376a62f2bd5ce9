"""Claims of invented Veterans, from the samples, and a client of claim-api."""

import http.client
import json
import pathlib
import urllib.parse

SAMPLES = pathlib.Path(__file__).parent.parent / "samples" / "claims"
CHILDREN = {"01": 1, "03": 1, "06": 3, "07": 3}   # child claims of the samples that these tests use


def sample(number):
    (path,) = SAMPLES.glob(f"{number}_*.json")
    return json.loads(path.read_text())


def claim(number, veteran):
    """A request's body: sample `number` for the Veteran of that number, who has ids of his own."""
    body = sample(number)
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

    def exchange(self, body):
        self.connection.request("POST", "/dependents_benefits/v0/claims", json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def post(self, body):
        """The group's guid."""
        status, text = self.exchange(body)
        if status != 200:
            raise RuntimeError(f"claim-api answered {status}: {text[:500]}")
        return json.loads(text)["data"]["attributes"]["guid"]

    def close(self):
        self.connection.close()
