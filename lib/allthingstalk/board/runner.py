"""What `board.run()` does: brings the board up around a device program, and restarts it."""

import sys
import time

from ..exceptions import AllThingsTalkException
from ..overlay import Overlay
from . import safe_mode, status_led
from .settings import PATH, load

_NETWORK_S = 30  # wait for the Wi-Fi before the program starts; it may come up later
_CRASHED_S = 5  # time to read the console before the reset
_REFUSED_S = 60  # wait after a refusal, doubled each time up to:
_REFUSED_MOST_S = 900


def run(program, pins, watchdog, path, setup_portal, options):
    """Run a program; see `allthingstalk.board.run`. `path` None: the default settings file."""
    lamp = status_led.StatusLed(getattr(pins, "LED", None), getattr(pins, "LED_ON", 1))
    reason = safe_mode.why(getattr(pins, "BUTTON", None), getattr(pins, "BUTTON_PRESSED", 0))
    if setup_portal and reason == safe_mode.HELD and _set_up(lamp, path):
        import machine

        machine.reset()
    try:
        settings = load(path or PATH)
        wifi, client = settings.wifi(), settings.client(**options)
    except ValueError as e:  # SettingsError, or an endpoint or a network that is invalid
        print("allthingstalk: %s" % e)
        if setup_portal:
            _set_up(lamp, path)
        lamp.show(status_led.NO_SETTINGS)
        while True:  # a reset would change nothing; the REPL stays reachable
            time.sleep(1)
    if reason:
        lamp.show(status_led.SAFE)
        safe_mode.stay(reason, wifi.poll if wifi else None)
    lamp.follow(client, wifi)
    if wifi:
        wifi.keep(client)
        wifi.connect(_NETWORK_S)
    tls = "s://" in client.http + str(client.mqtt)
    if tls or settings.time_servers:  # plain text is often spoken where there is no internet
        from .clock import keep

        keep(client, settings.time_servers, needed=tls)
    if watchdog:
        client.start(watchdog=watchdog)
    client.tick()
    started_s = client.second
    pause_s = _REFUSED_S
    while True:
        try:
            result = program(client, settings)
            if hasattr(result, "throw"):  # it is `async def`
                result = _run_tasks(result)
            return result
        except AllThingsTalkException as e:
            if e.passing:
                return _crashed(e, client, started_s)
            print("allthingstalk: %s. Next try in %d s" % (e, pause_s))
        except Exception as e:
            return _crashed(e, client, started_s)
        lamp.show(status_led.REFUSED)
        client.close()
        client.devices.clear()  # the program creates its devices again
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _REFUSED_MOST_S)
        lamp.follow(client, wifi)


def _set_up(lamp, path):
    """Open the portal; return whether there was one, when its time is over."""
    from .setup_portal import open_portal

    lamp.show(status_led.SETUP)
    try:
        open_portal(path)
        return True
    except (OSError, ImportError) as e:
        print("allthingstalk: no access point for the set-up: %s" % e)
        return False


def _run_tasks(coroutine):
    import asyncio

    try:
        return asyncio.run(coroutine)
    finally:
        asyncio.new_event_loop().close()  # forgets the tasks of this run: MicroPython keeps them


def _crashed(e, client, started_s):
    """Report and count a crash, flush and save pending values, reset the board."""
    import machine

    say = client.log or print  # it may be one on flash, for boards nobody looks at
    try:
        client.tick()
        safe_mode.count(client.second - started_s)
        with Overlay("connect"):
            from ..connect.error_texts import told

            text, lines = told(None, "the program raised", e)
        for line in [text] + lines:
            say("allthingstalk: " + line.replace(client.token, "***"))
        if sys.path[0][:7] == "/slots/":  # it may be on trial
            from ..updating.slots import note

            try:
                note(text.replace(client.token, "***"))
            except OSError:  # a full flash
                pass
        client.close()
        time.sleep(_CRASHED_S)
    except MemoryError:  # the traceback does not fit
        print("allthingstalk: the program raised, and there is too little memory for its traceback")
    finally:
        machine.reset()
