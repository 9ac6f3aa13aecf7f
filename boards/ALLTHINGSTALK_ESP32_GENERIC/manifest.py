# ruff: noqa: F821 - the names are those of MicroPython's manifests
# Frozen: all that upstream's ESP32_GENERIC freezes, the library, this board's pins.
include("$(PORT_DIR)/boards/manifest.py")
include("../manifest.py", board="ALLTHINGSTALK_ESP32_GENERIC")
module("pins.py")
