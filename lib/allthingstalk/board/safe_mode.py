"""Safe mode: a board whose program crashes repeatedly stays reachable.

Consecutive crashes are counted in a file, which is written only when one happens, to spare the
flash. After three of them, or with the button held at start, the program is not run.
"""

import os

from . import rp2_limits

PATH = "/crashes"
MOST = 3  # consecutive crashes
HELD = "the button is held"
_STEADY_S = 60  # a program that ran for longer starts the count again
_ENDS_S = 600  # then the program is tried again, without anybody pressing reset
_SAYS_S = 10  # somebody may have opened the console after the start


def crashes():
    """Return the number of consecutive crashes counted."""
    try:
        with open(PATH) as f:
            return int(f.read())
    except (OSError, ValueError):
        return 0


def count(ran_s):
    """Count a crash of a program that ran for `ran_s` seconds."""
    number = 1 if ran_s >= _STEADY_S else crashes() + 1
    try:
        with open(PATH, "w") as f:
            f.write(str(number))
    except OSError as e:  # a full flash
        print("allthingstalk: the crash is not counted:", e)


def forget():
    """Reset the count of crashes."""
    try:
        os.remove(PATH)
    except OSError:  # no crash was counted
        pass


def held(button, pressed=0):
    """Return whether a button is held; `button` and `pressed` are those of `why()`."""
    if button is None or callable(button):
        return bool(button and button())
    from machine import Pin

    pull = Pin.PULL_DOWN if pressed else Pin.PULL_UP
    return Pin(button, Pin.IN, pull).value() == pressed


def why(button=None, pressed=0):
    """Return why the program must not run, None if it may. To be called once at start.

    - `button`: pin number, or a function that returns whether it is held; None for no button.
    - `pressed`: level of the pin when the button is pressed, 0 or 1.

    A reset by the watchdog is counted as a crash, where the port can tell it from others.
    """
    import machine

    if rp2_limits.WATCHDOG_RESET_IS_KNOWN:
        if machine.reset_cause() == getattr(machine, "WDT_RESET", None):
            count(0)
    if held(button, pressed):
        return HELD
    number = crashes()
    if number >= MOST:
        return "the program crashed %d times in a row" % number
    return None


def stay(reason, step=None):
    """Stay in safe mode for ten minutes, then reset.

    - `reason`: text of `why()`, printed every ten seconds, with how safe mode is left.
    - `step`: function called ten times a second, None for none.
    """
    import time

    import machine

    for n in range(_ENDS_S * 10):
        if n % (_SAYS_S * 10) == 0:
            print(
                "allthingstalk: safe mode, since %s. The program is not run. It is tried again "
                "after make deploy, %d minutes, or safe_mode.forget() of allthingstalk.board and "
                "a reset" % (reason, _ENDS_S // 60)
            )
        if step:
            step()
        time.sleep(0.1)
    forget()
    machine.reset()
