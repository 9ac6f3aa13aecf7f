"""States as bytes in a layout of the device's own: the platform's binary conversion language, ABCL.

Of the language this is what describes one fixed layout: a list `sense` of statements that map
bytes to assets, each with the selectors byte, bytelength, bit, type, byteorder, signed and
calculation. Conditions and commands are not here (seen in the platform's docs and device types).
"""

import ast
import operator
import struct

_TYPES = ("integer", "number", "boolean", "string")
_SELECTORS = {"byte", "bytelength", "bit", "type", "byteorder", "signed", "calculation"}
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def check(definition: object) -> None:
    """Raise ValueError, in words, unless states can be read by this definition."""
    sense = definition.get("sense") if isinstance(definition, dict) else None
    if not isinstance(sense, list) or not sense:
        raise ValueError('an ABCL definition is {"sense": [{"asset": ..., "value": {...}}, ...]}')
    for statement in sense:
        if not isinstance(statement, dict) or not isinstance(statement.get("asset"), str):
            raise ValueError(f"only statements with an asset are known here, not {statement}")
        _check_value(statement.get("value"), statement["asset"])


def _check_value(value, name):
    if not isinstance(value, dict):
        if value is None or isinstance(value, list):
            raise ValueError(f"{name}: value has to be an object, or a constant")
        return
    if "byte" not in value:
        for key, part in value.items():
            _check_value(part, f"{name}.{key}")
        return
    unknown = set(value) - _SELECTORS
    if unknown:
        raise ValueError(f"{name}: {unknown.pop()} is not known here")
    for key, least in (("byte", 0), ("bytelength", 1), ("bit", 0)):
        if key in value and not (type(value[key]) is int and value[key] >= least):
            raise ValueError(f"{name}: {key} has to be a whole number from {least} on")
    if value.get("type", "integer") not in _TYPES:
        raise ValueError(f"{name}: the type is one of {' '.join(_TYPES)}")
    if value.get("byteorder", "big") not in ("big", "little"):
        raise ValueError(f"{name}: byteorder is big or little")
    _calculated(value.get("calculation", "val"), 1, name)


def read_states(payload: bytes, definition: dict) -> dict[str, object]:
    """Return the values by asset name that bytes hold.

    Raises:
        ValueError: they are too few for the definition.
    """
    return {s["asset"]: _value(payload, s["value"], s["asset"]) for s in definition["sense"]}


def _value(payload, value, name):
    if not isinstance(value, dict):
        return value
    if "byte" not in value:
        return {key: _value(payload, part, f"{name}.{key}") for key, part in value.items()}
    at, size = value["byte"], value.get("bytelength", 1)
    data = payload[at : at + size]
    if len(data) < size:
        raise ValueError(f"{name}: {len(payload)} bytes are too few, it ends at {at + size}")
    kind, order = value.get("type", "integer"), value.get("byteorder", "big")
    number = int.from_bytes(data, order, signed=bool(value.get("signed")))
    if "bit" in value:
        number = int.from_bytes(data, order) >> value["bit"] & 1
        kind = value.get("type", "boolean")
    if kind == "boolean":
        return bool(number)
    if kind == "string":
        return data.decode("utf-8")
    if kind == "number":
        form = {2: "e", 4: "f", 8: "d"}.get(size)
        if form is None:
            raise ValueError(f"{name}: a number has 2, 4 or 8 bytes")
        number = struct.unpack((">" if order == "big" else "<") + form, data)[0]
    return _calculated(value.get("calculation", "val"), number, name)


def _calculated(text, number, name):
    """Return what a calculation such as "val / 10 - 40" makes of a number."""

    def result(node):
        if isinstance(node, ast.Name) and node.id == "val":
            return number
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](result(node.left), result(node.right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](result(node.operand))
        raise ValueError

    try:
        return result(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, TypeError, ZeroDivisionError):
        raise ValueError(f"{name}: the calculation {text!r} cannot be done with {number}") from None
