"""Every pause between two tries, as functions of what went wrong before."""

import unittest

from allthingstalk.connect import recover

_HOUR_MS = 3600000


def middle(n):
    """Stand for getrandbits: no jitter."""
    return 1 << (n - 1)


class TestPauses(unittest.TestCase):
    def pause(self, losses, now_ms, passing=True, retry_after_s=None, getrandbits=middle):
        return recover.pause_ms(losses, getrandbits, now_ms, passing, retry_after_s)

    def test_jitter_stays_within_its_bounds(self):
        for bits in (0, 1023):
            losses = recover.fresh(0)
            elapsed = 0
            for _ in range(30):
                pause = self.pause(losses, elapsed, getrandbits=lambda n, bits=bits: bits)
                self.assertTrue(50 <= pause <= 90000, pause)
                self.assertTrue(pause <= elapsed // 2 + 500, (pause, elapsed))
                elapsed += pause

    def test_retry_after_is_honoured_up_to_15_minutes(self):
        losses = recover.fresh(0)
        for asked, waits in ((7, 7000), (3600, 900000)):
            pause = self.pause(losses, 0, retry_after_s=asked)
            # And no fleet comes back as one: the pause of its own is on top.
            self.assertTrue(waits < pause <= waits + 500, pause)

    def test_a_short_retry_after_does_not_replace_the_pauses_that_grow(self):
        losses = recover.fresh(0)
        elapsed_ms = tries = 0
        while elapsed_ms < _HOUR_MS:
            pause_ms = self.pause(losses, elapsed_ms, retry_after_s=1)
            self.assertTrue(pause_ms >= 1000, pause_ms)
            elapsed_ms += pause_ms
            tries += 1
        self.assertTrue(tries <= 146, tries)

    def test_refused_waits_from_a_minute_to_a_quarter_of_an_hour(self):
        losses = recover.fresh(0)
        pauses = [self.pause(losses, 0, passing=False) // 60000 for _ in range(40)]
        self.assertEqual(pauses[:6], [1, 2, 4, 8, 15, 15])
        self.assertEqual(pauses[-1], 15)


class TestSessions(unittest.TestCase):
    def test_five_short_ones_in_a_row_are_too_many(self):
        losses = recover.fresh(0)
        ends = [recover.session_lost(losses, 0, 4999, False) for _ in range(6)]
        self.assertEqual(ends, [0, 0, 0, 0, 5, 6])

    def test_an_acknowledgement_or_5_seconds_make_it_a_good_one(self):
        for lasted_ms, proven in ((10, True), (5000, False), (-1, False)):
            losses = recover.fresh(0)
            for _ in range(4):
                self.assertEqual(recover.session_lost(losses, 0, 100, False), 0)
            losses["tries"], losses["refusals"] = 7, 3
            self.assertEqual(recover.session_lost(losses, 9, lasted_ms, proven), 0)
            self.assertEqual((losses["tries"], losses["refusals"]), (0, 0))
            self.assertEqual(losses["lost_at_ms"], 9)
            for _ in range(4):
                self.assertEqual(recover.session_lost(losses, 0, 100, False), 0)

    def test_the_first_try_comes_at_once_but_for_a_second_brief_link_in_a_row(self):
        for lasted_ms, proven, wanted in (
            (6000, False, (True, True)),
            (-1, False, (True, True)),  # so long that ticks wrapped around
            (600, True, (True, True)),
            (100, True, (True, False)),  # acknowledged, but up for a moment only
            (100, False, (True, False)),  # short ones, of which five are a refusal
        ):
            losses = recover.fresh(0)
            found = []
            for _ in range(2):
                recover.session_lost(losses, 0, lasted_ms, proven)
                found.append(recover.at_once(losses))
            self.assertEqual(tuple(found), wanted, lasted_ms)


if __name__ == "__main__":
    unittest.main()
