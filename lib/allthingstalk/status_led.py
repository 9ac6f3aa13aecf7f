"""A status LED: what the board is doing, seen from across the room.

fast: no Wi-Fi yet; slow: Wi-Fi, but not the platform; steady: on line; two short flashes: the
platform refuses the board; three: no settings; a short flash each two seconds: safe mode.
"""

_TICK_MS = 100

# Twenty ticks of light and dark, the first tick being the last digit.
WIFI = 0b00110011001100110011
PLATFORM = 0b00000111110000011111
ONLINE = 0b11111111111111111111
REFUSED = 0b00000000000000000101
NO_SETTINGS = 0b00000000000000010101
SAFE = 0b00000000000000000001


class StatusLed:
    """Blinks from a machine.Timer of its own.

    `led`: number or name of the pin, or an object with `value(level)`; None for no LED.
    `on`: the level at which it shines.
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
        except ValueError:  # an ESP32 before virtual timers; number 0 is the client's
            self._timer = Timer(1)
        self._timer.init(period=_TICK_MS, mode=Timer.PERIODIC, callback=self.tick)

    def show(self, pattern):
        """Show a pattern from now on."""
        self._client = None
        self._pattern = pattern

    def follow(self, client, wifi):
        """Show the state of a client and of its WiFi, None for a network that is not ours."""
        self._client, self._wifi = client, wifi

    def tick(self, _=None):
        """Do one tick; called by the timer."""
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
