"""Checks what a WiFi is made with."""

# What MicroPython 1.29 has for stations is a pre-shared key, on the ESP32 and on the Pico W; see
# micropython#5705, micropython#17234.
NO_ENTERPRISE = (
    "a user name or certificate beside the password is WPA2-Enterprise, which MicroPython's "
    "firmware has not yet: use a network with a pre-shared key"
)
_HEX = b"0123456789abcdefABCDEF"
_HOST = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."


def checked_networks(networks):
    """Return networks as (name, password), None for an open one. Raises ValueError.

    No text has a name: who exchanged name and password would find the password in it.
    """
    found = []
    for pair in networks:
        try:
            found.append(_checked_network(pair))
        except ValueError as e:
            raise ValueError("Wi-Fi network %d: %s" % (len(found) + 1, e))
    if not found:
        raise ValueError("networks is empty: give [('name', 'password')]")
    return found


def _checked_network(pair):
    if isinstance(pair, dict) or isinstance(pair, (tuple, list)) and len(pair) > 2:
        raise ValueError('it is ["name", "password"]; ' + NO_ENTERPRISE)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise ValueError('it is ["name", "password"], the password "" or null for an open network')
    name, password = pair
    raw = name.encode() if isinstance(name, str) else b""
    if not 0 < len(raw) <= 32 or min(raw) < 32 or 127 in raw:
        raise ValueError("its name is a text of 1 to 32 bytes, without control characters")
    if password is None or password == "":
        return name, None
    # IEEE 802.11i, annex H.4.1: a passphrase, or the key itself.
    raw = password.encode() if isinstance(password, str) else b""
    if len(raw) == 64 and all([digit in _HEX for digit in raw]):
        return name, password
    if not 8 <= len(raw) <= 63 or min(raw) < 32 or max(raw) > 126:
        raise ValueError(
            "its password is 8 to 63 characters of ASCII, or a key of 64 hex digits; "
            '"" or null for an open network'
        )
    return name, password


def checked_interface(hostname, country, address):
    """Return (country in capitals, address as a tuple); None is what is not given.

    Raises ValueError.
    """
    if hostname:
        # MicroPython takes 32 bytes, and raises an error without a text for more.
        raw = hostname.encode() if isinstance(hostname, str) else b""
        if not 0 < len(raw) <= 32 or not all([character in _HOST for character in raw]):
            raise ValueError("hostname is 1 to 32 letters, digits, hyphens, dots or underscores")
    if country:
        raw = country.upper().encode() if isinstance(country, str) else b""
        if len(raw) != 2 or min(raw) < 65 or max(raw) > 90:
            raise ValueError("country is two letters, such as BE")
        country = country.upper()
    if address is not None:
        if not isinstance(address, (tuple, list)) or len(address) != 4:
            raise ValueError('address is ["address", "mask", "gateway", "DNS"]')
        if not all([_is_ip(text) for text in address]):
            raise ValueError("address: each of its four is text such as 192.168.1.5")
        address = tuple(address)
    return country, address


def _is_ip(text):
    numbers = text.split(".") if isinstance(text, str) else ()
    for number in numbers:
        raw = number.encode()
        if not 0 < len(raw) < 4 or min(raw) < 48 or max(raw) > 57 or int(number) > 255:
            return False
    return len(numbers) == 4
