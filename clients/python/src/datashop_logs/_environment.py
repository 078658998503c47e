"""Settings from environment variables, for jobs and shells that pass no arguments."""

from __future__ import annotations

import os

from .publisher import LogPublisher

URL = "DATASHOP_LOGS_URL"
TOKEN = "DATASHOP_LOGS_TOKEN"
SERVICE = "DATASHOP_LOGS_SERVICE"
DEFAULT_SERVICE = "etl"


class MissingSetting(Exception):
    """A required variable is not set."""


def required(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise MissingSetting(f"the environment variable {name} is not set")
    return value


def publisher_from_environment() -> LogPublisher:
    """Creates a publisher.

    Raises `MissingSetting` without a URL or token, and `ValueError` for an invalid one.
    """
    service = os.environ.get(SERVICE, "").strip() or DEFAULT_SERVICE
    return LogPublisher(required(URL), required(TOKEN), service)
