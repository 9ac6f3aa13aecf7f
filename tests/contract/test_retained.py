"""A retained command comes at each connect: it is obeyed once, also across a reset with files."""

import os
import time
import unittest

from allthingstalk import Outbox
from contract import ContractTest

AT = "2026-01-01T00:00:00Z"
PAYLOAD = b'{"at":"%s","value":true}'


class RetainedTest(ContractTest):
    def setUp(self):
        self.folder = "/tmp/allthingstalk-retained-%d" % time.time_ns()
        super().setUp()
        self.heard = []

    def tearDown(self):
        for name in ("digest", "outbox"):
            for end in ("", ".new", ".seen", ".seen.new"):
                try:
                    os.remove(self.folder + name + end)
                except OSError:
                    pass

    def boot(self, **options):
        """Begin anew, as after a reset; the broker sends what is retained."""
        self.client = self.make(**options)
        self.device = self.board()
        self.device.command.led(self.hear)
        self.client.poll()

    def hear(self, device, value, at):
        self.heard.append(at)

    def command(self, at=AT, **kwargs):
        self.arrive("led", PAYLOAD % at.encode(), **kwargs)
        self.client.poll()

    def kept_beside(self):
        return {"digest": self.folder + "digest"}

    def wrote(self, name):
        """Return whether the file with the times is newer than it was, and make it old."""
        try:
            os.rename(self.folder + name + ".seen", self.folder + name + ".seen.new")
            return True
        except OSError:
            return False


class TestInOneRun(RetainedTest):
    def test_not_again_at_each_connect(self):
        self.boot()
        for _ in range(3):
            self.command(retain=True, qos=1)
            self.drop()
            self.run_for(2)
        self.assertEqual(self.heard, [AT])
        self.assertEqual(self.client.errors, 3)  # the lost links

    def test_also_after_it_was_heard_live(self):
        self.boot()
        self.command()
        self.command(retain=True)
        self.assertEqual(self.heard, [AT])

    def test_one_that_a_newer_command_has_superseded_is_not_obeyed_again(self):
        for options in ({}, self.kept_beside()):
            del self.heard[:]
            self.boot(**options)
            self.command(AT, retain=True)
            self.command("2026-01-01T00:05:00.5Z")
            self.command(AT, retain=True)
            self.command("2026-01-01T00:05:00Z", retain=True)
            self.assertEqual(self.heard, [AT, "2026-01-01T00:05:00.5Z"])
            if options:
                self.client.close()
                self.boot(**options)
                self.command(AT, retain=True)
                self.assertEqual(len(self.heard), 2)

    def test_a_redelivered_one_may_be_older(self):
        self.boot()
        self.command("2026-01-01T00:05:00Z")
        self.command(AT, dup=True, qos=1)
        self.assertEqual(self.heard, ["2026-01-01T00:05:00Z", AT])

    def test_another_time_is_another_command(self):
        self.boot()
        self.command(retain=True)
        self.command("2026-01-01T00:00:01Z", retain=True)
        self.assertEqual(self.heard, [AT, "2026-01-01T00:00:01Z"])

    def test_without_files_a_reset_forgets(self):
        for _ in range(2):
            self.boot()
            self.command(retain=True)
            self.client.close()
        self.assertEqual(self.heard, [AT, AT])


class TestAcrossAReset(RetainedTest):
    def kept(self, name):
        if name == "digest":
            return {"digest": self.folder + name}
        return {"outbox": Outbox(self.folder + name)}

    def test_with_a_digest_or_an_outbox_on_flash(self):
        for name in ("digest", "outbox"):
            del self.heard[:]
            for _ in range(3):
                self.boot(**self.kept(name))
                self.command(retain=True)
            self.assertEqual((name, self.heard), (name, [AT]))
            self.command("2026-01-01T00:00:01Z", retain=True)
            self.boot(**self.kept(name))
            self.command("2026-01-01T00:00:01Z", retain=True)
            self.assertEqual((name, len(self.heard)), (name, 2))

    def test_a_handler_that_resets_the_board_does_so_once(self):
        class Reset(BaseException):
            pass

        def reset(device, value, at):
            self.heard.append(at)
            raise Reset

        for n in range(3):
            self.boot(**self.kept("digest"))
            self.device.command.led(reset)
            try:
                self.command(retain=n > 0)  # live the first time
            except Reset:
                pass
        self.assertEqual(self.heard, [AT])

    def test_devices_and_assets_are_apart(self):
        self.boot(**self.kept("digest"))
        self.command(retain=True)
        self.arrive("text", b'{"at":"%s","value":"a"}' % AT.encode(), retain=True)
        self.device.command.text(self.hear)
        self.client.poll()
        self.assertEqual(self.heard, [AT, AT])
        other = self.board("E")
        other.command.led(self.hear)
        self.client.poll()
        self.arrive("led", PAYLOAD % AT.encode(), device="E", retain=True)
        self.client.poll()
        self.assertEqual(self.heard, [AT, AT, AT])

    def test_the_flash_is_spared(self):
        self.boot(**self.kept("digest"))
        self.command("2026-01-01T00:00:00Z")
        self.assertTrue(self.wrote("digest"))
        for second in range(1, 20):
            self.command("2026-01-01T00:00:%02dZ" % second)
            self.run_for(1)
        self.assertFalse(self.wrote("digest"))
        self.run_for(60, 500)
        self.command("2026-01-01T00:01:30Z")
        self.assertTrue(self.wrote("digest"))
        self.command("2026-01-01T00:01:31Z")
        self.assertFalse(self.wrote("digest"))
        self.client.close()
        self.assertTrue(self.wrote("digest"))

    def test_commands_without_a_time_are_not_noted(self):
        self.boot(**self.kept("digest"))
        self.arrive("led", b'{"value":true}', retain=True)
        self.client.poll()
        self.assertEqual((self.heard, self.wrote("digest")), ([None], False))

    def test_a_flash_that_takes_nothing_is_reported_and_the_command_obeyed(self):
        self.boot(digest="/no such folder/digest")
        self.command(retain=True)
        self.assertEqual(self.heard, [AT])
        self.assertIn("/no such folder/digest.seen cannot be written", self.client.last_error)


if __name__ == "__main__":
    unittest.main()
