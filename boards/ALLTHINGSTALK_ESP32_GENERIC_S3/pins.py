# LED and button of an ESP32-S3 development board, for main.py. Change them to what yours has.
LED = 4  # free: connect one; a level does not switch the colour LED of Espressif's DevKitC
LED_ON = 1
BUTTON = 0  # "BOOT"
BUTTON_PRESSED = 0
