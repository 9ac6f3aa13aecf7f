"""What is asked of the sockets of ports that are not here, and of the one that is."""

import unittest

from allthingstalk import net
from allthingstalk.connect import dial as port

ADDRESS = (2, 1, 0, "", None)


class Raw:
    """A socket that notes the options set, and refuses them if `refuses`."""

    def __init__(self, refuses=False):
        self.options = []
        self.closed = False
        self.blocks = True
        self.failure = OSError(115)  # EINPROGRESS
        self._refuses = refuses

    def setsockopt(self, *option):
        self.options.append(option)
        if self._refuses:
            raise OSError(92)  # ENOPROTOOPT

    def setblocking(self, on):
        self.blocks = on

    def connect(self, _):
        if self.blocks:
            raise AssertionError("it would wait")
        if self.failure:
            raise self.failure

    def close(self):
        self.closed = True


class Sockets:
    """A port's module `socket`."""

    SOCK_STREAM = 1

    def __init__(self, raw):
        self._raw = raw

    def socket(self, *_):
        return self._raw


class Port:
    """A port's module `sys`."""

    def __init__(self, platform):
        self.platform = platform


class PortTest(unittest.TestCase):
    def setUp(self):
        self._own = port.socket, port.sys

    def tearDown(self):
        port.socket, port.sys = self._own

    def dialled(self, platform, number=None, refuses=False):
        raw = Raw(refuses)
        port.socket, port.sys = Sockets(raw), Port(platform)
        if number:
            port.socket.TCP_NODELAY = number
        self.assertIs(port.open_socket(ADDRESS), raw)
        self.assertFalse(raw.closed)
        return raw.options


class TestTcpNoDelay(PortTest):
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


class TestOpening(PortTest):
    def opened(self, failure):
        self.raw = raw = Raw()
        raw.failure = failure
        port.socket, port.sys = Sockets(raw), Port("linux")
        return port.open_socket(ADDRESS)

    def test_it_does_not_wait_for_the_connection(self):
        for number in (115, 119, 36):  # EINPROGRESS of Linux and lwIP, of the ESP32, of macOS
            self.assertIs(self.opened(OSError(number)), self.raw)
            self.assertFalse(self.raw.closed)

    def test_one_that_is_there_at_once_is_fine(self):
        self.assertIs(self.opened(None), self.raw)

    def test_one_that_fails_at_once_is_closed(self):
        self.assertRaises(OSError, self.opened, OSError(113))
        self.assertTrue(self.raw.closed)


class TestReal(unittest.TestCase):
    """Over the sockets of this interpreter."""

    def listening(self):
        for _ in range(50):  # MicroPython tells no port of its own: any that is free
            number = 20000 + net.getrandbits(14)
            address = port.getaddrinfo("127.0.0.1", number)[0]
            listener = net.socket.socket(address[0], net.socket.SOCK_STREAM)
            try:
                listener.bind(address[-1])
                listener.listen(1)
                return listener, address
            except OSError:
                listener.close()
        raise unittest.SkipTest("no free port")

    def wait(self, raw):
        end = net.ticks_add(net.ticks_ms(), 5000)
        while not port.is_open(raw):
            self.assertTrue(net.ticks_diff(end, net.ticks_ms()) > 0)
            net.sleep_ms(5)

    def test_a_connection_is_open_when_it_is(self):
        listener, address = self.listening()
        raw = port.open_socket(address)
        try:
            self.wait(raw)
        finally:
            raw.close()
            listener.close()

    def test_where_nobody_listens_it_raises(self):
        listener, address = self.listening()
        listener.close()

        def connect():
            raw = port.open_socket(address)
            try:
                self.wait(raw)
            finally:
                raw.close()

        self.assertRaises(OSError, connect)


if __name__ == "__main__":
    unittest.main()
