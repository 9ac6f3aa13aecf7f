"""What a Client says of an error. Loaded by the first one."""

import io
import sys


def report(client, text, e=None):
    """Keep and log an error, with the traceback of `e` if there is one; never the token."""
    lines = ()
    if e is not None:
        try:
            text, lines = traceback_lines(text, e)
        except MemoryError:  # not even that fits
            text = "%s: %s" % (text, e)
    client.last_error = text = text.replace(client.token, "***").replace("\n", " ")
    if client._log:
        try:
            client._log("allthingstalk: " + text)
            for line in lines:
                client._log(line.replace(client.token, "***"))
        except Exception:  # a log on a full flash: the client goes on
            pass


def traceback_lines(text, e):
    """Return `text` with what the exception says, and its traceback as lines."""
    text = "%s: %s: %s" % (text, e.__class__.__name__, e)
    if hasattr(sys, "print_exception"):
        trace = io.StringIO()
        sys.print_exception(e, trace)
        return text, trace.getvalue().strip().split("\n")
    import traceback

    trace = traceback.format_exception(type(e), e, e.__traceback__)
    return text, "".join(trace).strip().split("\n")
