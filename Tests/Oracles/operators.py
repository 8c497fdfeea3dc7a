"""Expected values of every operator that is not an elementwise activation, from PyTorch in float64.

Ran with Python 3.11.7 and torch 2.15.0; all seeds fixed. Writes operators.json beside itself:
{"maps": [{"type", "constants", "inputShape", "weight", "x", "g", "y", "dx", "dweight"}, ...],
 "nonlinearities": [{"type", "constants", "shapes", "ports", "g", "z", "dports"}, ...]}
Tensors are {"shape": [...], "data": [...]}, with the batch as the first axis of x, g, y and ports.
"""

import json
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
    w = None if weight is None else torch.randn(*weight, requires_grad=True)
    y = function(x) if w is None else function(x, w)
    g = torch.randn_like(y)
    y.backward(g)
    maps.append({
        "type": name, "constants": constants, "inputShape": list(shape), "x": tensor(x), "g": tensor(g),
        "y": tensor(y), "dx": tensor(x.grad),
        **({} if w is None else {"weight": tensor(w), "dweight": tensor(w.grad)}),
    })


for stride, padding, dilation, groups in [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 1, 1, 4)]:
    constants = {"stride": [stride], "padding": [padding], "dilation": [dilation], "groups": [groups]}
    settings = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
    linear("convolution", constants, (4, 9), lambda x, w: F.conv1d(x, w, **settings), (8, 4 // groups, 3))
    linear("convolution", constants, (4, 9, 8), lambda x, w: F.conv2d(x, w, **settings), (8, 4 // groups, 3, 2))
    linear("convolution", constants, (4, 6, 7, 8), lambda x, w: F.conv3d(x, w, **settings), (4, 4 // groups, 3, 2, 3))
linear("convolution", {"stride": [2, 1], "padding": [1, 0, 2, 3]}, (3, 6, 5),
       lambda x, w: F.conv2d(F.pad(x, (0, 3, 1, 2)), w, stride=(2, 1)), (5, 3, 3, 3))
linear("convolution", {}, (6, 4, 4), lambda x, w: F.conv2d(x, w), (3, 6, 1, 1))
linear("convolution", {"padding": [5]}, (1, 2, 2), lambda x, w: F.conv2d(x, w, padding=5), (2, 1, 3, 3))
for stride, padding, extra, dilation, groups in [(1, 0, 0, 1, 1), (2, 1, 1, 1, 1), (3, 2, 2, 2, 2), (2, 0, 0, 1, 4)]:
    linear("transposed_convolution",
           {"stride": [stride], "padding": [padding], "output_padding": [extra], "dilation": [dilation],
            "groups": [groups]}, (4, 5, 4),
           lambda x, w: F.conv_transpose2d(x, w, stride=stride, padding=padding, output_padding=extra,
                                           dilation=dilation, groups=groups), (4, 3, 3, 2))
for kernel, stride, padding, counted in [(2, 2, 0, True), (3, 2, 1, True), (3, 2, 1, False), (3, 1, 1, False)]:
    linear("average_pooling",
           {"kernel_size": [kernel], "stride": [stride], "padding": [padding], "count_include_pad": counted},
           (3, 7, 8), lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=counted))
linear("average_pooling", {"kernel_size": [3]}, (2, 9), lambda x: F.avg_pool1d(x, 3))
linear("average_pooling", {"kernel_size": [2, 1, 3], "stride": [1]}, (2, 4, 3, 5),
       lambda x: F.avg_pool3d(x, (2, 1, 3), 1))
factors = [float(v) for v in torch.rand(3) + 0.5]
linear("scale", {"axis": [0], "factors": factors}, (3, 4, 2),
       lambda x, w: x * (w * torch.tensor(factors)).reshape(1, 3, 1, 1), (3,))
linear("scale", {"axis": [-1]}, (3, 4), lambda x, w: x * w, (4,))
for name in ["mean", "sum"]:
    linear("reduce", {"function": name, "axes": [1, 2]}, (3, 4, 5), lambda x: getattr(torch, name)(x, (2, 3)))
    linear("reduce", {"function": name, "axes": [-2], "keepdim": True}, (3, 4, 5),
           lambda x: getattr(torch, name)(x, -2, keepdim=True))
linear("reshape", {"shape": [4, -1]}, (3, 8), lambda x: x.reshape(-1, 4, 6))
linear("flatten", {}, (3, 4, 2), lambda x: x.flatten(1))
linear("flatten", {"start_dim": [1]}, (3, 4, 2), lambda x: x.flatten(2))
linear("permute", {"dims": [2, 0, 1]}, (3, 4, 2), lambda x: x.permute(0, 3, 1, 2))
linear("slice", {"axis": [1], "start": [1], "end": [6], "step": [2]}, (2, 7, 3), lambda x: x[:, :, 1:6:2])
linear("slice", {"axis": [0], "end": [1]}, (2, 7), lambda x: x[:, 0:1])
linear("place", {"axis": [1], "start": [2], "total": [6]}, (2, 3, 2), lambda x: F.pad(x, (0, 0, 2, 1)))
linear("upsample", {"scale_factor": [2, 3]}, (2, 3, 2),
       lambda x: x.repeat_interleave(2, 2).repeat_interleave(3, 3))
linear("expand", {"shape": [3, 4, 2]}, (3,), lambda x: x.reshape(-1, 3, 1, 1).expand(-1, 3, 4, 2))
linear("expand", {"shape": [5, 3], "axis": [1]}, (3,), lambda x: x.reshape(-1, 1, 3).expand(-1, 5, 3))
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
                                              (2, 3, 1, 2, True), (3, 1, 0, 2, False)]:
    constants = {"kernel_size": [kernel], "stride": [stride], "padding": [padding], "dilation": [dilation],
                 "ceil_mode": up}
    for make in [torch.randn, integers]:
        nonlinear("max_pool", constants, [(2, 7, 8)],
                  lambda x: F.max_pool2d(x, kernel, stride, padding, dilation, up), make=make)
nonlinear("max_pool", {"kernel_size": [3]}, [(2, 9)], lambda x: F.max_pool1d(x, 3))
nonlinear("max_pool", {"kernel_size": [2]}, [(2, 4, 5, 6)], lambda x: F.max_pool3d(x, 2))
for axis, dim in [(-1, -1), (0, 1), (1, 2)]:
    nonlinear("softmax", {"axis": [axis]}, [(3, 4, 2)], lambda x: F.softmax(x, dim))
    nonlinear("log_softmax", {"axis": [axis]}, [(3, 4, 2)], lambda x: F.log_softmax(x, dim))
nonlinear("softmax", {}, [(5,)], lambda x: F.softmax(x, -1), make=lambda *s: torch.randn(*s) * 300)
nonlinear("normalize", {"run": [8], "epsilon": 1e-5}, [(3, 4, 2)], lambda x: F.layer_norm(x, (4, 2)))
nonlinear("normalize", {"run": [2], "epsilon": 1e-3}, [(3, 4, 2)] * 3,
          lambda x, w, b: F.layer_norm(x, (2,), eps=1e-3) * w + b)
nonlinear("normalize", {"run": [12]}, [(4, 3, 2)], lambda x: F.group_norm(x, 2))
nonlinear("normalize", {"run": [6]}, [(4, 3, 2)], lambda x: F.instance_norm(x))
nonlinear("normalize", {"run": [6], "epsilon": 1e-6, "centered": False}, [(4, 6)] * 2,
          lambda x, w: F.rms_norm(x, (6,), eps=1e-6) * w)
nonlinear("product", {}, [(3, 4)] * 2, lambda a, b: a * b)
nonlinear("quotient", {}, [(3, 4)] * 2, lambda a, b: a / b)
nonlinear("prelu", {}, [(3, 4)] * 2, lambda p, w: torch.where(p > 0, p, p * w))
nonlinear("matmul", {}, [(3, 4), (4, 5)], torch.matmul)
nonlinear("matmul", {}, [(2, 3, 4), (2, 4, 5)], torch.matmul)
nonlinear("matmul", {}, [(2, 3, 1, 4), (2, 3, 4, 1)], torch.matmul)

path = pathlib.Path(__file__).with_name("operators.json")
entries = lambda items: ",\n".join(json.dumps(item) for item in items)
path.write_text('{"source": "PyTorch %s, float64, autograd",\n"maps": [\n%s\n],\n"nonlinearities": [\n%s\n]}\n'
                % (torch.__version__.split("+")[0], entries(maps), entries(nonlinearities)))
print(len(maps), "maps,", len(nonlinearities), "nonlinearities")
