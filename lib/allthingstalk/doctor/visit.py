"""A visit of the doctor: the steps in order, what depends on what, one line for each."""

from ..board.settings import PATH, Settings, load, masked
from ..exceptions import AccessForbiddenException, NotFoundException
from ..overlay import Overlay

_NETWORK_S = 15  # tried for each Wi-Fi network
_LINE = "%s %-9s %s"


class _Skipped(Exception):
    pass


def run(names, settings, device, state, log):
    """Check every step; see `allthingstalk.doctor.run`. `names` are those of the steps."""
    visit = _Visit(PATH if settings is None else settings, device, state, log)
    first = 0
    for n in range(len(names)):
        step = (
            visit.read_settings,
            visit.join_wifi,
            visit.show_address,
            visit.ask_dns,
            visit.look_at_clock,
            visit.connect,
            visit.verify,
            visit.show_token,
            visit.find_device,
            visit.compare_assets,
            visit.talk,
            visit.look_at_program,
        )[n]
        try:
            mark, text = "ok   ", step()
        except _Skipped as e:
            mark, text = "\u2013    ", "skipped: %s" % e
        except Exception as e:
            mark, text = "FAIL ", _words(e)
            first = first or n + 1
            visit.failed(names[n], e)
        if visit.client:
            text = text.replace(visit.client.token, "***")
        log(_LINE % (mark, names[n], text.replace("\n", " ").rstrip()))
    return first


class _Visit:
    """The steps: each returns the text of its line, raises _Skipped, or what went wrong."""

    client = None

    def __init__(self, given, device, state, log):
        self._given = given
        self._device = device
        self._state = state
        self._wifi = None
        self._log = log
        self._said = []  # what was wrong with each Wi-Fi network
        self._endpoints = []
        self._down = {}  # endpoint -> the step at which it failed
        self._all_down = None  # a failed step that all others depend on
        self._clock_failed = False

    def failed(self, step, e):
        """Note what a failed step makes impossible."""
        if step in ("settings", "Wi-Fi", "address", "device") or isinstance(
            e, AccessForbiddenException
        ):
            self._all_down = step
        elif step == "clock":
            self._clock_failed = True
        elif step == "token":
            self._down[self.client.http] = step

    def _need(self, endpoint=None):
        step = self._all_down or self._down.get(endpoint)
        if step:
            raise _Skipped("%s failed" % step)

    def _each(self, look, step, endpoints=None):
        """Return the texts of `look(endpoint)`; an endpoint that fails is skipped from then on.

        Raises ValueError that names all endpoints that failed.
        """
        endpoints = endpoints or self._endpoints
        up = [e for e in endpoints if e not in self._down]
        if not up:
            self._need(endpoints[0])
        good, bad = [], []
        for endpoint in up:
            try:
                text = look(endpoint)
                if text not in good:
                    good.append(text)
            except Exception as e:
                self._down[endpoint] = step
                bad.append("%s: %s" % (endpoint, _words(e)))
        if bad:
            raise ValueError("; ".join(bad))
        return ", ".join(good)

    def read_settings(self):
        given = self._given
        self._settings = settings = load(given) if isinstance(given, str) else Settings(given)
        client = settings.client(outbox=None, digest=None, log=None)
        bits = client.net.getrandbits
        client.client_id = "doctor%04x%04x" % (bits(16), bits(16))
        try:
            self._wifi = settings.wifi(log=self._of_wifi, try_s=_NETWORK_S)
        except ImportError:  # a PC
            pass
        self.client = client
        self._endpoints = [client.http] + ([client.mqtt] if client.mqtt else [])
        shown = (settings.device, masked(client.token), ", ".join(self._endpoints))
        return "device %s, token %s, %s" % shown

    def _of_wifi(self, text):
        """Pass on what is wrong with a network: the next one takes its time."""
        text = text[6:]  # without "Wi-Fi "
        if not self._wifi.up and text not in self._said:  # a network may have two turns
            self._said.append(text)
            self._log(_LINE % ("...  ", "Wi-Fi", text))

    def _board(self, call, *args):
        """Call a function of `board_steps`, which is in memory for that long only."""
        with Overlay("doctor.board_steps"):
            from . import board_steps

            return getattr(board_steps, call)(*args)

    def _need_wifi(self):
        if not self._wifi:
            named = self._settings.networks
            raise _Skipped("no Wi-Fi here" if named else "the settings name no network")

    def join_wifi(self):
        self._need()
        self._need_wifi()
        timeout_s = _NETWORK_S * len(self._settings.networks) + 1
        return self._board("join_wifi", self._wifi, timeout_s, self._said)

    def show_address(self):
        self._need()
        self._need_wifi()
        return self._board("address", self._wifi)

    def ask_dns(self):
        self._need()
        return self._each(_resolved, "DNS")

    def look_at_clock(self):
        self._need()
        return self._board("clock", self._settings.time_servers, bool(self._with_tls()))

    def _with_tls(self):
        return [e for e in self._endpoints if "s://" in e]

    def connect(self):
        self._need()
        return self._each(self._connected, "TCP")

    def _connected(self, endpoint):
        net = self.client.net
        start = net.ticks_ms()
        with Overlay("doctor.certificate"):
            from .certificate import connected

            try:
                connected(self.client, endpoint).close()
            except OSError as e:
                if "s://" in endpoint:
                    raise
                raise ValueError(_words(e) + ". A local platform: is make platform running?")
        place = endpoint.split("://")[1]
        return "%s in %d ms" % (place, net.ticks_diff(net.ticks_ms(), start))

    def verify(self):
        self._need()
        endpoints = self._with_tls()
        if not endpoints:
            raise _Skipped("the settings ask for plain text, in which anybody can read the token")
        if self._clock_failed:
            for endpoint in endpoints:
                if endpoint not in self._down:
                    self._down[endpoint] = "clock"
        with Overlay("doctor.certificate"):
            from . import certificate

            def verified(endpoint):
                return certificate.verified(self.client, endpoint)

            return self._each(verified, "TLS", endpoints) + certificate.root_in_words(
                self.client.ca
            )

    def show_token(self):
        self._need(self.client.http if self.client else None)
        self._unknown = None
        try:
            self._platform("find_device")
        except NotFoundException as e:
            self._unknown = e
        return "taken by the platform"

    def find_device(self):
        self._need(self.client.http if self.client else None)
        if self._unknown:
            raise self._unknown
        return self._settings.device

    def compare_assets(self):
        self._need(self.client.http if self.client else None)
        return self._platform("compare_assets", self._device)

    def talk(self):
        self._need(self.client.mqtt if self.client else None)
        if not self.client.mqtt:
            raise _Skipped("the settings switch it off")
        return self._platform("talk", self._state)

    def look_at_program(self):
        return self._board("program")

    def _platform(self, call, *args):
        """Call a function of `platform_steps`, which with REST is in memory for that long only."""
        with Overlay("doctor.platform_steps"):
            from . import platform_steps

            return getattr(platform_steps, call)(self.client, self._settings.device, *args)


def _words(e):
    if isinstance(e, MemoryError):
        return "too little memory; run the doctor right after a reset, from .mpy files"
    if not isinstance(e, OSError):
        return str(e)
    with Overlay("connect"):
        from ..connect.error_texts import in_words

        return in_words(e)


def _resolved(endpoint):
    import socket

    host = endpoint.split("://")[1].rsplit(":", 1)[0].strip("[]")
    address = socket.getaddrinfo(host, 0, 0, socket.SOCK_STREAM)[0][-1]
    if not isinstance(address, tuple):  # unix port: a sockaddr as bytes; of IPv6 the first four
        address = [".".join([str(b) for b in address[4:8]])]
    return "%s -> %s" % (host, address[0])
