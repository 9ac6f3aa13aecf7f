"""Counts tries to connect, and knows how many the API's pauses allow in any hour."""

from array import array

from ledger import Broken

_MINUTES = 61  # whatever hour it is, these whole minutes hold it
_LEAST_PAUSE_MS = 30000  # 60 s less half of it
_FIRST_MS = 500


def tries_of_one_loss():
    """Return how many tries a loss may cause before the shortest possible pause is 30 s.

    The API: at once, then 0.5, 1, 2 … 60 s with up to half of it as jitter, and back at the
    latest half the outage and 0.5 s after the broker. So the shortest pause is half of the lesser
    of 0.5, 1, 2 … s and of half the time since the loss plus 0.5 s.
    """
    elapsed_ms = pause_ms = 0
    base_ms, tries = _FIRST_MS, 1
    while pause_ms < _LEAST_PAUSE_MS:
        pause_ms = min(base_ms, elapsed_ms // 2 + _FIRST_MS) // 2
        base_ms = min(base_ms * 2, 2 * _LEAST_PAUSE_MS)
        elapsed_ms += pause_ms
        tries += 1
    return tries


class Tries:
    """`now_ms` is that of power-on."""

    def __init__(self, now_ms):
        self._mqtt = array("H", bytes(2 * _MINUTES))
        self._rest = array("H", bytes(2 * _MINUTES))
        self._sessions = array("H", bytes(2 * _MINUTES))
        self._minute = now_ms // 60000
        self._per_loss = tries_of_one_loss()
        self.mqtt = self.rest = 0
        self.most = self.most_sessions = 0  # in an hour, and the sessions begun in that hour

    def _to(self, now_ms):
        minute = now_ms // 60000
        while self._minute < minute:
            self._minute += 1
            i = self._minute % _MINUTES
            self._mqtt[i] = self._rest[i] = self._sessions[i] = 0
        return minute % _MINUTES

    def session(self, now_ms):
        """Note that a session began: its loss starts the pauses over."""
        self._sessions[self._to(now_ms)] += 1

    def add(self, now_ms, rest):
        """Note a try, over REST or MQTT. Raises Broken if the last hour had too many."""
        i = self._to(now_ms)
        if rest:
            self.rest += 1
            self._rest[i] += 1
        else:
            self.mqtt += 1
            self._mqtt[i] += 1
        count = sum(self._rest if rest else self._mqtt)
        sessions = sum(self._sessions)
        if count > self.most:
            self.most, self.most_sessions = count, sessions
        if count > self.bound(sessions):
            raise Broken("%d tries in an hour with %d sessions" % (count, sessions))

    def bound(self, sessions):
        """Return the most tries in an hour in which so many sessions began."""
        return _MINUTES * 60000 // _LEAST_PAUSE_MS + self._per_loss * (sessions + 1)
