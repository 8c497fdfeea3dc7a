"""Linear maps, entry by entry.

A builder takes the shape of what is read, the weight (or None) and the constants, and returns the shape of the value,
the rows, and the shape and the axes of the bias that goes with the map. Rows are a function of the weight's elements (or
None) and of the field's image of a double, which yields the columns and entries of each row: so one map serves with the
numbers of the file and with drawn ones.
"""
import itertools
import math

from .files import FLAG, INTEGERS, NUMBER, NUMBERS, REQUIRED, WORD, Unreadable
from .shapes import Windows, axis_of, broadcast, flat, for_all, lines, paddings, positions, reduced_shape, size, strides


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


def interpolate(shape, weight, c):
    extents = for_all(c["size"], len(shape) - 1)
    lines = [[resampled(at, extent, target, c) for at in range(target)]
             for extent, target in zip(shape[1:], extents)]
    plane = size(shape[1:])

    def rows(weight, image):
        entries = []
        for corner in itertools.product(*lines):
            places, weights = [0], [1.0]
            for extent, parts in zip(shape[1:], corner):
                places = [outer * extent + place for outer in places for place, _ in parts]
                weights = [outer * share for outer in weights for _, share in parts]
            entries.append((places, [image(number) for number in weights]))
        for channel in range(shape[0]):
            for places, shares in entries:
                yield [channel * plane + place for place in places], shares

    return index_shape([shape[0]] + extents, rows)


def resampled(at, extent, target, c):
    """The places that an element of the value is made of along an axis, and their weights."""
    if c["mode"] == "nearest":
        return [(at * extent // target, 1.0)]
    if c["align_corners"]:
        coordinate = at * (extent - 1) / (target - 1) if target > 1 else 0.0
    else:
        coordinate = ((2 * at + 1) * extent - target) / (2 * target)
    first = math.floor(coordinate)
    ratio = coordinate - first
    parts = {}
    for place, share in ((first, 1.0 - ratio), (first + 1, ratio)):
        place = min(max(place, 0), extent - 1)
        parts[place] = parts.get(place, 0.0) + share
    return [(place, share) for place, share in parts.items() if share]


def expand(shape, weight, c):
    return index_map(c["shape"], broadcast(shape, c["shape"], c["dim"]), c["factors"])


def only(values):
    if len(values) != 1:
        raise Unreadable(f"expected one integer, found {values}")
    return values[0]


# By name: the builder, and the constants with their defaults.
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
    "interpolate": (interpolate, {
        "size": (INTEGERS, REQUIRED), "mode": (WORD, "nearest"), "align_corners": (FLAG, False)}),
    "expand": (expand, {"shape": (INTEGERS, REQUIRED), "dim": (INTEGERS, []), "factors": (NUMBERS, [])}),
}
WEIGHTED = {"linear", "conv", "conv_transpose", "scale"}
