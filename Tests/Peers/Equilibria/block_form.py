"""An equilibrium model of deq's JSON format as a function f(z, x) of the blocks that are iterated on.

Everything is written out as matrices and plain formulas, over floats (NumPy) or over mpmath's numbers of sixty digits: the
same lines for both, and none that deq, PyTorch or JAX has.
"""

import math

import numpy as np

try:
    import mpmath
except ImportError:
    mpmath = None


def size(shape):
    return math.prod(shape)


class Form:
    """What a model's blocks are and read; the blocks outside of `state` follow from it in one sweep."""

    def __init__(self, model, state):
        self.blocks = {block["name"]: block for block in model["blocks"]}
        self.shapes = {name: tuple(block.get("shape") or [block["size"]]) for name, block in self.blocks.items()}
        self.input_shape = tuple(model["input"])
        self.terms = {name: [] for name in self.blocks}
        for entry in model["Wz"]:
            self.terms[entry["to"]].append(entry)
        for entry in model["Wx"]:
            self.terms[entry["to"]].append(entry)
        self.offsets = {name: [] for name in self.blocks}
        for entry in model["b"]:
            self.offsets[entry["to"]].append(entry)
        self.state, self.output = list(state), model["output"]
        self.helpers = self.in_order([name for name in self.blocks if name not in self.state])
        self.sizes = [size(self.shapes[name]) for name in self.state]
        self.state_size = sum(self.sizes)

    def in_order(self, names):
        """The blocks that are not iterated on, each after all that it reads of the others."""
        ordered, waiting = [], list(names)
        while waiting:
            ready = [
                name for name in waiting
                if all(term.get("from") not in waiting for term in self.terms[name])]
            if not ready:
                raise ValueError(f"{waiting[0]} stands in a cycle outside of the state")
            ordered += ready
            waiting = [name for name in waiting if name not in ready]
        return ordered

    def port_shapes(self, name):
        return [tuple(shape) for shape in self.blocks[name].get("ports", [self.shapes[name]])]

    def activation(self, name):
        activation = self.blocks[name]["activation"]
        return (activation, {}) if isinstance(activation, str) else (activation["type"], activation)

    def source_shape(self, term):
        return self.shapes[term["from"]] if "from" in term else self.input_shape

    def values(self, backend, state, x):
        """The value of every block, those of the state being given, by backend.block(name, read)."""
        values = dict(zip(self.state, state))
        read = lambda term: values[term["from"]] if "from" in term else x
        for name in self.helpers:
            values[name] = backend.block(name, read)
        return values, read

    def transition(self, backend, state, x):
        """f on the state's blocks."""
        _, read = self.values(backend, state, x)
        return [backend.block(name, read) for name in self.state]


def conv_matrix(weight, in_shape, out_shape, stride=1, padding=0):
    """A 2-D convolution as a matrix, `[out, in]`."""
    weight = np.asarray(weight)
    matrix = np.zeros((*out_shape, *in_shape))
    for o, c, dy, dx in np.ndindex(*weight.shape):
        for y, x in np.ndindex(*out_shape[1:]):
            row, column = y * stride + dy - padding, x * stride + dx - padding
            if 0 <= row < in_shape[1] and 0 <= column < in_shape[2]:
                matrix[o, y, x, c, row, column] += weight[o, c, dy, dx]
    return matrix.reshape(size(out_shape), size(in_shape))


def term_matrix(term, in_shape, out_shape):
    """The matrix of an entry of Wz or Wx, `[out, in]`."""
    if "matrix" in term:
        return np.asarray(term["matrix"], float)
    if term["map"] == "identity":
        return np.eye(size(in_shape))
    options = dict(term["map"])
    kind = options.pop("type")
    if kind == "multiply":
        return options["factor"] * np.eye(size(in_shape))
    if kind == "linear":
        # One matrix on one axis, the last by default.
        axis = options.get("dim", -1) % len(in_shape)
        basis = np.eye(size(in_shape)).reshape(-1, *in_shape)
        image = np.moveaxis(np.tensordot(basis, np.asarray(options["weight"]), axes=([axis + 1], [1])), -1, axis + 1)
        return image.reshape(size(in_shape), -1).T
    if kind == "permute":
        basis = np.eye(size(in_shape)).reshape(-1, *in_shape)
        return basis.transpose(0, *[axis + 1 for axis in options["dims"]]).reshape(size(in_shape), -1).T
    if kind == "upsample":
        factor = options["scale_factor"]
        basis = np.eye(size(in_shape)).reshape(-1, *in_shape)
        return basis.repeat(factor, axis=-1).repeat(factor, axis=-2).reshape(size(in_shape), -1).T
    if kind == "conv":
        return conv_matrix(options["weight"], in_shape, out_shape, options.get("stride", 1), options.get("padding", 0))
    if kind == "conv_transpose":
        return conv_matrix(options["weight"], out_shape, in_shape, options.get("stride", 1), options.get("padding", 0)).T
    raise ValueError(f"a map of type {kind}")


def offset_array(offset, shape):
    """An entry of b in the shape of its port."""
    if "vector" in offset:
        return np.asarray(offset["vector"], float).reshape(shape)
    axis = offset["map"]["dim"]
    return np.broadcast_to(
        np.asarray(offset["tensor"], float).reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)


class FloatNumbers:
    """Doubles."""

    exp, tanh, sin, expm1, sqrt = np.exp, np.tanh, np.sin, np.expm1, np.sqrt
    erf = staticmethod(lambda p: np.vectorize(math.erf, otypes=[float])(p))

    def array(self, values):
        return np.asarray(values, float)

    def matrix(self, matrix):
        try:
            from scipy.sparse import csr_matrix

            if np.count_nonzero(matrix) < matrix.size / 8:
                sparse = csr_matrix(matrix)
                return lambda rows: np.asarray((sparse @ rows.T).T)
        except ImportError:
            pass
        return lambda rows: rows @ matrix.T


class PreciseNumbers:
    """mpmath's numbers, of sixty digits."""

    def __init__(self, digits=60):
        mpmath.mp.dps = digits
        elementwise = lambda function: np.frompyfunc(function, 1, 1)
        mp = mpmath.mp
        self.exp, self.tanh, self.sin, self.expm1 = map(elementwise, (mp.exp, mp.tanh, mp.sin, mp.expm1))
        self.erf, self.sqrt = elementwise(mp.erf), elementwise(mp.sqrt)

    def array(self, values):
        return np.frompyfunc(mpmath.mpf, 1, 1)(np.asarray(values, object))

    def matrix(self, matrix):
        rows = [
            (np.flatnonzero(row), [mpmath.mpf(float(number)) for number in row[np.flatnonzero(row)]]) for row in matrix]

        def apply(vectors):
            return np.array([
                [mpmath.fdot(weights, vector[columns]) for columns, weights in rows] for vector in vectors], object)

        return apply


class WrittenOut:
    """f(z, x) of a model, `[batch, N]` to `[batch, N]`, over numbers of one kind."""

    def __init__(self, model, state, numbers):
        self.form, self.numbers = Form(model, state), numbers
        form = self.form
        self.terms = {
            name: [
                (term, term.get("port", 0), numbers.matrix(
                    term_matrix(term, form.source_shape(term), form.port_shapes(name)[term.get("port", 0)])))
                for term in form.terms[name]]
            for name in form.blocks}
        self.offsets = {
            name: [
                (offset.get("port", 0), numbers.array(
                    offset_array(offset, form.port_shapes(name)[offset.get("port", 0)]).reshape(-1)))
                for offset in form.offsets[name]]
            for name in form.blocks}

    def split(self, z):
        edges = np.cumsum([0, *self.form.sizes])
        return [z[:, first:last] for first, last in zip(edges, edges[1:])]

    def __call__(self, z, x):
        return np.concatenate(self.form.transition(self, self.split(z), x), axis=1)

    def output(self, z, x):
        values, _ = self.form.values(self, self.split(z), x)
        return values[self.form.output]

    def block(self, name, read):
        shapes = self.form.port_shapes(name)
        ports = [0] * len(shapes)
        for term, port, apply in self.terms[name]:
            ports[port] = ports[port] + apply(read(term))
        for port, offset in self.offsets[name]:
            ports[port] = ports[port] + offset
        kind, options = self.form.activation(name)
        ports = [port.reshape(-1, *shape) for port, shape in zip(ports, shapes)]
        value = getattr(self, kind)(*ports, **{key: v for key, v in options.items() if key != "type"})
        return value.reshape(len(value), -1)

    def identity(self, p):
        return p

    def relu(self, p):
        return np.maximum(p, 0 * p)

    def tanh(self, p):
        return self.numbers.tanh(p)

    def sin(self, p):
        return self.numbers.sin(p)

    def exp(self, p):
        return self.numbers.exp(p)

    def celu(self, p):
        return np.where(p > 0, p, self.numbers.expm1(np.minimum(p, 0 * p)))

    def silu(self, p):
        return p / (1 + self.numbers.exp(-p))

    def gelu(self, p):
        root = self.numbers.sqrt(self.numbers.array(2))
        return p * (1 + self.numbers.erf(p / root)) / 2

    def clamp(self, p, min, max):
        return np.minimum(np.maximum(p, self.numbers.array(min)), self.numbers.array(max))

    def pow(self, p, exponent):
        return p**exponent

    def softmax(self, p, dim):
        e = self.numbers.exp(p - p.max(axis=dim, keepdims=True))
        return e / e.sum(axis=dim, keepdims=True)

    def matmul(self, a, b):
        return np.array([u @ v for u, v in zip(a, b)], a.dtype)

    def normalized(self, p, axes, eps=1e-5):
        count = size([p.shape[axis] for axis in axes])
        d = p - p.sum(axis=axes, keepdims=True) / count
        variance = (d * d).sum(axis=axes, keepdims=True) / count
        return d / self.numbers.sqrt(variance + eps)

    def layer_norm(self, p, weight, bias, normalized_shape):
        return self.normalized(p, (-1,)) * weight + bias

    def group_norm(self, p, weight, bias, num_groups):
        groups = p.reshape(len(p), num_groups, -1)
        return self.normalized(groups, (-1,)).reshape(p.shape) * weight + bias
