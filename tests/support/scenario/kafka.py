"""Kafka for the scenarios: all records of all our topics as they come, a record produced, what a group has committed.

Python's own library has no Kafka client, so librdkafka, which the programs need anyway, is called through ctypes. One
thread reads every partition from its beginning; nothing is committed and no group is joined.
"""

import ctypes
import dataclasses
import threading

LIBRARY = ctypes.CDLL("librdkafka.so.1")
PRODUCER, CONSUMER = 0, 1
OFFSET_END, OFFSET_BEGINNING = -1, -2


class Message(ctypes.Structure):
    _fields_ = [("err", ctypes.c_int), ("rkt", ctypes.c_void_p), ("partition", ctypes.c_int32),
                ("payload", ctypes.c_void_p), ("len", ctypes.c_size_t), ("key", ctypes.c_void_p),
                ("key_len", ctypes.c_size_t), ("offset", ctypes.c_int64), ("private", ctypes.c_void_p)]


class TopicPartition(ctypes.Structure):
    _fields_ = [("topic", ctypes.c_char_p), ("partition", ctypes.c_int32), ("offset", ctypes.c_int64),
                ("metadata", ctypes.c_void_p), ("metadata_size", ctypes.c_size_t), ("opaque", ctypes.c_void_p),
                ("err", ctypes.c_int), ("private", ctypes.c_void_p)]


class TopicPartitionList(ctypes.Structure):
    _fields_ = [("cnt", ctypes.c_int), ("size", ctypes.c_int), ("elems", ctypes.POINTER(TopicPartition))]


class Memory(ctypes.Structure):
    _fields_ = [("at", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p), ("size", ctypes.c_ssize_t)]


class Argument(ctypes.Union):
    _fields_ = [("text", ctypes.c_char_p), ("memory", Memory), ("header", Header), ("number", ctypes.c_int32),
                ("padding", ctypes.c_char * 64)]


class Tagged(ctypes.Structure):  # rd_kafka_vu_t
    _fields_ = [("kind", ctypes.c_int), ("value", Argument)]


TOPIC, PARTITION, VALUE, KEY, HEADER = 1, 3, 4, 5, 9

for name, result, arguments in (
        ("rd_kafka_conf_new", ctypes.c_void_p, []),
        ("rd_kafka_conf_set", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p,
                                             ctypes.c_size_t]),
        ("rd_kafka_new", ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [ctypes.c_void_p]),
        ("rd_kafka_topic_partition_list_new", ctypes.POINTER(TopicPartitionList), [ctypes.c_int]),
        ("rd_kafka_topic_partition_list_add", ctypes.POINTER(TopicPartition),
         [ctypes.POINTER(TopicPartitionList), ctypes.c_char_p, ctypes.c_int32]),
        ("rd_kafka_topic_partition_list_destroy", None, [ctypes.POINTER(TopicPartitionList)]),
        ("rd_kafka_assign", ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(TopicPartitionList)]),
        ("rd_kafka_consumer_poll", ctypes.POINTER(Message), [ctypes.c_void_p, ctypes.c_int]),
        ("rd_kafka_consumer_close", ctypes.c_int, [ctypes.c_void_p]),
        ("rd_kafka_message_destroy", None, [ctypes.POINTER(Message)]),
        ("rd_kafka_topic_name", ctypes.c_char_p, [ctypes.c_void_p]),
        ("rd_kafka_message_timestamp", ctypes.c_int64, [ctypes.POINTER(Message), ctypes.c_void_p]),
        ("rd_kafka_message_headers", ctypes.c_int, [ctypes.POINTER(Message), ctypes.POINTER(ctypes.c_void_p)]),
        ("rd_kafka_header_get_all", ctypes.c_int,
         [ctypes.c_void_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_void_p),
          ctypes.POINTER(ctypes.c_size_t)]),
        ("rd_kafka_committed", ctypes.c_int, [ctypes.c_void_p, ctypes.POINTER(TopicPartitionList), ctypes.c_int]),
        ("rd_kafka_offsets_for_times", ctypes.c_int,
         [ctypes.c_void_p, ctypes.POINTER(TopicPartitionList), ctypes.c_int]),
        ("rd_kafka_produceva", ctypes.c_void_p, [ctypes.c_void_p, ctypes.POINTER(Tagged), ctypes.c_size_t]),
        ("rd_kafka_error_string", ctypes.c_char_p, [ctypes.c_void_p]),
        ("rd_kafka_flush", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
        ("rd_kafka_err2str", ctypes.c_char_p, [ctypes.c_int])):
    function = getattr(LIBRARY, name)
    function.restype, function.argtypes = result, arguments


@dataclasses.dataclass
class Record:
    topic: str  # without prefix
    partition: int
    offset: int
    key: bytes
    value: bytes  # None: a tombstone
    headers: list  # of (name, bytes)
    at_ms: int  # UTC, as whoever wrote it said

    def header(self, wanted):
        """The newest header of that name as text, or None."""
        for name, value in reversed(self.headers):
            if name == wanted:
                return value.decode("utf-8", "replace")
        return None


def handle(kind, **properties):
    conf = LIBRARY.rd_kafka_conf_new()
    problem = ctypes.create_string_buffer(512)
    for name, value in properties.items():
        if LIBRARY.rd_kafka_conf_set(conf, name.replace("_", ".").encode(), str(value).encode(), problem, 512):
            raise RuntimeError(problem.value.decode())
    made = LIBRARY.rd_kafka_new(kind, conf, problem, 512)
    if not made:
        raise RuntimeError(problem.value.decode())
    return made


def check(code):
    if code:
        raise RuntimeError("librdkafka: " + LIBRARY.rd_kafka_err2str(code).decode())


class Kafka:
    def __init__(self, brokers, prefix, topics, partitions):
        self.brokers, self.prefix, self.topics, self.partitions = brokers, prefix, topics, partitions
        self.records = []  # in order of arrival; only appended to
        self.changed = threading.Condition()
        self.closing = False
        self.groups = {}
        self.producer = handle(PRODUCER, bootstrap_servers=brokers, linger_ms=0)
        self.consumer = handle(CONSUMER, bootstrap_servers=brokers, group_id="scenario-reader",
                               enable_auto_commit="false", fetch_wait_max_ms=10, fetch_error_backoff_ms=10)
        wanted = LIBRARY.rd_kafka_topic_partition_list_new(len(topics) * partitions)
        for topic in topics:
            for partition in range(partitions):
                place = LIBRARY.rd_kafka_topic_partition_list_add(wanted, (prefix + topic).encode(), partition)
                place.contents.offset = OFFSET_BEGINNING
        check(LIBRARY.rd_kafka_assign(self.consumer, wanted))
        LIBRARY.rd_kafka_topic_partition_list_destroy(wanted)
        self.thread = threading.Thread(target=self.read_on, daemon=True)
        self.thread.start()

    def close(self):
        self.closing = True
        self.thread.join(10)
        LIBRARY.rd_kafka_consumer_close(self.consumer)
        for opened in [self.consumer, self.producer, *self.groups.values()]:
            LIBRARY.rd_kafka_destroy(opened)

    def read_on(self):
        while not self.closing:
            message = LIBRARY.rd_kafka_consumer_poll(self.consumer, 100)
            if not message:
                continue
            if not message.contents.err:
                record = self.record_of(message)
                with self.changed:
                    self.records.append(record)
                    self.changed.notify_all()
            LIBRARY.rd_kafka_message_destroy(message)

    def record_of(self, message):
        found = message.contents
        headers, list_of_headers = [], ctypes.c_void_p()
        if LIBRARY.rd_kafka_message_headers(message, ctypes.byref(list_of_headers)) == 0:
            name, value, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
            while LIBRARY.rd_kafka_header_get_all(list_of_headers, len(headers), ctypes.byref(name),
                                                  ctypes.byref(value), ctypes.byref(size)) == 0:
                text = ctypes.string_at(value.value, size.value) if value.value else b""
                headers.append((name.value.decode(), text))
        return Record(LIBRARY.rd_kafka_topic_name(found.rkt).decode().removeprefix(self.prefix), found.partition,
                      found.offset, ctypes.string_at(found.key, found.key_len) if found.key else None,
                      ctypes.string_at(found.payload, found.len) if found.payload else None, headers,
                      LIBRARY.rd_kafka_message_timestamp(message, None))

    def catch_up(self, seconds=10):
        """Waits until all that the broker has now has been read."""
        asked = LIBRARY.rd_kafka_topic_partition_list_new(len(self.topics) * self.partitions)
        for topic in self.topics:
            for partition in range(self.partitions):
                place = LIBRARY.rd_kafka_topic_partition_list_add(asked, (self.prefix + topic).encode(), partition)
                place.contents.offset = OFFSET_END
        try:
            check(LIBRARY.rd_kafka_offsets_for_times(self.consumer, asked, 10000))
            places = [asked.contents.elems[i] for i in range(asked.contents.cnt)]
            ends = {(place.topic.decode().removeprefix(self.prefix), place.partition): place.offset - 1
                    for place in places if place.offset > 0}
        finally:
            LIBRARY.rd_kafka_topic_partition_list_destroy(asked)
        with self.changed:
            if not self.changed.wait_for(lambda: self.has_read(ends), seconds):
                raise TimeoutError("the reader of the topics did not come to their end")

    def has_read(self, ends):
        places = {(record.topic, record.partition, record.offset) for record in self.records}
        return all((topic, partition, offset) in places for (topic, partition), offset in ends.items())

    def produce(self, topic, key, value, headers=(), partition=None):
        """Hands a record to the broker and waits for its report. Who wants its offset reads it back."""
        arguments = [tagged(TOPIC, text=(self.prefix + topic).encode()),
                     tagged(VALUE, memory=Memory(value, len(value or b"")))]   # None is a tombstone
        if key is not None:
            arguments.append(tagged(KEY, memory=Memory(key, len(key))))
        if partition is not None:
            arguments.append(tagged(PARTITION, number=partition))
        for name, text in headers:
            arguments.append(tagged(HEADER, header=Header(name.encode(), text, len(text))))
        problem = LIBRARY.rd_kafka_produceva(self.producer, (Tagged * len(arguments))(*arguments), len(arguments))
        if problem:
            raise RuntimeError(LIBRARY.rd_kafka_error_string(problem).decode())
        check(LIBRARY.rd_kafka_flush(self.producer, 10000))

    def committed(self, group, places):
        """The offset that the group will read next, by (topic, partition); -1 where it has committed none."""
        if group not in self.groups:
            self.groups[group] = handle(CONSUMER, bootstrap_servers=self.brokers, group_id=self.prefix + group)
        asked = LIBRARY.rd_kafka_topic_partition_list_new(len(places))
        for topic, partition in places:
            LIBRARY.rd_kafka_topic_partition_list_add(asked, (self.prefix + topic).encode(), partition)
        try:
            check(LIBRARY.rd_kafka_committed(self.groups[group], asked, 10000))
            return {(asked.contents.elems[i].topic.decode().removeprefix(self.prefix),
                     asked.contents.elems[i].partition): max(-1, asked.contents.elems[i].offset)
                    for i in range(asked.contents.cnt)}
        finally:
            LIBRARY.rd_kafka_topic_partition_list_destroy(asked)


def tagged(kind, **value):
    made = Tagged()
    made.kind = kind
    for name, content in value.items():
        setattr(made.value, name, content)
    return made
