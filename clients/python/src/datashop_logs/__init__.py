"""Publishes logs to a Datashop Live Logs gateway, without blocking or failing the job that logs."""

from ._core import Stats
from ._version import __version__
from .handler import LogHandler
from .publisher import LogPublisher

__all__ = ["LogHandler", "LogPublisher", "Stats", "__version__"]
