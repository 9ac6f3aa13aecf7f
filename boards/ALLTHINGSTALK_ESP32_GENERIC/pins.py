# LED and button of an ESP32 development board, for main.py. Change them to what yours has.
LED = 2  # on many boards, not on Espressif's DevKitC, where the pin is free
LED_ON = 1
BUTTON = 0  # "BOOT"
BUTTON_PRESSED = 0
