"""A stand-in for `network` in unit tests: an interface that does what the test says."""

STA_IF = 0


class WLAN:
    """A station. `answer` is what a connect leads to: a status; 3 and 1010 mean connected."""

    last = None

    def __init__(self, interface):
        WLAN.last = self
        self.calls = []
        self.answer = {}
        self.settings = {}
        self.state = 0
        self.address = "0.0.0.0"
        self.ssid = None
        self._active = False

    def active(self, on=None):
        if on is not None:
            self._active = on
        return self._active

    def connect(self, name, password):
        self.calls.append((name, password))
        self.ssid = name
        answer = self.answer.get(name, 1)
        if isinstance(answer, Exception):
            raise answer
        self.become(answer)

    def become(self, status):
        self.state = status
        self.address = "192.168.1.2" if status in (3, 1010) else "0.0.0.0"

    def disconnect(self):
        self.calls.append("disconnect")
        self.become(0)

    def isconnected(self):
        return self.state in (3, 1010)

    def status(self):
        return self.state

    def ifconfig(self, address=None):
        if address:
            self.settings["address"] = address
        return (self.address, "255.255.255.0", "192.168.1.1", "192.168.1.1")

    def config(self, what=None, **settings):
        self.settings.update(settings)
        if what:
            if not self.ssid:
                raise ValueError("unknown config param")
            return self.ssid


said = {}


def hostname(name):
    said["hostname"] = name


def country(code):
    said["country"] = code
