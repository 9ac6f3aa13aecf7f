"""What happens, told to whoever watches: every state, and every REST and MQTT message.

The page is what watches; see page/. Everything here runs in the platform's event loop.
"""

import collections
import contextlib
import dataclasses
from collections.abc import Iterator

from .payloads import shown
from .store import State, Token
from .times import now_ms

RECENT = 300
# Between two looks of a watcher; what is more is counted, not kept.
MOST_MESSAGES = 200
MOST_STATES = 20_000
PAYLOAD_SHOWN = 300


@dataclasses.dataclass(frozen=True)
class Message:
    """A REST request or an MQTT packet, and whom it concerns.

    ``via`` is ``REST`` or ``MQTT``; ``way`` is ``in``, or ``out`` for what goes to clients.
    """

    via: str
    way: str
    what: str
    device_id: str | None
    token: Token | None
    payload: bytes = b""
    result: str = ""
    at_ms: int = dataclasses.field(default_factory=now_ms)

    def as_json(self) -> dict:
        """Return it for a page; what is no text is shown as hexadecimal digits."""
        try:
            text = shown(self.payload.decode("utf-8"), PAYLOAD_SHOWN)
        except UnicodeDecodeError:
            text = shown(self.payload.hex(" "), PAYLOAD_SHOWN)
        return {
            "at": self.at_ms,
            "via": self.via,
            "way": self.way,
            "device": self.device_id,
            "what": shown(self.what, PAYLOAD_SHOWN),
            "payload": text,
            "result": self.result,
        }


@dataclasses.dataclass(frozen=True)
class Kept:
    """A state that was kept, and its number in the database: they go up, whatever their times."""

    device_id: str
    asset_name: str
    number: int
    state: State


class Watcher:
    """What has happened since its owner looked last."""

    def __init__(self, recent: collections.deque[Message]):
        self.messages = collections.deque(recent, MOST_MESSAGES)
        self.left_out = 0
        self.states: list[Kept] = []
        self.has_lost_states = False

    def take(self) -> tuple[list[Kept], list[Message], int]:
        """Return states, messages, and how many messages were left out; then start anew."""
        taken = self.states, list(self.messages), self.left_out
        self.states, self.left_out = [], 0
        self.messages.clear()
        return taken


class Watching:
    """Passes what happens to its watchers, and remembers the last messages for new ones."""

    def __init__(self):
        self._recent: collections.deque[Message] = collections.deque(maxlen=RECENT)
        self._watchers: set[Watcher] = set()

    @contextlib.contextmanager
    def watch(self) -> Iterator[Watcher]:
        """Yield a watcher, which begins with the last messages."""
        watcher = Watcher(self._recent)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def message(self, message: Message) -> None:
        """Take note of a message."""
        self._recent.append(message)
        for watcher in self._watchers:
            watcher.left_out += len(watcher.messages) == MOST_MESSAGES
            watcher.messages.append(message)

    def kept(self, kept: Kept) -> None:
        """Take note of a state."""
        for watcher in self._watchers:
            if len(watcher.states) < MOST_STATES:
                watcher.states.append(kept)
            else:
                watcher.has_lost_states = True
