"""Setting a board up over an access point of its own: inner works of `board.setup_portal`."""

import gc

from micropython import const

from .. import doctor
from ..board.settings import Settings
from ..net import sleep_ms, ticks_diff, ticks_ms
from . import access_point, page
from .dns import Names
from .draft import SECRETS, Draft
from .http import Server

_PAUSE_MS = const(10)
_SAYS_MS = const(60000)  # somebody may have opened the console after the start
_SOON_MS = const(500)  # a page that was fetched is on its way for so long
_FETCHED_MS = const(3000)  # a page that was not fetched until then is not waited for
_READ_MS = const(4000)  # the last page, before the reset
_AWAY_MS = const(20000)  # the phone may have lost the access point, and miss the last page
_TURN_MS = const(300)  # requests are answered for so long between two steps of the doctor
_JOIN_S = const(15)
# Numbers of the doctor's steps: which field they are about, and in which it could not ask.
_ABOUT = {3: "ssid", 4: "api", 6: "api", 7: "ca", 8: "token", 9: "device", 11: "token"}
_COULD_NOT_ASK = (4, 5, 6)
_NO_MEMORY = "too little memory"  # in the doctor's words
_PROGRAM = const(12)  # what may be wrong with a program is not the settings' matter
_NO_NETWORK = (-2, 201, 210, 211, 212)  # of WLAN.status(), see connect.wifi_texts


def serve(path, password, ends_s):
    """Be an access point until the settings are saved; see `board.setup_portal.open_portal`.

    Returns whether they are.
    """
    ap = access_point.interface()
    if password:
        access_point.checked(password)
    if password is None:
        password = access_point.kept_password()
    name = access_point.name()
    networks = access_point.scan()
    try:
        access_point.switch_on(ap, name, password)
        address = ap.ifconfig()[0]
        how = "password " + password if password else "which is open"
        return _Portal(path, name, address, networks).run(
            ends_s,
            "allthingstalk: to set this board up, join the Wi-Fi %s, %s, and open http://%s/"
            % (name, how, address),
        )
    finally:
        ap.active(False)


class _Portal:
    """What the page shows, and what is done about a form."""

    def __init__(self, path, name, address, networks):
        self._name = name
        self._address = address
        self._networks = networks
        self._draft = Draft(path)
        self._said = ""  # what the last check found
        self._unasked = None  # values with which the platform could not be asked
        self._lines = None  # of the doctor, from a form that is to be checked to the outcome
        self._done = False
        self._begun = ticks_ms()  # of what the page shows now
        self._fetched = None  # when it was fetched first
        self._ask_root = not self._draft.has_root
        self._names = self._server = None

    def run(self, ends_s, how):
        """Serve until the settings are saved, or no form came for `ends_s` seconds.

        `how`: what is printed once a minute. Returns whether they are saved.
        """
        try:
            self._names = Names(self._address)
            self._server = Server(self._address, self._answer)
            said = None
            while not self._over(ends_s * 1000):
                if said is None or ticks_diff(ticks_ms(), said) > _SAYS_MS:
                    said = ticks_ms()
                    print(how)
                self._step()
                if self._lines is not None and self._waited(_SOON_MS, _FETCHED_MS):
                    try:
                        self._check()
                    except MemoryError:
                        self._failed("too little memory for the check: try again", None)
                        self._turn()
                    self._lines = None
            return self._done
        finally:
            for server in (self._names, self._server):
                if server:
                    server.close()

    def _over(self, ends_ms):
        if self._done:
            return self._waited(_READ_MS, _AWAY_MS)
        return ticks_diff(ticks_ms(), self._begun) > ends_ms

    def _waited(self, fetched_ms, begun_ms):
        """Return whether the page was fetched so long ago, or is due for so long."""
        now = ticks_ms()
        if self._fetched is not None and ticks_diff(now, self._fetched) > fetched_ms:
            return True
        return ticks_diff(now, self._begun) > begun_ms

    def _turn(self):
        """Show something else from now on."""
        self._begun, self._fetched = ticks_ms(), None

    def _step(self):
        """Answer what has come; return whether there are connections left."""
        sleep_ms(_PAUSE_MS)
        self._names.step()
        return self._server.step()

    def _answer(self, form):
        """Take a form, or return the page; see http.Server."""
        if form is None:
            return self._page()
        if self._done or self._lines is not None:
            return None  # it was sent twice: what it began goes on
        draft, do = self._draft, form.get("do")
        self._turn()
        self._said = ""
        draft.take(form)
        if do == "scan":
            draft.errors = {}
            self._networks = access_point.scan()
        elif draft.errors:
            pass
        elif do == "save" and draft.values() == self._unasked:
            self._save()
        else:
            self._lines = []
        return None

    def _page(self):
        if self._fetched is None:
            self._fetched = ticks_ms()
        draft = self._draft
        if self._done:
            return page.done(self._name, draft.fields["device"])
        if self._lines is not None:
            return page.checking(self._name, self._address, self._lines)
        shown = draft.fields.copy()
        kept = [field for field in SECRETS if shown.pop(field)]
        may_save = self._unasked is not None
        form = page.Form(shown, kept, draft.errors, self._said, self._ask_root, may_save)
        return form.page(self._name, self._networks)

    def _check(self):
        """Join the Wi-Fi, ask the platform, and save what is right."""
        self._unasked = None
        values = self._draft.values()
        if not self._join(Settings(values)):
            return self._turn()
        gc.collect()
        failed = []

        def log(line):
            step, text = line[6:16].strip(), line[16:]
            if line[:4] == "FAIL":
                failed.append("%s: %s" % (step, text))
            elif line[:2] == "ok":
                self._lines.append("%s: %s" % (step, text))
            begun = ticks_ms()
            while self._step() and ticks_diff(ticks_ms(), begun) < _TURN_MS:
                pass

        first = doctor.run(values, log=log)
        self._turn()
        if first in (0, _PROGRAM):
            return self._save()
        field = _ABOUT.get(first)
        if first in _COULD_NOT_ASK or _NO_MEMORY in failed[0]:
            self._unasked = values
            if not (values.get("api") and first in _COULD_NOT_ASK):
                field = None  # it is about nothing that was typed
        self._ask_root = self._ask_root or first == 7
        self._failed(failed[0], field)
        _leave()

    def _join(self, settings):
        """Join the Wi-Fi while the page is served; return whether the board is in it."""
        failed = []

        def log(text):
            if wifi.name and not wifi.up:  # else it left a network that it was in before
                failed.append((text, _status()))

        wifi = settings.wifi(log=log, try_s=_JOIN_S)
        while not wifi.poll():
            self._step()
            if failed:
                text, status = failed[0]
                self._failed(text, "ssid" if status in _NO_NETWORK else "key")
                return False
        return True

    def _failed(self, text, field):
        self._said = text
        if field:
            self._draft.errors[field] = "See what is said above."
        print("allthingstalk: set-up:", text)

    def _save(self):
        try:
            self._draft.save()
            self._done = True
        except OSError as e:
            self._failed("the settings cannot be written: %s" % e, None)


def _status():
    import network

    return network.WLAN(network.STA_IF).status()


def _leave():
    """Leave the Wi-Fi: the access point is on its channel else."""
    import network

    try:
        network.WLAN(network.STA_IF).disconnect()
    except OSError:
        pass
