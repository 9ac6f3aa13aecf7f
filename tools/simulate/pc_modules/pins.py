"""The pins.py of this PC, as the boards have one: a LED that is printed, no button."""

LED = "LED"
LED_ON = 1
BUTTON = None
BUTTON_PRESSED = 0
