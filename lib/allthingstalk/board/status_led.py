"""A status LED: the state of the board as a blink pattern.

Fast: no Wi-Fi; slow: Wi-Fi, but no platform; steady: on line; two short flashes: refused by the
platform; three: no settings; one short flash every two seconds: safe mode; a long and a short
flash: the set-up page can be opened.
"""

_TICK_MS = 100

# One bit for each of 20 ticks, lowest bit first; 1 is lit.
WIFI = 0b00110011001100110011
PLATFORM = 0b00000111110000011111
ONLINE = 0b11111111111111111111
REFUSED = 0b00000000000000000101
NO_SETTINGS = 0b00000000000000010101
SAFE = 0b00000000000000000001
SETUP = 0b00000000001100111111


class StatusLed:
    """Blinks the LED from a machine.Timer of its own.

    - `led`: pin number or name, or an object with `value(level)`; None for no LED.
    - `on`: the level that lights it, 0 or 1.
    """

    def __init__(self, led, on=1):
        self._pattern = WIFI
        self._at = 0
        self._on = on
        self._pin = led
        self._client = self._wifi = self._timer = None
        if led is None:
            return
        from machine import Pin, Timer

        if not hasattr(led, "value"):
            self._pin = Pin(led, Pin.OUT)
        try:
            self._timer = Timer(-1)
        except ValueError:  # ESP32 without virtual timers; Client.start() uses number 0
            self._timer = Timer(1)
        self._timer.init(period=_TICK_MS, mode=Timer.PERIODIC, callback=self.tick)

    def show(self, pattern):
        """Show `pattern`, one of this module's constants, from now on."""
        self._client = None
        self._pattern = pattern

    def follow(self, client, wifi):
        """Show the state of `client` and of `wifi`, its WiFi; None if the program has its own."""
        self._client, self._wifi = client, wifi

    def tick(self, _=None):
        """Advance the pattern by one tick of 100 ms; called by the timer."""
        client = self._client
        if client and client.connected:
            self._pattern = ONLINE
        elif client and client.status == "refused":
            self._pattern = REFUSED
        elif client:
            self._pattern = WIFI if self._wifi and not self._wifi.up else PLATFORM
        lit = self._pattern >> self._at & 1
        self._at = (self._at + 1) % 20
        if self._pin is not None:
            self._pin.value(self._on if lit else 1 - self._on)
