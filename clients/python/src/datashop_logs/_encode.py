"""Turns any value into one line of JSON. Never fails, whatever is logged.

The encoded line is the snapshot of what the caller logged: later changes do not reach it. Values
that JSON lacks are written as the gateway and the viewer show them best: times in ISO 8601, exact
decimals and NaN as strings, bytes as text.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
from collections.abc import Mapping
from typing import Any, Dict, List, Optional, Set

#: The longest line in bytes. The gateway accepts 1 MiB including the ids.
LONGEST_LINE = 1_000_000
#: What remains of each text of a line that is too long, in characters.
_CUT_TEXT = 4_096
#: The gateway accepts 128 levels.
_DEEPEST = 100
#: The limit for values that need the careful encoder, so that none holds up the caller.
_MOST_VALUES = 100_000
#: numpy abbreviates arrays above this size itself.
_LARGEST_ARRAY = 1_000


def encode(value: object) -> bytes:
    """Returns `value` as one line of JSON in UTF-8, of at most `LONGEST_LINE` bytes."""
    try:
        line = _to_bytes(_fast(value))
        return line if len(line) <= LONGEST_LINE else _shortened(value, len(line))
    except Exception:
        # NaN, a cycle, a key that is not a string, an object that raises, a dict that another
        # thread changed: the careful encoder handles each of them.
        return _encode_carefully(value)


def _encode_carefully(value: object) -> bytes:
    try:
        line = _to_bytes(_fast(_Plain().of(value, 0)))
        return line if len(line) <= LONGEST_LINE else _shortened(value, len(line))
    except Exception as error:
        kind = f"{type(value).__name__} ({type(error).__name__})"
        return _to_bytes(_fast({"message": f"a log of type {kind} could not be encoded"}))


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Half of a surrogate pair. Two halves that belong together become one character.
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return whole.encode("utf-8")


def _shortened(value: object, length: int) -> bytes:
    """Returns a line that is too long with its texts cut, and only as many fields as fit."""
    plain = _Plain(longest_text=_CUT_TEXT).of(value, 0)
    fields: Dict[str, Any] = plain if isinstance(plain, dict) else {"message": plain}
    short: Dict[str, Any] = {"truncatedFromBytes": length}
    room = LONGEST_LINE // 2
    # Small fields first, so that one large field does not push out level and message.
    encoded = sorted(((len(_fast(part)), name, part) for name, part in fields.items()), key=_size)
    for size, name, part in encoded:
        room -= size + len(name)
        if room < 0:
            short["truncatedFields"] = len(fields) - len(short) + 1
            break
        short[name] = part
    return _to_bytes(_fast(short))


def _size(field: Any) -> int:
    size: int = field[0]
    return size


def _default(value: Any) -> Any:
    """Replaces a value that JSON lacks by one that it has."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value[: LONGEST_LINE + 1]).decode("utf-8", "backslashreplace")
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {text_of(value)}"
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    # numpy, found by its attributes: it is not a dependency.
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        size = getattr(value, "size", 1)
        if isinstance(size, int) and size <= _LARGEST_ARRAY:
            listed = value.tolist()
            return listed if type(listed) is not type(value) else text_of(value)
    return text_of(value)


def text_of(value: object) -> str:
    """Returns `str(value)`, or a stand-in if that fails."""
    try:
        return str(value)
    except Exception:
        return f"<unprintable {type(value).__name__}>"


_fast = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default
).encode


class _Plain:
    """Copies any value into dicts, lists, strings and finite numbers, within bounds."""

    def __init__(self, longest_text: Optional[int] = None) -> None:
        self._longest_text = longest_text
        self._open: Set[int] = set()
        self._left = _MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, int):
            return _integer(int.__int__(value))
        if isinstance(value, float):
            number = float.__float__(value)
            return number if math.isfinite(number) else _spelled(number)
        if self._left < 0 or depth >= _DEEPEST:
            return "…"
        if id(value) in self._open:
            return f"<cycle: {type(value).__name__}>"
        self._open.add(id(value))
        try:
            return self._container(value, depth + 1)
        except Exception:
            return f"<unprintable {type(value).__name__}>"
        finally:
            self._open.discard(id(value))

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self._fields(value, depth)
        if isinstance(value, (list, tuple)):
            return self._elements(list(value), depth)
        return self.of(_default(value), depth)

    def _fields(self, value: Dict[Any, Any], depth: int) -> Dict[str, Any]:
        fields: Dict[str, Any] = {}
        # A copy, because another thread may change the dict.
        for name, part in list(value.items()):
            if self._left < 0:
                fields["…"] = "…"
                break
            fields[self._name(name)] = self.of(part, depth)
        return fields

    def _elements(self, value: List[Any], depth: int) -> List[Any]:
        elements: List[Any] = []
        for part in value:
            elements.append(self.of(part, depth))
            if self._left < 0:
                break
        return elements

    def _name(self, name: Any) -> str:
        return self._text(str.__str__(name) if isinstance(name, str) else text_of(name))

    def _text(self, text: str) -> str:
        if self._longest_text is None or len(text) <= self._longest_text:
            return text
        more = len(text) - self._longest_text
        return f"{text[: self._longest_text]}… ({more} more characters)"


def _integer(value: int) -> Any:
    # Python refuses to convert longer ones to decimal.
    bits = value.bit_length()
    return value if bits < 10_000 else f"<integer of {bits} bits>"


def _spelled(value: float) -> str:
    """Returns the spelling with which the gateway delivers numbers that JSON lacks."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
