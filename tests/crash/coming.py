"""Claims that come in while something is done to the pipeline."""

import http.client
import itertools
import json
import threading

import claims
from pipeline import until

PAUSE_S = 0.4
AGAIN_S = 0.2   # until who got no answer asks again


class Coming:
    """From several at once, each of another Veteran, and each again and again with its key until it is taken. `door ()`: where the next
    request goes; `patience_s`: how long its answer is waited for."""

    def __init__(self, token, door, callers, patience_s=60):
        self.token, self.door, self.patience_s = token, door, patience_s
        self.is_over, self.refused, self.trouble = threading.Event(), 0, None
        self.taken = []   # guids, as they were answered
        self.numbers = itertools.count(1)
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(callers)]
        for thread in self.threads:
            thread.start()

    def run(self):
        try:
            while not self.is_over.wait(PAUSE_S):
                number = next(self.numbers)
                while not (guid := self.post(number)):
                    self.refused += 1
                    if self.is_over.wait(AGAIN_S):
                        return
                self.taken.append(guid)
        except Exception as error:   # told by the test's thread
            self.trouble = error

    def post(self, number):
        """None: nobody knows whether it is stored, and the same key may be used again."""
        client = claims.Client(self.door(), self.token)
        client.connection.timeout = self.patience_s
        try:
            status, text = client.exchange(claims.claim("05" if number % 3 == 0 else "03", number), f"claim-{number}")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            client.close()
        if status not in (200, 503):
            raise RuntimeError(f"claim-api answered {status}: {text[:500]}")
        return json.loads(text)["data"]["attributes"]["guid"] if status == 200 else None

    def more(self, count):
        wanted = len(self.taken) + count
        until(lambda: self.trouble or len(self.taken) >= wanted, 60, "claims that come in", every=0.02)

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if self.trouble:
            raise self.trouble
