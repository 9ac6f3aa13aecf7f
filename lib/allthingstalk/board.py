"""Runs a device program on a board that nobody looks after.

    from allthingstalk.board import run

    def program(client, settings):
        meter = Meter(client=client, id=settings.device)
        ...

    run(program)

Settings, Wi-Fi, the clock, the status LED, safe mode and crashes are looked after here.
"""

import time

from . import safe_mode, status_led
from .exceptions import AllThingsTalkException
from .reports import traceback_lines
from .settings import PATH, load

_NETWORK_S = 30  # what the Wi-Fi is given before the program starts; it may come later
_CRASHED_S = 5  # time to read what the console says
_REFUSED_S = 60  # doubled at each refusal, up to:
_REFUSED_MOST_S = 900


def run(program, pins=None, *, watchdog=None, path=PATH):
    """Run `program(client, settings)`; when it raises, say so and start again.

    - `pins`: module or class of the board, with LED (number or name of a pin, or None), LED_ON
      (its level), BUTTON (number of a pin, a function that tells whether it is held, or None) and
      BUTTON_PRESSED (its level).
    - `watchdog`: as for `Client.start()`, which is called with it.
    - `path`: of the settings.

    A refusal (wrong token, unknown device) is waited out, for it needs a person; any other
    exception resets the board, and three of them in a row lead to safe mode. Returns when the
    program returns. Ctrl-C leads to the REPL at any time.
    """
    lamp = status_led.StatusLed(getattr(pins, "LED", None), getattr(pins, "LED_ON", 1))
    reason = safe_mode.why(getattr(pins, "BUTTON", None), getattr(pins, "BUTTON_PRESSED", 0))
    try:
        settings = load(path)
        wifi, client = settings.wifi(), settings.client()
    except ValueError as e:  # SettingsError, or an endpoint or a network that cannot be
        print("allthingstalk: %s" % e)
        lamp.show(status_led.NO_SETTINGS)
        while True:
            time.sleep(1)
    if reason:
        lamp.show(status_led.SAFE)
        safe_mode.stay(reason, wifi.poll if wifi else None)
    lamp.follow(client, wifi)
    if wifi:
        wifi.keep(client)
        wifi.connect(_NETWORK_S)
    if "s://" in client.http + str(client.mqtt):
        from . import clock

        clock.keep(client, settings.time_servers or clock.SERVERS)
    if watchdog:
        client.start(watchdog=watchdog)
    started_s = client._second  # ticks wrap
    pause_s = _REFUSED_S
    while True:
        try:
            return program(client, settings)
        except AllThingsTalkException as e:
            if e.passing:
                return _crashed(e, client, started_s)
            print("allthingstalk: %s. Next try in %d s" % (e, pause_s))
        except Exception as e:
            return _crashed(e, client, started_s)
        lamp.show(status_led.REFUSED)
        client.close()
        client._devices = []  # the program makes its own anew
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _REFUSED_MOST_S)
        lamp.follow(client, wifi)


def _crashed(e, client, started_s):
    """Say what the program raised, count it, save what is to be delivered, reset the board."""
    import machine

    try:
        safe_mode.count(client._second - started_s)
        text, lines = traceback_lines("the program raised", e)
        for line in [text] + lines:
            print("allthingstalk: " + line.replace(client.token, "***"))
        client.close()
        time.sleep(_CRASHED_S)
    except MemoryError:  # not even that fits
        print("allthingstalk: the program raised, and there is too little memory to say what")
    finally:
        machine.reset()
