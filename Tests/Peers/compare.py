"""Times deq-benchmark beside PyTorch, ONNX Runtime, TorchDEQ and NumPy on the same model files, in one run.

    swift build -c release --product deq-benchmark
    python3 Tests/Peers/compare.py [--benchmark .build/release/deq-benchmark] [--threads 1] [--rounds 5] [--only REGEX]

deq-benchmark writes its workloads as files, which every peer reads; the batches are normal numbers of the same size.
All take turns, round after round, and what is compared are the medians of the rounds' least times: other load on the
machine slows all of them. Prints one line for each operation and peer, with the ratio (below 1: deq is faster), and
JSON with --json. Peers that are not installed are left out.
"""

import argparse
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time


def optional(name):
    try:
        return __import__(name)
    except ImportError:
        print(f"without {name}: not installed", file=sys.stderr)
        return None


parser = argparse.ArgumentParser()
parser.add_argument("--benchmark", default=".build/release/deq-benchmark")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=0.2, help="how long one measurement of a round takes at least")
parser.add_argument("--only", default="", help="a regular expression on WORKLOAD/bBATCH/PRECISION/OPERATION")
parser.add_argument("--json", action="store_true")
options = parser.parse_args()
# Before the libraries look.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import numpy as np

torch = optional("torch")
onnxruntime = optional("onnxruntime")
torchdeq = optional("torchdeq") if torch else None
if torch:
    torch.set_num_threads(options.threads)


def least_time(run):
    """The least of the times that fit into the given seconds, three at least."""
    run()
    times, end = [], time.perf_counter() + options.seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def deq_time(name):
    arguments = [
        options.benchmark, "--filter", f"{re.escape(name)}$", "--quiet", "--format", "json", "--columns", "name,min",
        "--min-time", str(options.seconds), "--max-iterations", "20000", "--warmup-iterations", "2"]
    output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return json.loads(output)["benchmarks"][0]["min"] * 1e-9


class Model:
    """A network of deq's JSON format, with its tensors from the safetensors file beside it."""

    def __init__(self, folder, name):
        with open(f"{folder}/{name}.json") as file:
            self.json = json.load(file)
        with open(f"{folder}/{name}.safetensors", "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header, data = json.loads(file.read(size)), file.read()
        self.tensors = {}
        for key, entry in header.items():
            if key != "__metadata__":
                begin, end = entry["data_offsets"]
                dtype = {"F64": np.float64, "F32": np.float32}[entry["dtype"]]
                self.tensors[key] = np.frombuffer(data[begin:end], dtype).reshape(entry["shape"])

    def tensor(self, value):
        return self.tensors[value["tensor"] if isinstance(value, dict) else value]


if torch:
    import torch.nn.functional as F

    class TorchNetwork(torch.nn.Module):
        """The same layers in PyTorch."""

        ACTIVATIONS = {"identity": lambda x: x, "relu": torch.relu, "tanh": torch.tanh}

        def __init__(self, model, dtype):
            super().__init__()
            self.layers, self.shape = model.json["layers"], model.json["input"]
            self.weights = torch.nn.ParameterDict()
            for layer in self.layers:
                for key in ("weight", "bias"):
                    if key in layer:
                        tensor = torch.tensor(model.tensor(layer[key]), dtype=dtype)
                        self.weights[f"{layer['name']}_{key}"] = torch.nn.Parameter(tensor)

        def forward(self, x):
            values, last = {"input": x}, "input"
            for layer in self.layers:
                inputs = [values[name] for name in layer.get("inputs", [last])]
                values[layer["name"]] = self.apply_layer(layer, inputs)
                last = layer["name"]
            return values[last]

        def apply_layer(self, layer, inputs):
            parameters = [self.weights[f"{layer['name']}_{k}"] if k in layer else None for k in ("weight", "bias")]
            kind, x = layer["type"], inputs[0]
            if kind == "dense":
                value = F.linear(x, *parameters)
            elif kind == "conv":
                value = F.conv2d(x, *parameters, stride=layer.get("stride", 1), padding=layer.get("padding", 0))
            elif kind == "add":
                value = inputs[0]
                for other in inputs[1:]:
                    value = value + other
            elif kind == "max_pool":
                value = F.max_pool2d(x, layer["kernel_size"], layer.get("stride"), layer.get("padding", 0))
            elif kind == "avg_pool":
                value = F.avg_pool2d(x, layer["kernel_size"])
            elif kind == "flatten":
                value = x.flatten(1)
            else:
                raise ValueError(f"a layer of type {kind}")
            return self.ACTIVATIONS[layer.get("activation", "identity")](value)


def torch_runs(model, batch, precision):
    network = TorchNetwork(model, getattr(torch, precision))
    x = torch.randn(batch, *network.shape, dtype=getattr(torch, precision))
    with torch.inference_mode():
        cotangent = torch.randn_like(network(x))

    def forward():
        with torch.inference_mode():
            network(x)

    def forward_backward():
        leaf = x.clone().requires_grad_(True)
        torch.autograd.grad(network(leaf), [leaf, *network.parameters()], cotangent)

    return {"forward": forward, "forward+backward": forward_backward}


def onnx_runs(model, batch, folder, name):
    path = f"{folder}/{name}-{batch}.onnx"
    x = torch.randn(batch, *model.json["input"])
    network = TorchNetwork(model, torch.float32).eval()
    try:
        torch.onnx.export(network, (x,), path, dynamo=False, input_names=["x"], output_names=["y"])
    except Exception as error:
        print(f"without ONNX Runtime on {name}: {error}", file=sys.stderr)
        return {}
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(path, session_options, providers=["CPUExecutionProvider"])
    array = x.numpy()
    return {"forward": lambda: session.run(None, {"x": array})}


def numpy_runs(model, batch, precision):
    layers = [
        (model.tensor(l["weight"]).astype(precision), model.tensor(l["bias"]).astype(precision), l.get("activation"))
        for l in model.json["layers"]]
    x = np.random.default_rng(0).normal(size=(batch, *model.json["input"])).astype(precision)

    def forward():
        value = x
        for weight, bias, activation in layers:
            value = value @ weight.T + bias
            if activation == "relu":
                value = np.maximum(value, 0)
            elif activation == "tanh":
                value = np.tanh(value)

    return {"forward": forward}


def torchdeq_runs(model, batch, precision):
    """The time to deq's residual, 64 units in the last place, with each solver; the faster one counts."""
    from torchdeq.solver import anderson_solver, fixed_point_iter

    dtype = getattr(torch, precision)
    entries = model.json["layers"][0]["model"]
    matrix = lambda entry: torch.tensor(model.tensor(entry.get("matrix", entry.get("vector"))), dtype=dtype)
    W, U, b = matrix(entries["Wz"][0]), matrix(entries["Wx"][0]), matrix(entries["b"][0])
    x = torch.randn(batch, U.shape[1], dtype=dtype)
    tolerance = 64 * torch.finfo(dtype).eps

    def solver(solve):
        def run():
            with torch.inference_mode():
                injection = F.linear(x, U, b)
                start = torch.zeros(batch, W.shape[0], dtype=dtype)
                solve(lambda z: torch.tanh(F.linear(z, W) + injection), start, max_iter=500, tol=tolerance, stop_mode="rel")
        return run

    def backward(name):
        """Implicit differentiation at an equilibrium: the gradients of the input and of W, U and b."""
        leaves = [t.clone().requires_grad_(True) for t in (x, W, U, b)]
        deq = torchdeq.get_deq(
            f_solver="fixed_point_iter", b_solver=name, ift=True, f_max_iter=500, b_max_iter=500, f_tol=tolerance,
            b_tol=tolerance, f_stop_mode="rel", b_stop_mode="rel")
        input, weight, injected, bias = leaves
        f = lambda z: torch.tanh(F.linear(z, weight) + F.linear(input, injected, bias))
        output = deq(f, torch.zeros(batch, W.shape[0], dtype=dtype))[0][-1]
        cotangent = torch.randn_like(output)
        return lambda: torch.autograd.grad(output, leaves, cotangent, retain_graph=True)

    return {
        "solve": {"anderson": solver(anderson_solver), "fixed_point_iter": solver(fixed_point_iter)},
        "adjoint": {name: backward(name) for name in ("anderson", "fixed_point_iter")},
    }


def measure(name, peers, rows):
    """Alternates deq and the peers of one operation."""
    if not re.search(options.only, name) or not peers:
        return
    times = {"deq": [], **{peer: [] for peer in peers}}
    for _ in range(options.rounds):
        times["deq"].append(deq_time(name))
        for peer, run in peers.items():
            times[peer].append(least_time(run))
    medians = {peer: statistics.median(values) for peer, values in times.items()}
    for peer in peers:
        ratio = medians["deq"] / medians[peer]
        rows.append({"name": name, "peer": peer, "deq": medians["deq"], "peer_time": medians[peer], "ratio": ratio})
        if not options.json:
            print(f"{name:40} {medians['deq'] * 1e6:12.1f} µs  {peer:18} {medians[peer] * 1e6:12.1f} µs  {ratio:6.2f}",
                  flush=True)


def own_ratios(rows):
    """Structured solve over forward, adjoint over backward, and the cost of a layer at depth 4,096 over depth 4."""
    for workload in ("acasxu/b1", "acasxu/b64", "mlp/b64", "deep64/b64", "depth4096/b16", "resnet18/b1"):
        for precision in ("float32", "float64"):
            for ours, base in (("solve", "forward"), ("adjoint", "backward")):
                name = f"{workload}/{precision}/{ours}"
                if not re.search(options.only, name):
                    continue
                pairs = [(deq_time(name), deq_time(f"{workload}/{precision}/{base}")) for _ in range(options.rounds)]
                ratio = statistics.median(a / b for a, b in pairs)
                rows.append({"name": name, "peer": f"own {base}", "ratio": ratio})
                if not options.json:
                    print(f"{name:40} own {base:14} {ratio:6.2f}", flush=True)


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.benchmark, "--write-models", folder], check=True)
        own_ratios(rows)
        for workload, batches in {
            "acasxu": (1, 64), "mlp": (1, 64), "deep64": (64,), "wide4096": (1, 256), "depth4096": (16,),
            "resnet18": (1, 16), "deq512": (64,),
        }.items():
            if not any(
                re.search(options.only, f"{workload}/b{batch}/{precision}/{operation}") for batch in batches
                for precision in ("float32", "float64") for operation in ("forward", "forward+backward", "solve", "adjoint")):
                continue
            model = Model(folder, workload)
            for batch in batches:
                for precision in ("float32", "float64"):
                    prefix = f"{workload}/b{batch}/{precision}/"
                    if workload == "deq512":
                        runs = torchdeq_runs(model, batch, precision) if torchdeq else {}
                        for operation, peers in runs.items():
                            measure(prefix + operation, peers, rows)
                        continue
                    runs = {"PyTorch": torch_runs(model, batch, precision)} if torch else {}
                    if torch and onnxruntime and precision == "float32":
                        runs["ONNX Runtime"] = onnx_runs(model, batch, folder, workload)
                    if workload != "resnet18":
                        runs["NumPy"] = numpy_runs(model, batch, precision)
                    for operation in ("forward", "forward+backward"):
                        measure(
                            prefix + operation,
                            {peer: run[operation] for peer, run in runs.items() if operation in run}, rows)
    if options.json:
        print(json.dumps(rows, indent=1))


main()
