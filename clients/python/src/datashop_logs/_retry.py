"""How long to wait before the next attempt. Knows neither clock nor network."""

from __future__ import annotations

import email.utils
import random
from typing import Optional

_FIRST_CEILING = 0.25
_HIGHEST_CEILING = 30.0
#: The longest pause that a server may ask for.
LONGEST_PAUSE = 600.0


class Backoff:
    """Delays with full jitter: each is random between zero and a ceiling that doubles."""

    def __init__(self) -> None:
        # Seeded by the system: children of a fork must not retry in step.
        self._random = random.Random()
        self._failures = 0

    def failed(self) -> float:
        """Records a failure and returns the seconds until the next attempt."""
        ceiling = min(_HIGHEST_CEILING, _FIRST_CEILING * 2.0**self._failures)
        # Bounded, so that the power stays a number.
        self._failures = min(self._failures + 1, 16)
        return self._random.uniform(0.0, ceiling)

    def succeeded(self) -> None:
        self._failures = 0


def retry_after(header: Optional[str], now: float) -> Optional[float]:
    """Returns the seconds that a `Retry-After` header asks for, at most `LONGEST_PAUSE`.

    `now` is the time since 1970, for the form with a date. A value of neither form is no wish.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        # The length limit keeps the conversion cheap.
        return min(float(text[:9]), LONGEST_PAUSE)
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return min(max(moment.timestamp() - now, 0.0), LONGEST_PAUSE)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
