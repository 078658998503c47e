"""The address of a gateway, parsed once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

_EXAMPLE = "expected an address such as https://logs.example.org"


@dataclass(frozen=True)
class Address:
    """Where a gateway is: `http` or `https`, a host, a port, and a path in front of the routes."""

    scheme: str
    host: str
    port: int
    prefix: str

    @classmethod
    def parse(cls, url: object) -> Address:
        """Parses the URL of a gateway.

        Raises `ValueError` for anything else. The message does not repeat a URL that contains
        `@`, since it may contain a password.
        """
        if not isinstance(url, str):
            raise ValueError(f"url: {_EXAMPLE}, got a {type(url).__name__}")
        if "@" in url:
            raise ValueError(
                f"url: {_EXAMPLE}, without a user: the token is an argument of its own"
            )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"url: {_EXAMPLE}, got {url!r}: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url: {_EXAMPLE}, got {url!r}")
        if parts.query or parts.fragment:
            raise ValueError(f"url: {_EXAMPLE}, without a query or fragment, got {url!r}")
        if not all("!" <= character <= "~" for character in parts.netloc + parts.path):
            raise ValueError(f"url: {_EXAMPLE}, in ASCII and without spaces, got {url!r}")
        default = 443 if parts.scheme == "https" else 80
        return cls(parts.scheme, parts.hostname, port or default, parts.path.rstrip("/"))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"
