# ruff: noqa: F821 - the names are those of MicroPython's manifests
# Frozen: all that upstream's RPI_PICO2_W freezes, the library, this board's pins.
include("$(PORT_DIR)/boards/RPI_PICO2_W/manifest.py")
include("../manifest.py", board="ALLTHINGSTALK_RPI_PICO2_W")
module("pins.py")
