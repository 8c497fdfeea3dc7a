"""Reads both JSON formats of models into equations z = f(p1, ..., pm), as Formats.md and Operators.md say.

A linear map is a function of the numbers of its weight that yields its rows, each as columns and entries; so the same
equations serve with the file's numbers and with drawn parameters. ONNX files are not read.
"""
import itertools
import json
import math
import os
import struct
from dataclasses import dataclass, field


class Unreadable(Exception):
    """A file that does not say what its format asks for; the message names file and place."""


class OutOfScope(Exception):
    """A file that this program does not read."""


@dataclass
class Tensor:
    shape: list
    numbers: list


@dataclass
class Term:
    port: int
    source: int  # the position of an equation, or -1 for the input
    tensor: Tensor  # the weight, or None
    rows: object  # the weight's elements (or None) and the field's image of a double -> (columns, entries) of each row
    parameter: str = None


@dataclass
class Offset:
    port: int
    tensor: Tensor
    rows: object  # None where the tensor's elements are the summand
    parameter: str = None


@dataclass
class Equation:
    name: str
    shape: list
    ports: list
    kind: str
    constants: dict
    terms: list = field(default_factory=list)
    offsets: list = field(default_factory=list)


@dataclass
class Model:
    shape: list
    equations: list
    output: int
    is_network: bool


# Shapes.


def size(shape):
    return math.prod(shape)


def strides(shape):
    return [size(shape[axis + 1:]) for axis in range(len(shape))]


def axis_of(axis, rank):
    if not -rank <= axis < rank:
        raise Unreadable(f"expected an axis from {-rank} to {rank - 1}, found {axis}")
    return axis % rank


def positions(extents, steps, start=0):
    """The start plus the subscripts times the steps, for each coordinate in row-major order."""
    found = [start]
    for extent, step in zip(extents, steps):
        found = [base + step * index for base in found for index in range(extent)]
    return found


def lines(shape, axes):
    """Where each line along the axes begins, and the distances of its elements from there."""
    axes = [axis_of(axis, len(shape)) for axis in axes]
    steps = strides(shape)
    others = [axis for axis in range(len(shape)) if axis not in axes]
    starts = positions([shape[axis] for axis in others], [steps[axis] for axis in others])
    inner = sorted(axes)
    return starts, positions([shape[axis] for axis in inner], [steps[axis] for axis in inner])


def reduced_shape(shape, axes, keeps):
    axes = [axis_of(axis, len(shape)) for axis in axes]
    kept = [1 if axis in axes else extent for axis, extent in enumerate(shape)]
    return kept if keeps else [extent for axis, extent in enumerate(shape) if axis not in axes] or [1]


def broadcast(small, large, dims):
    """For each coordinate of the larger tensor the one of the smaller that meets it."""
    dims = [axis_of(axis, len(large)) for axis in dims] or list(range(len(large) - len(small), len(large)))
    steps = [0] * len(large)
    for axis, extent, step in zip(dims, small, strides(small)):
        if extent not in (1, large[axis]):
            raise Unreadable(f"expected shapes that broadcast, found {small} over {large}")
        steps[axis] = 0 if extent == 1 else step
    return positions(large, steps)


def for_all(values, rank):
    return list(values) * rank if len(values) == 1 else list(values)


class Windows:
    """How windows lie over the spatial axes of `[channels, ...]`."""

    def __init__(self, shape, kernel, stride, padding, dilation, rounds_up=False):
        rank = len(shape) - 1
        self.extents, self.kernel = shape[1:], for_all(kernel, rank)
        self.stride, self.dilation = for_all(stride, rank), for_all(dilation, rank)
        reach = [d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel)]
        self.before, self.behind = paddings(padding, rank, reach)
        self.counts = []
        for axis in range(rank):
            inside = self.extents[axis] + self.before[axis]
            room = inside + self.behind[axis] - reach[axis]
            count = room // self.stride[axis] + 1
            if rounds_up and room % self.stride[axis] and count * self.stride[axis] < inside:
                count += 1
            self.counts.append(count)

    def along(self, axis, window):
        """The elements of a window along an axis that lie inside: (element, coordinate)."""
        start = window * self.stride[axis] - self.before[axis]
        places = ((k, start + k * self.dilation[axis]) for k in range(self.kernel[axis]))
        return [(k, place) for k, place in places if 0 <= place < self.extents[axis]]

    def padded_count(self, axis, window):
        """How many elements of a window along an axis lie inside or in the padding."""
        start = window * self.stride[axis] - self.before[axis]
        end = self.extents[axis] + self.behind[axis]
        return sum(start + k * self.dilation[axis] < end for k in range(self.kernel[axis]))

    def each(self):
        """For each window, row-major, its subscripts and its elements: (element of the kernel, position in the plane)."""
        axes = range(len(self.counts))
        for window in itertools.product(*map(range, self.counts)):
            inside = [self.along(axis, window[axis]) for axis in axes]
            yield window, [flat(place, self.kernel, self.extents) for place in itertools.product(*inside)]


def flat(pairs, *shapes):
    """Two flat positions of subscripts that come in pairs."""
    totals = [0] * len(shapes)
    for axis, subscripts in enumerate(pairs):
        totals = [total * shape[axis] + subscript for total, shape, subscript in zip(totals, shapes, subscripts)]
    return tuple(totals)


def paddings(padding, rank, reach):
    if padding == "valid":
        return [0] * rank, [0] * rank
    if padding == "same":
        return [(r - 1) // 2 for r in reach], [r - 1 - (r - 1) // 2 for r in reach]
    if len(padding) == 2 * rank and rank > 0:
        return list(padding[:rank]), list(padding[rank:])
    return for_all(padding, rank), for_all(padding, rank)


# Linear maps: name -> (constants with defaults, builder). A builder takes the shape of what is read, the weight (or None)
# and the constants, and returns the shape of the value, the rows, and the shape and the axes of its bias.

REQUIRED = object()


def moved(indices, factors=None):
    """Rows whose one entry is 1, or an element's factor; None is an empty row."""

    def rows(weight, image):
        scale = [image(factor) for factor in factors] if factors else None
        for index in indices:
            yield ((index,), (scale[index] if scale else 1,)) if index is not None else ((), ())

    return rows


def index_map(shape, indices, factors=None):
    return shape, moved(indices, factors), shape, list(range(len(shape)))


def identity(shape, weight, c):
    return index_map(shape, range(size(shape)))


def multiply(shape, weight, c):
    def rows(weight, image):
        factor = image(c["factor"])
        return (((index,), (factor,)) for index in range(size(shape)))

    return shape, rows, shape, list(range(len(shape)))


def linear(shape, weight, c):
    axis = axis_of(only(c["dim"]), len(shape))
    outputs, inputs = weight.shape[::-1] if c["transposed"] else weight.shape
    if inputs != shape[axis]:
        raise Unreadable(f"expected a weight of {shape[axis]} inputs, found {weight.shape}")
    outer, inner = size(shape[:axis]), size(shape[axis + 1:])
    across, along = (1, outputs) if c["transposed"] else (inputs, 1)

    def rows(elements, image):
        for before, output, behind in itertools.product(range(outer), range(outputs), range(inner)):
            first = before * inputs * inner + behind
            yield (range(first, first + inputs * inner, inner),
                   elements[output * across:output * across + (inputs - 1) * along + 1:along])

    return shape[:axis] + [outputs] + shape[axis + 1:], rows, [outputs], [axis]


def conv(shape, weight, c):
    windows = Windows(shape, weight.shape[2:], c["stride"], c["padding"], c["dilation"])
    groups, outputs, depth = only(c["groups"]), weight.shape[0], weight.shape[1]
    if depth * groups != shape[0] or outputs % groups:
        raise Unreadable(f"expected {shape[0]} channels in {groups} groups, found a weight {weight.shape}")
    plane, area = size(shape[1:]), size(weight.shape[2:])

    def rows(elements, image):
        covered = [places for _, places in windows.each()]
        for output in range(outputs):
            first = output // (outputs // groups) * depth
            for places in covered:
                columns = [(first + d) * plane + place for d in range(depth) for _, place in places]
                yield columns, [elements[(output * depth + d) * area + k] for d in range(depth) for k, _ in places]

    return [outputs] + windows.counts, rows, [outputs], [0]


def conv_transpose(shape, weight, c):
    rank, groups = len(shape) - 1, only(c["groups"])
    kernel, outputs = weight.shape[2:], weight.shape[1]
    stride, dilation = for_all(c["stride"], rank), for_all(c["dilation"], rank)
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    before, behind = paddings(c["padding"], rank, reach)
    extra = for_all(c["output_padding"], rank)
    extents = [(n - 1) * s + r - a - b + e
               for n, s, r, a, b, e in zip(shape[1:], stride, reach, before, behind, extra)]
    channels, plane, area = shape[0] // groups, size(shape[1:]), size(kernel)

    def covering(axis, place):
        """The windows along an axis that cover a place, and the elements that do."""
        for element in range(kernel[axis]):
            offset = place + before[axis] - element * dilation[axis]
            if offset % stride[axis] == 0 and 0 <= offset // stride[axis] < shape[axis + 1]:
                yield element, offset // stride[axis]

    def rows(elements, image):
        for group, output in itertools.product(range(groups), range(outputs)):
            for place in itertools.product(*map(range, extents)):
                pairs = itertools.product(*(list(covering(axis, x)) for axis, x in enumerate(place)))
                found = [flat(pair, kernel, shape[1:]) for pair in pairs]
                yield ([channel * plane + window for channel in range(group * channels, (group + 1) * channels)
                        for _, window in found],
                       [elements[(channel * outputs + output) * area + element]
                        for channel in range(group * channels, (group + 1) * channels) for element, _ in found])

    return [outputs * groups] + extents, rows, [outputs * groups], [0]


def avg_pool(shape, weight, c):
    stride = c["stride"] or c["kernel_size"]
    windows = Windows(shape, c["kernel_size"], stride, c["padding"], c["dilation"], c["ceil_mode"])
    plane = size(shape[1:])

    def divisor(window):
        counts = (windows.padded_count(axis, place) if c["count_include_pad"] else len(windows.along(axis, place))
                  for axis, place in enumerate(window))
        return math.prod(max(1, count) for count in counts)

    def rows(weight, image):
        covered = [([place for _, place in places], inverse(image, divisor(window)))
                   for window, places in windows.each()]
        for channel in range(shape[0]):
            for places, share in covered:
                yield [channel * plane + place for place in places], [share] * len(places)

    return index_shape([shape[0]] + windows.counts, rows)


def index_shape(shape, rows):
    return shape, rows, shape, list(range(len(shape)))


def inverse(image, count):
    """1/n in the field, which `image` belongs to."""
    return image.__self__.inverse(count)


def reduction(is_mean):
    def build(shape, weight, c):
        starts, offsets = lines(shape, c["dim"])

        def rows(weight, image):
            share = inverse(image, len(offsets)) if is_mean else 1
            return (([start + offset for offset in offsets], [share] * len(offsets)) for start in starts)

        return index_shape(reduced_shape(shape, c["dim"], c["keepdim"]), rows)

    return build


def scale(shape, weight, c):
    indices = broadcast(weight.shape, shape, c["dim"])
    dims = [axis_of(axis, len(shape)) for axis in c["dim"]]

    def rows(elements, image):
        if c["factors"]:
            elements = [t * image(factor) for t, factor in zip(elements, c["factors"])]
        return (((row,), (elements[index],)) for row, index in enumerate(indices))

    return shape, rows, weight.shape, dims or list(range(len(shape) - len(weight.shape), len(shape)))


def reshape(shape, weight, c):
    extents = list(c["shape"])
    if -1 in extents:
        extents[extents.index(-1)] = -size(shape) // size(extents)
    if size(extents) != size(shape):
        raise Unreadable(f"expected a shape of {size(shape)} numbers, found {c['shape']}")
    return index_map(extents, range(size(shape)))


def flatten(shape, weight, c):
    first, last = (axis_of(only(c[key]), len(shape)) for key in ("start_dim", "end_dim"))
    return index_map(shape[:first] + [size(shape[first:last + 1])] + shape[last + 1:], range(size(shape)))


def permute(shape, weight, c):
    dims = [axis_of(axis, len(shape)) for axis in c["dims"]]
    steps = strides(shape)
    extents = [shape[axis] for axis in dims]
    return index_map(extents, positions(extents, [steps[axis] for axis in dims]))


def selected(shape, axis, places):
    """The map to some places of an axis; None is a zero."""
    outer, inner = size(shape[:axis]), size(shape[axis + 1:])
    indices = [None if place is None else (before * shape[axis] + place) * inner + behind
               for before in range(outer) for place in places for behind in range(inner)]
    return index_map(shape[:axis] + [len(places)] + shape[axis + 1:], indices)


def slice_map(shape, weight, c):
    axis = axis_of(only(c["dim"]), len(shape))
    start, end, step = only(c["start"]), only(c["end"]), only(c["step"])
    extent = shape[axis]
    return selected(shape, axis, range(start % extent, end % extent if end < 0 else end, step))


def index_select(shape, weight, c):
    return selected(shape, axis_of(only(c["dim"]), len(shape)), c["index"])


def place(shape, weight, c):
    axis, start = axis_of(only(c["dim"]), len(shape)), only(c["start"])
    inside = range(start, start + shape[axis])
    return selected(shape, axis, [at - start if at in inside else None for at in range(only(c["total"]))])


def pad(shape, weight, c):
    rank, indices = len(shape), [0]
    before, behind = c["padding"][:rank], c["padding"][rank:]
    extents = [sum(amounts) for amounts in zip(shape, before, behind)]
    for axis in range(rank):
        places = [at - before[axis] for at in range(extents[axis])]
        indices = [base * shape[axis] + at if base is not None and 0 <= at < shape[axis] else None
                   for base in indices for at in places]
    return index_map(extents, indices)


def upsample(shape, weight, c):
    factors = for_all(c["scale_factor"], len(shape) - 1)
    extents = [shape[0]] + [extent * factor for extent, factor in zip(shape[1:], factors)]
    indices = range(shape[0])
    for extent, factor in zip(shape[1:], factors):
        indices = [base * extent + at // factor for base in indices for at in range(extent * factor)]
    return index_map(extents, indices)


def expand(shape, weight, c):
    return index_map(c["shape"], broadcast(shape, c["shape"], c["dim"]), c["factors"])


def only(values):
    if len(values) != 1:
        raise Unreadable(f"expected one integer, found {values}")
    return values[0]


# What constants are, and their defaults: an integer stands for a list of one.
INTEGERS, NUMBER, NUMBERS, FLAG, WORD = "integers", "number", "numbers", "flag", "word"
WINDOW = {"stride": (INTEGERS, [1]), "padding": (INTEGERS, [0]), "dilation": (INTEGERS, [1])}
DIM_AND_KEEP = {"dim": (INTEGERS, REQUIRED), "keepdim": (FLAG, False)}
MAPS = {
    "identity": (identity, {}),
    "linear": (linear, {"dim": (INTEGERS, [-1]), "transposed": (FLAG, False)}),
    "conv": (conv, {**WINDOW, "groups": (INTEGERS, [1])}),
    "conv_transpose": (conv_transpose, {**WINDOW, "output_padding": (INTEGERS, [0]), "groups": (INTEGERS, [1])}),
    "avg_pool": (avg_pool, {
        **WINDOW, "kernel_size": (INTEGERS, REQUIRED), "stride": (INTEGERS, []), "ceil_mode": (FLAG, False),
        "count_include_pad": (FLAG, True)}),
    "mean": (reduction(True), DIM_AND_KEEP),
    "sum": (reduction(False), DIM_AND_KEEP),
    "scale": (scale, {"dim": (INTEGERS, []), "factors": (NUMBERS, [])}),
    "multiply": (multiply, {"factor": (NUMBER, REQUIRED)}),
    "reshape": (reshape, {"shape": (INTEGERS, REQUIRED)}),
    "flatten": (flatten, {"start_dim": (INTEGERS, [0]), "end_dim": (INTEGERS, [-1])}),
    "permute": (permute, {"dims": (INTEGERS, REQUIRED)}),
    "slice": (slice_map, {
        "dim": (INTEGERS, REQUIRED), "start": (INTEGERS, [0]), "end": (INTEGERS, REQUIRED), "step": (INTEGERS, [1])}),
    "index_select": (index_select, {"dim": (INTEGERS, REQUIRED), "index": (INTEGERS, REQUIRED)}),
    "place": (place, {"dim": (INTEGERS, REQUIRED), "start": (INTEGERS, REQUIRED), "total": (INTEGERS, REQUIRED)}),
    "pad": (pad, {"padding": (INTEGERS, REQUIRED)}),
    "upsample": (upsample, {"scale_factor": (INTEGERS, REQUIRED)}),
    "expand": (expand, {"shape": (INTEGERS, REQUIRED), "dim": (INTEGERS, []), "factors": (NUMBERS, [])}),
}
WEIGHTED = {"linear", "conv", "conv_transpose", "scale"}

EPSILON = {"eps": (NUMBER, 1e-5)}
NORMALIZED = {"normalized_shape": (INTEGERS, REQUIRED), **EPSILON}
NONLINEARITIES = {
    **{name: {} for name in (
        "identity relu selu silu mish sigmoid log_sigmoid hard_sigmoid hard_swish relu6 softsign tanh tanhshrink exp log "
        "sqrt reciprocal erf abs sin cos tan asin acos atan sinh cosh asinh acosh atanh sign floor ceil round prelu "
        "product quotient maximum minimum power greater greater_equal equal where matmul").split()},
    "leaky_relu": {"negative_slope": (NUMBER, 0.01)},
    "elu": {"alpha": (NUMBER, 1.0)},
    "celu": {"alpha": (NUMBER, 1.0)},
    "gelu": {"approximate": (WORD, "none")},
    "hard_tanh": {"min": (NUMBER, -1.0), "max": (NUMBER, 1.0)},
    "softplus": {"beta": (NUMBER, 1.0), "threshold": (NUMBER, 20.0)},
    "softshrink": {"lambda": (NUMBER, 0.5)},
    "hardshrink": {"lambda": (NUMBER, 0.5)},
    "threshold": {"threshold": (NUMBER, REQUIRED), "value": (NUMBER, REQUIRED)},
    "clamp": {"min": (NUMBER, -math.inf), "max": (NUMBER, math.inf)},
    "pow": {"exponent": (NUMBER, REQUIRED)},
    "softmax": {"dim": (INTEGERS, [-1])},
    "log_softmax": {"dim": (INTEGERS, [-1])},
    "logsumexp": DIM_AND_KEEP, "amax": DIM_AND_KEEP, "amin": DIM_AND_KEEP,
    "max_pool": {**WINDOW, "kernel_size": (INTEGERS, REQUIRED), "stride": (INTEGERS, []), "ceil_mode": (FLAG, False)},
    "layer_norm": NORMALIZED, "rms_norm": NORMALIZED,
    "group_norm": {"num_groups": (INTEGERS, REQUIRED), **EPSILON},
    "instance_norm": EPSILON,
}
# How many ports a layer of this type reads, where it is not one, and the ports that parameters fill.
INPUTS = {"where": 3, **{name: 2 for name in (
    "product quotient maximum minimum power greater greater_equal equal matmul").split()}}
PARAMETERS = {
    "prelu": ["weight"], "rms_norm": ["weight"],
    **{name: ["weight", "bias"] for name in ("layer_norm", "group_norm", "instance_norm")}}


def value_shape(kind, constants, ports):
    """The shape of a nonlinearity's value."""
    if kind == "matmul":
        return ports[0][:-1] + ports[1][-1:]
    if kind in ("amax", "amin", "logsumexp"):
        return reduced_shape(ports[0], constants["dim"], constants["keepdim"])
    if kind == "max_pool":
        return ports[0][:1] + pool_windows(ports[0], constants).counts
    return ports[0]


def pool_windows(shape, c):
    return Windows(
        shape, c["kernel_size"], c["stride"] or c["kernel_size"], c["padding"], c["dilation"], c["ceil_mode"])


# JSON.


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
        count = size(shape)
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


def is_positive_zero(number):
    return number == 0 and math.copysign(1.0, number) > 0


class Reader:
    """Makes equations of one JSON document."""

    def __init__(self, weights):
        self.weights = weights

    def tensor(self, value, shape=None):
        found = self.weights.tensor(value["tensor"]) if isinstance(value, dict) else nested(value)
        if shape is not None and found.shape != shape:
            raise Unreadable(f"expected a tensor of shape {shape}, found {found.shape}")
        return found

    def matrix(self, tensor, rows, columns):
        if tensor.shape != [rows, columns]:
            raise Unreadable(f"expected a matrix of {rows} x {columns}, found {tensor.shape}")
        whole = range(columns)
        return lambda elements, image: (
            (whole, elements[row * columns:(row + 1) * columns]) for row in range(rows))

    def map(self, value, shape):
        """The weight, the shape of the value, the rows, and the shape and axes of the bias."""
        build, descriptions = MAPS[named(value)]
        weight = self.tensor(value["weight"]) if named(value) in WEIGHTED else None
        return (weight,) + build(shape, weight, constants_of(descriptions, value))

    def nonlinearity(self, value):
        return named(value), constants_of(NONLINEARITIES[named(value)], value)

    def block(self, value, name):
        """The equation of a block, without what it reads."""
        shape = value.get("shape") or [value["size"]]
        kind, constants = self.nonlinearity(value["activation"])
        equation = Equation(name, shape, value.get("ports") or [shape], kind, constants)
        if size(value_shape(kind, constants, equation.ports)) != size(shape):
            raise Unreadable(f"{name}: expected an activation with {size(shape)} results")
        return equation

    def add_term(self, equation, entry, source, shape):
        """An entry of Wz or Wx, or a term of a block layer; `shape` is that of what it reads."""
        port = entry.get("port", 0)
        rows = size(equation.ports[port])
        if "matrix" in entry:
            weight = self.tensor(entry["matrix"])
            built = self.matrix(weight, rows, size(shape))
        else:
            weight, result, built, _, _ = self.map(entry["map"], self.seen(entry, shape))
            if size(result) != rows:
                raise Unreadable(f"{equation.name}: expected a map to {rows} numbers, found {result}")
        equation.terms.append(Term(port, source, weight, built, entry.get("parameter")))

    def seen(self, entry, shape):
        view = entry.get("view") or shape
        if size(view) != size(shape):
            raise Unreadable(f"expected a view of {size(shape)} numbers, found {view}")
        return view

    def add_offset(self, equation, entry):
        port = entry.get("port", 0)
        tensor = self.tensor(entry["vector"] if "vector" in entry else entry["tensor"])
        rows, count = None, size(tensor.shape)
        if "map" in entry:
            _, result, rows, _, _ = self.map(entry["map"], self.seen(entry, tensor.shape))
            count = size(result)
        if count != size(equation.ports[port]):
            raise Unreadable(f"{equation.name}: expected {size(equation.ports[port])} numbers of b, found {count}")
        equation.offsets.append(Offset(port, tensor, rows, entry.get("parameter")))

    # Equilibrium models.

    def equilibrium(self, value):
        shape = value["input"]
        equations = [self.block(block, block["name"]) for block in value["blocks"]]
        at = {equation.name: index for index, equation in enumerate(equations)}
        if len(at) != len(equations):
            raise Unreadable("expected blocks with names of their own")
        if isinstance(value.get("Wz"), dict):
            self.whole_matrices(value, equations, shape)
        else:
            for entry in value.get("Wx", []):
                self.add_term(equations[at[entry["to"]]], entry, -1, shape)
            for entry in value.get("Wz", []):
                source = at[entry["from"]]
                self.add_term(equations[at[entry["to"]]], entry, source, equations[source].shape)
            for entry in value.get("b", []):
                self.add_offset(equations[at[entry["to"]]], entry)
        return Model(shape, equations, at[value["output"]], False)

    def whole_matrices(self, value, equations, shape):
        ports = [(equation, port) for equation in equations for port in range(len(equation.ports))]
        rows = sum(size(equation.ports[port]) for equation, port in ports)
        columns = [size(equation.shape) for equation in equations]
        numbers = self.tensor(value["b"]["vector"], [rows]).numbers
        parts = [(self.tensor(value["Wx"]["matrix"], [rows, size(shape)]).numbers, -1, 0, size(shape), size(shape))]
        state = self.tensor(value["Wz"]["matrix"], [rows, sum(columns)]).numbers
        for source, count in enumerate(columns):
            parts.append((state, source, sum(columns[:source]), count, sum(columns)))
        row = 0
        for equation, port in ports:
            height = size(equation.ports[port])
            for matrix, source, column, width, stride in parts:
                part = [matrix[at * stride + column:at * stride + column + width] for at in range(row, row + height)]
                if not all(is_positive_zero(number) for line in part for number in line):
                    tensor = Tensor([height, width], [number for line in part for number in line])
                    equation.terms.append(Term(port, source, tensor, self.matrix(tensor, height, width)))
            if not all(map(is_positive_zero, numbers[row:row + height])):
                equation.offsets.append(Offset(port, Tensor([height], numbers[row:row + height]), None))
            row += height

    # Networks.

    def network(self, value):
        layers = value["layers"]
        names = [layer.get("name", f"layer{index}") for index, layer in enumerate(layers)]
        at = {name: index for index, name in enumerate(names)}
        if len(at) != len(layers) or "input" in at or not layers:
            raise Unreadable("expected layers with names of their own")
        before = lambda index: [names[index - 1] if index else "input"]
        reads = [layer.get("inputs", before(index)) for index, layer in enumerate(layers)]
        equations, places = [], {"input": (-1, value["input"])}
        waiting = list(range(len(layers)))
        while waiting:
            ready = [index for index in waiting if all(name in places for name in reads[index])]
            if not ready:
                raise Unreadable("expected layers that read each other in no cycle")
            for index in ready:
                sources = [places[name] for name in reads[index]]
                result = self.layer(layers[index], names[index], reads[index], sources, equations)
                places[names[index]] = (result, equations[result].shape)
            waiting = [index for index in waiting if names[index] not in places]
        return Model(value["input"], equations, places[value.get("output", names[-1])][0], True)

    def layer(self, value, name, reads, sources, equations):
        """Adds the equations of a layer, and returns the position of the one whose value is the layer's."""
        kind = value["type"]
        (source, shape) = sources[0]
        if kind == "equilibrium":
            return self.implicit(value["model"], name, source, shape, equations)
        if kind == "block":
            equation = self.block(value, name)
            for entry in value["terms"]:
                index = reads.index(entry["from"]) if "from" in entry else 0
                self.add_term(equation, entry, *sources[index])
            for entry in value.get("b", []):
                self.add_offset(equation, entry)
        elif kind in NONLINEARITIES and kind != "identity":
            equation = self.nonlinear(value, name, sources)
        else:
            equation = self.affine(value, name, sources)
        equations.append(equation)
        return len(equations) - 1

    def affine(self, value, name, sources):
        """A layer with sums of linear maps in front of an elementwise activation."""
        kind, (source, shape) = value["type"], sources[0]
        equation = Equation(name, shape, [shape], *self.nonlinearity(value.get("activation", "identity")))
        add = lambda *term: equation.terms.append(Term(0, *term))
        if kind == "dense":
            weight = self.tensor(value["weight"])
            equation.shape = weight.shape[:1]
            add(source, weight, self.matrix(weight, weight.shape[0], size(shape)), f"{name}.weight")
            self.add_bias(equation, value, equation.shape, [0])
        elif kind in ("add", "cat"):
            self.sum(value, equation, sources)
        elif kind == "shift":
            add(source, None, moved(range(size(shape))))
            bias = self.tensor(value["bias"])
            self.add_bias(equation, value, bias.shape, constants_of({"dim": (INTEGERS, [])}, value)["dim"])
        elif kind == "batch_norm":
            self.batch_norm(value, equation, source)
        else:
            weight, equation.shape, rows, bias, dims = self.map(value, shape)
            add(source, weight, rows, None if weight is None else f"{name}.weight")
            self.add_bias(equation, value, bias, dims)
        equation.ports = [equation.shape]
        return equation

    def add_bias(self, equation, value, shape, dims):
        if "bias" in value:
            self.spread(equation, self.tensor(value["bias"], shape), dims, [], 0, f"{equation.name}.bias")

    def spread(self, equation, tensor, dims, factors, port, parameter):
        target = equation.ports[port] if port else equation.shape
        indices = broadcast(tensor.shape, target, dims)
        equation.offsets.append(Offset(port, tensor, moved(indices, factors), parameter))

    def sum(self, value, equation, sources):
        shapes = [shape for _, shape in sources]
        if value["type"] == "add":
            if any(shape != shapes[0] for shape in shapes):
                raise Unreadable(f"{equation.name}: expected summands of one shape")
            for source, shape in sources:
                equation.terms.append(Term(0, source, None, moved(range(size(shape)))))
            return
        axis = axis_of(value.get("dim", 0), len(shapes[0]))
        total, start = sum(shape[axis] for shape in shapes), 0
        equation.shape = shapes[0][:axis] + [total] + shapes[0][axis + 1:]
        for source, shape in sources:
            if shape[:axis] + [total] + shape[axis + 1:] != equation.shape:
                raise Unreadable(f"{equation.name}: expected parts that differ along axis {axis} only")
            _, rows, _, _ = place(shape, None, {"dim": [axis], "start": [start], "total": [total]})
            equation.terms.append(Term(0, source, None, rows))
            start += shape[axis]

    def batch_norm(self, value, equation, source):
        channels = equation.shape[:1]
        mean, variance = (self.tensor(value[key], channels).numbers for key in ("running_mean", "running_var"))
        epsilon = float(value.get("eps", 1e-5))
        factors = [1 / math.sqrt(number + epsilon) for number in variance]
        shifts = [-number * factor for number, factor in zip(mean, factors)]
        has_weight = "weight" in value
        weight = self.tensor(value["weight"], channels) if has_weight else Tensor(channels, [1.0] * channels[0])
        parameter = f"{equation.name}.weight" if has_weight else None
        _, rows, _, _ = scale(equation.shape, weight, {"dim": [0], "factors": factors})
        equation.terms.append(Term(0, source, weight, rows, parameter))
        if any(shifts):
            self.spread(equation, weight, [0], shifts, 0, parameter)
        self.add_bias(equation, value, channels, [0])

    def nonlinear(self, value, name, sources):
        kind, constants = self.nonlinearity(value)
        ports = [shape for _, shape in sources]
        if len(ports) != INPUTS.get(kind, 1):
            raise Unreadable(f"{name}: expected {INPUTS.get(kind, 1)} inputs, found {len(ports)}")
        given = [key for key in PARAMETERS.get(kind, []) if key in value]
        equation = Equation(name, value_shape(kind, constants, ports), ports + ports[:1] * len(given), kind, constants)
        for port, (source, shape) in enumerate(sources):
            equation.terms.append(Term(port, source, None, moved(range(size(shape)))))
        for port, key in enumerate(given, len(sources)):
            tensor = self.tensor(value[key])
            last = range(len(ports[0]) - len(tensor.shape), len(ports[0]))
            dims = last if kind in ("layer_norm", "rms_norm") else [0]
            self.spread(equation, tensor, list(dims), [], port, f"{name}.{key}")
        return equation

    def implicit(self, value, name, source, shape, equations):
        model = self.equilibrium(value)
        if size(model.shape) != size(shape):
            raise Unreadable(f"{name}: expected a model of {size(shape)} numbers, found {model.shape}")
        name_places(model)
        return append(equations, model, f"{name}." if name else "", source)


def name_places(model):
    """Gives the first entry at each place the place's name, where it has no name and no other has that one: so a network
    calls the parameters of an equilibrium layer."""
    for equation in model.equations:
        to = [equation.name + (f".{port}" if len(equation.ports) > 1 else "") for port in range(len(equation.ports))]
        places = [(term, f"Wx[{to[term.port]}]" if term.source < 0 else
                   f"Wz[{to[term.port]},{model.equations[term.source].name}]")
                  for term in equation.terms if term.tensor is not None]
        places += [(offset, f"b[{to[offset.port]}]") for offset in equation.offsets]
        taken = {place for part, place in places if part.parameter == place}
        for part, place in places:
            if part.parameter is None and place not in taken:
                part.parameter = place
                taken.add(place)


def append(equations, model, prefix, source):
    """Adds a model's equations under a prefix, with another source for its input; returns the output's position."""
    first = len(equations)
    for equation in model.equations:
        equation.name = prefix + equation.name
        for term in equation.terms:
            term.source = source if term.source < 0 else first + term.source
        for part in equation.terms + equation.offsets:
            part.parameter = None if part.parameter is None else prefix + part.parameter
    equations.extend(model.equations)
    return first + model.output


def read_model(contents, path, weights):
    """The model of a JSON file whose contents are these bytes; `weights` opens the file of a path for its tensors."""
    if path.endswith(".onnx") or contents[:1] and contents[0] < 0x20 and contents[:1] not in (b"\t", b"\n", b"\r"):
        raise OutOfScope(f"{path}: ONNX files are not read by this program")
    value = parse(contents, path)
    try:
        if value["version"] != 1:
            raise Unreadable(f"expected version 1, found {value['version']}")
        reader = Reader(weights(os.path.join(os.path.dirname(path), value["weights"])) if "weights" in value else Weights())
        return reader.network(value) if value["format"] == "network" else reader.equilibrium(value)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"{path}: expected a model, {type(error).__name__}: {error}") from None


def stacked(models):
    """The models one behind the other, as one."""
    if len(models) == 1:
        return models[0]
    equations, output = [], -1
    for position, model in enumerate(models, 1):
        if not model.is_network:
            name_places(model)
        if output >= 0 and size(equations[output].shape) != size(model.shape):
            raise Unreadable(f"model {position} of the stack: expected an input of {size(equations[output].shape)} numbers")
        output = append(equations, model, f"{position}.", output)
    return Model(models[0].shape, equations, output, True)
