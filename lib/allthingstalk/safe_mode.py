"""Safe mode: a board whose program crashes again and again stays reachable.

The crashes in a row are counted in a file, which is written when one happens and at no other
time. Three of them, or the button held at the start, and the program is not run.
"""

import os
import sys

PATH = "/crashes"
MOST = 3  # crashes in a row
_STEADY_S = 60  # a program that has run for so long did not crash at its start
_ENDS_S = 600  # then the program gets another chance: nobody has to press reset


def crashes():
    """Return how many crashes in a row are counted."""
    try:
        with open(PATH) as f:
            return int(f.read())
    except (OSError, ValueError):
        return 0


def count(ran_s):
    """Count a crash of a program that ran for so many seconds."""
    number = 1 if ran_s >= _STEADY_S else crashes() + 1
    try:
        with open(PATH, "w") as f:
            f.write(str(number))
    except OSError as e:  # a full flash
        print("allthingstalk: the crash is not counted:", e)


def forget():
    """Forget the crashes counted."""
    try:
        os.remove(PATH)
    except OSError:  # there were none
        pass


def why(button=None, pressed=0):
    """Return why the program is not to be run, None if it is; called once at the start.

    `button`: number of a pin, or a function that returns whether it is held; None for no button.
    `pressed`: the level of the pin when it is. A reset by the watchdog counts as a crash, but not
    on an rp2, where each machine.reset() is one.
    """
    import machine

    if sys.platform != "rp2" and machine.reset_cause() == getattr(machine, "WDT_RESET", None):
        count(0)
    if callable(button):
        held = button()
    elif button is not None:
        pull = machine.Pin.PULL_DOWN if pressed else machine.Pin.PULL_UP
        held = machine.Pin(button, machine.Pin.IN, pull).value() == pressed
    else:
        held = False
    if held:
        return "the button is held"
    number = crashes()
    if number >= MOST:
        return "the program crashed %d times in a row" % number
    return None


def stay(reason, step=None):
    """Stay in safe mode for ten minutes, with `step()` called ten times a second; then reset."""
    import time

    import machine

    print(
        "allthingstalk: safe mode, since %s. The program is not run. Ctrl-C leads to the REPL; "
        "a new start after %d minutes, or with allthingstalk.safe_mode.forget() and a reset"
        % (reason, _ENDS_S // 60)
    )
    for _ in range(_ENDS_S * 10):
        if step:
            step()
        time.sleep(0.1)
    forget()
    machine.reset()
