"""Writes ONNX models of single operators with what PyTorch gives for them in float64: outputs and gradients.

    python3 Tests/Oracles/onnx_gradients.py FOLDER

For each case: NAME.onnx and NAME.json with `inputs`, `outputs`, `cotangents` (of the outputs) and the `gradients` of the
inputs and of the parameters by name, each by shape and numbers. NAME.K.onnx has a planted fault, `faults[K]`: an axis, an
index, a pad or another constant that differs, so that its gradients must differ from the case's.
"""

import json
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from onnx_gradient_cases import operator_cases
from onnx_product_cases import product_cases
from onnx_recurrence_cases import recurrences
from onnx_sampling_cases import sampling_cases

KINDS = {"float64": TensorProto.DOUBLE, "int64": TensorProto.INT64, "int32": TensorProto.INT32,
         "uint8": TensorProto.UINT8, "int8": TensorProto.INT8, "bool": TensorProto.BOOL}


def model(case, changes):
    """The case's model, with constants and attributes that are changed."""
    constants = {**case.constants, **{k: v for k, v in changes.items() if k in case.constants}}
    attributes = {**case.attributes, **{k: v for k, v in changes.items() if k not in case.constants}}
    nodes = case.nodes or [helper.make_node(case.operator, case.order, case.outputs, domain=case.domain, **attributes)]
    graph = helper.make_graph(
        nodes, case.name,
        [helper.make_tensor_value_info(n, KINDS[str(v.dtype)], v.shape) for n, v in case.inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in case.outputs if name],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in {**case.parameters, **constants}.items()])
    imports = [helper.make_opsetid("", case.opset)]
    if case.domain:
        imports.append(helper.make_opsetid(case.domain, 1))
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def tensor(value):
    value = np.asarray(value.detach() if isinstance(value, torch.Tensor) else value, dtype=np.float64)
    assert np.isfinite(value).all()
    return {"shape": list(value.shape), "data": [float(v) for v in value.ravel()]}


def leaf(value):
    value = torch.from_numpy(np.array(value))
    return value.requires_grad_() if value.is_floating_point() else value


def gradient(value):
    return tensor(torch.zeros(value.shape, dtype=torch.float64) if value.grad is None else value.grad)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    draw = np.random.default_rng(11)
    names = set()
    for case in [*operator_cases(), *recurrences(), *sampling_cases(), *product_cases()]:
        assert case.name not in names, case.name
        names.add(case.name)
        inputs = {name: leaf(value) for name, value in case.inputs.items()}
        parameters = {name: leaf(value) for name, value in case.parameters.items()}
        outputs = case.function(**inputs, **parameters)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        cotangents = [torch.from_numpy(draw.standard_normal(y.shape)) for y in outputs]
        loss = sum((y * c).sum() for y, c in zip(outputs, cotangents))
        if loss.requires_grad:
            loss.backward()
        for suffix, changes in [("", {}), *((f".{k}", f[1]) for k, f in enumerate(case.faults))]:
            onnx.save(model(case, changes), os.path.join(folder, f"{case.name}{suffix}.onnx"))
        with open(os.path.join(folder, case.name + ".json"), "w") as file:
            json.dump({
                "inputs": [tensor(v) for v in inputs.values()], "outputs": [tensor(y) for y in outputs],
                "cotangents": [tensor(c) for c in cotangents],
                "gradients": [gradient(v) for v in inputs.values()],
                "parameters": {name: gradient(v) for name, v in parameters.items()},
                "faults": [label for label, _ in case.faults], "untrained": case.untrained,
            }, file)


if __name__ == "__main__":
    main(sys.argv[1])
