"""Expected values of every operator that is not an activation of torch.nn, from PyTorch in float64.

Ran with Python 3.11.7 and torch 2.15.0; all seeds fixed. Writes operators.json beside itself:
{"maps": [{"type", "constants", "inputShape", "weight", "x", "g", "y", "dx", "dweight"}, ...],
 "nonlinearities": [{"type", "constants", "shapes", "ports", "g", "z", "dports"}, ...]}
Tensors are {"shape": [...], "data": [...]}, with the batch as the first axis of x, g, y and ports.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(20)
torch.set_default_dtype(torch.float64)


def tensor(t):
    return {"shape": list(t.shape), "data": [float(v) for v in t.detach().reshape(-1)]}


maps = []


def linear(name, constants, shape, function, weight=None, batch=2):
    x = torch.randn(batch, *shape, requires_grad=True)
    w = None if weight is None else torch.randn(weight, requires_grad=True)
    y = function(x) if w is None else function(x, w)
    g = torch.randn_like(y)
    y.backward(g)
    maps.append({
        "type": name, "constants": constants, "inputShape": list(shape), "x": tensor(x), "g": tensor(g),
        "y": tensor(y), "dx": tensor(x.grad),
        **({} if w is None else {"weight": tensor(w), "dweight": tensor(w.grad)}),
    })


def convolution(constants, shape, weight, padding=None):
    """A convolution by PyTorch; `padding` as F.pad takes it, where torch's own argument cannot say it."""
    rank = len(shape) - 1
    function = [F.conv1d, F.conv2d, F.conv3d][rank - 1]
    settings = {k: v if isinstance(v, str) else v[0] if len(v) == 1 else tuple(v) for k, v in constants.items()}
    if padding is None:
        linear("conv", constants, shape, lambda x, w: function(x, w, **settings), weight)
    else:
        settings.pop("padding")
        linear("conv", constants, shape, lambda x, w: function(F.pad(x, padding), w, **settings), weight)


for stride, padding, dilation, groups in [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 1, 1, 4)]:
    constants = {"stride": [stride], "padding": [padding], "dilation": [dilation], "groups": [groups]}
    convolution(constants, (4, 9), (8, 4 // groups, 3))
    convolution(constants, (4, 9, 8), (8, 4 // groups, 3, 2))
    convolution(constants, (4, 6, 5, 6), (4, 4 // groups, 3, 2, 3))
convolution({"stride": [2, 1], "padding": [1, 0, 2, 3]}, (3, 6, 5), (5, 3, 3, 3), (0, 3, 1, 2))
convolution({"stride": [2], "padding": [3, 1], "dilation": [2]}, (2, 9), (3, 2, 3), (3, 1))
convolution({"padding": [1, 0, 2, 0, 1, 1], "stride": [1, 2, 3]}, (2, 4, 5, 4), (2, 2, 2, 3, 3), (2, 1, 0, 1, 1, 0))
convolution({}, (6, 4, 4), (3, 6, 1, 1))
convolution({"padding": [5]}, (1, 2, 2), (2, 1, 3, 3))
convolution({"padding": [0, 2]}, (2, 4, 5), (3, 2, 2, 3))
convolution({"stride": [1, 3], "dilation": [3, 1], "padding": [2, 1]}, (2, 8, 9), (4, 2, 3, 4))
convolution({"groups": [6]}, (6, 5, 4), (6, 1, 3, 3))
convolution({"groups": [3]}, (6, 7), (9, 2, 4))
convolution({"padding": "same"}, (2, 7), (3, 2, 4))
convolution({"padding": "same", "dilation": [2, 1]}, (2, 5, 6), (3, 2, 2, 4))
convolution({"padding": "same", "groups": [2]}, (2, 3, 4, 5), (2, 1, 3, 2, 2))
convolution({"padding": "valid", "stride": [2]}, (2, 5, 6), (3, 2, 2, 3))

for stride, padding, extra, dilation, groups in [(1, 0, 0, 1, 1), (2, 1, 1, 1, 1), (3, 2, 2, 2, 2), (2, 0, 0, 1, 4),
                                                 (1, 1, 1, 3, 1)]:
    constants = {"stride": [stride], "padding": [padding], "output_padding": [extra], "dilation": [dilation],
                 "groups": [groups]}
    settings = dict(stride=stride, padding=padding, output_padding=extra, dilation=dilation, groups=groups)
    linear("conv_transpose", constants, (4, 7), lambda x, w: F.conv_transpose1d(x, w, **settings), (4, 2, 3))
    linear("conv_transpose", constants, (4, 5, 4), lambda x, w: F.conv_transpose2d(x, w, **settings), (4, 3, 3, 2))
    linear("conv_transpose", constants, (4, 2, 3, 3), lambda x, w: F.conv_transpose3d(x, w, **settings),
           (4, 2, 2, 3, 3))
linear("conv_transpose", {"stride": [2, 3], "padding": [1, 0, 0, 2], "output_padding": [0, 1]}, (2, 3, 4),
       lambda x, w: F.conv_transpose2d(x, w, stride=(2, 3), output_padding=(0, 1))[:, :, 1:, :-2], (2, 3, 3, 4))
linear("conv_transpose", {"padding": [2, 1]}, (2, 6), lambda x, w: F.conv_transpose1d(x, w)[:, :, 2:-1], (2, 3, 4))

pools = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d]
for counted in [True, False]:
    for up in [True, False]:
        for shape, kernel, stride, padding in [((2, 9), [3], [2], [1]), ((2, 10), [4], [3], [2]), ((2, 7), [3], [3], [0]),
                                               ((2, 5), [2], [3], [1]), ((1, 7, 8), [3], [2], [1]),
                                               ((1, 6, 7), [2, 3], [3, 2], [1, 0]), ((2, 7, 6), [3], [1], [1]),
                                               ((1, 4, 5, 6), [3, 2, 3], [2], [1, 0, 1]), ((1, 5, 5), [4], [4], [2])]:
            constants = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": up,
                         "count_include_pad": counted}
            plain = lambda v: v[0] if len(v) == 1 else tuple(v)
            linear("avg_pool", constants, shape,
                   lambda x: pools[len(shape) - 2](x, plain(kernel), plain(stride), plain(padding), up, counted))
linear("avg_pool", {"kernel_size": [3]}, (2, 9), lambda x: F.avg_pool1d(x, 3))
linear("avg_pool", {"kernel_size": [2, 1, 3], "stride": [1]}, (2, 4, 3, 5), lambda x: F.avg_pool3d(x, (2, 1, 3), 1))
for counted in [True, False]:
    # Padding of two widths, and dilation, as ONNX has them: sums and counts by convolutions with ones.
    def padded(x, pads, counted, dilation, stride):
        ones = torch.ones(1, 1, 3, 2)
        pad = lambda t, value: F.pad(t, pads, value=value)
        sums = F.conv2d(pad(x, 0.0), ones, stride=stride, dilation=dilation)
        counts = F.conv2d(pad(torch.ones_like(x), 1.0 if counted else 0.0), ones, stride=stride, dilation=dilation)
        return sums / counts
    for stride, dilation in [(1, 1), (2, 1), (2, 2)]:
        linear("avg_pool", {"kernel_size": [3, 2], "stride": [stride], "padding": [1, 0, 2, 1], "dilation": [dilation],
                            "count_include_pad": counted}, (1, 7, 8),
               lambda x: padded(x, (0, 1, 1, 2), counted, dilation, stride))

for shape, size, dim in [((3, 4), 5, -1), ((4,), 3, -1), ((4,), 3, 0), ((3, 4, 2), 5, -2), ((3, 4, 2), 2, 0), ((2, 3, 4), 5, 2),
                         ((1, 1, 5), 4, -1)]:
    x_size = shape[dim]
    move = lambda x: x.movedim(dim if dim < 0 else dim + 1, -1)
    back = lambda y: y.movedim(-1, dim if dim < 0 else dim + 1)
    linear("linear", {"dim": [dim]}, shape, lambda x, w: back(F.linear(move(x), w)), (size, x_size))
    linear("linear", {"dim": [dim], "transposed": True}, shape, lambda x, w: back(move(x) @ w), (x_size, size))
linear("linear", {}, (2, 3), lambda x, w: F.linear(x, w), (4, 3))
linear("linear", {"dim": [-2]}, (3, 4), lambda x, w: w @ x, (5, 3))

factors = [float(v) for v in torch.rand(3) + 0.5]
linear("scale", {"dim": [0], "factors": factors}, (3, 4, 2),
       lambda x, w: x * (w * torch.tensor(factors)).reshape(1, 3, 1, 1), (3,))
linear("scale", {}, (3, 4), lambda x, w: x * w, (4,))
linear("scale", {}, (3, 4), lambda x, w: x * w, (3, 4))
linear("scale", {}, (3, 4), lambda x, w: x * w, (3, 1))
linear("scale", {}, (2, 3, 4), lambda x, w: x * w, (2, 1, 4))
linear("scale", {}, (3, 4), lambda x, w: x * w, ())
linear("scale", {"dim": [-1]}, (3, 4), lambda x, w: x * w, (1,))
linear("scale", {"dim": [2, 0]}, (2, 3, 4), lambda x, w: x * w.T.reshape(2, 1, 4), (4, 2))
matrix = [float(v) for v in torch.randn(6)]
linear("scale", {"dim": [0, -1], "factors": matrix}, (2, 4, 3),
       lambda x, w: x * (w * torch.tensor(matrix).reshape(2, 3)).reshape(2, 1, 3), (2, 3))
linear("multiply", {"factor": -0.25}, (3, 2), lambda x: -0.25 * x)
for name in ["mean", "sum"]:
    for dim in [[1, 2], [-2], [0], [0, 1, 2], [2, 0], [-1]]:
        for keep in [False, True]:
            over = [d if d < 0 else d + 1 for d in dim]
            linear(name, {"dim": dim, "keepdim": keep}, (3, 4, 5),
                   lambda x: (lambda y: y if y.dim() > 1 else y[:, None])(getattr(torch, name)(x, over, keepdim=keep)))
linear("reshape", {"shape": [4, -1]}, (3, 8), lambda x: x.reshape(-1, 4, 6))
linear("reshape", {"shape": [24]}, (3, 8), lambda x: x.reshape(-1, 24))
linear("reshape", {"shape": [-1, 1, 2, 4]}, (3, 8), lambda x: x.reshape(-1, 3, 1, 2, 4))
linear("flatten", {}, (3, 4, 2), lambda x: x.flatten(1))
linear("flatten", {"start_dim": [1]}, (3, 4, 2), lambda x: x.flatten(2))
linear("flatten", {"start_dim": [0], "end_dim": [1]}, (3, 4, 2), lambda x: x.flatten(1, 2))
linear("flatten", {"start_dim": [-3], "end_dim": [-2]}, (2, 3, 4, 2), lambda x: x.flatten(-3, -2))
linear("flatten", {"start_dim": [1], "end_dim": [1]}, (3, 4, 2), lambda x: x.clone())
linear("permute", {"dims": [2, 0, 1]}, (3, 4, 2), lambda x: x.permute(0, 3, 1, 2))
linear("permute", {"dims": [-1, 0, -2]}, (3, 4, 2), lambda x: x.permute(0, 3, 1, 2))
linear("permute", {"dims": [3, 1, 2, 0]}, (2, 3, 4, 5), lambda x: x.permute(0, 4, 2, 3, 1))
linear("slice", {"dim": [1], "start": [1], "end": [6], "step": [2]}, (2, 7, 3), lambda x: x[:, :, 1:6:2])
linear("slice", {"dim": [0], "end": [1]}, (2, 7), lambda x: x[:, 0:1])
linear("slice", {"dim": [-1], "start": [-5], "end": [-1], "step": [3]}, (2, 7), lambda x: x[:, :, -5:-1:3])
linear("place", {"dim": [1], "start": [2], "total": [6]}, (2, 3, 2), lambda x: F.pad(x, (0, 0, 2, 1)))
linear("place", {"dim": [-1], "start": [0], "total": [4]}, (2, 3), lambda x: F.pad(x, (0, 1)))
linear("pad", {"padding": [1, 0, 2, 0]}, (2, 3), lambda x: F.pad(x, (0, 0, 1, 2)))
linear("pad", {"padding": [0, 1, 2, 3, 0, 1]}, (2, 3, 2), lambda x: F.pad(x, (2, 1, 1, 0, 0, 3)))
linear("pad", {"padding": [-1, 2, 1, -2]}, (3, 4), lambda x: F.pad(x, (2, -2, -1, 1)))
linear("pad", {"padding": [2, 1]}, (3,), lambda x: F.pad(x, (2, 1)))
linear("index_select", {"dim": [1], "index": [2, 0, 2, 1, 2]}, (2, 3, 2),
       lambda x: x.index_select(2, torch.tensor([2, 0, 2, 1, 2])))
linear("index_select", {"dim": [-1], "index": [3]}, (2, 4), lambda x: x.index_select(-1, torch.tensor([3])))
linear("index_select", {"dim": [0], "index": [1, 1]}, (2, 4), lambda x: x.index_select(1, torch.tensor([1, 1])))
linear("upsample", {"scale_factor": [2, 3]}, (2, 3, 2),
       lambda x: x.repeat_interleave(2, 2).repeat_interleave(3, 3))
linear("upsample", {"scale_factor": [2]}, (2, 3, 2), lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))
linear("upsample", {"scale_factor": [3]}, (2, 4), lambda x: F.interpolate(x, scale_factor=3, mode="nearest"))
linear("upsample", {"scale_factor": [2]}, (1, 2, 3, 2), lambda x: F.interpolate(x, scale_factor=2, mode="nearest"))
linear("expand", {"shape": [3, 4, 2], "dim": [0]}, (3,), lambda x: x.reshape(-1, 3, 1, 1).expand(-1, 3, 4, 2))
linear("expand", {"shape": [5, 3], "dim": [1]}, (3,), lambda x: x.reshape(-1, 1, 3).expand(-1, 5, 3))
linear("expand", {"shape": [5, 3]}, (3,), lambda x: x.reshape(-1, 1, 3).expand(-1, 5, 3))
linear("expand", {"shape": [2, 4, 3]}, (4, 1), lambda x: x.reshape(-1, 1, 4, 1).expand(-1, 2, 4, 3))
linear("expand", {"shape": [2, 4, 3], "dim": [-1, 0]}, (3, 2),
       lambda x: x.transpose(1, 2).reshape(-1, 2, 1, 3).expand(-1, 2, 4, 3))
linear("expand", {"shape": [4, 2], "dim": [0]}, (1,), lambda x: x.reshape(-1, 1, 1).expand(-1, 4, 2))
linear("expand", {"shape": [3, 2, 2], "dim": [0], "factors": factors}, (3,),
       lambda x: (x * torch.tensor(factors)).reshape(-1, 3, 1, 1).expand(-1, 3, 2, 2))
linear("identity", {}, (3, 4), lambda x: x.clone())

nonlinearities = []


def nonlinear(name, constants, shapes, function, batch=2, make=torch.randn):
    ports = [make(batch, *shape).requires_grad_() for shape in shapes]
    z = function(*ports)
    g = torch.randn_like(z)
    z.backward(g)
    nonlinearities.append({
        "type": name, "constants": constants, "shapes": [list(s) for s in shapes],
        "ports": [tensor(p) for p in ports], "g": tensor(g), "z": tensor(z),
        "dports": [tensor(p.grad) for p in ports],
    })


def integers(*shape):
    """Many equal elements, so that ties are decided."""
    return torch.randint(0, 3, shape).to(torch.float64)


for kernel, stride, padding, dilation, up in [(2, 2, 0, 1, False), (3, 2, 1, 1, False), (3, 2, 1, 1, True),
                                              (2, 3, 1, 2, True), (3, 1, 0, 2, False), (2, 2, 1, 1, True)]:
    constants = {"kernel_size": [kernel], "stride": [stride], "padding": [padding], "dilation": [dilation],
                 "ceil_mode": up}
    for make in [torch.randn, integers]:
        nonlinear("max_pool", constants, [(2, 7, 8)],
                  lambda x: F.max_pool2d(x, kernel, stride, padding, dilation, up), make=make)
        nonlinear("max_pool", constants, [(2, 9)],
                  lambda x: F.max_pool1d(x, kernel, stride, padding, dilation, up), make=make)
nonlinear("max_pool", {"kernel_size": [3]}, [(2, 9)], lambda x: F.max_pool1d(x, 3))
nonlinear("max_pool", {"kernel_size": [2]}, [(2, 4, 5, 6)], lambda x: F.max_pool3d(x, 2))
nonlinear("max_pool", {"kernel_size": [3, 2], "stride": [2], "padding": [0, 1, 2, 0]}, [(2, 5, 6)],
          lambda x: F.max_pool2d(F.pad(x, (1, 0, 0, 2), value=-math.inf), (3, 2), 2), make=integers)
for axis, dim in [(-1, -1), (0, 1), (1, 2), (-2, -2)]:
    nonlinear("softmax", {"dim": [axis]}, [(3, 4, 2)], lambda x: F.softmax(x, dim))
    nonlinear("log_softmax", {"dim": [axis]}, [(3, 4, 2)], lambda x: F.log_softmax(x, dim))
nonlinear("softmax", {}, [(5,)], lambda x: F.softmax(x, -1), make=lambda *s: torch.randn(*s) * 300)
nonlinear("log_softmax", {}, [(5,)], lambda x: F.log_softmax(x, -1), make=lambda *s: torch.randn(*s) * 300)


def kept(z):
    """A number as a vector, as the product has it."""
    return z if z.dim() > 1 else z[:, None]


for dim in [[0], [-1], [1, 2], [2, 0], [0, 1, 2]]:
    over = [d if d < 0 else d + 1 for d in dim]
    for keep in [False, True]:
        constants = {"dim": dim, "keepdim": keep}
        nonlinear("logsumexp", constants, [(3, 4, 2)], lambda x: kept(torch.logsumexp(x, over, keep)))
        for make in [torch.randn, integers]:
            nonlinear("amax", constants, [(3, 4, 2)], lambda x: kept(torch.amax(x, over, keep)), make=make)
            nonlinear("amin", constants, [(3, 4, 2)], lambda x: kept(torch.amin(x, over, keep)), make=make)
nonlinear("logsumexp", {"dim": [0]}, [(5,)], lambda x: kept(torch.logsumexp(x, 1)),
          make=lambda *s: torch.randn(*s) * 1000)

vector = lambda t: t.reshape(t.shape[0], t.shape[1], *[1] * (t.dim() - 2))
nonlinear("layer_norm", {"normalized_shape": [4, 2], "eps": 1e-5}, [(3, 4, 2)], lambda x: F.layer_norm(x, (4, 2)))
nonlinear("layer_norm", {"normalized_shape": [2], "eps": 1e-3}, [(3, 4, 2)] * 3,
          lambda x, w, b: F.layer_norm(x, (2,), eps=1e-3) * w + b)
nonlinear("layer_norm", {"normalized_shape": [6]}, [(6,)] * 2, lambda x, w: F.layer_norm(x, (6,)) * w)
nonlinear("layer_norm", {"normalized_shape": [3, 2]}, [(3, 2)] * 3, lambda x, w, b: F.layer_norm(x, (3, 2)) * w + b)
nonlinear("group_norm", {"num_groups": [2]}, [(4, 3, 2)], lambda x: F.group_norm(x, 2))
nonlinear("group_norm", {"num_groups": [1], "eps": 1e-2}, [(4, 3)], lambda x: F.group_norm(x, 1, eps=1e-2))
nonlinear("group_norm", {"num_groups": [3]}, [(6,)], lambda x: F.group_norm(x, 3))
nonlinear("group_norm", {"num_groups": [4]}, [(4, 3, 2)] * 3, lambda x, w, b: F.group_norm(x, 4) * w + b)
nonlinear("instance_norm", {}, [(4, 3, 2)], lambda x: F.instance_norm(x))
nonlinear("instance_norm", {"eps": 0.1}, [(3, 5)] * 3, lambda x, w, b: F.instance_norm(x, eps=0.1) * w + b)
nonlinear("instance_norm", {}, [(2, 3, 2, 2)] * 2, lambda x, w: F.instance_norm(x) * w)
nonlinear("rms_norm", {"normalized_shape": [6], "eps": 1e-6}, [(4, 6)] * 2,
          lambda x, w: F.rms_norm(x, (6,), eps=1e-6) * w)
nonlinear("rms_norm", {"normalized_shape": [3, 2]}, [(2, 3, 2)], lambda x: F.rms_norm(x, (3, 2), eps=1e-5))

nonlinear("product", {}, [(3, 4)] * 2, lambda a, b: a * b)
nonlinear("quotient", {}, [(3, 4)] * 2, lambda a, b: a / b)
nonlinear("maximum", {}, [(3, 4)] * 2, torch.maximum)
nonlinear("maximum", {}, [(3, 4)] * 2, torch.maximum, make=integers)
nonlinear("minimum", {}, [(3, 4)] * 2, torch.minimum)
nonlinear("minimum", {}, [(3, 4)] * 2, torch.minimum, make=integers)
nonlinear("power", {}, [(3, 4)] * 2, torch.pow, make=lambda *s: torch.rand(*s) * 2 + 0.1)
nonlinear("power", {}, [(3, 4)] * 2, torch.pow, make=integers)
nonlinear("prelu", {}, [(3, 4)] * 2, lambda p, w: torch.where(p > 0, p, p * w))
nonlinear("prelu", {}, [(3, 4)] * 2, lambda p, w: torch.where(p > 0, p, p * w),
          make=lambda *s: integers(*s) - 1)
nonlinear("matmul", {}, [(3, 4), (4, 5)], torch.matmul)
nonlinear("matmul", {}, [(2, 3, 4), (2, 4, 5)], torch.matmul)
nonlinear("matmul", {}, [(2, 3, 1, 4), (2, 3, 4, 1)], torch.matmul)


def elementwise(name, function, points, constants={}):
    """A function of one number at the given points: its kinks and ends among them."""
    nonlinear(name, constants, [(len(points) // 2,)], function, make=lambda *s: torch.tensor(points).reshape(2, -1))


around = [-30.0, -3.0, -1.5, -1.0, -0.75, -0.5, -1e-3, -1e-9, 0.0, 1e-9, 1e-3, 0.5, 0.75, 1.0, 1.5, 2.5, 3.0, 30.0]
inside = [-0.999, -0.75, -0.5, -1e-3, -1e-9, 0.0, 1e-9, 0.25, 0.5, 0.999]
positive = [1e-300, 1e-9, 1e-3, 0.5, 1.0, 1.5, 2.0, 3.0, 30.0, 1e300]
for name in ["exp", "abs", "erf", "sin", "cos", "tan", "atan", "sinh", "cosh", "asinh", "sign", "floor", "ceil", "round"]:
    elementwise(name, getattr(torch, name), around)
for name in ["floor", "ceil", "round"]:
    elementwise(name, getattr(torch, name), [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 1e300, -1e300])
for name in ["asin", "acos", "atanh"]:
    elementwise(name, getattr(torch, name), inside)
elementwise("acosh", torch.acosh, [1.001, 1.25, 1.5, 2.0, 30.0, 1e100])
elementwise("log", torch.log, positive)
elementwise("sqrt", torch.sqrt, [1e-300, 1e-9, 1e-3, 0.5, 1.0, 2.0, 3.0, 1e300])
elementwise("reciprocal", torch.reciprocal, [-30.0, -1.0, -1e-3, 1e-3, 1.0, 3.0])
elementwise("clamp", lambda x: torch.clamp(x, -1.0, 1.5), around, {"min": -1.0, "max": 1.5})
elementwise("clamp", lambda x: torch.clamp(x, min=0.5), around, {"min": 0.5})
elementwise("clamp", lambda x: torch.clamp(x, max=0.0), around, {"max": 0.0})
elementwise("clamp", lambda x: torch.clamp(x, 1.0, 1.0), around, {"min": 1.0, "max": 1.0})
for exponent in [0.0, 1.0, 2.0, 3.0, 4.0]:
    elementwise("pow", lambda x: torch.pow(x, exponent), around, {"exponent": exponent})
for exponent in [-1.0, -2.0, -3.0]:
    elementwise("pow", lambda x: torch.pow(x, exponent), [-3.0, -1.0, -0.5, 0.5, 1.0, 3.0], {"exponent": exponent})
for exponent in [0.5, -0.5, 1.5, 2.25]:
    elementwise("pow", lambda x: torch.pow(x, exponent), [1e-3, 0.5, 1.0, 1.5, 3.0, 30.0], {"exponent": exponent})
elementwise("pow", lambda x: torch.pow(x, 1.5), [0.0, 0.0], {"exponent": 1.5})

for name, holds in [("greater", torch.gt), ("greater_equal", torch.ge), ("equal", torch.eq)]:
    # Constant but for jumps: the zeros only make autograd return a gradient.
    nonlinear(name, {}, [(3, 4)] * 2, lambda p, q: holds(p, q) + 0 * p + 0 * q, make=integers)
nonlinear("where", {}, [(3, 4)] * 3, lambda c, p, q: torch.where(c != 0, p, q) + 0 * c, make=integers)

for axis, dim in [(-1, -1), (0, 1)]:
    nonlinear("softmin", {"dim": [axis]}, [(3, 4, 2)], lambda x: F.softmin(x, dim))
for axis, dim in [(-1, -1), (0, 1), (1, 2)]:
    nonlinear("glu", {"dim": [axis]}, [(4, 2, 6)], lambda x: F.glu(x, dim))
for shape, size, mode in [((2, 5), [8], "linear"), ((2, 3, 4), [6, 8], "bilinear"), ((1, 4, 6), [3, 2], "bilinear"),
                          ((1, 2, 3, 2), [3, 2, 5], "trilinear")]:
    for corners in [False, True]:
        linear("interpolate", {"size": size, "mode": "linear", "align_corners": corners}, shape,
               lambda x: F.interpolate(x, size=size, mode=mode, align_corners=corners))
    linear("interpolate", {"size": size}, shape, lambda x: F.interpolate(x, size=size, mode="nearest"))

for dim in [[-1], [0], [1], [0, -1]]:
    over = [d if d < 0 else d + 1 for d in dim]
    for keep in [False, True]:
        nonlinear("norm", {"dim": dim, "keepdim": keep}, [(3, 4, 2)],
                  lambda x: kept(torch.linalg.vector_norm(x, 2, over, keep)))
nonlinear("norm", {"dim": [0]}, [(5,)], lambda x: kept(torch.linalg.vector_norm(x, 2, 1)), make=torch.zeros)

path = pathlib.Path(__file__).with_name("operators.json")
entries = lambda items: ",\n".join(json.dumps(item) for item in items)
path.write_text('{"source": "PyTorch %s, float64, autograd",\n"maps": [\n%s\n],\n"nonlinearities": [\n%s\n]}\n'
                % (torch.__version__.split("+")[0], entries(maps), entries(nonlinearities)))
print(len(maps), "maps,", len(nonlinearities), "nonlinearities")
