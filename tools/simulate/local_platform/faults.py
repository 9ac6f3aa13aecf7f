"""What the platform does wrong on purpose, switched on and off while it runs.

Tests use it as ``LocalPlatform.faults``; the command line as ``python -m
tools.simulate.local_platform fault NAME [VALUE]``, where a name may have dashes. The rest of the
platform asks ``take`` at the one place where each fault happens.
"""

import collections
import dataclasses
import threading

from .payloads import shown


@dataclasses.dataclass(frozen=True)
class Kind:
    """One fault: what happens; and for one with a value, its default and its limits."""

    text: str
    default: int | str = 1
    least: int | None = None
    most: int = 2**31

    @property
    def has_value(self) -> bool:
        """Whether the fault can be told a value."""
        return self.least is not None or isinstance(self.default, str)

    def check(self, value: int | str) -> int | str:
        """Return the value in its own type.

        Raises:
            ValueError: the fault has no value, or not this one.
        """
        if not self.has_value:
            raise ValueError("it has no value")
        if isinstance(self.default, str):
            if not isinstance(value, str) or not value.isprintable():
                raise ValueError("the value has to be one line of text")
            return value
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise ValueError(f"{shown(value)} is not a whole number") from None
        if not self.least <= number <= self.most:
            raise ValueError(f"the value goes from {self.least} to {self.most}")
        return number


KINDS = {
    "drop_pubacks": Kind("states are kept, and no PUBACK is sent"),
    "delay_pubacks": Kind("a PUBACK comes VALUE ms late", 1000, 1),
    "refuse_connect": Kind("CONNECT is refused with code VALUE", 3, 1, 255),
    "close_after_connack": Kind("the link is closed right after an accepting CONNACK"),
    "ignore_pings": Kind("no PINGRESP is sent"),
    "refuse_subscriptions": Kind("SUBSCRIBE is answered with 0x80, and nothing is subscribed"),
    "rest_status": Kind("a REST request is answered with status VALUE, unread", 500, 400, 599),
    "retry_after": Kind("the answers of rest_status have Retry-After: VALUE seconds", 1, 0),
    "cut_bodies": Kind("the link is closed after VALUE bytes of a REST answer's body", 10, 1),
    "broken_chunks": Kind("VALUE stands for a chunk's size, then the link is closed", "zz"),
    "slow_bodies": Kind("the bodies of REST answers come at VALUE bytes a second", 10, 1),
}


class Faults:
    """The faults of one platform; all are off at first, and survive its stop and start."""

    def __init__(self):
        self._lock = threading.Lock()
        self._active: dict[str, tuple[int | str, int | None]] = {}
        self._times: collections.Counter[str] = collections.Counter()

    def set(self, name: str, value: int | str | None = None, count: int | None = None) -> None:
        """Switch a fault on.

        Args:
            name: one of ``KINDS``.
            value: what the fault needs to know, see ``KINDS``; None for its default.
            count: how often it happens before it is off again; None for always.

        Raises:
            ValueError: there is no such fault, or the value or the count cannot be used.
        """
        name = _checked_name(name)
        kind = KINDS[name]
        try:
            checked = kind.default if value is None else kind.check(value)
        except ValueError as error:
            raise ValueError(f"fault {name} ({kind.text}): {error}") from None
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(f"fault {name}: the count has to be 1 or more, not {shown(count)}")
        with self._lock:
            self._active[name] = (checked, count)

    def off(self, name: str | None = None) -> None:
        """Switch one fault off, or all of them."""
        with self._lock:
            if name is None:
                self._active.clear()
            else:
                self._active.pop(_checked_name(name), None)

    def active(self) -> dict[str, dict]:
        """Return value (None if it has none) and count (None for always) of what is on, by name."""
        with self._lock:
            return {
                name: {"value": value if KINDS[name].has_value else None, "count": count}
                for name, (value, count) in self._active.items()
            }

    def times(self, name: str) -> int:
        """Return how often a fault has happened since the platform was made."""
        with self._lock:
            return self._times[_checked_name(name)]

    def take(self, name: str) -> int | str | None:
        """Return the value of a fault that has to happen now, None if it is off."""
        with self._lock:
            if name not in self._active:
                return None
            value, count = self._active[name]
            self._times[name] += 1
            if count == 1:
                del self._active[name]
            elif count is not None:
                self._active[name] = (value, count - 1)
            return value


def _checked_name(name):
    checked = name.replace("-", "_") if isinstance(name, str) else name
    if checked not in KINDS:
        raise ValueError(f"there is no fault {shown(name)}; there are: {', '.join(KINDS)}")
    return checked
