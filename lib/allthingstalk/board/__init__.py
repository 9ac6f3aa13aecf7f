"""What a board needs beside its Client: run() and its parts, each importable alone.

    from allthingstalk.board import run

Parts: `settings`, `wifi`, `clock`, `watchdog`, `status_led`, `safe_mode`, `banner`, `setup_portal`.
"""


def run(program, pins=None, *, watchdog=None, path=None, setup_portal=False, **options):
    """Run `program(client, settings)`; when it raises, report it and restart.

    Settings, Wi-Fi, the clock, the status LED, safe mode and crashes are looked after. The clock is
    put right by NTP at the start and each day, where TLS is used or the settings name time servers.

    - `program(client, settings)`: gets a Client and Settings; it makes its devices.
    - `pins`: module or class that describes the board: LED (pin number or name, or None), LED_ON
      (the level that lights it), BUTTON (pin number, a function that returns whether it is held,
      or None), BUTTON_PRESSED (its level when pressed).
    - `watchdog`: seconds, or True for the board's default; passed to `Client.start()`.
    - `path`: settings file; None for settings.json in the current folder, "/" on a board.
    - `setup_portal`: whether to open an access point with a page that sets the board up: without
      valid settings, for ten minutes, and with the button held at the start, in place of safe mode.
    - `options`: further keywords of the Client, such as `payload="cbor"`, or `cls=aio.Client`.

    A program that is `async def` is run by asyncio. Returns what the program returns. A refusal
    (wrong token, unknown device) needs a person: it is retried after 60 s, doubling up to 15
    minutes. Any other exception resets the board; three in a row lead to safe mode. Ctrl-C always
    leads to the REPL. Raises NotImplementedError or ValueError for a `watchdog` that the board
    cannot provide.
    """
    from .runner import run

    return run(program, pins, watchdog, path, setup_portal, options)
