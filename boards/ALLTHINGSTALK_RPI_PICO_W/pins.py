# LED and button of a Raspberry Pi Pico W, for main.py.
LED = "LED"  # on the Wi-Fi chip: it has a name and no number
LED_ON = 1
try:
    # "BOOTSEL" is on no pin: the function looks at the flash's select line.
    from rp2 import bootsel_button as BUTTON
except ImportError:  # tried out on a board of another kind
    BUTTON = None
BUTTON_PRESSED = 1
