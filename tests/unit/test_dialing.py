"""What is asked of the sockets of ports that are not here."""

import unittest

from allthingstalk import dialing


class Raw:
    """A socket that notes the options set, and refuses them if `refuses`."""

    def __init__(self, refuses=False):
        self.options = []
        self.closed = False
        self._refuses = refuses

    def setsockopt(self, *option):
        self.options.append(option)
        if self._refuses:
            raise OSError(92)  # ENOPROTOOPT

    def settimeout(self, _):
        pass

    connect = settimeout

    def close(self):
        self.closed = True


class Sockets:
    """A port's module `socket` with one address for all names."""

    SOCK_STREAM = 1

    def __init__(self, raw):
        self._raw = raw

    def getaddrinfo(self, *_):
        return ((2, 1, 0, "", None),)

    def socket(self, *_):
        return self._raw


class Port:
    """A port's module `sys`."""

    def __init__(self, platform):
        self.platform = platform


class TestTcpNoDelay(unittest.TestCase):
    def setUp(self):
        self._own = dialing.socket, dialing.sys

    def tearDown(self):
        dialing.socket, dialing.sys = self._own

    def dialled(self, platform, number=None, refuses=False):
        raw = Raw(refuses)
        dialing.socket, dialing.sys = Sockets(raw), Port(platform)
        if number:
            dialing.socket.TCP_NODELAY = number
        dialing.dial("mqtt://host:1883", 5)
        self.assertFalse(raw.closed)
        return raw.options

    def test_an_esp32_has_it(self):
        self.assertEqual(self.dialled("esp32", 1), [(6, 1, 1)])

    def test_a_pico_w_which_would_wait_for_room_for_segments_is_not_asked(self):
        self.assertEqual(self.dialled("rp2", 64), [])

    def test_firmware_that_has_none_is_not_asked_which_would_print_a_warning(self):
        self.assertEqual(self.dialled("rp2"), [])
        self.assertEqual(self.dialled("esp32"), [])

    def test_the_unix_port_has_it_and_does_not_name_it(self):
        self.assertEqual(self.dialled("linux"), [(6, 1, 1)])

    def test_a_port_that_refuses_it_is_connected_all_the_same(self):
        self.assertEqual(self.dialled("linux", refuses=True), [(6, 1, 1)])


if __name__ == "__main__":
    unittest.main()
