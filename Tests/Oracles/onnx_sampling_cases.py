"""More cases of onnx_gradients.py: sampled images, losses, attention with a past, and loops."""

import numpy as np
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from onnx_gradient_cases import Case, attended, draw, numbers, whole


def grids():
    image, grid = numbers(2, 3, 4, 5), draw.uniform(-1.4, 1.4, (2, 3, 2, 2)).astype(np.float32).astype(np.float64)
    other = grid[:, :, :, ::-1].copy()
    for mode in ["linear", "nearest", "cubic"]:
        for padding in ["zeros", "border", "reflection"]:
            for corners in [0, 1]:
                torch_mode = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
                yield Case(f"grid_{mode}_{padding}_{corners}", "GridSample", {"x": image},
                           lambda x, m=torch_mode, p=padding, c=corners: F.grid_sample(
                               x, torch.from_numpy(grid), m, p, c == 1),
                           constants={"g": grid}, opset=20,
                           attributes={"mode": mode, "padding_mode": padding, "align_corners": corners},
                           faults=[("axis", {"g": other})])
    volume, places = numbers(1, 2, 3, 4, 5), draw.uniform(-1.2, 1.2, (1, 2, 3, 2, 3))
    yield Case("grid_volume", "GridSample", {"x": volume},
               lambda x: F.grid_sample(x, torch.from_numpy(places.astype(np.float32).astype(np.float64)),
                                       align_corners=False),
               constants={"g": places.astype(np.float32).astype(np.float64)}, opset=20)


def bilinear(image, y, x):
    """The value of an image [channels, height, width] at a point, by PyTorch's grid_sample."""
    height, width = image.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return torch.zeros(image.shape[0])
    place = torch.tensor([[[[2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1]]]])
    return F.grid_sample(image[None], place, padding_mode="border", align_corners=True)[0, :, 0, 0]


def aligned(x, regions, images, height, width, ratio, scale, shift):
    result = []
    for (x1, y1, x2, y2), image in zip(regions, images):
        x0, y0 = x1 * scale - shift, y1 * scale - shift
        w, h = (x2 * scale - shift - x0) / width, (y2 * scale - shift - y0) / height
        bins = [torch.stack([bilinear(x[image], y0 + (row + (i + 0.5) / ratio) * h, x0 + (column + (j + 0.5) / ratio) * w)
                             for i in range(ratio) for j in range(ratio)]).mean(0)
                for row in range(height) for column in range(width)]
        result.append(torch.stack(bins, 1).reshape(-1, height, width))
    return torch.stack(result)


def regions():
    boxes = np.array([[0.5, 1.0, 6.0, 7.5], [2.0, 0.0, 9.0, 5.0], [-1.0, -2.0, 4.0, 3.0]])
    turned = boxes[:, [1, 0, 3, 2]].copy()
    for name, mode, shift in [("half", "half_pixel", 0.5), ("plain", "output_half_pixel", 0.0)]:
        yield Case(f"roi_align_{name}", "RoiAlign", {"x": numbers(2, 2, 7, 8)},
                   lambda x, s=shift: aligned(x, boxes, [1, 0, 1], 2, 3, 2, 0.75, s),
                   constants={"r": boxes, "i": whole(1, 0, 1)},
                   attributes={"output_height": 2, "output_width": 3, "sampling_ratio": 2, "spatial_scale": 0.75,
                               "coordinate_transformation_mode": mode},
                   faults=[("axis", {"r": turned}), ("image", {"i": whole(1, 1, 1)}),
                           ("scale", {"spatial_scale": 0.5})])


def resizes():
    for mode in ["linear", "cubic"]:
        yield Case(f"resize_antialias_{mode}", "Resize", {"x": numbers(1, 2, 9, 8)},
                   lambda x, m=mode: F.interpolate(x, (4, 3), mode="bi" + m, antialias=True),
                   constants={"sizes": whole(1, 2, 4, 3)}, order=["x", "", "", "sizes"],
                   attributes={"mode": mode, "antialias": 1, "exclude_outside": 1,
                               **({"cubic_coeff_a": -0.5} if mode == "cubic" else {})},
                   faults=[("antialias", {"antialias": 0})])
    # PyTorch and ONNX Runtime align corners by the extents of both sides, of 5 and 8 as of 7 and 4 elements here. ONNX's
    # reference evaluator takes 8.5 and 4.2 instead, which is why it judges no case of scales.
    image, words = np.random.default_rng(17).standard_normal((1, 2, 5, 7)), ["half_pixel", "align_corners"]
    for mode in ["linear", "cubic"]:
        for corners in [0, 1]:
            # float32 holds the scales of half pixels, which places depend on; those of aligned corners do not.
            scales = [(1.75, 0.625), (1.7, 0.6)][corners]
            given = [("scales", ["x", "", "scales"], np.array([1, 1, *scales], np.float32), {"scale_factor": scales}),
                     ("sizes", ["x", "", "", "sizes"], whole(1, 2, 8, 4), {"size": (8, 4)})]
            for name, order, constant, options in given:
                yield Case(f"resize_{mode}_{words[corners]}_{name}", "Resize", {"x": image},
                           lambda x, m=mode, c=corners, o=options: F.interpolate(
                               x, mode="bi" + m, align_corners=c == 1, **o),
                           constants={name: constant}, order=order, opset=19,
                           attributes={"mode": mode, "coordinate_transformation_mode": words[corners]},
                           faults=[("coordinates", {"coordinate_transformation_mode": words[1 - corners]})])


def losses():
    scores, labels = numbers(3, 4, 2), np.array([[1, 0], [3, 2], [1, 1]])
    other = labels.copy()
    other[2, 1] = 2
    weights, target = np.array([0.5, 1.0, 2.0, 0.25]), torch.from_numpy(labels)
    for reduction in ["none", "sum", "mean"]:
        yield Case(f"cross_entropy_{reduction}", "SoftmaxCrossEntropyLoss", {"x": scores},
                   lambda x, r=reduction: F.cross_entropy(x, target, torch.from_numpy(weights), reduction=r,
                                                          ignore_index=1),
                   constants={"t": labels, "w": weights}, attributes={"reduction": reduction, "ignore_index": 1},
                   faults=[("label", {"t": other}), ("ignored", {"ignore_index": 2})])
        yield Case(f"likelihood_{reduction}", "NegativeLogLikelihoodLoss", {"x": scores},
                   lambda x, r=reduction: F.nll_loss(x, target, reduction=r), constants={"t": labels},
                   attributes={"reduction": reduction}, faults=[("label", {"t": other})])
    yield Case("cross_entropy_both", "SoftmaxCrossEntropyLoss", {"x": scores[:, :, 0]},
               lambda x: (F.cross_entropy(x, target[:, 0]), F.log_softmax(x, 1)), constants={"t": labels[:, 0]},
               outputs=["y", "logarithms"], faults=[("label", {"t": other[:, 1]})])


def sequences():
    def continued(x, w, b, s=None):
        before = torch.zeros(2, 3, 3) if s is None else s
        padded = torch.cat([before, x], 2)
        return F.silu(F.conv1d(padded, w, b, groups=3)), padded[:, :, -3:]

    weights = {"w": numbers(3, 1, 4), "b": numbers(3)}
    yield Case("causal_convolution", "CausalConvWithState", {"x": numbers(2, 3, 5), "s": numbers(2, 3, 3)},
               lambda x, s, w, b: continued(x, w, b, s), parameters=weights, order=["x", "w", "b", "s"],
               attributes={"activation": "silu"}, outputs=["y", "next"], opset=27,
               faults=[("activation", {"activation": "none"})])
    yield Case("causal_convolution_start", "CausalConvWithState", {"x": numbers(2, 3, 2)}, continued, parameters=weights,
               order=["x", "w", "b"], attributes={"activation": "swish"}, outputs=["y", "next"], opset=27,
               faults=[("activation", {"activation": "none"})])
    q, k, v = numbers(2, 4, 3, 6), numbers(2, 2, 3, 6), numbers(2, 2, 3, 5)
    pk, pv = numbers(2, 2, 2, 6), numbers(2, 2, 2, 5)

    def cached(q, k, v, pk, pv, left=None):
        keys, values = torch.cat([pk, k], 2), torch.cat([pv, v], 2)
        ahead = torch.arange(5)[None] - torch.arange(3)[:, None] - 2
        allowed = (ahead <= 0) & (ahead >= -(left if left is not None else 99))
        y = F.scaled_dot_product_attention(q, keys.repeat_interleave(2, 1), values.repeat_interleave(2, 1),
                                           attn_mask=allowed)
        return y, keys, values

    yield Case("attention_past", "Attention", {"q": q, "k": k, "v": v, "pk": pk, "pv": pv}, cached,
               attributes={"is_causal": 1}, order=["q", "k", "v", "", "pk", "pv"],
               outputs=["y", "keys", "values"], opset=24, faults=[("causality", {"is_causal": 0})])
    yield Case("attention_window", "Attention", {"q": q, "k": k, "v": v, "pk": pk, "pv": pv},
               lambda *, left=1, **given: cached(**given, left=left), attributes={"is_causal": 1, "left_window_size": 1},
               order=["q", "k", "v", "", "pk", "pv"], outputs=["y", "keys", "values"], opset=25,
               faults=[("window", {"left_window_size": 2})])


def loops():
    """h ← tanh(h w + x_t) along the second axis, by a scan whose weight is that of its body, and by a loop."""
    def info(name):
        return helper.make_tensor_value_info(name, TensorProto.DOUBLE, None)

    step = [helper.make_node("MatMul", ["h", "w"], ["p"]), helper.make_node("Add", ["p", "e"], ["q"]),
            helper.make_node("Tanh", ["q"], ["f"]), helper.make_node("Identity", ["f"], ["g"])]
    body = helper.make_graph(step, "body", [info("h"), info("e")], [info("f"), info("g")])
    scan = [helper.make_node("Scan", ["s", "x"], ["last", "y"], body=body, num_scan_inputs=1, scan_input_axes=[1],
                             scan_output_axes=[1])]

    def function(x, s, w):
        h, all = s, []
        for t in range(x.shape[1]):
            h = torch.tanh(h @ w + x[:, t])
            all.append(h)
        return torch.stack(all, 1), h

    yield Case("scan", "", {"x": numbers(2, 4, 3), "s": numbers(2, 3)}, function, parameters={"w": numbers(3, 3)},
               nodes=scan, outputs=["y", "last"])
    number = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    truth = [helper.make_tensor_value_info(name, TensorProto.BOOL, []) for name in ["on", "next"]]
    inner = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["next"]), helper.make_node("Gather", ["x", "i"], ["e"], axis=1), *step],
        "body", [number, truth[0], info("h")], [truth[1], info("f"), info("g")])
    nodes = [helper.make_node("Loop", ["trips", "", "s"], ["last", "all"], body=inner),
             helper.make_node("Transpose", ["all"], ["y"], perm=[1, 0, 2])]
    yield Case("loop", "", {"x": numbers(2, 4, 3), "s": numbers(2, 3)}, function, parameters={"w": numbers(3, 3)},
               constants={"trips": np.array(4)}, nodes=nodes, outputs=["y", "last"])


def sampling_cases():
    for family in [grids, regions, resizes, losses, sequences, loops]:
        yield from family()
