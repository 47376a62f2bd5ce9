"""What a reader of claim-events needs to know, and no more: the published schemas and the order of a group's events.

Values are Avro, in one of two framings. With a schema registry: byte 0, the schema's id there (4 bytes, big-endian).
Without: bytes C3 01 and the fingerprint of the writer's schema (CRC-64-AVRO, little-endian), which is one of those in
schemas/avro/versions. Records come at least once and may be doubled; of one claim group they are ordered by `sequence`,
which has no gaps, whatever the order in which they arrive.
"""

import io
import json
import pathlib

import fastavro
import fastavro.schema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "schemas" / "avro"


def published_schemas(name="claim-event"):
    """Fingerprint -> schema, of every version that was ever in use."""
    files = [SCHEMAS / f"{name}.avsc", *sorted((SCHEMAS / "versions" / name).glob("*.avsc"))]
    schemas = [json.loads(file.read_text()) for file in files]
    return {fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(schema), "CRC-64-AVRO"):
            fastavro.parse_schema(schema) for schema in schemas}


def decode(value, schemas):
    """A value in single-object encoding, read with its writer's schema."""
    if value[:2] != b"\xc3\x01":
        raise ValueError("no single-object encoding")
    return fastavro.schemaless_reader(io.BytesIO(value[10:]), schemas[value[2:10].hex()], None)


class Follower:
    """One group's events in their order, each once."""

    def __init__(self, claim_group_id):
        self.claim_group_id = claim_group_id
        self.next = 1
        self.early = {}     # by sequence: came before one that has to come first
        self.doubles = 0

    def take(self, event):
        """The events that may be acted on now, in order."""
        if event["claim_group_id"] != self.claim_group_id:
            return []
        if event["sequence"] < self.next or event["sequence"] in self.early:
            self.doubles += 1
            return []
        self.early[event["sequence"]] = event
        ready = []
        while self.next in self.early:
            ready.append(self.early.pop(self.next))
            self.next += 1
        return ready
