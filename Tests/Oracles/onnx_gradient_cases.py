"""The cases of onnx_gradients.py: an ONNX operator, its inputs, and the function that it is in PyTorch."""

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

draw = np.random.default_rng(7)
torch.set_default_dtype(torch.float64)


@dataclass
class Case:
    name: str
    operator: str
    inputs: dict  # what the graph's inputs are, by name
    function: object  # of inputs and parameters, by name
    parameters: dict = field(default_factory=dict)  # initializers with a gradient
    constants: dict = field(default_factory=dict)  # initializers without one
    attributes: dict = field(default_factory=dict)
    order: list = None  # the node's inputs; by default the graph's, the parameters and the constants
    faults: list = field(default_factory=list)  # (what is wrong, the constants and attributes that are changed)
    outputs: list = field(default_factory=lambda: ["y"])
    domain: str = ""
    opset: int = 18
    nodes: list = None
    untrained: list = field(default_factory=list)  # constants that must not be parameters of the model

    def __post_init__(self):
        self.order = self.order or [*self.inputs, *self.parameters, *self.constants]


def numbers(*shape):
    return draw.standard_normal(shape)


def whole(*values):
    return np.array(values, dtype=np.int64)


def gathers():
    x = numbers(2, 3, 4)
    yield Case("gather", "Gather", {"x": x}, lambda x: x[:, :, [3, 0, 0]], constants={"i": whole(3, 0, -4)},
               attributes={"axis": 2}, faults=[("index", {"i": whole(3, 0, -3)})])
    yield Case("gather_axis", "Gather", {"x": numbers(1, 3, 3)}, lambda x: x[:, :, [2, 0, 0]],
               constants={"i": whole(2, 0, 0)}, attributes={"axis": 2}, faults=[("axis", {"axis": 1})])
    yield Case("gather_matrix", "Gather", {"x": x}, lambda x: x[:, [[2, 0], [1, 1]]],
               constants={"i": np.array([[2, 0], [1, -2]])}, attributes={"axis": 1},
               faults=[("index", {"i": np.array([[2, 1], [1, -2]])})])
    table, tokens = numbers(5, 3), np.array([[4, 0, 2], [1, 1, 4]])
    yield Case("gather_tokens", "Gather", {"i": tokens}, lambda i, table: table[i], parameters={"table": table},
               order=["table", "i"])
    index = np.array([[[1, 0, 2, 2], [0, 0, 0, 1]], [[2, 1, 1, 0], [0, 2, 0, 2]]])
    wrong = index.copy()
    wrong[1, 0, 3] = 1
    yield Case("gather_elements", "GatherElements", {"x": x}, lambda x: torch.gather(x, 1, torch.from_numpy(index)),
               constants={"i": index}, attributes={"axis": 1}, faults=[("index", {"i": wrong})])
    square, turned = numbers(1, 3, 3), np.array([[[0, 2, 1], [1, 1, 0], [2, 0, 0]]])
    yield Case("gather_elements_axis", "GatherElements", {"x": square},
               lambda x: torch.gather(x, 2, torch.from_numpy(turned)), constants={"i": turned},
               attributes={"axis": -1}, faults=[("axis", {"axis": 1})])
    computed = np.array([[0, 2, 1], [3, 3, 0]])
    yield Case("gather_elements_computed", "GatherElements", {"x": numbers(2, 4), "i": computed},
               lambda x, i: torch.gather(x, 1, i), attributes={"axis": 1})
    yield Case("gather_nd", "GatherND", {"x": numbers(3, 4, 2)}, lambda x: x[[2, 0, 0], [1, 3, 3]],
               constants={"i": np.array([[2, 1], [0, -1], [0, 3]])},
               faults=[("index", {"i": np.array([[2, 1], [0, -2], [0, 3]])})])
    yield Case("gather_nd_batch", "GatherND", {"x": numbers(2, 4, 3)},
               lambda x: torch.stack([x[0, [1, 3]], x[1, [0, 0]]]),
               constants={"i": np.array([[[1], [3]], [[0], [-4]]])}, attributes={"batch_dims": 1},
               faults=[("index", {"i": np.array([[[1], [3]], [[0], [-3]]])})])


def scatters():
    x, updates = numbers(2, 3, 4), numbers(2, 2, 4)
    index = np.array([[[1, 0, 2, 2], [0, 2, 0, 1]], [[2, 1, 1, 0], [0, 2, 0, 2]]])
    wrong = index.copy()
    wrong[0, 1, 3] = 0
    place = torch.from_numpy(index)
    functions = {
        "none": lambda x, u: x.scatter(1, place, u),
        "add": lambda x, u: x.scatter_add(1, place, u),
        "mul": lambda x, u: x.scatter_reduce(1, place, u, "prod"),
        "max": lambda x, u: x.scatter_reduce(1, place, u, "amax"),
        "min": lambda x, u: x.scatter_reduce(1, place, u, "amin"),
    }
    for reduction, function in functions.items():
        yield Case(f"scatter_elements_{reduction}", "ScatterElements", {"x": x, "u": updates}, function,
                   constants={"i": index}, attributes={"axis": 1, "reduction": reduction}, order=["x", "i", "u"],
                   faults=[("extreme", {"reduction": "min" if reduction == "max" else "max"})]
                   if reduction in ("max", "min") else [("index", {"i": wrong})])
    turned = np.array([[0, 2, 1], [1, 0, 2]])
    yield Case("scatter_elements_axis", "ScatterElements", {"x": numbers(3, 3), "u": numbers(2, 3)},
               lambda x, u: x.scatter(1, torch.from_numpy(turned), u), constants={"i": turned},
               attributes={"axis": 1}, order=["x", "i", "u"],
               faults=[("axis", {"axis": 0, "i": np.array([[0, 2, 1], [1, 0, 2]])})])
    places = np.array([[2, 1], [0, 3], [1, 0]])
    rows = (torch.tensor([2, 0, 1]), torch.tensor([1, 3, 0]))
    for reduction, function in {
        "none": lambda x, u: x.index_put(rows, u),
        "add": lambda x, u: x.index_put(rows, u, accumulate=True),
        "mul": lambda x, u: x.index_put(rows, x[rows] * u),
    }.items():
        yield Case(f"scatter_nd_{reduction}", "ScatterND", {"x": numbers(3, 4, 2), "u": numbers(3, 2)}, function,
                   constants={"i": places}, attributes={"reduction": reduction}, order=["x", "i", "u"],
                   faults=[("index", {"i": np.array([[2, 1], [0, 2], [1, 0]])})])
    yield Case("compress", "Compress", {"x": numbers(2, 4)}, lambda x: x[:, [1, 3]],
               constants={"c": np.array([False, True, False, True])}, attributes={"axis": 1},
               faults=[("index", {"c": np.array([True, False, False, True])})])
    yield Case("top_k", "TopK", {"x": numbers(2, 5)}, lambda x: torch.topk(x, 2, 1)[0], constants={"k": whole(2)},
               attributes={"axis": 1}, outputs=["y", ""], faults=[("order", {"largest": 0})])


def folding():
    x = numbers(2, 12, 9)
    yield Case("col2im", "Col2Im", {"x": x}, lambda x: F.fold(x, (4, 4), (2, 2)),
               constants={"image": whole(4, 4), "block": whole(2, 2)})
    window = {"dilations": [2, 1], "pads": [1, 2, 1, 2], "strides": [1, 2]}
    yield Case("col2im_window", "Col2Im", {"x": numbers(2, 12, 25)},
               lambda x: F.fold(x, (5, 7), (2, 3), (2, 1), (1, 2), (1, 2)),
               constants={"image": whole(5, 7), "block": whole(2, 3)}, attributes=window,
               faults=[("pad", {"pads": [0, 2, 2, 2]}), ("pad of the other axis", {"pads": [1, 1, 1, 3]})])
    yield Case("reduce_prod", "ReduceProd", {"x": numbers(2, 3, 5)}, lambda x: x.prod(2), constants={"axes": whole(2)},
               attributes={"keepdims": 0})
    yield Case("reduce_prod_square", "ReduceProd", {"x": numbers(1, 3, 3)}, lambda x: x.prod(-1),
               constants={"axes": whole(-1)}, attributes={"keepdims": 0}, faults=[("axis", {"axes": whole(1)})])
    zero = numbers(2, 4)
    zero[0, 1] = 0
    zero[1, [0, 3]] = 0
    yield Case("reduce_prod_zero", "ReduceProd", {"x": zero}, lambda x: x.prod(1, keepdim=True),
               constants={"axes": whole(1)})
    for p in [1, 2, 3]:
        yield Case(f"global_lp_pool_{p}", "GlobalLpPool", {"x": numbers(2, 3, 4, 2)},
                   lambda x, p=p: x.abs().pow(p).sum((2, 3), keepdim=True).pow(1 / p), attributes={"p": p},
                   faults=[("power", {"p": p + 1})])
    yield Case("mean_variance", "MeanVarianceNormalization", {"x": numbers(1, 3, 4, 2)},
               lambda x: (x - x.mean((2, 3), True)) / (x.var((2, 3), unbiased=False, keepdim=True).sqrt() + 1e-9),
               attributes={"axes": [2, 3]}, faults=[("axis", {"axes": [1, 3]})])


def einsums():
    a, b = numbers(2, 3, 4, 5), numbers(2, 3, 5, 4)
    yield Case("einsum_ellipsis", "Einsum", {"a": a, "b": b}, lambda a, b: torch.einsum("...ij,...jk->...ik", a, b),
               attributes={"equation": "...ij,...jk->...ik"})
    yield Case("einsum_square", "Einsum", {"a": numbers(2, 3, 4, 4), "b": numbers(2, 3, 4, 4)},
               lambda a, b: torch.einsum("...ij,...kj->...ik", a, b), attributes={"equation": "...ij,...kj->...ik"},
               faults=[("axis", {"equation": "...ij,...jk->...ik"})])
    yield Case("einsum_weight", "Einsum", {"a": numbers(2, 3, 4)}, lambda a, w: torch.einsum("...i,io->...o", a, w),
               parameters={"w": numbers(4, 4)}, attributes={"equation": "...i,io->...o"},
               faults=[("axis", {"equation": "...i,oi->...o"})])
    yield Case("einsum_sum", "Einsum", {"a": numbers(2, 3, 3)}, lambda a: torch.einsum("...ij->...i", a),
               attributes={"equation": "...ij->...i"}, faults=[("axis", {"equation": "...ji->...i"})])


def quantised():
    from onnx import helper

    def nodes(axis):
        return [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=axis),
                helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=axis),
                helper.make_node("Mul", ["d", "w"], ["p"]), helper.make_node("Mul", ["x", "p"], ["y"])]

    scale, zero = np.array([0.25, 0.5, 0.125]), np.array([3, 0, 7], np.uint8)

    def function(x, w):
        s, z = torch.from_numpy(scale), torch.from_numpy(zero.astype(np.float64))
        level = torch.clamp(torch.round(x / s) + z, 0, 255)
        return x * ((level - z) * s * w)

    yield Case("quantised", "", {"x": 4 * numbers(2, 3)}, function, parameters={"w": numbers(3)},
               constants={"s": scale, "z": zero}, nodes=nodes(1),
               faults=[("scale", {"s": np.array([0.5, 0.25, 0.125])}), ("zero", {"z": np.array([3, 9, 7], np.uint8)})])


def learning():
    x, ml = numbers(3, 4), "ai.onnx.ml"
    offset, scale = [0.5, 1.0, -1.0, 2.0], [2.0, 0.5, 1.0, -1.0]
    yield Case("scaler", "Scaler", {"x": x}, lambda x: (x - torch.tensor(offset)) * torch.tensor(scale), domain=ml,
               attributes={"offset": offset, "scale": scale}, faults=[("scale", {"scale": [2.0, 0.5, -1.0, -1.0]})])
    for norm, function in {"L1": lambda x: x.abs().sum(1, keepdim=True),
                           "L2": lambda x: x.norm(dim=1, keepdim=True)}.items():
        yield Case(f"normalizer_{norm}", "Normalizer", {"x": x}, lambda x, f=function: x / f(x), domain=ml,
                   attributes={"norm": norm}, faults=[("norm", {"norm": "L2" if norm == "L1" else "L1"})])
    coefficients = [float(np.float32(v)) for v in numbers(12)]
    turned = [coefficients[4 * (k % 3) + k // 3] for k in range(12)]
    matrix, intercepts = torch.tensor(coefficients, dtype=torch.float64).reshape(3, 4), [0.125, 0.25, 0.5]
    score = lambda x: x @ matrix.T + torch.tensor(intercepts)
    yield Case("regressor", "LinearRegressor", {"x": x}, score, domain=ml,
               attributes={"coefficients": coefficients, "intercepts": intercepts, "targets": 3},
               faults=[("order", {"coefficients": turned})])
    for transform, function in {"LOGISTIC": torch.sigmoid, "SOFTMAX": lambda s: s.softmax(1)}.items():
        yield Case(f"classifier_{transform}", "LinearClassifier", {"x": x}, lambda x, f=function: f(score(x)), domain=ml,
                   attributes={"coefficients": coefficients, "intercepts": intercepts, "classlabels_ints": [7, 3, 5],
                               "post_transform": transform}, outputs=["", "y"],
                   faults=[("order", {"coefficients": turned})])


def attended(q, k, v, count, isCausal=False):
    heads = lambda t: t.reshape(*t.shape[:2], count, -1).transpose(1, 2)
    return F.scaled_dot_product_attention(heads(q), heads(k), heads(v), is_causal=isCausal).transpose(1, 2).flatten(2)


def fused():
    ours, x = "com.microsoft", numbers(2, 4, 8)
    yield Case("gelu", "Gelu", {"x": x}, F.gelu, domain=ours)
    yield Case("bias_gelu", "BiasGelu", {"x": x}, lambda x, b: F.gelu(x + b), parameters={"b": numbers(8)}, domain=ours)
    yield Case("fast_gelu", "FastGelu", {"x": x}, lambda x, b: F.gelu(x + b, approximate="tanh"),
               parameters={"b": numbers(8)}, domain=ours)
    yield Case("quick_gelu", "QuickGelu", {"x": x}, lambda x: x * torch.sigmoid(1.25 * x), attributes={"alpha": 1.25},
               domain=ours, faults=[("factor", {"alpha": 1.0})])
    yield Case("fused_conv", "FusedConv", {"x": numbers(2, 3, 6, 6)},
               lambda x, w, b: F.leaky_relu(F.conv2d(x, w, b, padding=(1, 0), stride=(1, 2)), 0.25),
               parameters={"w": numbers(4, 3, 3, 3), "b": numbers(4)}, domain=ours,
               attributes={"activation": "LeakyRelu", "activation_params": [0.25], "pads": [1, 0, 1, 0],
                           "strides": [1, 2]},
               faults=[("pad", {"pads": [2, 0, 0, 0]}), ("activation", {"activation_params": [0.5]})])
    yield Case("fused_matmul", "FusedMatMul", {"x": numbers(2, 4, 4), "z": numbers(2, 4, 4)},
               lambda x, z: 0.5 * x @ z.transpose(1, 2), attributes={"alpha": 0.5, "transB": 1}, domain=ours,
               faults=[("axis", {"transB": 0}), ("factor", {"alpha": 1.0})])
    yield Case("fused_gemm", "FusedGemm", {"x": numbers(3, 4)}, lambda x, w, b: F.leaky_relu(0.5 * x @ w.T + b, 0.125),
               parameters={"w": numbers(4, 4), "b": numbers(4)}, domain=ours,
               attributes={"transB": 1, "alpha": 0.5, "activation": "LeakyRelu", "activation_alpha": 0.125},
               faults=[("axis", {"transB": 0})])
    norm = {"g": numbers(8), "h": numbers(8)}
    yield Case("skip_layer_norm", "SkipLayerNormalization", {"x": x, "s": numbers(2, 4, 8)},
               lambda x, s, g, h: F.layer_norm(x + s, (8,), g, h, 2.0 ** -10), parameters=norm, domain=ours,
               attributes={"epsilon": 2.0 ** -10}, faults=[("epsilon", {"epsilon": 0.25})])
    yield Case("skip_rms_norm", "SkipSimplifiedLayerNormalization", {"x": x, "s": numbers(2, 4, 8)},
               lambda x, s, g: F.rms_norm(x + s, (8,), g, 2.0 ** -10), parameters={"g": norm["g"]}, domain=ours,
               attributes={"epsilon": 2.0 ** -10}, faults=[("epsilon", {"epsilon": 0.25})])
    weights = {"w": numbers(8, 24), "b": numbers(24)}
    for causal in [0, 1]:
        yield Case(f"attention_{causal}", "Attention", {"x": x},
                   lambda x, w, b, c=causal: attended(*(x @ w + b).chunk(3, 2), 2, c == 1), parameters=weights,
                   domain=ours, attributes={"num_heads": 2, "unidirectional": causal},
                   faults=[("heads", {"num_heads": 4}), ("causality", {"unidirectional": 1 - causal})])
    yield Case("multi_head_attention", "MultiHeadAttention",
               {"x": x, "k": numbers(2, 5, 8), "v": numbers(2, 5, 8)},
               lambda x, k, v, b: attended(x + b[:8], k + b[8:16], v + b[16:], 2), parameters={"b": numbers(24)},
               domain=ours, attributes={"num_heads": 2}, faults=[("heads", {"num_heads": 4})])


def operator_cases():
    for family in [gathers, scatters, folding, einsums, quantised, learning, fused]:
        yield from family()
