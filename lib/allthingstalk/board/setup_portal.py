"""Sets a board up from a phone: an access point of its own, and a page that phones open themselves.

    from allthingstalk.board.setup_portal import open_portal

    open_portal()    # ends in a reset once the settings are saved

`board.run(program, pins, setup_portal=True)` does so where there are no settings, or with the
button held at the start. All but this module is in memory only while the portal is open.
"""

from .settings import PATH


def open_portal(path=None, *, password=None, ends_s=600):
    """Open the portal until the settings are saved, then reset the board.

    - `path`: settings file that is written; None for settings.json.
    - `password`: of the access point, 8 to 63 characters of ASCII; "" for an open one, which
      anybody in reach can use. None: what the file /setup_password holds, as images bring it, or
      else a random one, which is kept there. The console shows it.
    - `ends_s`: seconds until it ends by itself, counted from its start or the last form sent.

    Returns False when that time is over; the access point is off then. Raises OSError where no
    access point can be opened, ImportError without a module `network`, ValueError for a password
    that Wi-Fi cannot have.
    """
    import sys

    from ..overlay import unload

    before = list(sys.modules)
    try:
        from ..portal import serve

        saved = serve(path or PATH, password, ends_s)
    finally:
        unload(("portal", "doctor", "utf8"), before)
    if saved:
        import machine

        machine.reset()
    return False
