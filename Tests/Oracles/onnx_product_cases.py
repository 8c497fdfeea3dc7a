"""More cases of onnx_gradients.py: sums of products over broadcast axes, rotations by positions, cumulative products, gates,
losses with weights of classes as an input, and weights that are standardised."""

import numpy as np
import torch
import torch.nn.functional as F
from onnx import helper

from onnx_gradient_cases import Case, draw, numbers


def sums_of_products():
    def case(name, equation, inputs, wrong=None, **further):
        return Case(f"einsum_{name}", "Einsum", inputs, lambda **given: torch.einsum(equation, *given.values()),
                    attributes={"equation": equation}, faults=[("axis", {"equation": wrong})] if wrong else [], **further)

    product, turned = "...ij,...jk->...ik", "...ij,...kj->...ik"
    yield case("broadcast", product, {"a": numbers(2, 1, 3, 4), "b": numbers(2, 5, 4, 4)}, turned)
    yield case("broadcast_batch", product, {"a": numbers(2, 5, 3, 4), "b": numbers(1, 5, 4, 4)}, turned)
    yield case("broadcast_rank", product, {"a": numbers(2, 1, 3, 4)}, turned, parameters={"w": numbers(5, 4, 4)})
    yield case("broadcast_vector", "...i,...i->...", {"a": numbers(2, 3, 4)}, parameters={"w": numbers(4)})
    yield case("without", "b...c,dc->b...d", {"a": numbers(2, 3, 4)}, "b...c,cd->b...d",
               parameters={"w": numbers(4, 4)})
    yield Case("einsum_second", "Einsum", {"a": numbers(2, 4)}, lambda a, w: torch.einsum("oi,...i->...o", w, a),
               parameters={"w": numbers(4, 4)}, attributes={"equation": "oi,...i->...o"}, order=["w", "a"],
               faults=[("axis", {"equation": "io,...i->...o"})])
    yield case("outer", "...i,j->...ij", {"a": numbers(2, 3, 4)}, parameters={"w": numbers(5)})
    yield case("diagonal", "...ii->...i", {"a": numbers(2, 4, 4)})
    yield case("trace", "bii,bjj->b", {"a": numbers(2, 4, 4), "b": numbers(2, 3, 3)})
    yield case("three", "...i,ij,...j->...", {"a": numbers(2, 3, 4)}, "...i,ji,...j->...",
               parameters={"w": numbers(4, 4), "v": numbers(3, 4)})
    yield case("bilinear", "bi,bj,oij->bo", {"a": numbers(2, 4), "b": numbers(2, 4)}, "bi,bj,oji->bo",
               parameters={"w": numbers(3, 4, 4)})
    yield case("summed", "...ij->j", {"a": numbers(1, 3, 3)}, "...ij->i")


def rotations():
    def turned(x, cos, sin, neighbours, head):
        cos, sin = cos.unsqueeze(head), sin.unsqueeze(head)
        count = 2 * cos.shape[-1]
        part, rest = x[..., :count], x[..., count:]
        if neighbours:
            z = torch.view_as_complex(part.reshape(*part.shape[:-1], -1, 2)) * torch.complex(cos, sin)
            part = torch.view_as_real(z).flatten(-2)
        else:
            a, b = part.chunk(2, -1)
            part = torch.cat([a * cos - b * sin, b * cos + a * sin], -1)
        return torch.cat([part, rest], -1)

    positions, others = np.array([[4, 0, 2]] * 2), np.array([[4, 1, 2]] * 2)
    each = np.array([[4, 0, 2], [1, 1, 3]])
    for neighbours in [0, 1]:
        for count in [8, 4]:
            angle = 3 * draw.random((5, count // 2))
            cos, sin = np.cos(angle), np.sin(angle)
            attributes = {"interleaved": neighbours, **({"rotary_embedding_dim": count} if count < 8 else {})}
            for name, place in [("", positions), ("_each", each)]:
                yield Case(f"rotary_{neighbours}_{count}{name}", "RotaryEmbedding", {"x": numbers(2, 3, 3, 8)},
                           lambda x, c=torch.from_numpy(cos[place]), s=torch.from_numpy(sin[place]), n=neighbours:
                               turned(x, c, s, n, 1),
                           constants={"c": cos, "s": sin, "i": place}, attributes=attributes, opset=23,
                           faults=[("position", {"i": others}), ("pairs", {"interleaved": 1 - neighbours}),
                                   ("angle", {"s": -sin})])
        yield Case(f"rotary_heads_{neighbours}", "RotaryEmbedding", {"x": numbers(2, 3, 24)},
                   lambda x, c=torch.from_numpy(cos[positions]), s=torch.from_numpy(sin[positions]), n=neighbours:
                       turned(x.reshape(2, 3, 3, 8), c, s, n, 2).flatten(2),
                   constants={"c": cos[positions], "s": sin[positions]},
                   attributes={"interleaved": neighbours, "num_heads": 3, "rotary_embedding_dim": 4}, opset=23,
                   faults=[("heads", {"num_heads": 2})])
        yield Case(f"rotary_computed_{neighbours}", "RotaryEmbedding",
                   {"x": numbers(2, 3, 3, 8), "c": numbers(2, 3, 4), "s": numbers(2, 3, 4)},
                   lambda x, c, s, n=neighbours: turned(x, c, s, n, 1), attributes={"interleaved": neighbours}, opset=23,
                   faults=[("pairs", {"interleaved": 1 - neighbours})])
        yield Case(f"rotary_places_{neighbours}", "RotaryEmbedding", {"x": numbers(2, 3, 3, 8), "i": each},
                   lambda x, i, c=torch.from_numpy(np.cos(angle)), s=torch.from_numpy(np.sin(angle)), n=neighbours:
                       turned(x, c[i], s[i], n, 1),
                   constants={"c": cos, "s": sin}, order=["x", "c", "s", "i"],
                   attributes={"interleaved": neighbours, "rotary_embedding_dim": 4}, opset=23)


def cumulative_products():
    x = numbers(2, 3, 7)
    x[0, 1, 2] = 0
    x[1, 2, [0, 4]] = 0
    for exclusive in [0, 1]:
        for reverse in [0, 1]:
            def function(x, exclusive=exclusive, reverse=reverse):
                x = x.flip(2) if reverse else x
                if exclusive:
                    x = torch.cat([torch.ones_like(x[..., :1]), x[..., :-1]], 2)
                y = x.cumprod(2)
                return y.flip(2) if reverse else y

            yield Case(f"cumprod_{exclusive}_{reverse}", "CumProd", {"x": x}, function, constants={"a": np.array(-1)},
                       attributes={"exclusive": exclusive, "reverse": reverse}, opset=26,
                       faults=[("axis", {"a": np.array(1)}), ("direction", {"reverse": 1 - reverse}),
                               ("itself", {"exclusive": 1 - exclusive})])


def gates():
    for name, alpha in [("swiglu", 1.0), ("swiglu_alpha", 0.5)]:
        yield Case(name, "SwiGLU", {"a": numbers(2, 3), "b": numbers(2, 3)},
                   lambda a, b, k=alpha: a * torch.sigmoid(k * a) * b, attributes={"alpha": alpha}, opset=28,
                   faults=[("factor", {"alpha": 1.5 - alpha})])


def weighted_losses():
    scores, labels = numbers(3, 4, 2), np.array([[1, 0], [3, 2], [1, 1]])
    other = labels.copy()
    other[2, 1] = 2
    target = torch.from_numpy(labels)
    # PyTorch has no gradient of its loss by the weights; this is what its documentation says that the loss is.
    for reduction in ["none", "sum", "mean"]:
        def function(x, w, reduction=reduction):
            logarithms = x.log_softmax(1).gather(1, target[:, None])[:, 0]
            weights = w[target] * (target != 3)
            losses = -weights * logarithms
            return {"none": losses, "sum": losses.sum(), "mean": losses.sum() / weights.sum()}[reduction]

        yield Case(f"cross_entropy_weights_{reduction}", "SoftmaxCrossEntropyLoss",
                   {"x": scores, "w": np.abs(numbers(4)) + 0.5}, function, constants={"t": labels},
                   order=["x", "t", "w"], attributes={"reduction": reduction, "ignore_index": 3},
                   faults=[("label", {"t": other}), ("ignored", {"ignore_index": 2})])


EPSILON = float(np.float32(1e-3))


def standardized(x, w, s):
    """A convolution whose weights are normalised by their own statistics."""
    kernel = F.batch_norm(w, None, None, s, torch.tensor([0.5, -1, 0]), training=True, eps=EPSILON)
    return F.conv2d(x, kernel.reshape(3, 2, 2, 2))


def standardized_weights():
    nodes = [
        helper.make_node("BatchNormalization", ["w", "s", "z", "m", "v"], ["n", "mean", "variance"], epsilon=EPSILON,
                         training_mode=1),
        helper.make_node("Reshape", ["n", "shape"], ["kernel"]), helper.make_node("Conv", ["x", "kernel"], ["y"])]
    yield Case("batch_normalization_of_weights", "Conv", {"x": numbers(2, 2, 3, 3)}, standardized,
               parameters={"w": numbers(1, 3, 8), "s": numbers(3)},
               constants={"z": np.array([0.5, -1, 0]), "m": np.zeros(3), "v": np.ones(3),
                          "shape": np.array([3, 2, 2, 2])},
               nodes=nodes, faults=[("bias", {"z": np.array([0.5, -1, 1])})])


def computed_statistics():
    # What PyTorch's exporter writes for the batch normalisation of weights by their own statistics.
    nodes = [
        helper.make_node("ReduceMean", ["w", "axes"], ["mean"], keepdims=0),
        helper.make_node("ReduceMean", ["w", "axes"], ["kept"], keepdims=1),
        helper.make_node("Sub", ["w", "kept"], ["centered"]),
        helper.make_node("Mul", ["centered", "centered"], ["squares"]),
        helper.make_node("ReduceMean", ["squares", "axes"], ["variance"], keepdims=0),
        helper.make_node("BatchNormalization", ["w", "s", "z", "mean", "variance"], ["n"], epsilon=EPSILON),
        helper.make_node("Reshape", ["n", "shape"], ["kernel"]), helper.make_node("Conv", ["x", "kernel"], ["y"])]
    yield Case("batch_normalization_by_computed_statistics", "Conv", {"x": numbers(2, 2, 3, 3)}, standardized,
               parameters={"w": numbers(1, 3, 8), "s": numbers(3)},
               constants={"z": np.array([0.5, -1, 0]), "axes": np.array([0, 2]), "shape": np.array([3, 2, 2, 2])},
               nodes=nodes, opset=20, faults=[("bias", {"z": np.array([0.5, -1, 1])})])

    def normalized(x, s, z, m, v):
        # F.batch_norm has no gradients by mean and variance.
        over = (1, 3, 1, 1)
        mean, variance = (2 * m).reshape(over), v.exp().reshape(over)
        return (x - mean) / (variance + EPSILON).sqrt() * s.tanh().reshape(over) + z.tanh().reshape(over)

    nodes = [
        helper.make_node("Tanh", ["s"], ["weight"]), helper.make_node("Tanh", ["z"], ["bias"]),
        helper.make_node("Mul", ["m", "k"], ["mean"]), helper.make_node("Exp", ["v"], ["variance"]),
        helper.make_node("BatchNormalization", ["x", "weight", "bias", "mean", "variance"], ["y"], epsilon=EPSILON)]
    yield Case("batch_normalization_by_functions_of_parameters", "BatchNormalization", {"x": numbers(2, 3, 2, 2)},
               normalized, parameters={name: numbers(3) for name in "szmv"}, constants={"k": np.full(3, 2.0)},
               nodes=nodes, opset=20, faults=[("mean", {"k": np.array([2.0, 2.0, 1.0])})])

    # Beside a weight that is computed, or stored in another shape, mean and variance of the file stay constants.
    m, v = numbers(3), np.abs(numbers(3)) + 0.5
    for name, node, shape, function in [
            ("computed", helper.make_node("Tanh", ["s"], ["weight"]), (3,), torch.tanh),
            ("reshaped", helper.make_node("Reshape", ["s", "channels"], ["weight"]), (3, 1), lambda s: s.reshape(3))]:
        nodes = [node, helper.make_node("BatchNormalization", ["x", "weight", "z", "m", "v"], ["y"], epsilon=EPSILON)]
        yield Case(f"batch_normalization_by_a_{name}_weight", "BatchNormalization", {"x": numbers(2, 3, 2, 2)},
                   lambda x, s, z, f=function: F.batch_norm(x, torch.tensor(m), torch.tensor(v), f(s), z, eps=EPSILON),
                   parameters={"s": numbers(*shape), "z": numbers(3)},
                   constants={"m": m, "v": v, "channels": np.array([3])}, nodes=nodes, opset=20,
                   untrained=["m", "v"], faults=[("variance", {"v": v + np.array([0, 0, 1])})])


def product_cases():
    for family in [sums_of_products, rotations, cumulative_products, gates, weighted_losses, standardized_weights,
                   computed_statistics]:
        yield from family()
