"""A web application whose publisher exists before gunicorn forks its workers."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List

from datashop_logs import LogPublisher

publisher = LogPublisher(os.environ["URL"], os.environ["TOKEN"])
publisher.publish("w", "f", {"n": 0})


def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
    query = environ.get("QUERY_STRING", "")
    if query.startswith("n="):
        publisher.publish("w", "f", {"n": int(query[2:])})
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
