"""A board's clock in virtual time, which may be wrong, and time servers that answer as told."""

import sys

from allthingstalk import timestamps
from allthingstalk.board import clock

NOW_MS = 1800000000500  # 2027-01-15T08:00:00.5Z


class RTC:
    """The clock of a board: shows `ms` plus virtual time, None while it is not set."""

    net = ms = at = None

    @classmethod
    def show(cls, ms):
        cls.ms, cls.at = ms, cls.net.now_ms

    @classmethod
    def now_ms(cls):
        return cls.ms if cls.ms is None else cls.ms + cls.net.now_ms - cls.at

    def datetime(self, date):
        text = "%04d-%02d-%02dT%02d:%02d:%02dZ" % (date[:3] + date[4:7])
        self.show(timestamps.parse(text) + date[7])


class Machine:
    RTC = RTC


class BoardClock:
    """What a test of a client in virtual time has besides: a clock, and time servers."""

    def start_clock(self):
        self._before = sys.modules.get("machine"), timestamps.now_ms, clock.asking
        sys.modules["machine"] = Machine
        RTC.net = self.net
        RTC.ms = None
        self.asked = []  # (server, virtual ms)
        self.answers = {}  # server -> milliseconds, "right", or an exception
        self.steps = 0  # of each question before its answer
        timestamps.now_ms = RTC.now_ms
        clock.asking = self.asking
        clock.checked, clock.moved_ms = False, 0

    def stop_clock(self):
        machine, timestamps.now_ms, clock.asking = self._before
        clock.checked, clock.moved_ms = False, 0
        del sys.modules["machine"]
        if machine:
            sys.modules["machine"] = machine

    def asking(self, server, timeout_s):
        self.asked.append((server, self.net.now_ms))
        for _ in range(self.steps):
            yield
        found = self.answers.get(server, OSError(110))
        if isinstance(found, Exception):
            raise found
        return self.true_ms() if found == "right" else found

    def true_ms(self):
        return NOW_MS + self.net.now_ms

    def wrong_by_ms(self):
        return RTC.now_ms() - self.true_ms()

    def assert_right(self):
        self.assertTrue(abs(self.wrong_by_ms()) <= 1000, self.wrong_by_ms())
