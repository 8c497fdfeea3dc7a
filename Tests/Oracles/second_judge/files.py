"""JSON and safetensors files: what stands in them, and what an operator's constants are."""
import json
import math
import struct
from dataclasses import dataclass


class Unreadable(Exception):
    """A file that does not say what its format asks for; the message names file and place."""


class OutOfScope(Exception):
    """A file that this program does not read."""


@dataclass
class Tensor:
    shape: list
    numbers: list


REQUIRED = object()
# What constants are, and their defaults: an integer stands for a list of one.
INTEGERS, NUMBER, NUMBERS, FLAG, WORD = "integers", "number", "numbers", "flag", "word"


def parse(contents, path):
    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise Unreadable(f"{path}: expected every key of an object once")
        return dict(pairs)

    def refuse(text):
        raise Unreadable(f"{path}: expected numbers that JSON has, found {text}")

    def integer(text):
        # A zero keeps its sign.
        return -0.0 if text == "-0" else int(text)

    try:
        return json.loads(
            contents.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse, parse_int=integer)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: expected JSON, {error}") from None


def constants_of(descriptions, value):
    given = value if isinstance(value, dict) else {}
    constants = {}
    for name, (kind, default) in descriptions.items():
        constant = given.get(name, default)
        if constant is REQUIRED:
            raise Unreadable(f"expected the key {name!r}")
        if name in given:
            constant = (
                float(constant) if kind == NUMBER else [float(number) for number in constant] if kind == NUMBERS
                else [constant] if kind == INTEGERS and isinstance(constant, int) else constant)
        constants[name] = constant
    return constants


def named(value):
    return value if isinstance(value, str) else value["type"]


class Weights:
    """The tensors of a safetensors file, or of no file."""

    SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}

    def __init__(self, contents=None, path=None):
        self.path, self.header = path, {}
        if contents is not None:
            length = int.from_bytes(contents[:8], "little")
            if len(contents) < 8 + length:
                raise OutOfScope(f"{path}: weights are read from safetensors files only")
            self.header = parse(contents[8:8 + length], path)
            self.data = memoryview(contents)[8 + length:]

    def tensor(self, name):
        entry = self.header.get(name)
        if entry is None or entry["dtype"] not in self.SIZES:
            raise Unreadable(f"{self.path}: expected a tensor {name!r} of floating-point numbers")
        (start, end), kind, shape = entry["data_offsets"], entry["dtype"], entry["shape"]
        count = math.prod(shape)
        if not 0 <= start <= end <= len(self.data) or end - start != count * self.SIZES[kind]:
            raise Unreadable(f"{self.path}: expected {count} numbers of {name!r}")
        raw = bytes(self.data[start:end])
        if kind == "BF16":
            # The upper half of a float of 32 bits.
            raw = b"".join(b"\0\0" + raw[index:index + 2] for index in range(0, len(raw), 2))
        letter = {"F64": "d", "F16": "e"}.get(kind, "f")
        return Tensor(shape, list(struct.unpack(f"<{count}{letter}", raw)))


def nested(value):
    """A tensor of nested arrays."""
    if not isinstance(value, list):
        return Tensor([], [float(value)])
    if value and not isinstance(value[0], list):
        return Tensor([len(value)], [float(number) for number in value])
    parts = [nested(part) for part in value]
    if not parts or any(part.shape != parts[0].shape for part in parts):
        raise Unreadable("expected an array of equal parts")
    return Tensor([len(parts)] + parts[0].shape, [number for part in parts for number in part.numbers])
