"""What an rp2 (Pico W) does otherwise than other ports, one name for each."""

import sys

_RP2 = sys.platform == "rp2"

# WLAN.config(pm=...) that disables power saving, None where it need not be disabled: with it an
# idle Pico W stops receiving (micropython#9455).
WIFI_PM_OFF = 0xA11140 if _RP2 else None
# Longest watchdog timeout in ms, None for no known limit. The rp2's counter has 24 bits and runs
# at twice its nominal rate (RP2040 datasheet, 4.7).
WATCHDOG_MAX_MS = 8388 if _RP2 else None
# Whether machine.reset_cause() tells a watchdog's reset from machine.reset(): on an rp2, each
# machine.reset() is reported as one.
WATCHDOG_RESET_IS_KNOWN = not _RP2
