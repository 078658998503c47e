"""A page of a server in front of the gateway, such as a firewall, is not the gateway's answer."""

from __future__ import annotations

import pytest
from conftest import Make
from support import Imitation, wait_until


@pytest.mark.parametrize("status", [400, 401, 403, 415, 422])
@pytest.mark.parametrize("kind", ["batches", "node", "fastapi"])
def test_a_page_in_front_of_the_gateway_loses_no_line(
    make: Make, capsys: pytest.CaptureFixture[str], status: int, kind: str
) -> None:
    gateway = Imitation(kind)
    gateway.front = lambda _: status
    publisher = make(gateway.url)
    for n in range(50):
        publisher.publish("w", "f", {"n": n})
    wait_until(lambda: publisher.stats()["failures"] >= 2, "two failures")
    gateway.front = lambda _: None
    assert publisher.flush(20)
    assert gateway.numbers() == dict.fromkeys(range(50), 1)
    assert publisher.stats()["dropped"] == 0
    assert f"status {status} with text/html is not a gateway's answer" in capsys.readouterr().err
    gateway.close()


@pytest.mark.parametrize(
    ("status", "kind"), [(403, "batches"), (403, "node"), (400, "node"), (403, "fastapi")]
)
def test_a_line_that_a_firewall_blocks_is_dropped_alone(
    make: Make, capsys: pytest.CaptureFixture[str], status: int, kind: str
) -> None:
    gateway = Imitation(kind)
    gateway.front = lambda body: status if b"DROP TABLE" in body else None
    publisher = make(gateway.url, compress=False)
    for n in range(50):
        publisher.publish("w", "f", {"n": n, "sql": "DROP TABLE" if n in (7, 30) else ""})
    assert publisher.flush(20)
    assert gateway.numbers() == dict.fromkeys(set(range(50)) - {7, 30}, 1)
    assert publisher.stats()["refused"] == 2
    assert sum(marker["dropped"] for marker in gateway.markers()) == 2
    assert f"a server in front of the gateway answered {status}" in capsys.readouterr().err
    gateway.close()


def test_a_blocked_line_that_is_alone_does_not_hold_up_later_lines(
    make: Make, imitation: Imitation
) -> None:
    imitation.front = lambda body: 403 if b"DROP TABLE" in body else None
    publisher = make(imitation.url)
    publisher.publish("w", "f", {"n": 0, "sql": "DROP TABLE"})
    assert publisher.flush(20)
    publisher.publish("w", "f", {"n": 1})
    assert publisher.flush(20)
    assert imitation.numbers() == {1: 1}
