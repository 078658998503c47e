"""Keeps a publisher from logging about itself, and a log from logging itself for ever."""

from __future__ import annotations

import threading

#: A finalizer may log while a line is encoded, and its log may run a finalizer. An object whose
#: text is a log of itself would never end.
_DEEPEST = 8


class _State(threading.local):
    is_sending = False
    depth = 0


_state = _State()


class Sending:
    """Marks the current thread as one that sends: what it logs is about sending, and ignored."""

    def __enter__(self) -> None:
        self._was_sending = _state.is_sending
        _state.is_sending = True

    def __exit__(self, *_: object) -> None:
        _state.is_sending = self._was_sending


def is_sending() -> bool:
    return _state.is_sending


def enter() -> bool:
    """Returns whether a line may be logged now; then `leave` must follow."""
    if _state.is_sending or _state.depth >= _DEEPEST:
        return False
    _state.depth += 1
    return True


def leave() -> None:
    _state.depth -= 1
