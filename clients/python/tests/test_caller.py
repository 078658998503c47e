"""The caller is neither delayed nor interrupted, and logs what it saw."""

from __future__ import annotations

import datetime
import decimal
import json
import logging
import time
from typing import Any, Dict, List

import numpy
import pytest
from conftest import Make
from support import Imitation

from datashop_logs import LogHandler
from datashop_logs._encode import LONGEST_LINE, encode


def test_publish_costs_microseconds_while_the_gateway_hangs(make: Make, black_hole: str) -> None:
    publisher = make(black_hole)
    costs: List[int] = []
    start = time.monotonic()
    for n in range(10_000):
        # The thread's own time: other processes of a busy machine do not count.
        before = time.thread_time_ns()
        publisher.publish("w", "f", {"n": n, "level": "INFO", "message": "extracting orders"})
        costs.append(time.thread_time_ns() - before)
    assert time.monotonic() - start < publisher._core.config.answer_timeout
    assert sorted(costs)[9_900] < 100_000, "nanoseconds at the 99th percentile"


def test_publish_performs_no_network_call_in_the_caller(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    with imitation.hanging():
        for n in range(100):
            publisher.publish("w", "f", {"n": n})
        assert imitation.stored == []
    assert publisher.flush(10)
    assert len(imitation.stored) == 100


class _Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _Recursive:
    def __str__(self) -> str:
        return str(self)


def _hostile_values() -> Dict[str, Any]:
    cycle: Dict[str, Any] = {"level": "INFO"}
    cycle["self"] = cycle
    nested: List[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return {
        "an object": object(),
        "NaN": {"value": float("nan"), "more": [float("inf"), float("-inf")]},
        "a cycle": cycle,
        "deep nesting": nested,
        "an unpaired surrogate": {"\udcff": "a\ud800b"},
        "a broken __str__": {"value": _Hostile(), _Hostile(): 1},
        "an endless __str__": _Recursive(),
        "a generator": (n for n in range(3)),
        "keys of other types": {1: "a", (1, 2): "b", None: "c", 1.5: "d", b"e": "e"},
        "a class": dict,
        "an exception": ValueError("broken"),
        "a large number": 10**6_000,
        "None": None,
        "a long text": "x" * 3_000_000,
        "many fields": {f"field {n}": "y" * 1_000 for n in range(3_000)},
    }


@pytest.mark.parametrize("name", _hostile_values())
def test_any_value_becomes_one_line_of_json(name: str) -> None:
    value = _hostile_values()[name]
    line = encode(value)
    assert b"\n" not in line
    assert len(line) <= LONGEST_LINE
    json.loads(line.decode("utf-8"), parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def test_any_value_is_published_without_raising(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    values = _hostile_values()
    for value in values.values():
        publisher.publish("w", "f", value)
    assert publisher.flush(20)
    assert len(imitation.stored) == len(values)


def test_ids_of_any_type_do_not_raise(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    for workspace in (None, 5, _Hostile(), ["w"], "a\udcff", ""):
        publisher.publish(workspace, workspace, {"n": 1})  # type: ignore[arg-type]
    assert publisher.flush(10)
    assert {stored.channel for stored in imitation.stored} >= {"logs:etl:5:5"}


def test_values_of_data_jobs_are_readable() -> None:
    moment = datetime.datetime(2025, 9, 25, 13, 30, tzinfo=datetime.timezone.utc)
    log = {
        "datetime": moment,
        "date": moment.date(),
        "decimal": decimal.Decimal("12.50"),
        "bytes": b"caf\xc3\xa9\xff",
        "set": {1},
        "int64": numpy.int64(5),
        "float32": numpy.float32(0.5),
        "nan": numpy.float64("nan"),
        "bool": numpy.bool_(True),
        "array": numpy.arange(3),
        "large": numpy.zeros(1_000_000),
        "datetime64": numpy.datetime64("2025-09-25"),
    }
    read = json.loads(encode(log))
    large = read.pop("large")
    assert "..." in large
    assert len(large) < 200
    assert read == {
        "datetime": "2025-09-25T13:30:00+00:00",
        "date": "2025-09-25",
        "decimal": "12.50",
        "bytes": "café\\xff",
        "set": [1],
        "int64": 5,
        "float32": 0.5,
        "nan": "NaN",
        "bool": True,
        "array": [0, 1, 2],
        "datetime64": "2025-09-25",
    }


def test_a_long_log_keeps_its_small_fields() -> None:
    read = json.loads(encode({"level": "ERROR", "payload": "x" * 2_000_000, "pipeline": "orders"}))
    assert (read["level"], read["pipeline"]) == ("ERROR", "orders")
    assert read["payload"].endswith("(1995904 more characters)")
    assert read["truncatedFromBytes"] > 2_000_000


def test_changes_after_the_call_do_not_reach_the_line(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    log: Dict[str, Any] = {"n": 1, "rows": [1]}
    with imitation.hanging():
        publisher.publish("w", "f", log)
        log["n"] = 2
        log["rows"].append(2)
    assert publisher.flush(10)
    assert imitation.logs() == [{"n": 1, "rows": [1]}]


def test_a_record_is_formatted_in_the_caller_and_left_unchanged(
    make: Make, imitation: Imitation
) -> None:
    handler = LogHandler(make(imitation.url), workspace_id="w")
    handler.setFormatter(logging.Formatter("[%(name)s] %(message)s"))
    argument = ["before"]
    record = logging.LogRecord("etl", logging.INFO, "job.py", 7, "%s", (argument,), None)
    try:
        raise ValueError("broken row")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)
    before = dict(record.__dict__)
    handler.handle(record)
    argument[0] = "after"
    handler.flush()
    assert record.__dict__ == before
    (log,) = imitation.logs()
    assert log["message"] == "[etl] ['before']"
    assert log["exception"]["type"] == "ValueError"
    assert "broken row" in log["exception"]["traceback"]


def test_ids_that_are_too_long_are_cut(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    for n in range(100):
        publisher.publish("w" * 10_000_000, "f", {"n": n})
    assert publisher.flush(20)
    # Long enough to be refused by the gateway.
    assert {len(stored.channel) for stored in imitation.stored} == {len("logs:etl::f") + 129}
