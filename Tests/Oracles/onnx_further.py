"""Cases of operators of which ONNX's backend tests have none, for onnx_backend.py: those of ONNX Runtime's and classical
machine learning's domains, with what ONNX Runtime gives, and those of operator sets before 7, with what NumPy gives."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

draw = np.random.default_rng(5)


def numbers(*shape):
    return draw.standard_normal(shape).astype(np.float32)


def model(domain, opset, operator, inputs, outputs, constants, order=None, **attributes):
    """A model of one node whose first inputs, by name and shape, are the graph's and whose others are constants, unless
    `order` names all inputs of the node."""
    node = helper.make_node(operator, order or [*inputs, *constants], outputs, domain=domain, **attributes)
    kind = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.uint8): TensorProto.UINT8,
            np.dtype(np.int64): TensorProto.INT64}
    graph = helper.make_graph(
        [node], operator,
        [helper.make_tensor_value_info(name, kind[value.dtype], value.shape) for name, value in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in outputs if name],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def by_runtime(name, domain, operator, inputs, constants={}, outputs=("y",), opset=17, **attributes):
    """A case whose outputs are those of ONNX Runtime."""
    made = model(domain, opset, operator, inputs, list(outputs), constants, **attributes)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(made.SerializeToString(), options, ["CPUExecutionProvider"])
    return f"further_{name}", made, list(inputs.values()), session.run(None, dict(inputs))


def by_numpy(name, opset, operator, inputs, constants, expected, **attributes):
    """A case of an early operator set."""
    made = model("", opset, operator, inputs, ["y"], constants, **attributes)
    return f"further_{name}", made, list(inputs.values()), [expected]


def runtime_cases():
    x, image = numbers(2, 4, 8), numbers(2, 4, 6, 6)
    weight = numbers(6, 4, 3, 3)
    ours = "com.microsoft"
    yield by_runtime("gelu", ours, "Gelu", {"x": x})
    yield by_runtime("biasgelu", ours, "BiasGelu", {"x": x}, {"b": numbers(8)})
    yield by_runtime("fastgelu", ours, "FastGelu", {"x": x}, {"b": numbers(8)})
    yield by_runtime("quickgelu", ours, "QuickGelu", {"x": x}, alpha=1.3)
    yield by_runtime("fusedconv", ours, "FusedConv", {"x": image}, {"w": weight, "b": numbers(6)}, activation="Relu")
    yield by_runtime("fusedconv_clip", ours, "FusedConv", {"x": image}, {"w": weight, "b": numbers(6)},
                     activation="Clip", activation_params=[-0.5, 0.75], pads=[1, 1, 1, 1])
    yield by_runtime("fusedconv_sum", ours, "FusedConv", {"x": image[:1]},
                     {"w": weight, "b": numbers(6), "z": numbers(1, 6, 4, 4)}, activation="Relu")
    yield by_runtime("fusedmatmul", ours, "FusedMatMul", {"x": x, "y": numbers(2, 5, 8)}, outputs=["z"], alpha=0.5,
                     transB=1)
    yield by_runtime("fusedgemm", ours, "FusedGemm", {"x": numbers(3, 4)}, {"w": numbers(5, 4), "b": numbers(5)},
                     transB=1, alpha=0.5, activation="LeakyRelu", activation_alpha=0.2)
    norm = {"s": numbers(2, 4, 8), "g": numbers(8), "h": numbers(8)}
    yield by_runtime("skip", ours, "SkipLayerNormalization", {"x": x}, norm, epsilon=1e-5)
    yield by_runtime("skip_default", ours, "SkipLayerNormalization", {"x": 1e-5 * x},
                     dict(norm, s=1e-5 * norm["s"], b=1e-5 * numbers(8)))
    yield by_runtime("skip_simple", ours, "SkipSimplifiedLayerNormalization", {"x": x},
                     {"s": norm["s"], "g": norm["g"], "b": numbers(8)}, epsilon=1e-6)
    yield by_runtime("attention", ours, "Attention", {"x": x}, {"w": numbers(8, 24), "b": numbers(24)}, num_heads=2)
    yield by_runtime("attention_causal", ours, "Attention", {"x": x}, {"w": numbers(8, 24), "b": numbers(24)},
                     num_heads=4, unidirectional=1)
    yield by_runtime("multihead", ours, "MultiHeadAttention", {"x": x, "k": numbers(2, 5, 8), "v": numbers(2, 5, 8)},
                     {"b": numbers(24)}, num_heads=2)


def resize_cases():
    """Scales that leave a part of an element, and sizes. ONNX's reference evaluator has other numbers for aligned corners,
    half pixels of PyTorch and a scale of 0.7, since it takes the scale times the extent for the extent of the output."""
    image = np.random.default_rng(19).standard_normal((1, 2, 5, 10)).astype(np.float32)
    # 5 to 8 and 10 to 7 elements (float32's 0.7 is less), and 5 to 1 and 10 to 24.
    both = [((1.7, 0.7), (8, 7)), ((0.3, 2.45), (1, 24))]
    for mode in ["linear", "cubic", "nearest"]:
        for place in ["align_corners", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric"]:
            # Beside a tie of two neighbours the rounding of the runtime's places would decide; these have none.
            if mode == "nearest" and place != "align_corners":
                continue
            for k, (scales, sizes) in enumerate(both):
                attributes = {"opset": 19, "mode": mode, "coordinate_transformation_mode": place}
                yield by_runtime(f"resize_{mode}_{place}_scales{k}", "", "Resize", {"x": image},
                                 {"scales": np.array([1, 1, *scales], np.float32)}, order=["x", "", "scales"],
                                 **attributes)
                yield by_runtime(f"resize_{mode}_{place}_sizes{k}", "", "Resize", {"x": image},
                                 {"sizes": np.array([1, 2, *sizes])}, order=["x", "", "", "sizes"], **attributes)
    yield by_runtime("upsample_scales", "", "Upsample", {"x": image}, {"scales": np.array([1, 1, 1.7, 2.7], np.float32)},
                     opset=9, mode="linear")


def learning_cases():
    x, ml = numbers(3, 4), "ai.onnx.ml"
    coefficients = [float(v) for v in numbers(12)]
    yield by_runtime("scaler", ml, "Scaler", {"x": x}, offset=[0.5, 1.0, -1.0, 2.0], scale=[2.0, 0.5, 1.0, -1.0])
    yield by_runtime("scaler_one", ml, "Scaler", {"x": x}, offset=[0.5], scale=[2.0])
    for norm in ["L1", "L2", "MAX"]:
        yield by_runtime(f"normalizer_{norm}", ml, "Normalizer", {"x": x}, norm=norm)
    yield by_runtime("binarizer", ml, "Binarizer", {"x": x}, threshold=0.25)
    yield by_runtime("regressor", ml, "LinearRegressor", {"x": x}, coefficients=coefficients,
                     intercepts=[0.1, 0.2, 0.3], targets=3)
    for transform in ["NONE", "LOGISTIC", "SOFTMAX"]:
        yield by_runtime(f"classifier_{transform}", ml, "LinearClassifier", {"x": x}, outputs=["label", "scores"],
                         coefficients=coefficients, intercepts=[0.1, 0.2, 0.3], classlabels_ints=[7, 3, 5],
                         post_transform=transform)
    for transform in ["NONE", "LOGISTIC"]:
        yield by_runtime(f"classifier2_{transform}", ml, "LinearClassifier", {"x": x}, outputs=["label", "scores"],
                         coefficients=[*coefficients[:4], *(-v for v in coefficients[:4])], intercepts=[0.1, -0.1],
                         classlabels_ints=[7, 3], post_transform=transform, multi_class=1)
    yield by_runtime("features", ml, "ArrayFeatureExtractor", {"x": x}, {"i": np.array([2, 0], np.int64)})


def early_cases():
    x = numbers(2, 3, 4)
    row, channel = numbers(4), numbers(3)
    yield by_numpy("add1", 6, "Add", {"x": x}, {"b": row}, x + row, broadcast=1)
    yield by_numpy("mul1_axis", 6, "Mul", {"x": x}, {"b": channel}, x * channel[:, None], broadcast=1, axis=1)
    yield by_numpy("sub1_same", 1, "Sub", {"x": x}, {"b": x + 1}, x - (x + 1), consumed_inputs=[0, 0])
    yield by_numpy("relu1", 1, "Relu", {"x": x}, {}, np.maximum(x, 0), consumed_inputs=[0])
    yield by_numpy("prelu1", 1, "PRelu", {"x": x}, {"s": channel}, np.where(x < 0, x * channel[:, None], x))
    yield by_numpy("dropout6", 6, "Dropout", {"x": x}, {}, x, is_test=1, ratio=0.5)
    yield by_numpy("reshape1", 1, "Reshape", {"x": x}, {}, x.reshape(2, 12), shape=[2, 12])
    yield by_numpy("selu1", 1, "Selu", {"x": x}, {},
                   np.float32(1.0507) * np.where(x > 0, x, np.float32(1.6732) * (np.exp(x) - 1)))
    yield by_numpy("concat1", 1, "Concat", {"x": x, "z": x + 1}, {}, np.concatenate([x, x + 1], 1))
    yield by_numpy("cast1", 1, "Cast", {"x": x}, {}, x, to="FLOAT")
    yield by_numpy("pad1", 1, "Pad", {"x": x}, {}, np.pad(x, ((0, 0), (1, 0), (0, 2))), paddings=[0, 1, 0, 0, 0, 2])
    scale, shift, mean = numbers(3), numbers(3), numbers(3)
    variance = np.abs(numbers(3)) + 1
    normal = (x - mean[:, None]) / np.sqrt(variance[:, None] + np.float32(1e-5)) * scale[:, None] + shift[:, None]
    yield by_numpy("batchnorm6", 6, "BatchNormalization", {"x": x},
                   {"s": scale, "b": shift, "m": mean, "v": variance}, normal, is_test=1)
    yield by_numpy("gemm6", 6, "Gemm", {"x": x[0]}, {"w": numbers(4, 5), "c": numbers(5)}, None, broadcast=1)


def further_cases():
    """(name, model, inputs, outputs) of all cases."""
    for name, made, inputs, outputs in [*runtime_cases(), *learning_cases(), *early_cases(), *resize_cases()]:
        if outputs[0] is None:
            constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
            outputs = [inputs[0] @ constants["w"] + constants["c"]]
        yield name, made, inputs, outputs
