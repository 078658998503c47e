"""The publisher with the real gateway: nothing is lost silently, nothing is stored twice."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Iterator

import pytest
from conftest import Make
from gateway import TOKEN, Gateway, LossyNetwork, Proxy, Reader
from support import wait_until

from datashop_logs._sender import BATCH_LINES

#: The number of lines of each scenario.
LINES = int(os.environ.get("LOGS_LINES", "10000"))
CHANNEL = "logs:etl:w:f"
#: A queue in which all lines of a scenario fit, so that none is dropped.
LARGE = {"max_lines": LINES, "max_bytes": 1 << 30}


@pytest.fixture
def reader(gateway: Gateway) -> Iterator[Reader]:
    reader = Reader(gateway.url, CHANNEL)
    yield reader
    reader.close()


def _publish(publisher: Any, start: int, end: int) -> None:
    for n in range(start, end):
        publisher.publish("w", "f", {"n": n, "level": "INFO", "message": f"line {n}"})


def test_numbered_lines_are_each_stored_once(make: Make, gateway: Gateway, reader: Reader) -> None:
    publisher = make(gateway.url, token=TOKEN, **LARGE)
    _publish(publisher, 0, LINES)
    assert publisher.flush(60)
    reader.wait_for(LINES)
    assert [log["n"] for log in reader.logs] == list(range(LINES)), "in order"
    assert publisher.stats()["stored"] == LINES


def test_numbered_lines_above_the_rate_of_a_channel_are_each_stored_once_in_order(
    make: Make,
) -> None:
    gateway = Gateway("--max-channel-logs-per-second", "400", "--publish-burst", "1s")
    reader = Reader(gateway.url, CHANNEL)
    publisher = make(gateway.url, token=TOKEN, **LARGE)
    _publish(publisher, 0, 1_500)
    assert publisher.flush(60)
    reader.wait_for(1_500)
    assert [log["n"] for log in reader.logs] == list(range(1_500))
    assert publisher.stats()["stored"] == 1_500
    assert publisher.stats()["failures"] > 0, "the limit was reached"
    reader.close()
    gateway.kill()


def test_numbered_lines_are_each_stored_once_while_answers_are_lost(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    network = LossyNetwork(gateway.url, after=8_000)
    publisher = make(network.url, token=TOKEN, **LARGE)
    for start in range(0, LINES, 100):
        _publish(publisher, start, min(start + 100, LINES))
        # Many small batches, so that many connections break.
        publisher.flush(0.02)
    assert publisher.flush(60)
    reader.wait_for(LINES)
    assert reader.numbers() == dict.fromkeys(range(LINES), 1)
    assert network.broken >= 5
    assert publisher.stats()["duplicates"] > 0, "some answers were lost after the lines were stored"
    network.close()


def test_lines_that_do_not_fit_during_an_outage_are_counted_exactly(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    publisher = make(gateway.url, token=TOKEN, max_lines=500)
    _publish(publisher, 0, 100)
    assert publisher.flush(20)
    reader.wait_for(100)
    gateway.kill()
    _publish(publisher, 100, LINES)
    gateway.start()
    assert publisher.flush(60)
    reader.wait_for(LINES)
    assert set(reader.numbers().values()) == {1}
    assert len(reader.numbers()) + reader.dropped() == LINES
    assert reader.dropped() >= LINES - 100 - 500 - 1_000
    reasons = {log["reason"] for log in reader.logs if "dropped" in log}
    assert reasons <= {"gateway unreachable", "published faster than the gateway accepts"}


def test_nothing_is_lost_across_a_kill_and_a_restart(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    publisher = make(gateway.url, token=TOKEN, **LARGE)
    half = LINES // 2
    _publish(publisher, 0, half)
    assert publisher.flush(60)
    reader.wait_for(half)
    gateway.kill()
    _publish(publisher, half, LINES)
    assert not publisher.flush(0.3)
    gateway.start()
    assert publisher.flush(60)
    reader.wait_for(LINES)
    assert reader.numbers() == dict.fromkeys(range(LINES), 1)
    assert publisher.stats()["dropped"] == 0


def test_a_gateway_killed_under_load_receives_what_it_has_not_acknowledged_again(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    publisher = make(gateway.url, token=TOKEN, **LARGE)

    def write() -> None:
        for start in range(0, LINES, 100):
            _publish(publisher, start, min(start + 100, LINES))
            time.sleep(0.005)

    writing = threading.Thread(target=write)
    writing.start()
    reader.wait_for(LINES // 10)
    gateway.kill()
    wait_until(lambda: publisher.stats()["failures"])
    acknowledged = publisher.stats()["stored"]
    gateway.start()
    writing.join()
    assert publisher.flush(60)
    expected = set(range(acknowledged, LINES))
    wait_until(lambda: expected <= set(reader.numbers()), "the lines that were not acknowledged")
    # What a gateway acknowledged, but had not sent to the reader, is lost with its memory. What it
    # sent to the reader, but had not acknowledged, arrives again: it has forgotten the ids too.
    assert sum(count - 1 for count in reader.numbers().values()) <= BATCH_LINES
    assert [gap["reason"] for gap in reader.gaps] == ["restarted"]
    assert publisher.stats()["dropped"] == 0


def test_lines_pass_through_a_proxy_that_closes_each_connection(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    with Proxy(gateway.url, "pass") as proxy:
        publisher = make(proxy.url, token=TOKEN)
        for n in range(20):
            _publish(publisher, n, n + 1)
            assert publisher.flush(10)
        reader.wait_for(20)
        gateway.kill()
        # The proxy answers 502 for its dead gateway.
        _publish(publisher, 20, 40)
        assert not publisher.flush(0.3)
        assert "502" in str(publisher.stats()["last_error"])
        gateway.start()
        assert publisher.flush(30)
    reader.wait_for(40)
    assert reader.numbers() == dict.fromkeys(range(40), 1)


def test_one_invalid_line_does_not_affect_its_batch(
    make: Make, gateway: Gateway, reader: Reader
) -> None:
    publisher = make(gateway.url, token=TOKEN)
    for n in range(1_000):
        # A workspace must not contain ':'; and a log of hostile values is stored all the same.
        publisher.publish("a:b" if n in (3, 500, 999) else "w", "f", {"n": n, "nan": float("nan")})
    assert publisher.flush(30)
    reader.wait_for(997)
    assert publisher.stats()["dropped"] == 3
    assert publisher.stats()["refused"] > 3, "the markers for their channel are refused too"


def test_lines_of_the_largest_size_are_stored(make: Make, gateway: Gateway, reader: Reader) -> None:
    publisher = make(gateway.url, token=TOKEN, max_bytes=64 << 20)
    for n in range(12):
        publisher.publish("w", "f", {"n": n, "payload": os.urandom(490_000).hex()})
    publisher.publish("w", "f", {"n": 12, "payload": "x" * 5_000_000})
    assert publisher.flush(60)
    reader.wait_for(13)
    assert publisher.stats()["refused"] == 0


def test_a_wrong_token_stops_the_publisher(
    make: Make, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = make(gateway.url, token="a-wrong-token")
    _publish(publisher, 0, 10)
    assert not publisher.flush(10)
    err = capsys.readouterr().err
    assert "refuses the token" in err
    assert "a-wrong-token" not in err
