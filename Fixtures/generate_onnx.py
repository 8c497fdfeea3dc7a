#!/usr/bin/env python3
"""Writes the fixtures of ONNX models: network.onnx as PyTorch exports it, and expected.json as PyTorch computes the file in float64.

    onnx-mobilenet/    depthwise convolutions, squeeze and excitation, hard swish; the classic exporter, batch normalisation folded
    onnx-gated-mlp/    a gated network behind a root mean square norm in its parts; the classic exporter
    onnx-attention/    attention by hand, with a residual; the newer exporter

The models are those of Tests/Oracles/onnx_models.py, which checks each against the original network, ONNX Runtime and differences. The
bounds of Clip and the like are constants in this project, and their gradients are left out.

Ran with the versions in Tests/Oracles/requirements.txt.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import onnx

HERE = pathlib.Path(__file__).resolve().parent
MODELS = {"onnx-mobilenet": "mobilenet_classic", "onnx-gated-mlp": "gated_mlp_classic", "onnx-attention": "attention_dynamo"}


def constants(path):
    """What is a constant in this project: bounds, exponents, and single numbers of Constant nodes."""
    nodes = onnx.load(path).graph.node
    bounds = {name for node in nodes if node.op_type in ("Clip", "Pow") for name in node.input[1:]}
    return bounds | {node.output[0] for node in nodes if node.op_type == "Constant" and not node.attribute[0].t.dims}


def main():
    script = HERE.parent / "Tests" / "Oracles" / "onnx_models.py"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, script, folder, *MODELS.values()], check=True)
        for name, model in MODELS.items():
            target = HERE / name
            target.mkdir(exist_ok=True)
            (target / "network.onnx").write_bytes(pathlib.Path(folder, f"{model}.onnx").read_bytes())
            expected = json.loads(pathlib.Path(folder, f"{model}.expected.json").read_text())
            left_out = constants(target / "network.onnx")
            expected["gradients"] = {k: v for k, v in expected["gradients"].items() if k not in left_out}
            lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items())
            (target / "expected.json").write_text("{\n" + lines + "\n}\n")


main()
