"""A residual convolutional network with attention, small, with gradients from PyTorch in float64.

Ran with Python 3.11.7 and torch 2.15.0; the seed is fixed. Writes residual_network.json beside itself: every
parameter by name, and input, cotangent, output and gradients.

  x [2, 6, 6] → conv (3×3, 4 outputs, padding 1) → batch norm → relu          = a
  a → conv (3×3, groups 2, padding 1), plus a, → relu                          = r    (skip connection)
  concat(r, x) along channels → max pool 2                                     = p [6, 3, 3]
  p → average pool 3 → flatten                                                 = v [6]
  p as tokens [9, 6]: softmax(p pᵀ / √6) p → layer norm → mean over tokens      = t [6]
  v ⊙ t → dense (4 outputs)                                                    = y
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
shapes = {
    "conv1.weight": (4, 2, 3, 3), "conv1.bias": (4,), "bn.weight": (4,), "bn.bias": (4,),
    "conv2.weight": (4, 2, 3, 3), "norm.weight": (6,), "norm.bias": (6,), "fc.weight": (4, 6), "fc.bias": (4,),
}
parameters = {name: torch.randn(*shape, requires_grad=True) for name, shape in shapes.items()}
mean, variance = torch.randn(4), torch.rand(4) + 0.5
x = torch.randn(3, 2, 6, 6, requires_grad=True)
P = parameters

a = F.conv2d(x, P["conv1.weight"], P["conv1.bias"], padding=1)
a = F.relu(F.batch_norm(a, mean, variance, P["bn.weight"], P["bn.bias"], eps=1e-5))
r = F.relu(F.conv2d(a, P["conv2.weight"], padding=1, groups=2) + a)
p = F.max_pool2d(torch.cat([r, x], 1), 2)
v = F.avg_pool2d(p, 3).flatten(1)
tokens = p.flatten(2).transpose(1, 2)
attention = F.softmax(tokens @ tokens.transpose(1, 2) / 6**0.5, -1) @ tokens
t = F.layer_norm(attention, (6,), P["norm.weight"], P["norm.bias"]).mean(1)
y = F.linear(v * t, P["fc.weight"], P["fc.bias"])
cotangent = torch.randn_like(y)
y.backward(cotangent)


def tensor(t):
    return {"shape": list(t.shape), "data": [float(value) for value in t.detach().reshape(-1)]}


path = pathlib.Path(__file__).with_name("residual_network.json")
path.write_text(json.dumps({
    "source": f"PyTorch {torch.__version__.split('+')[0]}, float64, autograd",
    "mean": tensor(mean), "variance": tensor(variance),
    "parameters": {name: tensor(value) for name, value in parameters.items()},
    "input": tensor(x), "cotangent": tensor(cotangent), "output": tensor(y),
    "gradients": {"input": tensor(x.grad), **{name: tensor(value.grad) for name, value in parameters.items()}},
}, indent=1) + "\n")
