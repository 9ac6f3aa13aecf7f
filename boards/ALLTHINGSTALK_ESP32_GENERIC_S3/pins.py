# LED and button of an ESP32-S3 development board, for main.py. Change them to what yours has.
LED = None  # Espressif's DevKitC has a colour LED, which a level does not switch
LED_ON = 1
BUTTON = 0  # "BOOT"
BUTTON_PRESSED = 0
