"""Writes ONNX's own backend tests of single operators as files that the Swift tests read.

    python3 Tests/Oracles/onnx_backend.py FOLDER

For each case whose outputs are numbers: NAME.onnx and NAME.json with `inputs`, `outputs` (shape and numbers, in the
order of the graph), `rtol`, `atol` and the `operators`. What an operator needs to be constant (shapes, axes, weights of
convolutions) stands in the model as initializers. A case comes in two variants where it can: NAME, where the first
floating-point input alone is the graph's input and all others are initializers, and NAME+, where all floating-point
inputs are the graph's.
"""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from onnx_further import further_cases

FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16}
WHOLE = {
    TensorProto.BOOL, TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8,
    TensorProto.UINT16,
}
# Inputs of these positions are computed even where they are whole numbers, so that the case has an input.
WHOLE_INPUTS = {
    "And": {0, 1}, "Cast": {0}, "ConvInteger": {0}, "CumProd": {0}, "DequantizeLinear": {0}, "Div": {0, 1},
    "Equal": {0, 1},
    "Gather": {1}, "GatherElements": {1}, "Greater": {0, 1}, "Less": {0, 1}, "MatMulInteger": {0}, "Mod": {0, 1},
    "Not": {0}, "OneHot": {0}, "Or": {0, 1}, "QLinearConv": {0}, "QLinearMatMul": {0}, "Where": {0}, "Xor": {0, 1},
}
# Inputs of these positions are constants even of floating-point type.
CONSTANT_INPUTS = {
    "Clip": {1, 2}, "BatchNormalization": {1, 2, 3, 4}, "Conv": {1}, "ConvTranspose": {1}, "Resize": {1, 2, 3},
    "Upsample": {1}, "Dropout": {1}, "Pad": {2}, "Range": {0, 1, 2}, "QuantizeLinear": {1, 2},
    "DequantizeLinear": {1, 2}, "QLinearConv": {1, 2, 4, 5, 6, 7}, "QLinearMatMul": {1, 2, 4, 5, 6, 7},
    "OneHot": {1, 2},
}


def dense(value):
    return isinstance(value, np.ndarray) or np.isscalar(value)


def number_list(array):
    return [None if not np.isfinite(v) else float(v) for v in np.asarray(array, dtype=np.float64).ravel()]


def special(array):
    return [repr(float(v)) if not np.isfinite(v) else "" for v in np.asarray(array, dtype=np.float64).ravel()]


def dump(folder, name, case, free):
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    inputs, outputs = case.data_sets[0]
    infos = list(graph.input)
    del graph.input[:]
    fed = []
    for info, value in zip(infos, inputs):
        if info.name in free:
            graph.input.append(info)
            fed.append(np.asarray(value))
        else:
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), info.name))
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())
    tensors = lambda values: [
        {"shape": list(np.shape(v)), "data": number_list(v), "special": special(v)} for v in values
    ]
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(
            {
                "operators": sorted({node.op_type for node in graph.node}), "rtol": case.rtol,
                "atol": case.atol, "inputs": tensors(fed), "outputs": tensors(outputs),
            }, file)


def dump_further(folder):
    """Writes the cases of operators that the backend tests have none of."""
    count = 0
    for name, model, inputs, outputs in further_cases():
        with open(os.path.join(folder, name + ".onnx"), "wb") as file:
            file.write(model.SerializeToString())
        tensors = lambda values: [
            {"shape": list(np.shape(v)), "data": number_list(v), "special": special(v)} for v in values
        ]
        with open(os.path.join(folder, name + ".json"), "w") as file:
            json.dump({"operators": sorted({node.op_type for node in model.graph.node}), "rtol": 1e-3, "atol": 2e-6,
                       "inputs": tensors(inputs), "outputs": tensors(outputs)}, file)
        count += 1
    return count


def main(folder):
    os.makedirs(folder, exist_ok=True)
    kept, left = 0, {}
    for case in collect_testcases(None):
        graph = case.model.graph
        if not case.data_sets or len(case.data_sets) > 1:
            continue
        inputs, outputs = case.data_sets[0]
        operators = sorted({node.op_type for node in graph.node})
        # The expanded cases spell an operator out in others: as good a test.
        if any(node.domain not in ("", "ai.onnx") for node in graph.node):
            continue
        if not all(dense(value) for value in list(inputs) + list(outputs)):
            continue
        types = [info.type.tensor_type.elem_type for info in graph.output]
        if not types or not all(t in FLOATS | WHOLE for t in types):
            continue
        floats = [
            info.name for position, info in enumerate(graph.input)
            if info.type.tensor_type.elem_type in FLOATS
        ]
        constant = set()
        for node in graph.node:
            for position in CONSTANT_INPUTS.get(node.op_type, ()):
                if position < len(node.input):
                    constant.add(node.input[position])
        free = [name for name in floats if name not in constant]
        if not free and len(graph.node) == 1:
            places = WHOLE_INPUTS.get(graph.node[0].op_type, ())
            free = [
                info.name for info in graph.input
                if info.type.tensor_type.elem_type in WHOLE and info.name in [
                    name for place, name in enumerate(graph.node[0].input) if place in places
                ]
            ]
        if not free:
            left[",".join(operators)] = left.get(",".join(operators), 0) + 1
            continue
        dump(folder, case.name, case, set(free[:1]))
        kept += 1
        if len(free) > 1:
            dump(folder, case.name + "+", case, set(free))
            kept += 1
    kept += dump_further(folder)
    print(kept, "cases;", "without a floating-point input:", left)


if __name__ == "__main__":
    main(sys.argv[1])
