"""Two places for programs that arrive over the air, and the one file that names which runs.

/main.py makes way with the first update, see LOADER; the program that was there stays, as
/slots/main.py. A new program is on trial: it has three starts to be confirmed in, or the one before
runs again. Everything is changed by the renaming of one file, so that a power cut leaves either
state.
"""

import json
import os
import sys

from micropython import const

from . import FOLDER, MAIN

LOADER = b"from allthingstalk.update import run\n\nrun()\n"
STARTS = 3  # of a trial
_SPARE = const(4096)  # bytes, for the counting of starts on a full flash
_WHY = const(120)  # characters of the reason for a return


def read():
    """Return what is known of the slots, as a dict.

    - `slot`: "a" or "b"; "" for the program that came over a cable.
    - `version`: of what is in it.
    - `left`: starts that a trial has left, None for a program that is confirmed.
    - `seconds`: of each start, in which a good session has to come.
    - `before`: (slot, version) of the program before.
    - `failed`: (version, why) of an update that was taken back, until it was told.
    """
    try:
        with open(FOLDER + "/current") as f:
            state = json.load(f)
        if len(state["before"]) == 2 and state["version"] and state["slot"] in ("", "a", "b"):
            if state["left"] is None or state["left"] + state["seconds"] >= 0:
                return state
    except (OSError, ValueError, KeyError, TypeError):  # none, or somebody wrote into it
        pass
    return {"slot": "", "version": "0", "left": None, "before": ("", "0"), "failed": None}


def write(state):
    """Replace what is known of the slots, in one step. Raises OSError for a full flash."""
    replace(FOLDER + "/current", json.dumps(state).encode())


def replace(path, data):
    """Write a file in one step: whenever the power goes, it has the old content or the new.

    Where the flash is full, what switch() put aside for this makes room.
    """
    try:
        _write(path + ".new", data)
    except OSError:
        remove(FOLDER + "/spare")
        _write(path + ".new", data)
    os.rename(path + ".new", path)


def _write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def remove(path):
    """Remove a file, if it is there."""
    try:
        os.remove(path)
    except OSError:
        pass


def switch(slot, version, seconds):
    """Have the program in `slot` started from now on, on trial. Raises OSError.

    The first time, /main.py makes way.
    """
    with open(MAIN, "rb") as f:
        own = f.read()
    before = read()
    runs = running()
    _write(FOLDER + "/spare", bytes(_SPARE))
    if own != LOADER:
        remove(FOLDER + "/current")  # it is of before the program came over a cable
        replace(FOLDER + "/main.py", own)
        replace(MAIN, LOADER)
    write(
        {
            "slot": slot,
            "version": version,
            "left": STARTS,
            "seconds": seconds,
            "before": (runs, before["version"] if runs and runs == before["slot"] else "0"),
            "failed": None,
        }
    )


def running():
    """Return the slot whose program runs, "" for the one that came over a cable."""
    for path in sys.path:
        if path in (FOLDER + "/a", FOLDER + "/b"):
            return path[-1]
    return ""


def confirm():
    """End the trial of the program that runs: it stays."""
    state = read()
    if state["slot"] != running():
        raise ValueError("the program that runs is not the one on trial")
    state["left"] = state["failed"] = None
    write(state)


def told():
    """Forget the update that was taken back: the platform knows."""
    state = read()
    state["failed"] = None
    write(state)


def note(text):
    """Remember why a program on trial failed."""
    state = read()
    if state["left"] is not None and state["slot"] == running():
        state["failed"] = (state["version"], text[:_WHY])
        write(state)
