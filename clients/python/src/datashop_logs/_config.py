"""The configuration of a publisher: validated once, then unchanged; all that a pickle contains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ._address import Address

Redact = Callable[[Any], Any]

#: The longest token that the gateway accepts, in bytes.
_LONGEST_TOKEN = 256


@dataclass(frozen=True)
class Config:
    """What a publisher was created with. Its text never contains the token."""

    address: Address
    token: str = field(repr=False)
    service: str = "etl"
    max_lines: int = 50_000
    max_bytes: int = 8 << 20
    linger: float = 0.05
    connect_timeout: float = 3.0
    answer_timeout: float = 10.0
    exit_timeout: float = 2.0
    sigterm: Optional[bool] = None
    compress: bool = True
    redact: Optional[Redact] = None
    ca_file: Optional[str] = None

    def __post_init__(self) -> None:
        _check_token(self.token)
        if not isinstance(self.service, str) or not self.service:
            raise ValueError(f"service: expected a name such as 'etl', got {self.service!r}")
        for name in ("max_lines", "max_bytes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: expected an integer of at least 1, got {value!r}")
        for name in ("linger", "connect_timeout", "answer_timeout", "exit_timeout"):
            value = getattr(self, name)
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            # A comparison that also refuses NaN.
            if not is_number or not 0 <= value <= 3600:
                raise ValueError(f"{name}: expected seconds from 0 to 3600, got {value!r}")
        for name in ("connect_timeout", "answer_timeout"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name}: expected more than 0 seconds")
        if self.redact is not None and not callable(self.redact):
            kind = type(self.redact).__name__
            raise ValueError(f"redact: expected a function of one log, got a {kind}")

    def hide_token(self, text: str) -> str:
        """Returns `text` without the token, which a server may repeat in an error."""
        return text.replace(self.token, "***")


def _check_token(token: object) -> None:
    """Refuses what cannot be a header, in words that do not repeat it."""
    if not isinstance(token, str):
        raise ValueError(f"token: expected a string, got a {type(token).__name__}")
    if not token:
        raise ValueError("token: expected the service's token, got an empty string")
    if len(token) > _LONGEST_TOKEN:
        raise ValueError(f"token: expected at most {_LONGEST_TOKEN} characters, got {len(token)}")
    if not all("!" <= character <= "~" for character in token):
        raise ValueError(
            "token: expected visible ASCII without spaces; is there a line break at its end?"
        )
