"""An emulated Pico: a real MicroPython image on rp2040py; its network ends on this machine.

For tests and programs: ``EmulatedPico``. The process behind is
``python -m tools.simulate.emulator IMAGE``.
"""

from .board import EmulatedPico, EmulatorError
from .image import WIFI_NAME, Image, ImageError

__all__ = ["WIFI_NAME", "EmulatedPico", "EmulatorError", "Image", "ImageError"]
