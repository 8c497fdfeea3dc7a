"""Reads both JSON formats of models into equations z = f(p1, ..., pm), as Formats.md and Operators.md say.

ONNX files are not read.
"""
import math
import os
from dataclasses import dataclass, field

from .files import (
    FLAG, INTEGERS, NUMBER, REQUIRED, WORD, OutOfScope, Tensor, Unreadable, Weights, constants_of, named, nested, parse)
from .maps import DIM_AND_KEEP, MAPS, WEIGHTED, WINDOW, moved, place, scale
from .recurrent import GATES, unrolled
from .shapes import axis_of, broadcast, size, value_shape


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


EPSILON = {"eps": (NUMBER, 1e-5)}
NORMALIZED = {"normalized_shape": (INTEGERS, REQUIRED), **EPSILON}
NONLINEARITIES = {
    **{name: {} for name in (
        "identity relu selu silu mish sigmoid log_sigmoid hard_sigmoid hard_swish relu6 softsign tanh tanhshrink exp "
        "log sqrt reciprocal erf abs sin cos tan asin acos atan sinh cosh asinh acosh atanh sign floor ceil round prelu "
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
    "softmax": {"dim": (INTEGERS, [-1])}, "softmin": {"dim": (INTEGERS, [-1])},
    "log_softmax": {"dim": (INTEGERS, [-1])},
    "glu": {"dim": (INTEGERS, [-1])},
    "logsumexp": DIM_AND_KEEP, "norm": DIM_AND_KEEP, "amax": DIM_AND_KEEP, "amin": DIM_AND_KEEP,
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
        if kind in GATES:
            return self.recurrent(value, name, source, shape, equations)
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

    def recurrent(self, value, name, source, shape, equations):
        places = {None: (source, shape)}
        for block in unrolled(value, name, shape, self.tensor(value["weight_hh"]).shape[-1]):
            reads = list(dict.fromkeys(term["from"] for term in block["terms"])) or [None]
            result = self.layer(block, block["name"], reads, [places[read] for read in reads], equations)
            places[block["name"]] = (result, equations[result].shape)
        return result

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
    """Gives the first entry at each place the place's name, where it has no name and no other has that one: so a
    network calls the parameters of an equilibrium layer."""
    for equation in model.equations:
        to = [equation.name + (f".{port}" if len(equation.ports) > 1 else "") for port in range(len(equation.ports))]
        places = [(term, f"Wx[{to[term.port]}]" if term.source < 0 else
                   f"Wz[{to[term.port]},{model.equations[term.source].name}]")
                  for term in equation.terms if term.tensor is not None]
        places += [(offset, f"b[{to[offset.port]}]") for offset in equation.offsets]
        taken = {name for part, name in places if part.parameter == name}
        for part, name in places:
            if part.parameter is None and name not in taken:
                part.parameter = name
                taken.add(name)


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
        named_weights = value.get("weights")
        beside = lambda name: os.path.join(os.path.dirname(path), name)
        reader = Reader(Weights() if named_weights is None else weights(beside(named_weights)))
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
            numbers = size(equations[output].shape)
            raise Unreadable(f"model {position} of the stack: expected an input of {numbers} numbers")
        output = append(equations, model, f"{position}.", output)
    return Model(models[0].shape, equations, output, True)
