"""Shapes of tensors, lines and windows over them."""
import itertools
import math

from .files import Unreadable


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
        """For each window, row-major, its subscripts and its elements, each by kernel and by plane."""
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


def value_shape(kind, constants, ports):
    """The shape of a nonlinearity's value."""
    if kind == "matmul":
        return ports[0][:-1] + ports[1][-1:]
    if kind in ("amax", "amin", "logsumexp", "norm"):
        return reduced_shape(ports[0], constants["dim"], constants["keepdim"])
    if kind == "glu":
        return halved(ports[0], constants["dim"][0])
    if kind == "max_pool":
        return ports[0][:1] + pool_windows(ports[0], constants).counts
    return ports[0]


def halved(shape, dim):
    """The shape of each half along an axis."""
    axis = axis_of(dim, len(shape))
    return shape[:axis] + [shape[axis] // 2] + shape[axis + 1:]


def pool_windows(shape, c):
    return Windows(
        shape, c["kernel_size"], c["stride"] or c["kernel_size"], c["padding"], c["dilation"], c["ceil_mode"])
