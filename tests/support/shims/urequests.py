"""Lets the real `urequests` run on CPython, where `b"%s" % text` is an error.

MicroPython takes text there. The engine itself, the next `urequests` on the path, is unchanged:
it is handed a method and an address that know their bytes, and takes this module's place.
"""

import importlib.machinery
import importlib.util
import os
import sys


class _Text(str):
    def __bytes__(self):
        return self.encode()

    def split(self, *args):
        return [_Text(part) for part in super().split(*args)]


_here = os.path.dirname(os.path.abspath(__file__))
_spec = importlib.machinery.PathFinder.find_spec(
    "urequests", [p for p in sys.path if os.path.abspath(p) != _here]
)
if _spec is None:
    raise ImportError("no urequests on the path")
_engine = importlib.util.module_from_spec(_spec)
sys.modules[__name__] = _engine
_spec.loader.exec_module(_engine)
_request = _engine.request


def request(method, url, *args, **kwargs):
    return _request(_Text(method), _Text(url), *args, **kwargs)


_engine.request = request
