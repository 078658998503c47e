"""Fixtures: publishers, and gateways to publish to."""

from __future__ import annotations

import socket
from typing import Any, Callable, Iterator, List

import pytest
from gateway import Gateway
from support import TOKEN, Imitation

from datashop_logs import LogPublisher

Make = Callable[..., LogPublisher]


@pytest.fixture
def imitation() -> Iterator[Imitation]:
    gateway = Imitation()
    yield gateway
    gateway.close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The real gateway, with the demo tokens."""
    running = Gateway()
    yield running
    running.kill()


@pytest.fixture
def make() -> Iterator[Make]:
    """Creates publishers that are closed after the test."""
    made: List[LogPublisher] = []

    def create(url: str, **options: Any) -> LogPublisher:
        publisher = LogPublisher(url, options.pop("token", TOKEN), **options)
        made.append(publisher)
        return publisher

    yield create
    for publisher in made:
        publisher.close(0.2)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections, reserved so that no other program gets it."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The address of a socket that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
