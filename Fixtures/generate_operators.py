#!/usr/bin/env python3
"""Writes the fixtures of networks with other layers than dense ones, as generate.py writes the others.

    residual-block/      convolutions, batch normalisation, a projected shortcut, max pooling, the mean over the image
    depthwise/           a depthwise and a pointwise convolution, dilated and strided ones, average and max pooling, PReLU
    concatenation/       dense connections: each layer reads all before it; transposed convolution, upsampling, padding, slices
    transformer-block/   attention with two heads and a GELU network, each behind a layer norm and a skip connection
    gated-mlp/           root mean square norm; two branches, one gates the other; a quotient
    signals/             one-dimensional convolutions; group, instance and batch norm

Each layer is torch.nn.functional's, read from network.json as it was written; gradients are autograd's, and equal central differences to
1e-8 of scale. Axes in a file are those of a sample, without the batch. Batch normalisation is that of evaluation: its running statistics
are constants.

Ran with Python 3.11.7, torch 2.15.0, numpy 2.4.6.
Run: python3 generate_operators.py           (writes beside itself; every seed is fixed, one thread)
"""

import torch
import torch.nn.functional as F

from generate import EXPLICIT, Numbers, activate, check_kinks, layer_name, write

PARAMETERS = ("weight", "bias")


# === Evaluation =================================================================================================================

def batched(dim):
    """A sample's axis (or several) as the batch's."""
    return [batched(d) for d in dim] if isinstance(dim, list) else dim + 1 if dim >= 0 else dim


def along(vector, dim, x):
    """A vector laid out along one axis, to be spread over the others."""
    shape = [1] * x.dim()
    shape[batched(dim)] = -1
    return vector.reshape(shape)


def spatial(functions, x):
    return functions[x.dim() - 3]


def window(c):
    return c["kernel_size"], c.get("stride"), c.get("padding", 0)


CONVOLUTIONS = (F.conv1d, F.conv2d, F.conv3d)
TRANSPOSED = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)
AVERAGES = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)
MAXIMA = (F.max_pool1d, F.max_pool2d, F.max_pool3d)

# Each: (what the layer reads, as a list; its parameters by key; its constants by key) → its value before the activation.
LAYERS = {
    "dense": lambda x, p, c: F.linear(x[0].flatten(1), p["weight"], p.get("bias")),
    "linear": lambda x, p, c: F.linear(x[0], p["weight"], p.get("bias")),
    "conv": lambda x, p, c: spatial(CONVOLUTIONS, x[0])(
        x[0], p["weight"], p.get("bias"), c.get("stride", 1), c.get("padding", 0), c.get("dilation", 1), c.get("groups", 1)),
    "conv_transpose": lambda x, p, c: spatial(TRANSPOSED, x[0])(
        x[0], p["weight"], p.get("bias"), c.get("stride", 1), c.get("padding", 0), c.get("output_padding", 0), c.get("groups", 1),
        c.get("dilation", 1)),
    "avg_pool": lambda x, p, c: spatial(AVERAGES, x[0])(x[0], *window(c), count_include_pad=c.get("count_include_pad", True)),
    "max_pool": lambda x, p, c: spatial(MAXIMA, x[0])(x[0], *window(c), c.get("dilation", 1)),
    "mean": lambda x, p, c: x[0].mean(batched(c["dim"]), keepdim=c.get("keepdim", False)),
    "sum": lambda x, p, c: x[0].sum(batched(c["dim"]), keepdim=c.get("keepdim", False)),
    "batch_norm": lambda x, p, c: F.batch_norm(x[0], torch.tensor(c["running_mean"]), torch.tensor(c["running_var"]), p.get("weight"),
                                               p.get("bias"), eps=c.get("eps", 1e-5)),
    "layer_norm": lambda x, p, c: F.layer_norm(x[0], c["normalized_shape"], p.get("weight"), p.get("bias"), c.get("eps", 1e-5)),
    "rms_norm": lambda x, p, c: F.rms_norm(x[0], c["normalized_shape"], p.get("weight"), c["eps"]),
    "group_norm": lambda x, p, c: F.group_norm(x[0], c["num_groups"], p.get("weight"), p.get("bias"), c.get("eps", 1e-5)),
    "instance_norm": lambda x, p, c: F.instance_norm(x[0], None, None, p.get("weight"), p.get("bias"), eps=c.get("eps", 1e-5)),
    "softmax": lambda x, p, c: F.softmax(x[0], batched(c["dim"])),
    "log_softmax": lambda x, p, c: F.log_softmax(x[0], batched(c["dim"])),
    "add": lambda x, p, c: sum(x[1:], x[0]),
    "cat": lambda x, p, c: torch.cat(x, batched(c["dim"])),
    "product": lambda x, p, c: x[0] * x[1],
    "quotient": lambda x, p, c: x[0] / x[1],
    "matmul": lambda x, p, c: x[0] @ x[1],
    "prelu": lambda x, p, c: F.prelu(x[0], p["weight"]),
    "multiply": lambda x, p, c: x[0] * c["factor"],
    "flatten": lambda x, p, c: x[0].flatten(1),
    "reshape": lambda x, p, c: x[0].reshape(len(x[0]), *c["shape"]),
    "permute": lambda x, p, c: x[0].permute(0, *batched(c["dims"])),
    "slice": lambda x, p, c: x[0].movedim(batched(c["dim"]), 0)[c.get("start", 0):c["end"]:c.get("step", 1)].movedim(0, batched(c["dim"])),
    "pad": lambda x, p, c: padded(x[0], c["padding"]),
    "upsample": lambda x, p, c: F.interpolate(x[0], scale_factor=c["scale_factor"], mode="nearest"),
    "scale": lambda x, p, c: x[0] * along(p["weight"], c["dim"], x[0]),
    "shift": lambda x, p, c: x[0] + along(p["bias"], c["dim"], x[0]),
}


def padded(x, padding):
    """All axes' zeros before, then all behind."""
    before, behind = padding[:len(padding) // 2], padding[len(padding) // 2:]
    return F.pad(x, [n for pair in reversed(list(zip(before, behind))) for n in pair])


def parameters(network):
    layers = network["layers"]
    return {f"{layer_name(layers, i)}.{key}": torch.tensor(layer[key], dtype=torch.float64, requires_grad=True)
            for i, layer in enumerate(layers) for key in PARAMETERS if key in layer}


def evaluate(network, theta, x, check=check_kinks):
    layers, values = network["layers"], {"input": x}
    assert x.shape[1:] == torch.Size(network["input"])
    before = "input"
    for position, layer in enumerate(layers):
        name = layer_name(layers, position)
        read = [values[source] for source in layer.get("inputs", [before])]
        own = {key: theta[f"{name}.{key}"] for key in PARAMETERS if key in layer}
        if layer["type"] in LAYERS:
            if layer["type"] == "prelu":
                check("relu", read[0])
            value = LAYERS[layer["type"]](read, own, layer)
        else:  # an elementwise function as a layer of its own
            layer, value = {**layer, "activation": layer["type"]}, read[0]
        activation = layer.get("activation", "identity")
        check(activation, value)
        values[name] = activate(activation, value)
        before = name
    return values[network.get("output", before)]


def expect(network, inputs, cotangents):
    theta = parameters(network)
    x = torch.tensor(inputs, dtype=torch.float64).reshape(len(inputs), *network["input"]).requires_grad_()
    cotangent = torch.tensor(cotangents, dtype=torch.float64)
    y = evaluate(network, theta, x).reshape(len(x), -1)
    (y * cotangent).sum().backward()
    gradients = {"input": x.grad.reshape(len(x), -1), **{name: t.grad for name, t in theta.items()}}
    assert all(torch.isfinite(t).all() and t.abs().max() > 1e-6 for t in [y.detach(), *gradients.values()])
    check_differences(network, theta, x, cotangent, {**gradients, "input": x.grad})
    return {"source": f"{EXPLICIT}, equal to central differences", "input": inputs, "cotangent": cotangents, "output": y.tolist(),
            "gradients": {name: gradient.tolist() for name, gradient in gradients.items()}}


def check_differences(network, theta, x, cotangent, gradients):
    """Each gradient, and a central difference, in a random direction."""
    generator, step = torch.Generator().manual_seed(0), 1e-6
    for name, tensor in {"input": x, **theta}.items():
        d = torch.randn(tensor.shape, generator=generator)
        d /= d.norm()

        def loss(sign):
            moved = tensor.detach() + sign * step * d
            values, at = ({**theta, name: moved}, x) if name != "input" else (theta, moved)
            with torch.no_grad():
                return (evaluate(network, values, at, lambda *_: None).reshape(cotangent.shape) * cotangent).sum().item()

        found, expected = (loss(1) - loss(-1)) / (2 * step), (gradients[name] * d).sum().item()
        assert abs(found - expected) < 1e-8 * max(1.0, gradients[name].norm().item()), (name, found, expected)


# === Writing networks ===========================================================================================================

class Tensors(Numbers):
    """Random numbers with few decimals, in nested lists."""

    def tensor(self, *shape, scale=1.0, low=None, decimals=2):
        values = self.generator.uniform(-scale if low is None else low, scale, shape).round(decimals)
        return (values + 0.0).tolist()

    def normalising(self, count):
        """A weight and a bias."""
        return {"weight": self.tensor(count, low=0.5, scale=1.5), "bias": self.tensor(count, scale=0.5)}

    def batch_norm(self, name, count, **more):
        return layer("batch_norm", name, running_mean=self.tensor(count, scale=0.5), running_var=self.tensor(count, low=0.5, scale=2.0),
                     **self.normalising(count), **more)


def layer(kind, name=None, inputs=None, **more):
    entries = {"type": kind, "name": name, "inputs": inputs, **more}
    return {key: value for key, value in entries.items() if value is not None}


def fixture(folder, shape, make, samples=3, outputs=3):
    """Draws until no pre-activation comes near a kink by chance."""
    for draw in range(100):
        numbers = Tensors([10, draw, *folder.encode()])
        network = {"format": "network", "version": 1, "input": shape, "layers": make(numbers)}
        inputs = numbers.tensor(samples, torch.Size(shape).numel(), scale=1.5)
        try:
            expected = expect(network, inputs, numbers.tensor(samples, outputs))
        except AssertionError as near:
            assert "off a kink" in str(near), near
            continue
        return write(folder, {"network.json": network, "expected.json": expected})
    raise AssertionError(f"{folder}: every draw came near a kink")


# === The fixtures ===============================================================================================================

def residual_block(n):
    return [
        layer("conv", "conv1", ["input"], weight=n.tensor(4, 3, 3, 3, scale=0.4), padding=1),
        n.batch_norm("bn1", 4, activation="relu"),
        layer("conv", "conv2", weight=n.tensor(4, 4, 3, 3, scale=0.4), padding=1),
        n.batch_norm("bn2", 4, eps=0.001),
        layer("conv", "projection", ["input"], weight=n.tensor(4, 3, 1, 1)),
        n.batch_norm("bn3", 4),
        layer("add", "sum", ["bn2", "bn3"], activation="relu"),
        layer("max_pool", "pool", kernel_size=2),
        layer("mean", "average", dim=[1, 2]),
        layer("dense", "head", weight=n.tensor(3, 4), bias=n.tensor(3)),
    ]


def depthwise(n):
    return [
        layer("conv", "stem", weight=n.tensor(4, 2, 3, 3, scale=0.6), bias=n.tensor(4, scale=0.4), stride=2, padding=1, activation="hard_swish"),
        layer("conv", "depthwise", weight=n.tensor(8, 1, 3, 3, scale=0.6), bias=n.tensor(8, scale=0.4), padding=1, groups=4, activation="relu6"),
        layer("conv", "pointwise", weight=n.tensor(4, 8, 1, 1), bias=n.tensor(4, scale=0.4)),
        layer("prelu", "slopes", weight=n.tensor(4, low=0.1, scale=0.4)),
        layer("add", "skip", ["stem", "slopes"]),
        layer("conv", "dilated", weight=n.tensor(4, 2, 2, 2), padding=1, dilation=2, groups=2),
        layer("avg_pool", "smaller", kernel_size=3, stride=2, padding=1, count_include_pad=False),
        layer("tanh", "squashed"),
        layer("max_pool", "largest", ["skip"], kernel_size=[3, 2], stride=[1, 2], padding=[1, 0]),
        layer("scale", "scaled", weight=n.tensor(4, low=0.5, scale=1.5), dim=0),
        layer("mean", "large", dim=[1, 2], keepdim=True),
        layer("avg_pool", "small", ["squashed"], kernel_size=2),
        layer("cat", "both", ["large", "small"], dim=0),
        layer("dense", "head", weight=n.tensor(3, 8), bias=n.tensor(3)),
    ]


def concatenation(n):
    return [
        layer("conv", "a", ["input"], weight=n.tensor(2, 2, 3, 3, scale=0.6), bias=n.tensor(2, scale=0.4), padding=1, activation="silu"),
        layer("cat", "one", ["input", "a"], dim=0),
        layer("conv", "b", weight=n.tensor(2, 4, 3, 3, scale=0.5), bias=n.tensor(2, scale=0.4), padding=1, activation="elu"),
        layer("cat", "two", ["input", "a", "b"], dim=0),
        layer("avg_pool", "down", kernel_size=2),
        layer("conv_transpose", "up", weight=n.tensor(6, 2, 2, 2, scale=0.6), bias=n.tensor(2, scale=0.4), stride=2, activation="tanh"),
        layer("upsample", "nearest", ["down"], scale_factor=2),
        layer("slice", "chosen", dim=0, start=1, end=6, step=2),
        layer("shift", "shifted", bias=n.tensor(3), dim=0),
        layer("cat", "three", ["up", "shifted", "b"], dim=0),
        layer("slice", "cropped", dim=1, start=0, end=3),
        layer("pad", "widened", padding=[0, 1, 0, 0, 0, 2]),
        layer("conv", "mixed", weight=n.tensor(2, 7, 2, 2, scale=0.5), stride=2, activation="gelu"),
        layer("sum", "rows", dim=1),
        layer("flatten", "flat"),
        layer("dense", "head", weight=n.tensor(3, 6), bias=n.tensor(3)),
    ]


def transformer_block(n):
    def projection(name, inputs=None, outputs=8, width=8, **more):
        bias = n.tensor(outputs, scale=0.4) if name != "key" else None  # a softmax takes no notice of it
        return layer("linear", name, inputs, weight=n.tensor(outputs, width, scale=0.6), bias=bias, **more)

    heads = [
        [layer("reshape", f"{part}_split", [part], shape=[5, 2, 4]), layer("permute", f"{part}_heads", dims=dims)]
        for part, dims in [("query", [1, 0, 2]), ("key", [1, 2, 0]), ("value", [1, 0, 2])]
    ]
    return [
        layer("layer_norm", "norm1", ["input"], normalized_shape=[8], **n.normalising(8)),
        *(projection(part, ["norm1"]) for part in ("query", "key", "value")),
        *heads[0], *heads[1], *heads[2],
        layer("matmul", "scores", ["query_heads", "key_heads"]),
        layer("multiply", "scaled", factor=0.5),
        layer("softmax", "attention", dim=-1),
        layer("matmul", "mixed", ["attention", "value_heads"]),
        layer("permute", "tokens", dims=[1, 0, 2]),
        layer("reshape", "joined", shape=[5, 8]),
        projection("out"),
        layer("add", "first", ["input", "out"]),
        layer("layer_norm", "norm2", normalized_shape=[8], eps=0.001, **n.normalising(8)),
        projection("expand", outputs=12, activation="gelu"),
        projection("contract", width=12),
        layer("add", "second", ["first", "contract"]),
        layer("mean", "average", dim=[0]),
        projection("head", outputs=3),
        layer("log_softmax", "classes", dim=0),
    ]


def gated_mlp(n):
    return [
        layer("rms_norm", "norm", ["input"], normalized_shape=[8], eps=1e-6, weight=n.tensor(8, low=0.5, scale=1.5)),
        layer("linear", "gate", ["norm"], weight=n.tensor(12, 8), activation="silu"),
        layer("linear", "up", ["norm"], weight=n.tensor(12, 8)),
        layer("product", "gated", ["gate", "up"]),
        layer("linear", "down", weight=n.tensor(8, 12, scale=0.5)),
        layer("add", "skip", ["input", "down"]),
        layer("dense", "above", ["skip"], weight=n.tensor(3, 8), bias=n.tensor(3)),
        layer("dense", "below", ["skip"], weight=n.tensor(3, 8), bias=n.tensor(3, low=1.0, scale=2.0), activation="softplus"),
        layer("quotient", "ratio", ["above", "below"]),
    ]


def signals(n):
    return [
        layer("conv", "wide", weight=n.tensor(6, 2, 5, scale=0.6), bias=n.tensor(6, scale=0.4), stride=2, padding=2),
        layer("group_norm", "groups", num_groups=3, **n.normalising(6)),
        {"type": "relu"},
        layer("max_pool", "pool", kernel_size=2),
        layer("conv", "dilated", weight=n.tensor(4, 6, 3, scale=0.6), padding=2, dilation=2),
        layer("instance_norm", "each", eps=0.001, **n.normalising(4)),
        layer("sigmoid", "squashed"),
        layer("avg_pool", "average", kernel_size=3, stride=2, padding=1),
        n.batch_norm("statistics", 4, activation={"type": "leaky_relu", "negative_slope": 0.25}),
        layer("dense", "head", weight=n.tensor(3, 8), bias=n.tensor(3)),
    ]


if __name__ == "__main__":
    fixture("residual-block", [3, 6, 6], residual_block)
    fixture("depthwise", [2, 9, 8], depthwise)
    fixture("concatenation", [2, 6, 4], concatenation)
    fixture("transformer-block", [5, 8], transformer_block)
    fixture("gated-mlp", [8], gated_mlp, samples=4)
    fixture("signals", [2, 16], signals)
