"""What is soldered to the emulated RP2040: a Pico W's Wi-Fi chip, or a Pico's LED.

A Pico W's LED hangs on the Wi-Fi chip, which rp2040py does not show; here it does.
"""

import struct

from rp2040py.external.cyw43 import Cyw43439, bus
from rp2040py.gpio_pin import GPIOPinState

from .network import LoopbackNetwork

_PICO_LED_GPIO = 25
_LED_BIT = 1  # GPIO 0 of the Wi-Fi chip
_SET_OUTPUTS = b"gpioout\0"  # followed by a mask and the levels, 32 bits each


class WiFiChip(Cyw43439):
    """A CYW43439 whose network is a LoopbackNetwork.

    Args:
        ports, names, report: as LoopbackNetwork takes them.
        on_led: called with the LED's level at each change.
    """

    def __init__(self, ports, names, report, on_led):
        super().__init__()
        self.bus = _Bus(on_led)
        self._network = (ports, names, report)

    def attach(self, rp2040):
        super().attach(rp2040)
        self.bus.nat_bridge = LoopbackNetwork(
            rp2040, self.bus.queue_rx_ethernet_frame, *self._network
        )


class _Bus(bus.GSPIBus):
    """The chip's side of its bus, on which the order to switch the LED is seen passing."""

    def __init__(self, on_led):
        super().__init__()
        self._on_led = on_led
        self._led = None

    def write_register(self, function, addr, size, value):
        super().write_register(function, addr, size, value)
        if function == bus.WLAN_FUNCTION:
            levels = _outputs(value.to_bytes(size, "little"))
            if levels is not None and levels != self._led:
                self._led = levels
                self._on_led(levels)

    def power_off(self):
        super().power_off()
        self._led = None


def _outputs(packet):
    """Return the LED's level if a packet to the Wi-Fi chip sets it, else None."""
    body = bus.SDPCM_HEADER_LEN + bus.IOCTL_HEADER_LEN
    if len(packet) < body + len(_SET_OUTPUTS) + 8 or packet[5] & 0x0F != bus.CONTROL_HEADER:
        return None
    (command,) = struct.unpack_from("<I", packet, bus.SDPCM_HEADER_LEN)
    if command != bus.WLC_SET_VAR or not packet.startswith(_SET_OUTPUTS, body):
        return None
    mask, levels = struct.unpack_from("<II", packet, body + len(_SET_OUTPUTS))
    return int(bool(levels & _LED_BIT)) if mask & _LED_BIT else None


class PicoLED:
    """The LED of a Pico without Wi-Fi; `on_led` is called with its level at each change."""

    def __init__(self, on_led):
        self._on_led = on_led

    def attach(self, rp2040):
        rp2040.gpio[_PICO_LED_GPIO].add_listener(self._changed)

    def _changed(self, new_state, old_state):
        if (new_state == GPIOPinState.HIGH) != (old_state == GPIOPinState.HIGH):
            self._on_led(int(new_state == GPIOPinState.HIGH))
