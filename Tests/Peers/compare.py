"""Times deq beside PyTorch, ONNX Runtime, TorchDEQ, NumPy, json-c and cp, on the same model files, in one run.

    swift build -c release
    python3 Tests/Peers/compare.py [--threads 1] [--rounds 5] [--model resnet_2b.onnx] [--only REGEX] [--markdown]

deq-benchmark writes its workloads as files, which every peer reads; the batches are normal numbers of the same size.
A line says what was timed, deq's time, the peer's, and the ratio: below 1, deq is faster. How ratios are taken is in
measuring.py. --only takes a regular expression on the beginnings of lines. Peers that are not installed are left out.
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--build", default=".build/release", help="the folder of deq and deq-benchmark")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--seconds", type=float, default=0.2, help="how long one measurement of a round takes at least")
parser.add_argument("--model", action="append", default=[], help="an ONNX file to time as well, at batch 1 and 16")
parser.add_argument("--only", default="", help="a regular expression on the names of lines")
parser.add_argument("--json", action="store_true", help="print an array of objects")
parser.add_argument("--markdown", action="store_true", help="print a table")
options = parser.parse_args()
# Before the libraries look.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import numpy as np

from measuring import Benchmark, least_time, ratios
from models import F, Model, ONNXModel, torch
from peers import numpy_runs, onnx_runs, onnxruntime, torch_activations, torch_runs, torchdeq, torchdeq_runs
from processes import process_rows

if torch:
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

PRECISIONS = ("float32", "float64")
DENSE = {"acasxu": (1, 64), "mlp": (1, 64), "deep64": (64,), "wide4096": (1, 256), "depth4096": (16,)}

rows = []


def report(name, peer, ours, other, ratio, note=""):
    rows.append({"name": name, "peer": peer, "seconds": ours, "peer_seconds": other, "ratio": ratio, "note": note})
    if options.json or options.markdown:
        print(f"{name} {peer} {ratio}", file=sys.stderr, flush=True)
        return
    other = "" if other is None else f"{other * 1e6:12.1f} µs"
    ratio = "" if ratio is None else f"{ratio:6.2f}"
    print(f"{name:52} {ours * 1e6:12.1f} µs  {peer:28} {other:15} {ratio}  {note}", flush=True)


def wanted(name):
    return re.match(options.only, name) is not None


def compare(name, ours, others):
    """Reports ours, a function that returns seconds, beside each of the others."""
    if not wanted(name) or not others:
        return
    seconds, results = ratios(ours, others, options.rounds)
    for peer, (peer_seconds, ratio) in results.items():
        report(name, peer, seconds, peer_seconds, ratio)


def timing(run):
    return lambda: least_time(run, options.seconds)


def compare_network(benchmark, model, name, batch, folder):
    """Forward, and forward with backward, beside every peer that runs the model."""
    operations = ("forward", "forward+backward")
    for precision in PRECISIONS:
        prefix = f"{name}/b{batch}/{precision}/"
        if not any(wanted(prefix + operation) for operation in operations):
            continue
        runs = {"PyTorch": torch_runs(model, batch, precision)} if torch else {}
        if torch and onnxruntime and precision == "float32":
            runs["ONNX Runtime"] = onnx_runs(model, batch, options.threads, folder)
        if name in DENSE:
            runs["NumPy"] = numpy_runs(model, batch, precision)
        for operation in operations:
            compare(
                prefix + operation, lambda: benchmark.least_time(prefix + operation),
                {peer: timing(run[operation]) for peer, run in runs.items() if operation in run})


def compare_equilibrium(benchmark, model):
    """The genuine equilibrium model: the faster one of TorchDEQ's solvers is the peer to beat."""
    for precision in PRECISIONS:
        prefix = f"deq512/b64/{precision}/"
        for operation, runs in torchdeq_runs(model, 64, precision).items():
            compare(
                prefix + operation, lambda: benchmark.least_time(prefix + operation),
                {f"TorchDEQ {name}": timing(run) for name, run in runs.items()})


def compare_with_itself(benchmark, models):
    """The equilibrium model beside its own network, and a layer at depth 4,096 beside one at depth 4."""
    workloads = [f"{name}/b{batch}" for name, batches in DENSE.items() for batch in batches]
    workloads += [f"{name}/b{batch}" for name in ("resnet18", *models) for batch in (1, 16)]
    for workload in workloads:
        for precision in PRECISIONS:
            for ours, base in (("solve", "forward"), ("adjoint", "backward")):
                prefix = f"{workload}/{precision}/"
                compare(
                    prefix + ours, lambda: benchmark.least_time(prefix + ours),
                    {f"own {base}": lambda: benchmark.least_time(prefix + base)})
    for operation in ("convert", "proof", *(f"b16/{p}/{o}" for p in PRECISIONS for o in ("forward", "backward"))):
        compare(
            f"depth4096/{operation} per layer", lambda: benchmark.least_time(f"depth4096/{operation}") / 4096,
            {"depth 4": lambda: benchmark.least_time(f"depth4/{operation}") / 4})


def compare_activations(benchmark):
    """2¹⁶ numbers from −8 to 8, as deq-benchmark has them: the value, and σ' times a cotangent."""
    for name, function in torch_activations().items():
        for precision in PRECISIONS:
            x = torch.arange(1 << 16, dtype=getattr(torch, precision)) * (16 / (1 << 16)) - 8
            leaf = x.clone().requires_grad_(True)
            y = function(leaf)
            runs = {
                "value": lambda: function(x),
                "vjp": lambda: torch.autograd.grad(y, leaf, x, retain_graph=True),
            }
            for operation, run in runs.items():
                label = f"activation/{name}/{precision}/{operation}"
                compare(label, lambda: benchmark.least_time(label), {"PyTorch": timing(run)})


def compare_machine():
    """What the machine gives at the best: products of large matrices, and reading memory."""
    for precision in PRECISIONS:
        a = np.ones((2048, 2048), precision)
        seconds = least_time(lambda: a @ a, 1)
        report(f"machine/{precision}", "", seconds, None, None, f"{2 * 2048**3 / seconds / 1e9:.0f} GFLOP/s by NumPy's BLAS")
    memory = np.ones(1 << 26)
    seconds = least_time(lambda: memory.sum(), 1)
    report("machine/memory", "", seconds, None, None, f"{memory.nbytes / seconds / 1e9:.1f} GB/s read")


def environment():
    """The machine and the versions, in one line."""
    names = [f"{options.threads} thread" + "s" * (options.threads > 1), processor(), f"Python {platform.python_version()}"]
    for module in (np, torch, onnxruntime, torchdeq):
        if module:
            names.append(f"{module.__name__} {getattr(module, '__version__', '')}".strip())
    names += [f"{name}={value}" for name, value in os.environ.items() if name.startswith("OPENBLAS_CORE")]
    return ", ".join(names)


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


# The columns of the table of networks: a heading, an operation and its peer.
COLUMNS = (
    ("forward ÷ PyTorch", "forward", "PyTorch"),
    ("with backward", "forward+backward", "PyTorch"),
    ("forward ÷ ONNX Runtime", "forward", "ONNX Runtime"),
    ("solve ÷ own forward", "solve", "own forward"),
    ("adjoint ÷ own backward", "adjoint", "own backward"),
)


def markdown():
    """A table of the networks, float32 / float64 in each cell, and one of everything else."""
    found = {(row["name"], row["peer"]): row for row in rows}
    networks = dict.fromkeys(
        "/".join(row["name"].split("/")[:2]) for row in rows if row["peer"] in {column[2] for column in COLUMNS})

    def cell(network, operation, peer):
        ratios = [
            f"{found[key]['ratio']:.2f}" for precision in PRECISIONS
            if (key := (f"{network}/{precision}/{operation}", peer)) in found]
        return " / ".join(ratios)

    print(f"{environment()}.\n")
    networks = [network for network in networks if not network.startswith("activation")]
    if networks:
        print("| network, batch | " + " | ".join(column[0] for column in COLUMNS) + " |\n" + "|---" * 6 + "|")
    for network in networks:
        print(f"| {network.replace('/b', ', ')} | " + " | ".join(cell(network, *column[1:]) for column in COLUMNS) + " |")
    print("\n| what | time | beside | ratio |\n|---|---|---|---|")
    for row in rows:
        if "/".join(row["name"].split("/")[:2]) not in networks:
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
            note = f", {row['note']}" if row["note"] else ""
            print(f"| {row['name']} | {row['seconds'] * 1e3:,.3g} ms | {row['peer']} | {ratio}{note} |")


def main():
    benchmark = Benchmark(f"{options.build}/deq-benchmark", options.threads, options.seconds, options.model)
    with tempfile.TemporaryDirectory() as folder:
        benchmark.write_models(folder)
        if not options.json and not options.markdown:
            print(environment())
        if wanted("machine"):
            compare_machine()
        onnx_models = {os.path.basename(path): ONNXModel(path) for path in options.model} if torch else {}
        compare_with_itself(benchmark, onnx_models)
        for name, batches in {**DENSE, "resnet18": (1, 16)}.items():
            for batch in batches:
                compare_network(benchmark, Model(folder, name), name, batch, folder)
        for name, model in onnx_models.items():
            for batch in (1, 16):
                compare_network(benchmark, model, name, batch, folder)
        if torchdeq:
            compare_equilibrium(benchmark, Model(folder, "deq512"))
        if torch:
            compare_activations(benchmark)
        if wanted("process"):
            for what, beside, seconds, other, ratio, note in process_rows(f"{options.build}/deq", folder, options.rounds):
                report(f"process/{what}", beside, seconds, other, ratio, note)
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    if options.markdown:
        markdown()


main()
