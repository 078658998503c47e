"""Batches, and what older gateways receive: each line's fate is its own."""

from __future__ import annotations

import json
import ssl
import threading
from pathlib import Path
from typing import Any, List

import pytest
import trustme
from conftest import Make
from support import TOKEN, Imitation, wait_until

from datashop_logs import LogPublisher


def _publish(publisher: LogPublisher, count: int) -> None:
    for n in range(count):
        publisher.publish("w", "f", {"n": n})


def test_lines_travel_in_compressed_batches_over_one_connection(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    _publish(publisher, 3_000)
    assert publisher.flush(20)
    assert imitation.numbers() == dict.fromkeys(range(3_000), 1)
    assert len(imitation.requests) <= 10
    largest = max(imitation.requests, key=lambda request: request.lines)
    assert largest.lines <= 1_000
    assert largest.headers["Content-Encoding"] == "gzip"
    assert largest.headers["Content-Type"] == "application/x-ndjson"
    assert imitation._server.connections == 1


def test_each_line_has_an_id_and_a_retry_stores_nothing_twice(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    imitation.lose_next_answer()
    _publish(publisher, 100)
    assert publisher.flush(20)
    assert imitation.numbers() == dict.fromkeys(range(100), 1)
    ids = [stored.line_id or "" for stored in imitation.stored]
    process = ids[0].split("-")[0]
    assert len(process) == 12
    assert ids == [f"{process}-{number}" for number in range(1, 101)]
    assert publisher.stats()["duplicates"] == publisher.stats()["stored"] - _first_batch(imitation)


def _first_batch(imitation: Imitation) -> int:
    """Returns how many lines were stored beyond the request whose answer was lost."""
    return 100 - imitation.requests[0].lines


def test_a_batch_that_is_too_large_is_halved(make: Make, imitation: Imitation) -> None:
    imitation.largest_batch = 30
    publisher = make(imitation.url)
    _publish(publisher, 500)
    assert publisher.flush(20)
    assert list(imitation.numbers()) == list(range(500)), "in order"
    assert imitation.numbers() == dict.fromkeys(range(500), 1)


def test_a_batch_whose_answer_is_too_long_is_halved(make: Make, imitation: Imitation) -> None:
    imitation.verbosity = "x" * 4_000
    publisher = make(imitation.url)
    imitation.answer_next(503)
    for n in range(1_000):
        publisher.publish("a:b" if n % 2 else "w", "f", {"n": n})
    assert publisher.flush(20)
    assert imitation.numbers() == dict.fromkeys(range(0, 1_000, 2), 1)
    assert publisher.stats()["dropped"] == 500
    assert publisher.stats()["failures"] == 1


def test_a_line_that_is_too_large_is_dropped_alone(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(413)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    publisher.publish("w", "f", {"n": 2})
    assert publisher.flush(10)
    assert imitation.numbers() == {2: 1}
    assert [marker["dropped"] for marker in imitation.markers()] == [1]


def test_only_the_lines_that_the_gateway_refuses_are_dropped(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = make(imitation.url)
    for n in range(100):
        publisher.publish("a:b" if n % 10 == 5 else "w", "f", {"n": n})
    assert publisher.flush(20)
    assert set(imitation.numbers()) == {n for n in range(100) if n % 10 != 5}
    assert publisher.stats()["refused"] == 10 + 1, "the marker for that channel is refused too"
    assert publisher.stats()["dropped"] == 10
    err = capsys.readouterr().err
    assert err.count("was refused: workspace_id contains ':'") == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_stops_the_publisher_and_is_reported_once(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    publisher = make(imitation.url)
    imitation.answer_next(status, error=f"token {TOKEN} is unknown")
    publisher.publish("w", "f", {"n": 1})
    assert not publisher.flush(10)
    for n in range(100):
        publisher.publish("w", "f", {"n": n})
    assert not publisher.close(10)
    assert len(imitation.requests) == 1
    assert publisher.stats()["dropped"] == 101
    err = capsys.readouterr().err
    assert err.count("refuses the token") == 1
    assert TOKEN not in err
    assert TOKEN not in str(publisher.stats())


def test_redirects_are_not_followed(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    gateway, elsewhere = Imitation(), Imitation()
    for status in (301, 302, 307, 308):
        gateway.answer_next(status, {"Location": elsewhere.url + "/logs/publish"})
    publisher = make(gateway.url)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(20)
    assert gateway.numbers() == {1: 1}
    assert elsewhere.requests == []
    assert "redirects (301), which is not followed" in capsys.readouterr().err


def test_the_proxy_of_the_environment_is_not_used(
    make: Make, imitation: Imitation, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    publisher = make(imitation.url)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)


def test_a_redaction_hook_changes_what_is_sent(make: Make, imitation: Imitation) -> None:
    def redact(log: Any) -> Any:
        log["ssn"] = "***"
        return log

    publisher = make(imitation.url, redact=redact)
    log = {"n": 1, "ssn": "078-05-1120"}
    publisher.publish("w", "f", log)
    assert publisher.flush(10)
    assert imitation.logs() == [{"n": 1, "ssn": "***"}]
    assert log["ssn"] == "078-05-1120", "the job's own data is unchanged"


def test_a_line_whose_redaction_fails_is_not_sent(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str]
) -> None:
    def redact(log: Any) -> Any:
        if log["n"] % 2:
            raise (SystemExit if log["n"] == 9 else ValueError)(f"cannot redact {log['ssn']}")
        return log

    publisher = make(imitation.url, redact=redact)
    for n in range(10):
        publisher.publish("w", "f", {"n": n, "ssn": "078-05-1120"})
    assert publisher.flush(10)
    assert set(imitation.numbers()) == {0, 2, 4, 6, 8}
    assert sum(marker["dropped"] for marker in imitation.markers()) == 5
    err = capsys.readouterr().err
    assert err.count("redact() raised ValueError") == 1
    assert "078-05-1120" not in err


@pytest.mark.parametrize(
    ("kind", "route"),
    [("node", "/api/logs/publish"), ("fastapi", "/logs/stream"), ("confused", "/api/logs/publish")],
)
def test_an_older_gateway_receives_one_request_per_line(
    make: Make, capsys: pytest.CaptureFixture[str], kind: str, route: str
) -> None:
    gateway = Imitation(kind)
    publisher = make(gateway.url)
    for n in range(50):
        publisher.publish("a:b" if n == 20 else "w", "f", {"n": n, "text": "long " * 500})
    publisher.publish("w", None, {"n": 50}, function_id="g")
    assert publisher.flush(20)
    assert set(gateway.numbers()) == set(range(51)) - {20}
    assert {stored.route for stored in gateway.stored} == {route}
    assert "logs:function:w:g" in {stored.channel for stored in gateway.stored}
    assert "a line for logs:etl:a:b:f was refused" in capsys.readouterr().err
    # Batches are not tried again for each line.
    assert sum(request.route == "/logs/publish" for request in gateway.requests) == 1
    gateway.close()


def test_a_gateway_without_any_route_is_reported(
    make: Make, imitation: Imitation, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = make(imitation.url + "/wrong")
    publisher.publish("w", "f", {"n": 1})
    wait_until(lambda: publisher.stats()["failures"])
    assert "has no route to publish to: check the address" in capsys.readouterr().err
    assert "/wrong" in str(publisher.stats()["last_error"])


def test_a_connection_that_was_closed_while_idle_is_replaced_at_once(
    make: Make, imitation: Imitation
) -> None:
    publisher = make(imitation.url)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(10)
    imitation.lose_next_answer()
    publisher.publish("w", "f", {"n": 2})
    assert publisher.flush(10)
    assert imitation.numbers() == {1: 1, 2: 1}
    assert publisher.stats()["failures"] == 0


def test_a_gateway_behind_tls_is_verified(make: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    gateway = Imitation()
    gateway.encrypt(context)
    url = gateway.url.replace("http:", "https:")
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))

    stranger = make(url)
    stranger.publish("w", "f", {"n": 1})
    wait_until(lambda: stranger.stats()["failures"])
    assert "CERTIFICATE_VERIFY_FAILED" in str(stranger.stats()["last_error"])
    assert gateway.requests == []

    publisher = make(url, ca_file=str(ca_file))
    _publish(publisher, 2_000)
    assert publisher.flush(20)
    assert gateway.numbers() == dict.fromkeys(range(2_000), 1)
    gateway.close()


def test_closing_ends_an_exchange_over_tls_that_hangs(make: Make, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    gateway = Imitation()
    gateway.encrypt(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    publisher = make(gateway.url.replace("http:", "https:"), ca_file=str(ca_file))
    with gateway.hanging():
        publisher.publish("w", "f", {"n": 1})
        wait_until(lambda: gateway.requests)
        assert not publisher.close(0.3)
        wait_until(lambda: not publisher._core._run.is_running, "the end of the thread")
    assert publisher.stats()["dropped"] == 1
    gateway.close()


def test_lines_of_many_threads_are_each_stored_once(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)

    def work(start: int) -> None:
        for n in range(start, start + 1_000):
            publisher.publish("w", "f", {"n": n})

    threads: List[threading.Thread] = [
        threading.Thread(target=work, args=(start,)) for start in range(0, 8_000, 1_000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert publisher.flush(30)
    assert imitation.numbers() == dict.fromkeys(range(8_000), 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "logs.example.org",
        "ftp://logs.example.org",
        "http://",
        "http://user:secret@logs.example.org",
        "http://logs.example.org:port",
        "http://logs.example.org/?a=b",
        "http://logs.example.org/a b",
        "http://ex\u00e4mple.org",
        None,
    ],
)
def test_an_invalid_address_is_refused_without_a_password(url: Any) -> None:
    with pytest.raises(ValueError, match=r"^url: expected") as refused:
        LogPublisher(url, TOKEN)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("token", ["", "two words", "line\n", "t\u00f6ken", "x" * 300, None, 5])
def test_an_invalid_token_is_refused_without_repeating_it(token: Any) -> None:
    with pytest.raises(ValueError, match=r"^token: expected") as refused:
        LogPublisher("http://127.0.0.1", token)
    assert not token or str(token) not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_lines", 0), ("max_bytes", "1"), ("linger", float("nan")), ("answer_timeout", 0)],
)
def test_an_invalid_option_is_named(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        LogPublisher("http://127.0.0.1", TOKEN, **{name: value})


def test_a_body_is_one_line_of_json_for_any_ids(make: Make, imitation: Imitation) -> None:
    publisher = make(imitation.url)
    publisher.publish('w"\n\\', "f\u2028", {"text": "a\nb\u2028"})
    assert publisher.flush(10)
    assert json.dumps(imitation.logs()) == '[{"text": "a\\nb\\u2028"}]'
