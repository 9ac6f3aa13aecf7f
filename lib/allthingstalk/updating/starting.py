"""How a program in a slot is started, and taken back where it does not prove itself."""

import os
import sys

from . import FOLDER
from .slots import STARTS, read, remove, write


def start():
    """Prepare the start of the program that is to run; return (its folder, its trial).

    The trial is None for a program that is confirmed; else to be held while it runs, or its end
    would be collected.
    """
    state = _chosen()
    slot = state["slot"]
    if not slot:
        return FOLDER, None
    folder = FOLDER + "/" + slot
    sys.path[:0] = [folder, folder + "/lib"]
    trial = None
    if state["left"] is not None:
        trial = _end_after(state["seconds"])
    if _has(folder + "/lib/allthingstalk"):  # it brings a library of its own
        for name in [name for name in sys.modules if name.split(".")[0] == "allthingstalk"]:
            sys.modules.pop(name)
    return folder, trial


def _chosen():
    """Return the state to start with, after counting the start of a trial."""
    state = read()
    left = state["left"]
    there = not state["slot"] or _has(FOLDER + "/" + state["slot"] + "/main.py")
    if left is None and there:
        return state
    remove("/crashes")  # of board.safe_mode: a trial has its own count, and its own end
    if left and there:
        state["left"] = left - 1
    else:
        slot, version = state["before"]
        why = "no good session in %d starts" % STARTS
        failed = state["failed"] or (state["version"], why)
        print("allthingstalk: %s is taken back: %s" % tuple(failed))
        state = {"slot": slot, "version": version, "left": None, "before": ("", "0")}
        state["failed"] = failed
    try:
        write(state)
    except OSError as e:  # it starts all the same
        print("allthingstalk: the start is not counted:", e)
    return state


def _has(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def _end_after(seconds):
    """Reset after so many seconds, unless the trial has ended by then, however busy it is.

    Returns what has to be held for that, in a list.
    """
    import machine

    def end(timer):
        try:
            if read()["left"] is None:
                timer.deinit()
                return
        except Exception:  # too little memory, for one
            pass
        machine.reset()

    for number in (-1, 2):  # an ESP32 of before 1.28 has no virtual ones; 0 and 1 are taken
        try:
            timer = machine.Timer(number)
        except (ValueError, OSError):
            continue
        timer.init(period=int(seconds * 1000), mode=machine.Timer.PERIODIC, callback=end)
        return [timer]
    return [None]
