#!/usr/bin/env python3
"""Public networks of the VNN-COMP 2021 benchmarks, trained by others for other tools, with outputs and gradients in float64.

    python3 real_networks.py FOLDER      fetches what the folder lacks, verifies every file's SHA-256, writes the expected values
    DEQ_REAL_NETWORKS=FOLDER swift test  runs the tests that read them; without the variable these are skipped, with that reason

The files come from the repository https://github.com/stanleybak/vnncomp2021 at the commit below; its README names their authors. A file
that the folder has already is not fetched, only verified. For each ONNX file NAME.expected.json is written as onnx_models.py writes it:
`input`, `cotangent` and `output`, flattened, a row for each sample, and `gradients` of the sum over samples of <cotangent, output>, all by
PyTorch's autograd through onnx_interpreter.py. Two networks of dense layers are also written in the JSON format of this project, with all
gradients in full. Versions: requirements.txt beside this file; torch, numpy and onnx are needed.
"""

import argparse
import hashlib
import json
import pathlib
import sys
import urllib.request

COMMIT = "90419aadcf06cf543ce5c1706cae1059dc9fa6cf"
SOURCE = f"https://raw.githubusercontent.com/stanleybak/vnncomp2021/{COMMIT}/benchmarks"
# name: place in the repository, SHA-256
FILES = {
    "ACASXU_run2a_1_1_batch_2000": (
        "acasxu/ACASXU_run2a_1_1_batch_2000.onnx", "843f7110bf5a8b7f0eeb9b1c548d9d558db9099328b392423d5a7444a0656dd4"),
    "ACASXU_run2a_2_9_batch_2000": (
        "acasxu/ACASXU_run2a_2_9_batch_2000.onnx", "159a06a9957a252d7e7ee02f206b6e20c5e8f262153d836a7ab07bd58df08861"),
    "Convnet_maxpool": (
        "verivital/Convnet_maxpool.onnx", "6d5a0720e2eedb286a07ed9bb94c96fb33bd149d0424b253ebff78ec654b38dc"),
    "cifar10_small": (
        "marabou-cifar10/nets/cifar10_small.onnx", "c8e3ce2a76c16244cf6d9b0cdefc13f2d380630d84e38916a93a85e45d74c3b5"),
    "cifar_base_kw": (
        "oval21/nets/cifar_base_kw.onnx", "e39711edc5284e173d169359d4b0ac2a5f5b39fffc8cf4af15d54615b867bf3f"),
    "ffnnSIGMOID__Point_6x200": (
        "eran/nets/ffnnSIGMOID__Point_6x200.onnx", "15a73df459ec082e26a28e37f3752a6c25b096f876065216840a3b97725038b8"),
    "mnist-net_256x2": (
        "mnistfc/mnist-net_256x2.onnx", "3a5c9730d60bbf1f9b030e731b438436581efd7c00a28ab683c1ec4b6d3449c4"),
    "resnet_2b": (
        "cifar10_resnet/onnx/resnet_2b.onnx", "791aa24d77917ecda16809fbbd48e7739616f88ebf74cf358b2d1bf911dc4a6d"),
}
# Written as JSON: name, the ONNX file it is made of
NETWORKS = {"acasxu_1_1": "ACASXU_run2a_1_1_batch_2000", "mnist_256x2": "mnist-net_256x2"}
SAMPLES = 3
SEED = 0


def fetch(folder, name):
    place, digest = FILES[name]
    path = folder / f"{name}.onnx"
    if not path.exists():
        with urllib.request.urlopen(f"{SOURCE}/{place}") as response:
            contents = response.read()
        partial = path.with_suffix(".part")
        partial.write_bytes(contents)
        partial.rename(path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != digest:
        sys.exit(f"{path}: expected the SHA-256 {digest}, found {found}")
    return path


def expected(path, full):
    """What the file computes on random samples, and the gradients; of a parameter in full, or a summary."""
    import numpy
    import onnx
    import torch

    from onnx_interpreter import Interpreter

    model = onnx.load(str(path))
    weights = {i.name for i in model.graph.initializer}
    entry = next(i for i in model.graph.input if i.name not in weights)
    shape = [d.dim_value or 1 for d in entry.type.tensor_type.shape.dim]
    generator = numpy.random.default_rng(SEED)
    interpreter = Interpreter(model, str(path.parent))
    rows, outputs, cotangents, inputs = [], [], [], []
    total = 0
    for _ in range(SAMPLES):  # one at a time: some of the files are for a batch of one
        x = torch.tensor(generator.random(shape), dtype=torch.float64, requires_grad=True)
        y = interpreter(x).reshape(-1)
        cotangent = torch.tensor(generator.standard_normal(y.numel()))
        total = total + (cotangent * y).sum()
        inputs.append(x), outputs.append(y), cotangents.append(cotangent)
    names = [name for name, leaf in interpreter.leaves.items() if leaf.requires_grad]
    leaves = [interpreter.leaves[name] for name in names]
    found = torch.autograd.grad(total, inputs + leaves, allow_unused=True)
    rows = [g.reshape(-1).tolist() for g in found[:SAMPLES]]
    gradients = {"input": rows}
    for name, gradient in zip(names, found[SAMPLES:]):
        if gradient is None:
            continue
        flat = gradient.reshape(-1)
        gradients[name] = gradient.tolist() if full else {
            "shape": list(gradient.shape), "sum": flat.sum().item(), "l2": flat.norm().item(), "first": flat[:8].tolist()}
    return {
        "source": f"PyTorch {torch.__version__.split('+')[0]}, float64, of {path.name}",
        "input": [x.detach().reshape(-1).tolist() for x in inputs], "cotangent": [c.tolist() for c in cotangents],
        "output": [y.detach().tolist() for y in outputs], "gradients": gradients}


def network(path):
    """The dense layers of a file, as this project's JSON has them, and what their tensors are called there."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(path))
    tensors = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    layers, size, names = [], None, {}
    for node in model.graph.node:
        if node.op_type in ("MatMul", "Gemm"):
            name = next(n for n in node.input if n in tensors)
            transposed = node.op_type == "Gemm" and any(a.name == "transB" and a.i for a in node.attribute)
            weight = tensors[name] if transposed or node.input[0] == name else tensors[name].T
            layer = {"type": "dense", "name": f"fc{len(layers) + 1}", "weight": weight.astype(float).tolist()}
            size = size or weight.shape[1]
            layers.append(layer)
            if node.op_type == "Gemm":
                layer["bias"] = tensors[node.input[2]].astype(float).reshape(-1).tolist()
        elif node.op_type == "Add":
            layers[-1]["bias"] = tensors[next(n for n in node.input if n in tensors)].astype(float).reshape(-1).tolist()
        elif node.op_type == "Relu":
            layers[-1]["activation"] = "relu"
        elif node.op_type == "Sub" and not layers:
            assert not tensors[node.input[1]].any(), "a mean that is taken off is no dense layer"
        else:
            assert node.op_type in ("Flatten", "Reshape", "Constant"), node.op_type
    return {"format": "network", "version": 1, "input": [size], "layers": layers}


def expected_of_layers(description):
    """Outputs and gradients of dense layers, written out in PyTorch."""
    import numpy
    import torch

    generator = numpy.random.default_rng(SEED)
    leaves = {}
    for layer in description["layers"]:
        for part in ("weight", "bias"):
            leaves[f"{layer['name']}.{part}"] = torch.tensor(layer[part], dtype=torch.float64, requires_grad=True)
    x = torch.tensor(generator.random((SAMPLES, *description["input"])), requires_grad=True)
    y = x
    for layer in description["layers"]:
        y = y @ leaves[f"{layer['name']}.weight"].T + leaves[f"{layer['name']}.bias"]
        y = torch.relu(y) if layer.get("activation") == "relu" else y
    cotangent = torch.tensor(generator.standard_normal(tuple(y.shape)))
    found = torch.autograd.grad((cotangent * y).sum(), [x, *leaves.values()])
    return {
        "source": f"PyTorch {torch.__version__.split('+')[0]}, float64", "input": x.tolist(), "cotangent": cotangent.tolist(),
        "output": y.tolist(), "gradients": dict(zip(["input", *leaves], [g.tolist() for g in found]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        path = fetch(folder, name)
        if name not in NETWORKS.values():
            (folder / f"{name}.expected.json").write_text(json.dumps(expected(path, full=False)))
    for name, source in NETWORKS.items():
        description = network(folder / f"{source}.onnx")
        (folder / f"{name}.json").write_text(json.dumps(description))
        (folder / f"{name}.expected.json").write_text(json.dumps(expected_of_layers(description)))
    print(f"{folder}: {len(FILES)} files verified, expected values of {len(FILES)} networks written")


if __name__ == "__main__":
    main()
