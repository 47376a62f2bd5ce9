"""Values of our topics, read without any code of lib/: Avro single-object encoding by the schemas of schemas/avro.

A value begins with two marks and the CRC-64-AVRO fingerprint of its writer's schema in canonical form. The canonical
form and the fingerprint are computed here once more, from the Avro specification, so that a slip of the programs cannot
hide behind the same slip in their test.
"""

import json
import pathlib
import struct

SCHEMAS = pathlib.Path(__file__).parents[3] / "schemas" / "avro"
EMPTY = 0xC15D213AA4D7A795

# topic without prefix: its schema. What is not here (dead letters, quarantine) carries other topics' bytes.
SCHEMA_OF_TOPIC = {
    "claims.submitted": "claim-submitted",
    "claims.686c": "child-claim-ready",
    "claims.674": "child-claim-ready",
    "claims.dead-letter": "child-claim-ready",
    "claim-events": "claim-event",
    "notifications": "notification-requested",
    "monitoring-events": "monitoring-event",
}


def crc_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (EMPTY & -(number & 1))
        table.append(number & 0xFFFFFFFFFFFFFFFF)
    return table


TABLE = crc_table()


def fingerprint(canonical):
    value = EMPTY
    for byte in canonical.encode():
        value = (value >> 8) ^ TABLE[(value ^ byte) & 0xFF]
    return value


def canonical_form(schema, namespace=None):
    """Parsing Canonical Form: full names, only what matters for reading, fixed order, no white space."""
    if isinstance(schema, str):
        return json.dumps(schema)
    if isinstance(schema, list):
        return "[" + ",".join(canonical_form(branch, namespace) for branch in schema) + "]"
    kind = schema["type"]
    if kind not in ("record", "enum"):
        return canonical_form(kind, namespace)  # a primitive with a logical type
    namespace = schema.get("namespace", namespace)
    name = json.dumps(schema["name"] if "." in schema["name"] or not namespace else f"{namespace}.{schema['name']}")
    if kind == "enum":
        symbols = ",".join(json.dumps(symbol) for symbol in schema["symbols"])
        return f'{{"name":{name},"type":"enum","symbols":[{symbols}]}}'
    fields = ",".join(f'{{"name":{json.dumps(field["name"])},"type":{canonical_form(field["type"], namespace)}}}'
                      for field in schema["fields"])
    return f'{{"name":{name},"type":"record","fields":[{fields}]}}'


def load_schemas():
    """All versions ever in use, by fingerprint, and the present one of each name."""
    by_fingerprint = {}
    files = sorted(SCHEMAS.glob("*.avsc")) + sorted(SCHEMAS.glob("versions/*/*.avsc"))
    for file in files:
        schema = json.loads(file.read_text())
        stem = file.stem if file.parent == SCHEMAS else file.parent.name
        by_fingerprint[fingerprint(canonical_form(schema))] = (stem, schema)
    return by_fingerprint


BY_FINGERPRINT = load_schemas()


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise ValueError("the value is too short")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7


def read(schema, data):
    if isinstance(schema, list):
        return read(schema[data.number()], data)
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind == "record":
        return {field["name"]: read(field["type"], data) for field in schema["fields"]}
    if kind == "enum":
        return schema["symbols"][data.number()]
    if kind == "null":
        return None
    if kind == "string":
        return data.take(data.number()).decode()
    if kind in ("int", "long"):
        return data.number()
    raise ValueError(f"a type that our schemas do not use: {kind}")


def decode(value):
    """Name of the schema and the fields. Raises ValueError for anything but one whole value of ours."""
    if value is None or value[:2] != b"\xc3\x01" or len(value) < 10:
        raise ValueError("no single-object encoding")
    found = BY_FINGERPRINT.get(struct.unpack("<Q", value[2:10])[0])
    if not found:
        raise ValueError("an unknown schema")
    data = Bytes(value[10:])
    fields = read(found[1], data)
    if data.at != len(data.data):
        raise ValueError("bytes behind the value")
    return found[0], fields


def encode(stem, fields):
    """The other way, for the records that a scenario sends itself: fields are texts, for strings, ints and longs."""
    schema = json.loads((SCHEMAS / f"{stem}.avsc").read_text())
    data = struct.pack("<Q", fingerprint(canonical_form(schema)))
    for field in schema["fields"]:
        value = fields[field["name"]]
        if field["type"] == "string":
            data += number_bytes(len(value.encode())) + value.encode()
        else:
            data += number_bytes(int(value))
    return b"\xc3\x01" + data


def number_bytes(value):
    value = (value << 1) ^ (value >> 63)
    data = b""
    while value > 0x7F:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])
