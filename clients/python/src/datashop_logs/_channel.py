"""The channel of a line: the ids that a caller names, encoded once and then reused."""

from __future__ import annotations

import json
from typing import Dict, Optional, Tuple

from ._encode import text_of

#: How many channels are remembered. A job has a handful.
_MOST_CHANNELS = 4_096
#: The gateway accepts 128 bytes.
_LONGEST_ID = 128


class Channel:
    """The ids that determine the channel of a line, as the beginning of its JSON object."""

    __slots__ = ("head", "name")

    def __init__(self, service: str, ids: Tuple[str, Optional[str], Optional[str]]) -> None:
        workspace, workflow, function = ids
        fields = {"service": service, "workspace_id": workspace}
        if function is not None:
            fields["function_id"] = function
        elif workflow is not None:
            fields["workflow_id"] = workflow
        # ASCII, so that ids with unpaired surrogates can be encoded too; the gateway refuses them.
        self.head: bytes = json.dumps(fields, separators=(",", ":"))[:-1].encode("ascii")
        self.name = ":".join(["logs", *fields.values()])[:200]

    def __eq__(self, other: object) -> bool:
        # Objects are forgotten and made again if there are many channels.
        return isinstance(other, Channel) and self.head == other.head

    def __hash__(self) -> int:
        return hash(self.head)

    def body(self, data: bytes) -> bytes:
        """Returns the JSON object of a line."""
        return b'%s,"logData":%s}' % (self.head, data)

    def body_with_id(self, line_id: bytes, data: bytes) -> bytes:
        """Returns the JSON object of a line of a batch."""
        return b'%s,"id":"%s","logData":%s}' % (self.head, line_id, data)


class Channels:
    """The channels of one service."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._known: Dict[Tuple[str, Optional[str], Optional[str]], Channel] = {}

    def of(self, workspace_id: object, workflow_id: object, function_id: object) -> Channel:
        if type(workspace_id) is not str:
            workspace_id = text_of(workspace_id)
        ids = (workspace_id, _optional(workflow_id), _optional(function_id))
        channel = self._known.get(ids)
        if channel is None:
            if any(part is not None and len(part) > _LONGEST_ID for part in ids):
                # The gateway refuses it. Each line would carry it there.
                return Channel(self._service, (_cut(ids[0]) or "", _cut(ids[1]), _cut(ids[2])))
            channel = Channel(self._service, ids)
            if len(self._known) >= _MOST_CHANNELS:
                self._known.clear()
            # If two threads get here, both objects describe the same channel.
            channel = self._known.setdefault(ids, channel)
        return channel


def _cut(part: Optional[str]) -> Optional[str]:
    return part if part is None else part[: _LONGEST_ID + 1]


def _optional(part: object) -> Optional[str]:
    if part is None or type(part) is str:
        return part
    return text_of(part)
