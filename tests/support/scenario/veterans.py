"""Invented people: every claim that a scenario submits is a sample, made the claim of a Veteran who is new in his world.

His name, numbers, street and e-mail are canaries: texts that occur nowhere else, so that a search finds each place where
one of them has got out.
"""

import copy
import json
import pathlib

SAMPLES = pathlib.Path(__file__).parents[2] / "samples" / "claims"


def letters(number):
    """A word of letters only, for BGS takes no digits in names."""
    text = ""
    while number:
        number, digit = divmod(number, 26)
        text = chr(ord("a") + digit) + text
    return text or "a"


class Veteran:
    def __init__(self, number):
        word = letters(17576 + number)
        self.number = number
        self.first, self.middle, self.last = "Canaria" + word, "Serinette" + word, "Girlitz" + word
        self.ssn = f"6660{48000 + number}"
        self.file_number = f"8770{48000 + number}"
        self.participant_id = str(600040000 + number)
        self.icn = f"1012{number:06d}V998877"
        self.email = f"zeisig-{word}@example.com"
        self.street = f"{7000 + number} Stieglitzweg{word}"
        self.phone = f"20255{50000 + number % 10000}"

    def words(self):
        """What placeholders in a scenario's text stand for."""
        return {"first": self.first, "middle": self.middle, "last": self.last, "ssn": self.ssn,
                "file": self.file_number, "participant": self.participant_id, "uid": self.icn, "email": self.email,
                "street": self.street, "phone": self.phone}


def sample(name):
    return json.loads((SAMPLES / (name if name.endswith(".json") else name + ".json")).read_text())


def claim_of(veteran, name):
    """The body of the POST: the sample with this Veteran in it, and the signed-in user's data."""
    claim = sample(name)
    information = claim["veteran_information"]
    old = information["full_name"]
    information["full_name"] = {**old, "first": veteran.first, "last": veteran.last}
    if "middle" in old:
        information["full_name"]["middle"] = veteran.middle
    information["ssn"] = veteran.ssn
    if "va_file_number" in information:
        information["va_file_number"] = veteran.file_number
    claim["statement_of_truth_signature"] = f"{veteran.first} {veteran.last}"
    contact = claim["dependents_application"].get("veteran_contact_information", {})
    if contact.get("email_address"):
        contact["email_address"] = veteran.email
    if len(contact.get("phone_number", "")) == 10:
        contact["phone_number"] = veteran.phone
    if len(contact.get("veteran_address", {}).get("street", "")) < 30:  # a longer one is there for its length
        contact["veteran_address"]["street"] = veteran.street
    claim["user_data"] = {"veteran_information": {
        "full_name": copy.deepcopy(information["full_name"]), "birth_date": information["birth_date"],
        "ssn": veteran.ssn, "va_file_number": veteran.file_number, "icn": veteran.icn,
        "participant_id": veteran.participant_id, "common_name": f"{veteran.first} {veteran.last}",
        "email": veteran.email}}
    return claim


# What is personal, and how short it may be before it turns up by chance in keys, ids and base64.
PERSONAL = {"first", "middle", "last", "ssn", "va_file_number", "birth_date", "street", "email_address", "email",
            "va_profile_email", "phone_number", "common_name", "statement_of_truth_signature", "icn"}
SHORTEST = 7


def canaries_of(document):
    """(what, text) of every personal datum of claims: the Veteran's own, his family's, his students'."""
    found = {}
    walk = [document]
    while walk:
        value = walk.pop()
        if isinstance(value, list):
            walk += value
        elif isinstance(value, dict):
            walk += value.values()
            for key, text in value.items():
                if key in PERSONAL and isinstance(text, str) and len(text) >= SHORTEST:
                    found[text] = key
    return [(what, text) for text, what in found.items()]


def place(claim, path):
    """The object and the key or index that a path such as a.b[0].c leads to."""
    keys = []
    for part in path.split("."):
        name, *indexes = part.replace("]", "").split("[")
        keys += [name] + [int(index) for index in indexes]
    holder = claim
    for key in keys[:-1]:
        holder = holder[key]
    return holder, keys[-1]


def change(claim, path, value):
    holder, key = place(claim, path)
    holder[key] = value


def leave_out(claim, path):
    holder, key = place(claim, path)
    del holder[key]
