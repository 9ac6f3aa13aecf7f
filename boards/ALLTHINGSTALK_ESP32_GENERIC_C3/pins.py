# LED and button of an ESP32-C3 development board, for main.py. Change them to what yours has.
LED = 10  # free: connect one; a level does not switch the colour LED of Espressif's DevKitM
LED_ON = 1
BUTTON = 9  # "BOOT"
BUTTON_PRESSED = 0
