"""Retries back off with jitter, honour the gateway's wishes, and can be interrupted."""

from __future__ import annotations

import time

import pytest
from conftest import Make
from support import Imitation, wait_until

from datashop_logs._retry import LONGEST_PAUSE, Backoff, retry_after


def test_close_does_not_wait_for_the_end_of_a_pause(make: Make, closed_port: int) -> None:
    publisher = make(f"http://127.0.0.1:{closed_port}")
    publisher.publish("w", "f", {"n": 1})
    wait_until(lambda: publisher.stats()["failures"] >= 4, "four attempts")
    start = time.monotonic()
    assert not publisher.close(30)
    # Far below the backoff of seconds; far above the 100 ms of a machine that is not busy.
    assert time.monotonic() - start < 2.0


def test_close_does_not_wait_for_a_pause_that_the_gateway_asked_for(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(503, {"Retry-After": "600"})
    publisher.publish("w", "f", {"n": 1})
    wait_until(lambda: publisher.stats()["failures"])
    assert not publisher.flush(5), "the pause is longer than the flush may take"
    assert publisher.close(5), "the last attempt succeeds"
    assert imitation.numbers() == {1: 1}


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_lines_are_kept_until_the_gateway_accepts_them(
    make: Make, imitation: Imitation, status: int
) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(status, times=2)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1}
    assert publisher.stats()["failures"] == 2


def test_the_next_attempt_comes_after_the_time_of_retry_after(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(429, {"Retry-After": "1"})
    start = time.monotonic()
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(20)
    assert time.monotonic() - start >= 1.0


def test_lines_above_a_limit_are_sent_again_after_the_time_of_retry_after(
    make: Make, imitation: Imitation
) -> None:
    imitation.lines_now = 2
    publisher = make(imitation.url)
    start = time.monotonic()
    for number in range(1, 6):
        publisher.publish("w", "f", {"n": number})
    publisher.publish("w", "a:b", {"n": 6})
    wait_until(lambda: publisher.stats()["failures"])
    imitation.lines_now = -1
    assert publisher.flush(20)
    assert time.monotonic() - start >= 1.0
    assert [log["n"] for log in imitation.logs() if "n" in log] == [1, 2, 3, 4, 5]
    assert publisher.stats()["stored"] >= 5
    assert publisher.stats()["refused"] >= 1, "a line that is wrong does not wait"


def test_an_answer_that_is_not_from_a_gateway_is_not_a_success(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(200, {"X": "a login page"}, login="please")
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1}
    assert "is not a gateway's answer: check the address" in capsys.readouterr().err


def test_a_gateway_that_answers_one_byte_at_a_time_reaches_the_deadline(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url, answer_timeout=0.5)

    def trickle(handler: object) -> bool:
        for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 20:
            handler.wfile.write(bytes([byte]))  # type: ignore[attr-defined]
            handler.wfile.flush()  # type: ignore[attr-defined]
            time.sleep(0.1)
        return True

    imitation._steps.append(trickle)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1}


def test_delays_are_random_below_a_ceiling_that_doubles() -> None:
    ceilings = [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]
    backoffs = [Backoff() for _ in range(200)]
    for ceiling in ceilings:
        delays = [backoff.failed() for backoff in backoffs]
        assert max(delays) <= ceiling
        assert max(delays) > ceiling / 2
        assert min(delays) < ceiling / 4


def test_delays_start_over_after_a_success() -> None:
    backoff = Backoff()
    for _ in range(10):
        backoff.failed()
    backoff.succeeded()
    assert backoff.failed() <= 0.25


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("5", 5.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("99999999999999999999", LONGEST_PAUSE),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Thu, 01 Jan 1970 00:00:30 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 99 Foo 9999 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=10.0) == seconds
