"""ONNX in PyTorch: runs a model's graph with real numbers (float64), differentiably.

Written from the operators' specification, apart from any exporter and any runtime; onnx is used to read the file and nothing else. Every
floating-point type becomes float64 when it is read, and a Cast between floating-point types changes nothing: what is computed is the
function that the file's numbers define, before rounding. An attribute is the float32 number that stands in the file.

    Interpreter(onnx.load("a.onnx"), "folder of its external data")(x)   → the first output

`leaves` are the parameters by name, ready for autograd: every floating-point initializer, and every floating-point Constant of rank 1 or
more (by its output's name), except a BatchNormalization's mean and variance, a Pow's exponent (x² has no derivative by it where x is negative),
and what is asked whether it is Equal. `distance` is how far from a kink (of ReLU, of a clip, of
a comparison) the nearest value of any run was.
"""

import math

import numpy
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

OPERATORS = {}
FLOATING = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}


def operator(function):
    OPERATORS[function.__name__.lstrip("_")] = function
    return function


def tensor(proto, folder=""):
    values = numpy_helper.to_array(proto, folder)
    if proto.data_type in FLOATING:
        return torch.from_numpy(values.astype(numpy.float64))
    return torch.from_numpy(values.copy())


class Node:
    """What an operator's function sees beside its inputs."""

    def __init__(self, proto, opset, interpreter):
        self.proto, self.opset, self.interpreter = proto, opset, interpreter
        self.attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}

    def get(self, name, default=None):
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def kink(self, distance):
        if distance.requires_grad and distance.numel():
            self.interpreter.distance = min(self.interpreter.distance, distance.detach().abs().min().item())


class Interpreter:
    def __init__(self, model, folder=""):
        self.graph = model.graph
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
        self.functions = {(f.domain, f.name): f for f in model.functions}
        self.distance = math.inf
        fixed = {name for node in self.graph.node for name in
                 node.input[{"BatchNormalization": slice(3, 5), "Pow": slice(1, 2), "Equal": slice(2)}.get(node.op_type, slice(0))]}
        self.values = {i.name: tensor(i, folder) for i in self.graph.initializer}
        for node in self.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                value = tensor(node.attribute[0].t, folder)
                if value.dim():
                    self.values[node.output[0]] = value
        self.leaves = {name: value.requires_grad_() for name, value in self.values.items()
                       if value.is_floating_point() and name not in fixed}
        self.input = next(i.name for i in self.graph.input if i.name not in self.values)

    def __call__(self, x):
        values = dict(self.values)
        values[self.input] = x
        self.run(self.graph.node, values, self.opset)
        return values[self.graph.output[0].name]

    def run(self, nodes, values, opset):
        for proto in nodes:
            if proto.op_type == "Constant" and proto.output[0] in values:
                continue
            inputs = [values[name] if name else None for name in proto.input]
            function = self.functions.get((proto.domain, proto.op_type))
            if function is not None:
                assert not function.attribute and not function.attribute_proto, proto.op_type
                inner = dict(zip(function.input, inputs))
                self.run(function.node, inner, next(o.version for o in function.opset_import if o.domain in ("", "ai.onnx")))
                outputs = [inner[name] for name in function.output]
            else:
                assert proto.domain in ("", "ai.onnx"), proto.domain
                outputs = OPERATORS[proto.op_type](Node(proto, opset, self), *inputs)
                outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
            values.update(zip(proto.output, outputs))


# === Elementwise ================================================================================================================

for name, function in {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Pow": torch.pow, "Neg": torch.neg, "Sqrt": torch.sqrt, "Exp": torch.exp,
    "Log": torch.log, "Erf": torch.erf, "Reciprocal": torch.reciprocal, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Selu": F.selu,
    "Softsign": F.softsign, "Mish": F.mish, "Identity": lambda x: x, "Dropout": lambda x, *_: x, "Equal": torch.eq, "And": torch.logical_and,
    "Or": torch.logical_or, "Not": torch.logical_not, "Sin": torch.sin, "Cos": torch.cos, "Where": torch.where,
    "Floor": torch.floor, "CastLike": lambda x, like: x if x.is_floating_point() and like.is_floating_point() else x.to(like.dtype),
}.items():
    OPERATORS[name] = lambda node, *inputs, function=function: function(*inputs)

for name, function in {"Greater": torch.gt, "GreaterOrEqual": torch.ge, "Less": torch.lt, "LessOrEqual": torch.le}.items():
    def compare(node, a, b, function=function):
        node.kink(a - b)
        return function(a, b)
    OPERATORS[name] = compare

for name, function in {"Relu": F.relu, "Abs": torch.abs, "Sign": torch.sign, "LeakyRelu": None, "PRelu": None, "Elu": None}.items():
    def kinked(node, x, *rest, name=name, function=function):
        node.kink(x)
        if name == "LeakyRelu":
            return F.leaky_relu(x, node.get("alpha", 0.01))
        if name == "PRelu":
            return torch.where(x > 0, x, x * rest[0])
        if name == "Elu":
            return F.elu(x, node.get("alpha", 1.0))
        return function(x)
    OPERATORS[name] = kinked


@operator
def Div(node, a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


@operator
def Mod(node, a, b):
    return torch.fmod(a, b) if node.get("fmod", 0) else torch.remainder(a, b)


@operator
def Max(node, *inputs):
    return torch.stack(torch.broadcast_tensors(*inputs)).amax(0)


@operator
def Min(node, *inputs):
    return torch.stack(torch.broadcast_tensors(*inputs)).amin(0)


@operator
def Celu(node, x):
    return F.celu(x, node.get("alpha", 1.0))


@operator
def Softplus(node, x):
    return torch.logaddexp(x, torch.zeros_like(x))  # F.softplus is linear from 20 on; ONNX's is not


@operator
def Swish(node, x):
    return x * torch.sigmoid(node.get("alpha", 1.0) * x)


@operator
def Gelu(node, x):
    return F.gelu(x, approximate=node.get("approximate", "none"))


@operator
def HardSigmoid(node, x):
    y = node.get("alpha", 0.2) * x + node.get("beta", 0.5)
    node.kink(y), node.kink(y - 1)
    return y.clamp(0, 1)


@operator
def HardSwish(node, x):
    node.kink(x + 3), node.kink(x - 3)
    return x * ((x + 3) / 6).clamp(0, 1)


@operator
def Clip(node, x, low=None, high=None):
    low, high = node.get("min", low), node.get("max", high)
    for bound in (low, high):
        if bound is not None:
            node.kink(x - bound)
    if low is not None:
        x = torch.where(x < low, low, x)
    return x if high is None else torch.where(x > high, high, x)


@operator
def Cast(node, x):
    to = node.get("to")
    if to in FLOATING:
        return x if x.is_floating_point() else x.to(torch.float64)
    return x.to({TensorProto.INT64: torch.int64, TensorProto.INT32: torch.int32, TensorProto.BOOL: torch.bool}[to])


# === Products ===================================================================================================================

@operator
def MatMul(node, a, b):
    return torch.matmul(a, b)


@operator
def Gemm(node, a, b, c=None):
    a, b = a.T if node.get("transA", 0) else a, b.T if node.get("transB", 0) else b
    y = node.get("alpha", 1.0) * (a @ b)
    return y if c is None else y + node.get("beta", 1.0) * c


@operator
def Einsum(node, *inputs):
    return torch.einsum(node.get("equation"), *inputs)


@operator
def Attention(node, q, k, v, mask=None):
    assert q.dim() == 4 and q.shape[1] == k.shape[1] and not node.get("softcap", 0)
    scores = q @ k.transpose(-2, -1) * node.get("scale", 1 / math.sqrt(q.shape[-1]))
    if node.get("is_causal", 0):
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf) if mask.dtype == torch.bool else scores + mask
    return torch.softmax(scores, -1) @ v


# === Windows ====================================================================================================================

def windows(node, x, kernel):
    """Strides, dilations and the padding before and after, for each spatial axis."""
    n = len(kernel)
    assert node.get("auto_pad", "NOTSET") == "NOTSET"
    pads = node.get("pads", [0] * 2 * n)
    return node.get("strides", [1] * n), node.get("dilations", [1] * n), pads[:n], pads[n:]


def padded(x, before, after, value=0.0):
    return F.pad(x, [p for pair in reversed(list(zip(before, after))) for p in pair], value=value)


@operator
def Conv(node, x, w, b=None):
    strides, dilations, before, after = windows(node, x, w.shape[2:])
    function = [F.conv1d, F.conv2d, F.conv3d][w.dim() - 3]
    return function(padded(x, before, after), w, b, strides, 0, dilations, node.get("group", 1))


@operator
def ConvTranspose(node, x, w, b=None):
    strides, dilations, before, after = windows(node, x, w.shape[2:])
    assert "output_shape" not in node.attributes
    function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][w.dim() - 3]
    extra = node.get("output_padding", [0] * len(strides))
    assert before == after
    return function(x, w, b, strides, before, extra, node.get("group", 1), dilations)


@operator
def MaxPool(node, x):
    kernel = node.get("kernel_shape")
    strides, dilations, before, after = windows(node, x, kernel)
    function = [F.max_pool1d, F.max_pool2d, F.max_pool3d][len(kernel) - 1]
    if before != after:
        assert not node.get("ceil_mode", 0)
        x, before = padded(x, before, after, -math.inf), 0
    return function(x, kernel, strides, before, dilations, bool(node.get("ceil_mode", 0)))


@operator
def AveragePool(node, x):
    """Sums over windows, divided by the number of positions that count: those of the input, or those of the input and its padding."""
    kernel = node.get("kernel_shape")
    strides, dilations, before, after = windows(node, x, kernel)
    lengths = [l + p + q for l, p, q in zip(x.shape[2:], before, after)]
    overhang = [0] * len(kernel)
    if node.get("ceil_mode", 0):
        for i, (l, k, s, d) in enumerate(zip(lengths, kernel, strides, dilations)):
            steps = math.ceil((l - d * (k - 1) - 1) / s)
            if steps * s >= x.shape[2 + i] + before[i]:  # it would begin beyond the input
                steps -= 1
            overhang[i] = max(0, steps * s + d * (k - 1) + 1 - l)
    ones = torch.ones_like(x[:1, :1])
    counted = padded(ones, before, after, 1.0 if node.get("count_include_pad", 0) else 0.0)
    function = [F.conv1d, F.conv2d, F.conv3d][len(kernel) - 1]

    def total(t):
        t = padded(t, [0] * len(kernel), overhang)
        flat = t.reshape(-1, 1, *t.shape[2:])
        return function(flat, torch.ones(1, 1, *kernel, dtype=torch.float64), None, strides, 0, dilations)

    sums = total(padded(x, before, after))
    return (sums / total(counted)).reshape(x.shape[0], x.shape[1], *sums.shape[2:])


@operator
def GlobalAveragePool(node, x):
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


@operator
def GlobalMaxPool(node, x):
    return x.amax(tuple(range(2, x.dim())), keepdim=True)


def resize(node, x, scales, sizes=None):
    """The nearest element, axis by axis."""
    assert node.get("mode", "nearest") == "nearest"
    version = node.proto.op_type == "Upsample" or node.opset == 10
    transformation = "asymmetric" if version else node.get("coordinate_transformation_mode", "half_pixel")
    rounding = "floor" if version else node.get("nearest_mode", "round_prefer_floor")
    scales = [s / l for s, l in zip(sizes.tolist(), x.shape)] if sizes is not None else torch.as_tensor(scales).tolist()
    for axis, scale in enumerate(scales):
        if scale != 1:
            length = x.shape[axis]
            at = numpy.arange(math.floor(length * scale), dtype=float)
            at = {"asymmetric": at / scale, "half_pixel": (at + 0.5) / scale - 0.5}[transformation]
            at = {"floor": numpy.floor(at), "round_prefer_floor": numpy.ceil(at - 0.5)}[rounding]
            x = x.index_select(axis, torch.tensor(at.clip(0, length - 1), dtype=torch.int64))
    return x


@operator
def Upsample(node, x, scales=None):
    return resize(node, x, node.get("scales") if scales is None else scales)


@operator
def Resize(node, x, *rest):
    if node.opset == 10:
        return resize(node, x, rest[0])
    _, scales, sizes = (*rest, None, None, None)[:3]
    return resize(node, x, scales, sizes)


# === Normalisations =============================================================================================================

@operator
def BatchNormalization(node, x, scale, bias, mean, variance):
    assert not node.get("training_mode", 0)
    shape = (1, -1) + (1,) * (x.dim() - 2)
    scale, bias, mean, variance = (t.reshape(shape) for t in (scale, bias, mean, variance))
    return (x - mean) / torch.sqrt(variance + node.get("epsilon", 1e-5)) * scale + bias


def standardised(x, axes, epsilon):
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt(centred.pow(2).mean(axes, keepdim=True) + epsilon)


@operator
def LayerNormalization(node, x, scale, bias=None):
    axes = tuple(range(node.get("axis", -1) % x.dim(), x.dim()))
    y = standardised(x, axes, node.get("epsilon", float(numpy.float32(1e-5)))) * scale
    return y if bias is None else y + bias


@operator
def RMSNormalization(node, x, scale):
    axes = tuple(range(node.get("axis", -1) % x.dim(), x.dim()))
    return x / torch.sqrt(x.pow(2).mean(axes, keepdim=True) + node.get("epsilon", float(numpy.float32(1e-5)))) * scale


@operator
def InstanceNormalization(node, x, scale, bias):
    shape = (1, -1) + (1,) * (x.dim() - 2)
    return standardised(x, tuple(range(2, x.dim())), node.get("epsilon", 1e-5)) * scale.reshape(shape) + bias.reshape(shape)


@operator
def GroupNormalization(node, x, scale, bias):
    groups, shape = node.get("num_groups"), (1, -1) + (1,) * (x.dim() - 2)
    y = standardised(x.reshape(x.shape[0], groups, -1), (2,), node.get("epsilon", 1e-5)).reshape(x.shape)
    if node.opset < 21:
        scale, bias = (t.repeat_interleave(x.shape[1] // groups) for t in (scale, bias))
    return y * scale.reshape(shape) + bias.reshape(shape)


def softmax(function):
    def run(node, x):
        axis = node.get("axis", 1 if node.opset < 13 else -1) % x.dim()
        if node.opset >= 13:
            return function(x, axis)
        return function(x.reshape(math.prod(x.shape[:axis]), -1), 1).reshape(x.shape)
    return run


OPERATORS["Softmax"], OPERATORS["LogSoftmax"] = softmax(torch.softmax), softmax(torch.log_softmax)


# === Reductions =================================================================================================================

def reduction(function):
    def run(node, x, axes=None):
        axes = node.get("axes") if axes is None else axes.tolist()
        if not axes:
            if node.get("noop_with_empty_axes", 0):
                return x
            axes = range(x.dim())
        return function(x, tuple(a % x.dim() for a in axes), keepdim=bool(node.get("keepdims", 1)))
    return run


for name, function in {
    "ReduceMean": torch.mean, "ReduceSum": torch.sum, "ReduceMax": torch.amax, "ReduceMin": torch.amin,
    "ReduceSumSquare": lambda x, axes, keepdim: x.pow(2).sum(axes, keepdim=keepdim),
    "ReduceL2": lambda x, axes, keepdim: x.pow(2).sum(axes, keepdim=keepdim).sqrt(),
    "ReduceProd": lambda x, axes, keepdim: x.prod(axes[0], keepdim=keepdim) if len(axes) == 1 else x.prod().reshape([1] * x.dim() if keepdim else []),
}.items():
    OPERATORS[name] = reduction(function)


# === Shapes =====================================================================================================================

@operator
def Constant(node):
    (name, value), = node.attributes.items()
    if name == "value":
        return tensor(value)
    return torch.tensor(value, dtype=torch.int64 if "int" in name else torch.float64)


@operator
def ConstantOfShape(node, shape):
    value = tensor(node.get("value")) if "value" in node.attributes else torch.zeros(1, dtype=torch.float64)
    return value.expand(shape.tolist())


@operator
def Shape(node, x):
    return torch.tensor(x.shape[slice(node.get("start"), node.get("end"))], dtype=torch.int64)


@operator
def Size(node, x):
    return torch.tensor(x.numel())


@operator
def Range(node, start, limit, step):
    return torch.arange(start.item(), limit.item(), step.item())


@operator
def Reshape(node, x, shape):
    shape = [x.shape[i] if n == 0 and not node.get("allowzero", 0) else n for i, n in enumerate(shape.tolist())]
    return x.reshape(shape)


@operator
def Flatten(node, x):
    axis = node.get("axis", 1)
    return x.reshape(math.prod(x.shape[:axis if axis >= 0 else axis + x.dim()]), -1)


def axes_of(node, axes):
    return node.get("axes") if axes is None else axes.reshape(-1).tolist()


@operator
def Squeeze(node, x, axes=None):
    axes = axes_of(node, axes)
    return x.squeeze() if axes is None else x.squeeze(tuple(axes))


@operator
def Unsqueeze(node, x, axes=None):
    axes = axes_of(node, axes)
    rank = x.dim() + len(axes)
    for axis in sorted(a % rank for a in axes):
        x = x.unsqueeze(axis)
    return x


@operator
def Transpose(node, x):
    return x.permute(node.get("perm", list(reversed(range(x.dim())))))


@operator
def Concat(node, *inputs):
    return torch.cat(inputs, node.get("axis"))


@operator
def Split(node, x, sizes=None):
    axis = node.get("axis", 0)
    sizes = node.get("split") if sizes is None else sizes.tolist()
    if sizes is None:
        count = node.get("num_outputs", len(node.proto.output))
        sizes = math.ceil(x.shape[axis] / count)
    return list(x.split(sizes, axis))


@operator
def Slice(node, x, starts=None, ends=None, axes=None, steps=None):
    starts, ends = (node.get(n) if t is None else t.tolist() for n, t in (("starts", starts), ("ends", ends)))
    axes = axes_of(node, axes) or range(len(starts))
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts, ends, axes, steps):
        chosen = range(x.shape[axis])[slice(start, end if end >= -x.shape[axis] or step > 0 else None, step)]
        x = x.index_select(axis, torch.tensor(list(chosen), dtype=torch.int64))
    return x


@operator
def Gather(node, x, indices):
    axis = node.get("axis", 0) % x.dim()
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return x.index_select(axis, indices.reshape(-1)).reshape([*x.shape[:axis], *indices.shape, *x.shape[axis + 1:]])


@operator
def Expand(node, x, shape):
    return x.expand(torch.broadcast_shapes(x.shape, shape.tolist()))


@operator
def Tile(node, x, repeats):
    return x.repeat(repeats.tolist())


@operator
def Pad(node, x, pads=None, value=None, axes=None):
    assert node.get("mode", "constant") == "constant" and axes is None
    pads = node.get("pads") if pads is None else pads.tolist()
    return padded(x, pads[:x.dim()], pads[x.dim():], node.get("value", 0.0) if value is None else value.item())


@operator
def Trilu(node, x, k=None):
    k = 0 if k is None else k.item()
    return torch.triu(x, k) if node.get("upper", 1) else torch.tril(x, k)


@operator
def DepthToSpace(node, x):
    n, c, h, w = x.shape
    b = node.get("blocksize")
    if node.get("mode", "DCR") == "CRD":
        return x.reshape(n, c // b**2, b, b, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, c // b**2, h * b, w * b)
    return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)
