"""What happens to a board, in words."""

from __future__ import annotations


def sentence(event: str, fields: dict) -> str:
    """Return one line for a reader, or "" for an event that is not worth one."""
    if event == "pin":
        return f"pin {fields['name']} = {fields['value']}"
    if event == "wifi":
        return f"wifi {'up' if fields['up'] else 'down'}"
    if event == "own_access_point":
        return f"access point {fields['name']}: its page is at http://{fields['portal']}/"
    if event == "start":
        return f"board starts: {fields['cause']}"
    if event == "bootloader":
        return "board is in its boot loader and silent; a reset brings it back"
    if event == "sleep":
        return "board is in deep sleep"
    if event == "warning":
        return f"warning: {fields['text']}"
    return ""
