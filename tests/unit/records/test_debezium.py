"""Debezium's change events are read as changes, in every envelope that they come in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vsync.records.change import BadRecord, Change, Partial
from vsync.records.debezium import debezium_reader
from vsync.records.fields import Path

POSTGRES = {
    "version": "3.2.0.Final",
    "connector": "postgresql",
    "name": "srv1",
    "ts_ms": 1559033904863,
    "snapshot": "false",
    "db": "shop",
    "sequence": '["24023119","24023128"]',
    "schema": "public",
    "table": "customers",
    "txId": 555,
    "lsn": 24023128,
    "xmin": None,
}
ROW = {"id": 1, "lang": "en", "name": "Ada"}
KEY = {"schema": {"type": "struct"}, "payload": {"id": 1}}
ID: tuple[Path, ...] = (("id",),)


def event(**changes: Any) -> dict[str, Any]:
    return {"before": None, "after": ROW, "source": POSTGRES, "op": "c", "ts_ms": 1559033904900, **changes}


def kcat(value: Any, key: Any = KEY, offset: int = 7) -> dict[str, Any]:
    return {
        "topic": "srv1.public.customers",
        "partition": 3,
        "offset": offset,
        "tstype": "create",
        "ts": 1559033905000,
        "broker": 1,
        "headers": ["__op", "c"],
        "key": key if key is None or isinstance(key, str) else json.dumps(key),
        "payload": None if value is None else json.dumps(value),
    }


def read(value: Any, key_fields: tuple[Path, ...] = ()) -> Change:
    return debezium_reader(key_fields)(json.dumps(value).encode(), 4)


def bad(value: Any, key_fields: tuple[Path, ...] = ()) -> BadRecord:
    with pytest.raises(BadRecord) as caught:
        read(value, key_fields)
    return caught.value


@pytest.mark.parametrize("line", [event(), {"schema": {}, "payload": event()}, {"payload": event()}])
def test_an_event_is_read_with_and_without_its_schema(line: Any) -> None:
    change = read(line, ID)
    assert (change.line, change.position, change.order) == (
        4,
        {"lsn": 24023128},
        "postgresql/srv1/shop|24023128~1559033904900000000",
    )
    assert (change.key, change.key_value, change.path) == (1, 1, "shop.public.customers/1")
    assert (change.deletes, change.content, change.collection) == (False, ROW, "shop.public.customers")
    assert change.metadata == POSTGRES


@pytest.mark.parametrize("op", ["c", "u", "r"])
def test_these_events_put_a_document(op: str) -> None:
    assert read(event(op=op), ID).deletes is False


def test_a_delete_takes_its_key_from_the_row_before() -> None:
    change = read(event(op="d", before={"id": 1, "name": None}, after=None), ID)
    assert (change.deletes, change.content, change.path) == (True, None, "shop.public.customers/1")


def test_several_fields_make_a_key() -> None:
    assert read(event(), (("id",), ("lang",))).path == 'shop.public.customers/{"id":1,"lang":"en"}'


@pytest.mark.parametrize("key", [{"id": 1}, KEY])
@pytest.mark.parametrize("value", [event(), {"schema": {}, "payload": event()}])
def test_a_line_may_hold_key_and_value(key: Any, value: Any) -> None:
    change = read({"key": key, "value": value})
    assert (change.key, change.path) == ({"id": 1}, 'shop.public.customers/{"id":1}')
    assert change.position == {"lsn": 24023128}


@pytest.mark.parametrize("value", [event(), {"schema": {}, "payload": event()}])
def test_a_message_that_kcat_prints_is_known_by_its_topic(value: Any) -> None:
    change = read(kcat(value))
    assert change.position == {"topic": "srv1.public.customers", "partition": 3, "offset": 7}
    assert change.order == "srv1.public.customers/3|7~1559033904900000000"
    assert (change.key, change.path) == ({"id": 1}, 'srv1.public.customers/{"id":1}')
    assert (change.content, change.collection) == (ROW, "shop.public.customers")


def test_a_message_whose_avro_kcat_has_decoded_is_read() -> None:
    line = {**kcat(None), "key": {"id": 1}, "payload": event()}
    assert read(line).content == ROW


def test_a_message_that_names_its_types_is_read_without_them() -> None:
    row = {"id": 1, "name": {"string": "Ada"}, "tags": {"array": [{"string": "x"}]}, "none": None, "at": {"long": 5}}
    source = {**POSTGRES, "lsn": {"long": 24023128}, "schema": {"string": "public"}, "snapshot": {"string": "false"}}
    line = {
        **kcat(None),
        "key": {"id": {"int": 1}},
        "key_schema_id": 3,
        "payload": event(after={"Value": row}, source=source, ts_ms={"long": 1559033904900}),
        "value_schema_id": 4,
    }
    change = read(line)
    assert change.content == {"id": 1, "name": "Ada", "tags": ["x"], "none": None, "at": 5}
    assert (change.key, change.collection) == ({"id": 1}, "shop.public.customers")
    assert read({**line, "payload": None}).path == change.path
    bare = read(event(after={"srv1.public.customers.Value": row}, source=source, ts_ms={"long": 5}), ID)
    assert (bare.content, bare.order) == (change.content, "postgresql/srv1/shop|24023128~5000000")


def test_objects_that_only_look_like_types_stay() -> None:
    row = {"id": 1, "name": {"string": "Ada"}}
    change = read({"key": {"string": "a"}, "value": event(after=row)})
    assert (change.key, change.content) == ({"string": "a"}, row)


@pytest.mark.parametrize("fault", ["payload_error", "key_error"])
def test_what_kcat_could_not_decode_is_no_tombstone(fault: str) -> None:
    found = bad({**kcat(None), fault: "Invalid CP1 magic byte"})
    assert found.code == "not-json"
    assert "could not decode the message: 'Invalid CP1 magic byte'" in found.reason
    assert found.position == {"topic": "srv1.public.customers", "partition": 3, "offset": 7}


def test_a_tombstone_deletes_the_document_of_its_key() -> None:
    put, gone = read(kcat(event())), read(kcat(None, offset=9))
    assert (gone.deletes, gone.content, gone.path) == (True, None, put.path)
    assert (gone.position["offset"], gone.order) == (9, "srv1.public.customers/3|9")


def test_a_tombstone_without_a_topic_has_the_line_as_its_position() -> None:
    change = read({"key": {"id": 1}, "value": None})
    assert (change.deletes, change.path, change.position, change.order) == (True, '{"id":1}', 4, "")


def test_a_tombstone_has_the_key_that_fields_make() -> None:
    assert read(kcat(None), ID).path == read(kcat(event()), ID).path == "srv1.public.customers/1"


@pytest.mark.parametrize(
    ("key", "path"),
    [("abc", "abc"), ('"abc"', "abc"), ("007", "007"), ("1e5", "1e5"), ("1004", "1004"), ("[1]", "[1]"), ("{x", "{x")],
)
def test_the_key_of_a_message_may_be_any_text(key: str, path: str) -> None:
    assert read(kcat(event(), key)).path == f"srv1.public.customers/{path}"


def test_fields_of_the_row_come_before_the_key_of_the_message() -> None:
    assert read(kcat(event(after={"id": 1, "slug": "ada"})), (("slug",),)).key == "ada"


def test_a_document_of_mongodb_is_json_in_a_string() -> None:
    source = {
        "connector": "mongodb",
        "name": "m",
        "ts_ms": 1558965508000,
        "db": "inv",
        "collection": "people",
        "ord": 31,
    }
    change = read(
        {
            "key": {"payload": {"id": '{"$oid": "596e275826f08b2730779e1f"}'}},
            "value": event(source=source, after='{"_id": {"$oid": "596e275826f08b2730779e1f"}, "name": "Ada"}'),
        }
    )
    assert change.content == {"_id": {"$oid": "596e275826f08b2730779e1f"}, "name": "Ada"}
    assert change.path == 'inv.people/{"id":"{\\"$oid\\": \\"596e275826f08b2730779e1f\\"}"}'
    assert change.order == "mongodb/m/inv|1558965508000:31~1559033904900000000"


def test_what_mongodb_changed_alone_is_no_document() -> None:
    found = bad({"key": {"id": "1"}, "value": event(op="u", after=None, updateDescription={"updatedFields": "{}"})})
    assert found.code == "not-a-record"
    assert "capture.mode" in found.reason


def test_records_that_conduit_writes_for_debezium_are_read() -> None:
    metadata = {
        "opencdc.collection": "users",
        "opencdc.createdAt": "1663858188836816000",
        "opencdc.readAt": "1663858188836816999",
    }
    change = read({"schema": {}, "payload": event(source=metadata, transaction=None)}, ID)
    assert change.path == "users/1"
    assert change.order == "~1663858188836816999"  # when it was created says nothing certain
    assert change.position == {
        "opencdc.createdAt": "1663858188836816000",
        "opencdc.readAt": "1663858188836816999",
    }


@pytest.mark.parametrize(
    "value",
    ["__debezium_unavailable_value", ["__debezium_unavailable_value"], "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="],
)
def test_values_that_the_database_did_not_send_are_left_out(value: Any) -> None:
    content = read(event(op="u", after={**ROW, "body": value, "tags": []}), ID).content
    assert isinstance(content, Partial)
    assert content == {**ROW, "tags": []}
    assert content.lacks == ("body",)


def test_a_document_that_only_speaks_of_such_values_is_whole() -> None:
    row = {**ROW, "body": "It writes __debezium_unavailable_value there."}
    content = read(event(op="u", after=row), ID).content
    assert type(content) is dict
    assert content == row


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (event(), "no-key", "--key-field"),
        (event(op="d", before=None, after=None), "no-key", "--key-field"),
        (event(op="t"), "not-a-record", "truncate"),
        (event(op="m"), "not-a-record", "message"),
        (event(op="x"), "not-a-record", "is 'x'. It must be c, u, r or d"),
        (event(op=None), "not-a-record", "is null"),
        ({"id": 1, "name": "Ada"}, "not-a-record", "--format json"),
        ({"position": "MQ==", "operation": "create", "key": "a", "payload": {}}, "not-a-record", "opencdc/json"),
        ({"position": "MQ==", "operation": "delete", "key": "a", "payload": None}, "not-a-record", "opencdc/json"),
        ({"schema": {}, "payload": None}, "not-a-record", "The event is null"),
        (kcat([1]), "not-a-record", "The event is a list"),
        (kcat(event(), None), "no-key", "--key-field"),
        (kcat(None, None), "not-a-record", "The event is null"),
        ({**kcat(None), "payload": "not json"}, "not-json", "The Kafka message is not JSON"),
        (kcat(event(), ""), "no-key", "empty"),
        (kcat(None, "{}"), "no-key", "empty"),
    ],
)
def test_what_is_no_change_says_why(line: Any, code: str, reason: str) -> None:
    found = bad(line)
    assert found.code == code
    assert reason in found.reason


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"after": None}, "no-key", "The 'after' of the event has no value for the key: id"),
        ({"after": [1]}, "no-key", "has no value for the key"),
        ({"after": "{"}, "not-json", "The string in 'after' is not JSON"),
        ({"after": {"name": "Ada"}}, "no-key", "has no value for the key: id"),
        ({"op": "d", "after": None}, "no-key", "The 'before' of the event"),
    ],
)
def test_a_row_without_its_key_says_so(changes: dict[str, Any], code: str, reason: str) -> None:
    found = bad(event(**changes), ID)
    assert found.code == code
    assert reason in found.reason
    assert found.position == {"lsn": 24023128}


@pytest.mark.parametrize(("after", "reason"), [(None, "has no 'after'"), ([1], "is a list"), ("5", "is a number")])
def test_an_event_without_a_row_is_no_record(after: Any, reason: str) -> None:
    found = bad({"key": {"id": 1}, "value": event(after=after)})
    assert found.code == "not-a-record"
    assert reason in found.reason
    assert found.key == {"id": 1}


def test_a_bad_message_tells_where_it_stood() -> None:
    found = bad({**kcat(None), "payload": "not json"})
    assert found.position == {"topic": "srv1.public.customers", "partition": 3, "offset": 7}


def test_an_event_without_a_source_has_the_line_as_its_position() -> None:
    change = read(event(source=None), ID)
    assert (change.position, change.order, change.path) == (4, "~1559033904900000000", "1")


def test_a_message_without_an_offset_has_no_order_of_its_own() -> None:
    line = kcat(event(source={}))
    del line["offset"]
    assert read(line).order == "~1559033904900000000"


HEARTBEAT = {"ts_ms": 1559033904900}
TRANSACTION = {"status": "BEGIN", "id": "571:1", "ts_ms": 5, "event_count": None, "data_collections": None}
SCHEMA_CHANGE = {
    "source": {"connector": "mysql", "snapshot": "false"},
    "ts_ms": 5,
    "databaseName": "shop",
    "schemaName": None,
    "ddl": "ALTER TABLE pages ADD COLUMN lang text",
    "tableChanges": [{"type": "ALTER", "id": "shop.pages"}],
}
OF_SNAPSHOT = {**SCHEMA_CHANGE, "source": {"snapshot": "true"}, "ddl": "DROP TABLE IF EXISTS `shop`.`pages`"}


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (HEARTBEAT, {"serverName": "srv"}),
        ({**HEARTBEAT, "ts_ns": 5}, {"schema": {}, "payload": {"serverName": "srv"}}),
        (TRANSACTION, {"id": "571:1"}),
        ({**TRANSACTION, "status": "END", "event_count": 2, "data_collections": []}, {"id": "571:1"}),
        (SCHEMA_CHANGE, {"databaseName": "shop"}),
        (OF_SNAPSHOT, {"databaseName": "shop"}),
    ],
)
def test_events_that_are_no_change_of_a_row_are_skipped(event: Any, key: Any) -> None:
    for line in (event, {"schema": {}, "payload": event}, {"key": key, "value": event}, kcat(event, json.dumps(key))):
        assert bad(line).code == "skipped"
        assert bad(line, ID).code == "skipped"


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (HEARTBEAT, {"id": 1}),
        ({**HEARTBEAT, "id": 1}, {"serverName": "srv"}),
        ({"ts_us": 5}, None),
        ({}, None),
        ({**TRANSACTION, "status": "open"}, None),
        ({**TRANSACTION, "name": "a row"}, None),
        ({**SCHEMA_CHANGE, "id": 1}, None),
        ({**SCHEMA_CHANGE, "ddl": "truncate pages"}, None),
        ({**SCHEMA_CHANGE, "ddl": "DROP  TABLE pages", "source": {}}, None),
        ({"databaseName": "shop"}, None),
    ],
)
def test_what_may_be_a_change_of_rows_is_not_skipped(event: Any, key: Any) -> None:
    assert bad(event if key is None else {"key": key, "value": event}).code == "not-a-record"


def test_a_tombstone_that_does_not_name_the_document_is_skipped() -> None:
    found = bad(kcat(None, '{"id": 1}'), (("slug",),))
    assert (found.code, found.key, found.position["offset"]) == ("skipped", {"id": 1}, 7)


def test_a_topic_and_a_table_that_are_no_unicode_are_bad() -> None:
    for line in ({**kcat(event()), "topic": "\ud800x"}, event(source={"table": "\ud800x", "lsn": 5})):
        found = bad(line, ID)
        assert (found.code, found.key) == ("no-key", 1)
        assert found.position is not None
