"""Finds what keeps a device off line: one line for each step, ok, or what is wrong and the remedy.

    from allthingstalk import doctor

    doctor.run()               # at the board's REPL
    doctor.run(device=Meter)   # and compare the assets with a Device class

The same on a board and on CPython. Tokens and passwords are masked. All but this module is in
memory only while run() works.
"""

STEPS = "settings Wi-Fi address DNS clock TCP TLS token device assets MQTT program".split()


def run(settings=None, *, device=None, state=None, log=print):
    """Check every step and log a line for each.

    - `settings`: file name, or a dict of its keys; None for settings.json.
    - `device`: a Device class, whose assets are compared with those on the platform.
    - `state`: (asset name, value) to publish; without it nothing is published.
    - `log(text)`: gets the lines, and at once one for each Wi-Fi network that fails.

    Returns the number of the first step that failed, counted from 1 in STEPS; 0 if none did.
    Raises nothing of its own. Waits are bounded by the settings' `timeout`. The outbox file is not
    touched, and the MQTT client id is a random one, so that a running device keeps its session.
    """
    from ..overlay import Overlay

    with Overlay("doctor.visit"):
        from .visit import run

        return run(STEPS, settings, device, state, log)
