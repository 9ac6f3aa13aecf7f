"""What happens, told to whoever watches: every state, and every REST and MQTT message.

The page is what watches; see page/. Everything here runs in the platform's event loop.
"""

import codecs
import collections
import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from .payloads import shown
from .store import State, Token
from .times import now_ms

# That are remembered; between two looks of a watcher, what is more is counted, not kept.
MOST_MESSAGES = 200
MOST_STATES = 20_000
PAYLOAD_SHOWN = 300
PAYLOAD_KEPT = 4 * PAYLOAD_SHOWN  # bytes: of a character as many at most


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

    def __post_init__(self):
        object.__setattr__(self, "payload", bytes(self.payload[:PAYLOAD_KEPT]))

    def as_json(self) -> dict:
        """Return it for a page; what is no text is shown as hexadecimal digits."""
        try:
            # One that minds no character which is cut in two at the end.
            text = codecs.getincrementaldecoder("utf-8")().decode(self.payload)
            text = shown(text, PAYLOAD_SHOWN)
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
    """What has happened since its owner looked last.

    Args:
        may_see: returns whether the owner may see what is about a device, or None, and was done
            with a token, or None.
        recent: the last messages.
    """

    def __init__(self, may_see: Callable[[str | None, Token | None], bool], recent):
        wanted = (one for one in recent if may_see(one.device_id, one.token))
        self.may_see = may_see
        self.messages = collections.deque(wanted, MOST_MESSAGES)
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
        self._recent: collections.deque[Message] = collections.deque(maxlen=MOST_MESSAGES)
        self._watchers: set[Watcher] = set()

    @contextlib.contextmanager
    def watch(self, may_see: Callable[[str | None, Token | None], bool]) -> Iterator[Watcher]:
        """Yield a watcher, which begins with the last messages; `may_see`: see Watcher."""
        watcher = Watcher(may_see, self._recent)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def message(self, message: Message) -> None:
        """Take note of a message."""
        self._recent.append(message)
        for watcher in self._watchers:
            if watcher.may_see(message.device_id, message.token):
                watcher.left_out += len(watcher.messages) == MOST_MESSAGES
                watcher.messages.append(message)

    def kept(self, kept: Kept) -> None:
        """Take note of a state."""
        for watcher in self._watchers:
            if not watcher.may_see(kept.device_id, None):
                continue
            if len(watcher.states) < MOST_STATES:
                watcher.states.append(kept)
            else:
                watcher.has_lost_states = True
