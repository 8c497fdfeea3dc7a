#!/usr/bin/env python3
"""Networks of many families, exported to ONNX by PyTorch's two exporters, each with what it computes and its gradients in float64.

    python3 onnx_models.py --list            what there is
    python3 onnx_models.py OUTDIR [NAME…]    writes NAME.onnx and NAME.expected.json for each, or for those named

NAME.expected.json has `source`, `input`, `cotangent`, `output` (flattened, a row for each sample) and `gradients` (of the sum over samples of
<cotangent, output>): of the input by sample under "input", and of every floating-point initializer of the file under its own name and
in its own shape; where it is large, its `shape`, `sum`, `l2` norm and `first` eight values in row-major order. A gradient is listed where autograd finds
one: scales of a Resize have none, the bounds of a Clip do. Weights that stand in the file as Constant nodes go by their output's name.

The values are those of the file, not of the module it came from: onnx_interpreter.py runs the graph in float64 with the numbers that it
holds. Every model is checked before it is written:
  * the outputs equal the module's, in float64, to 1e-6 of scale: the exporters round constants such as sqrt(2), and folded weights, to float32;
  * the gradient by input equals the module's to the same;
  * the outputs equal those of onnxruntime in the file's own precision (where it has the operators: the list says where not);
  * a sample alone gives what it gives in a batch, to 1e-12, where the batch is free;
  * the gradients equal central differences in a random direction of all parameters and the input together, to 1e-8;
  * no value lies within 1e-5 of a kink.

Weights are drawn in float32, inputs are multiples of 1/32, exact in every floating-point format. Names of source files and lines that
exporters write into models are removed: the same versions give the same bytes. Versions: requirements.txt beside this file.
"""

import argparse
import collections
import contextlib
import copy
import io
import json
import logging
import pathlib
import warnings
import zlib

import numpy
import onnx
import onnxruntime
import onnxscript
import torch
from onnx import TensorProto, helper, numpy_helper

from onnx_interpreter import Interpreter
from onnx_networks import NETWORKS

VERSIONS = (f"PyTorch {torch.__version__.split('+')[0]}, onnx {onnx.__version__}, onnxscript {onnxscript.__version__}, "
            f"onnxruntime {onnxruntime.__version__}")
FULL = 300  # a gradient of more numbers is summarised
TYPES = {TensorProto.FLOAT: numpy.float32, TensorProto.DOUBLE: numpy.float64, TensorProto.FLOAT16: numpy.float16}


class Export:
    """One file: a network, an exporter, and what is particular."""

    def __init__(self, network, exporter, suffix="", batch="free", fresh=False, dtype=torch.float32, rewrite=None, runtime=True, **options):
        self.network, self.exporter, self.batch, self.fresh = network, exporter, batch, fresh
        self.dtype, self.rewrite, self.runtime, self.options = dtype, rewrite, runtime, options
        self.name = "_".join([network, exporter, *([suffix] if suffix else [])])

    def __str__(self):
        notes = [f"opset {self.options['opset_version']}"] if "opset_version" in self.options else []
        notes += [f"batch {self.batch}" if isinstance(self.batch, int) else {"free": "", "none": "no batch axis"}[self.batch]]
        notes += ["as initialised" if self.fresh else "", "" if self.dtype == torch.float32 else str(self.dtype).split(".")[1]]
        notes += ["" if self.rewrite is None else self.rewrite.__doc__, "" if self.runtime else "not in onnxruntime"]
        notes += [f"{key}={value}" for key, value in self.options.items() if key != "opset_version"]
        return ("%-45s %s" % (self.name, ", ".join(note for note in notes if note))).rstrip()


# === Rewriting a file ===========================================================================================================

def as_constants(model):
    """every weight a Constant node"""
    nodes = [helper.make_node("Constant", [], [i.name], value=i) for i in model.graph.initializer]
    rest = list(model.graph.node)
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes + rest)


def as_typed_data(model):
    """numbers in float_data, not raw_data"""
    for i in model.graph.initializer:
        if i.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(i)
            i.CopyFrom(helper.make_tensor(i.name, TensorProto.FLOAT, values.shape, values.reshape(-1)))
            assert i.float_data and not i.raw_data


def stored_as(data_type, model):
    nodes = []
    for i in model.graph.initializer:
        values = torch.from_numpy(numpy_helper.to_array(i).copy())
        halved = values.half() if data_type == TensorProto.FLOAT16 else values.bfloat16()
        i.CopyFrom(helper.make_tensor(i.name, data_type, values.shape, halved.view(torch.int16).numpy().tobytes(), raw=True))
        nodes.append(helper.make_node("Cast", [i.name], [i.name + ".wide"], to=TensorProto.FLOAT))
    rest = list(model.graph.node)
    for node in rest:
        node.input[:] = [n + ".wide" if n + ".wide" in {c.output[0] for c in nodes} else n for n in node.input]
    del model.graph.node[:]
    model.graph.node.extend(nodes + rest)


def stored_as_float16(model):
    """weights in float16, cast to float32"""
    stored_as(TensorProto.FLOAT16, model)


def stored_as_bfloat16(model):
    """weights in bfloat16, cast to float32"""
    stored_as(TensorProto.BFLOAT16, model)


def stored_outside(model):
    """weights in NAME.onnx.data"""  # done by save


# === The files ==================================================================================================================

UNSUPPORTED = {  # by the exporter itself
    ("gated_mlp_rms_norm", "classic"), ("activation_threshold", "classic"), ("activation_rrelu", "dynamo"),
}
EXPORTS = [Export(network, exporter) for network in NETWORKS for exporter in ("classic", "dynamo") if (network, exporter) not in UNSUPPORTED] + [
    # Batch normalisation: by default folded into the convolution before it.
    Export("resnet", "classic", "unfolded", training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False),
    Export("resnet", "dynamo", "unoptimized", optimize=False),
    # As a network is initialised, many tensors are equal: both exporters keep one of them; the classic one has Identity nodes for the others.
    Export("resnet", "classic", "initialised", fresh=True, training=torch.onnx.TrainingMode.PRESERVE),
    Export("transformer_postnorm", "classic", "initialised", fresh=True),
    Export("transformer_postnorm", "dynamo", "initialised", fresh=True),
    # Older and newer operator sets.
    *(Export(network, "classic", f"opset{opset}", opset_version=opset) for network, opset in [
        ("mobilenet", 9), ("mobilenet", 11), ("unet", 9), ("unet", 10), ("unet", 11), ("pooling", 10), ("pooling", 11), ("shapes", 11),
        ("densenet", 8), ("signals", 9), ("attention", 13), ("gated_mlp", 9), ("mlp", 7), ("activation_relu6", 9),
        ("activation_log_softmax", 11), ("activation_softmax", 9), ("transformer_postnorm", 14), ("transformer_prenorm", 20),
        ("vision_transformer", 14), ("activation_gelu", 20)]),
    *(Export(network, "dynamo", f"opset{opset}", opset_version=opset) for network, opset in [
        ("transformer_prenorm", 18), ("transformer_prenorm", 24), ("attention", 18), ("attention_causal", 24), ("gated_mlp", 24),
        ("gated_mlp_rms_norm", 24), ("signals", 22), ("resnet", 18), ("unet", 24), ("activation_silu", 24), ("vision_transformer", 24)]),
    Export("transformer_postnorm", "dynamo", "unoptimized", optimize=False),
    # The batch: fixed, or none at all.
    *(Export(network, exporter, f"batch{batch}", batch=batch) for exporter in ("classic", "dynamo") for network, batch in [
        ("mlp", 1), ("mlp", 4), ("resnet", 1), ("mobilenet", 4), ("attention", 1), ("attention", 4), ("attention_causal", 1), ("shapes", 1),
        ("vision_transformer", 1), ("vision_transformer", 4), ("transformer_postnorm", 1), ("signals", 1), ("unet", 1), ("pooling", 4)]),
    *(Export(network, exporter, "vector", batch="none") for exporter in ("classic", "dynamo") for network in ("mlp", "gated_mlp")),
    # How numbers are stored.
    Export("mlp", "classic", "constants", rewrite=as_constants),
    Export("resnet", "classic", "constants", rewrite=as_constants),
    Export("mlp", "classic", "typed_data", rewrite=as_typed_data),
    Export("mlp", "classic", "inputs", keep_initializers_as_inputs=True),
    *(Export(network, exporter, str(dtype).split(".")[1], dtype=dtype, runtime=dtype != torch.bfloat16 and (network, dtype) != ("unet", torch.float64))
      for network in ("mlp", "unet") for exporter in ("classic", "dynamo") for dtype in (torch.float16, torch.bfloat16, torch.float64)),
    Export("mlp", "classic", "float16_weights", rewrite=stored_as_float16),
    Export("mlp", "classic", "bfloat16_weights", rewrite=stored_as_bfloat16),
    Export("resnet", "classic", "external", rewrite=stored_outside),
]


# === From a network to a file ===================================================================================================

def make(export, seed):
    """The module in evaluation mode. Unless it is to be as initialised, every tensor is drawn anew: what is 1 or 0 everywhere, too, and the
    layers of a transformer, which begin as copies of one another."""
    torch.manual_seed(seed)
    create, shape = NETWORKS[export.network]
    module = create().eval()
    with torch.no_grad():
        for value in [] if export.fresh else [*module.parameters(), *module.buffers()]:
            first = value.reshape(-1)[0]
            if not value.is_floating_point():
                continue
            if (value != first).any():
                value.normal_(0, value.std().item())
            elif first == 1:
                value.uniform_(0.5, 1.5)
            elif first == 0:
                value.normal_(0, 0.3)
            else:  # slopes of PReLU
                value.uniform_(0.1, 0.4)
        if export.rewrite in (stored_as_float16, stored_as_bfloat16):
            half = torch.float16 if export.rewrite is stored_as_float16 else torch.bfloat16
            for value in module.parameters():
                value.copy_(value.to(half))
    return module.to(export.dtype), shape


def exported(export, module, shape):
    batch = {"free": [2], "none": []}.get(export.batch, [export.batch])
    x = torch.zeros(*batch, *shape, dtype=export.dtype)
    names = dict(input_names=["x"], output_names=["y"])
    silence = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with silence[0], silence[1], warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if export.exporter == "classic":
            file = io.BytesIO()
            options = {"opset_version": 17, **export.options}
            axes = {"dynamic_axes": {"x": {0: "batch"}, "y": {0: "batch"}}} if export.batch == "free" else {}
            torch.onnx.export(module, (x,), file, dynamo=False, **names, **axes, **options)
            model = onnx.load_from_string(file.getvalue())
        else:
            axes = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)} if export.batch == "free" else {}
            model = torch.onnx.export(module, (x,), dynamo=True, verbose=False, **names, **axes, **export.options).model_proto
    if export.rewrite:
        export.rewrite(model)
    strip(model)
    return model


def strip(model):
    """Removes what names the exporting machine's source files."""
    del model.metadata_props[:], model.graph.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    for owner in [model.graph, *model.functions]:
        for item in [*owner.node, *owner.value_info]:
            item.doc_string = ""
            del item.metadata_props[:]
    for item in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        item.doc_string = ""
        del item.metadata_props[:]


def save(model, path, export):
    if export.rewrite is stored_outside:
        outside = path.with_name(path.name + ".data")
        outside.unlink(missing_ok=True)  # onnx would append to it
        onnx.save_model(model, path, save_as_external_data=True, location=outside.name, size_threshold=256)
    else:
        path.write_bytes(model.SerializeToString(deterministic=True))


# === What it computes ===========================================================================================================

def in_batches(export, function, x):
    """The function on each sample, by as many at a time as the file takes."""
    if export.batch == "free":
        return function(x)
    size = 1 if export.batch == "none" else export.batch
    return torch.cat([function(t[0] if export.batch == "none" else t).reshape(size, -1) for t in x.split(size)])


def scaled(a, b):
    return ((a - b).abs().max() / max(1.0, b.abs().max().item())).item()


def differences(export, run, leaves, x, cotangent, gradients, seed):
    """The gradients against a central difference, both in one random direction of everything at once."""
    generator = torch.Generator().manual_seed(seed)
    direction = {n: torch.randn(t.shape, generator=generator, dtype=torch.float64) for n, t in {"input": x, **leaves}.items() if n in gradients}
    length = sum(d.pow(2).sum() for d in direction.values()).sqrt()
    expected = sum((gradients[n] * d).sum() for n, d in direction.items()) / length
    step = 1e-5

    def value(sign):
        moved = {n: (x if n == "input" else leaves[n]) for n in direction}
        before = {n: t.detach().clone() for n, t in moved.items()}
        for name, t in moved.items():
            t += sign * step * direction[name] / length
        result = (in_batches(export, run, x).reshape(cotangent.shape) * cotangent).sum().item()
        for name, t in moved.items():
            t.copy_(before[name])
        return result

    with torch.no_grad():
        found = (value(1) - value(-1)) / (2 * step)
    return abs(found - expected.item()) / max(1.0, abs(expected.item()))


def in_runtime(export, path, x):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # its fusions break gated_mlp_classic_vector
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kind = {torch.float16: numpy.float16, torch.float64: numpy.float64}.get(export.dtype, numpy.float32)
    return in_batches(export, lambda t: torch.from_numpy(session.run(None, {"x": t.detach().numpy().astype(kind)})[0].astype(float)), x)


def summary(t):
    values = t.reshape(-1)
    if t.numel() <= FULL:
        return (t + 0.0).tolist()
    return {"shape": list(t.shape), "sum": values.sum().item(), "l2": values.pow(2).sum().sqrt().item(), "first": (values[:8] + 0.0).tolist()}


def write(export, folder):
    path = folder / f"{export.name}.onnx"
    for attempt in range(60):
        seed = zlib.crc32(export.network.encode()) % 10**6 + attempt
        module, shape = make(export, seed)
        model = exported(export, module, shape)
        save(model, path, export)
        run = Interpreter(onnx.load(path, load_external_data=False), str(folder))
        x, cotangent, output, gradients = evaluated(export, run, shape, seed)
        if run.distance > 1e-5:
            break
    else:
        raise AssertionError(f"{export.name}: every draw came near a kink")
    onnx.checker.check_model(str(path))
    reference = copy.deepcopy(module).double()
    theirs = x.detach().clone().requires_grad_()
    y = in_batches(export, reference, theirs).reshape(len(x), -1)
    (y * cotangent).sum().backward()
    worst = {"module": scaled(output, y.detach()), "module's gradient": scaled(gradients["input"], theirs.grad),
             "differences": differences(export, run, run.leaves, x, cotangent, gradients, seed)}
    if export.runtime:
        worst["onnxruntime"] = scaled(in_runtime(export, path, x).reshape(output.shape), output)
    if export.batch == "free":
        worst["alone"] = scaled(torch.cat([run(t).reshape(1, -1) for t in x.detach().split(1)]), output)
    limits = {"module": 1e-6, "module's gradient": 1e-6, "differences": 1e-8, "alone": 1e-12,
              "onnxruntime": {torch.float16: 2e-3, torch.float64: 1e-12}.get(export.dtype, 2e-6)}
    assert all(value <= limits[key] for key, value in worst.items()), (export.name, worst)

    opset = model.opset_import[0].version
    how = "torch.onnx.export(dynamo=%s)" % (export.exporter == "dynamo")
    expected = {
        "source": f"{VERSIONS}; {how}, opset {opset}; the file's graph in float64, autograd",
        "input": x.detach().reshape(len(x), -1).tolist(), "cotangent": cotangent.tolist(), "output": output.tolist(),
        "gradients": {name: (g.reshape(len(x), -1) + 0.0).tolist() if name == "input" else summary(g) for name, g in gradients.items()},
    }
    text = json.dumps(expected, separators=(",", ":"), allow_nan=False) + "\n"
    assert len(text) <= 300_000, (export.name, len(text))
    (folder / f"{export.name}.expected.json").write_text(text)
    operators = collections.Counter(n.op_type for n in model.graph.node)
    print(f"{export.name}: opset {opset}, {path.stat().st_size} + {len(text)} bytes; "
          + ", ".join(f"{n} {c}" if c > 1 else n for n, c in sorted(operators.items())))
    print("    " + ", ".join(f"{key} {value:.0e}" for key, value in worst.items()))


def evaluated(export, run, shape, seed):
    generator = numpy.random.default_rng(seed)
    count = {"free": 2, "none": 2, 1: 2}.get(export.batch, export.batch)
    x = torch.tensor(generator.normal(0, 1, (count, *shape)).clip(-2, 2) * 32).round() / 32
    x = (x + 0.0).requires_grad_()
    y = in_batches(export, run, x).reshape(count, -1)
    cotangent = torch.tensor(generator.integers(-32, 33, y.shape) / 16)
    names = ["input", *run.leaves]
    found = torch.autograd.grad((y * cotangent).sum(), [x, *run.leaves.values()], allow_unused=True)
    gradients = {name: g for name, g in zip(names, found) if g is not None}
    return x, cotangent, y.detach(), gradients


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true", help="print the names and what is particular about each")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(map(str, EXPORTS)))
        return
    if arguments.folder is None:
        parser.error("a folder to write to, or --list")
    known = {export.name: export for export in EXPORTS}
    assert len(known) == len(EXPORTS)
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"no model of this name: {', '.join(unknown)}; --list lists them")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mha.set_fastpath_enabled(False)  # an operator that no exporter knows
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or known:
        write(known[name], arguments.folder)


if __name__ == "__main__":
    main()
