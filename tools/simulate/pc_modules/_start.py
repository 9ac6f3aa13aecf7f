"""Starts a device program on this PC, with these modules on the path; on_pc runs it."""

import os
import runpy
import sys

from allthingstalk.board import safe_mode

# A PC has no flash of its own to count crashes on, and its program is run after any number of them.
safe_mode.PATH = os.devnull

del sys.argv[0]
folder = os.path.dirname(os.path.abspath(sys.argv[0]))
sys.path.insert(0, folder)
sys.path.append(os.path.join(folder, "lib"))  # the board's /lib
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except KeyboardInterrupt:
    sys.exit("\nstopped")
