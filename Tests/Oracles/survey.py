"""Converts and checks every ONNX file of a directory, and compares the equilibrium models' outputs with ONNX Runtime
and, where survey_models.py wrote what PyTorch gives, outputs and gradients with PyTorch.

    python survey.py DEQ DIRECTORY RESULTS [--only REGEX] [--samples N] [-- --dim N=1 …]

DEQ is the command; what follows -- goes to it. RESULTS has an object a line for each file; files that it has already
are not run again. survey_table.py makes tables of it. Needs onnx, onnxruntime and numpy."""

import argparse
import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
import time

import numpy
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

# Beyond this a file is left out, as too long.
SECONDS = 240
SAMPLES = 2


def run(arguments):
    """Status, standard output, standard error, seconds and peak megabytes of a command."""
    start = time.monotonic()
    with tempfile.NamedTemporaryFile() as peak:
        # A program of its own: what a child of this one takes would count what this one does.
        result = subprocess.run(
            ["/usr/bin/time", "-q", "-f", "%M", "-o", peak.name, "timeout", str(SECONDS), *map(str, arguments)],
            capture_output=True, text=True)
        kilobytes = peak.read().split()
    return (result.returncode, result.stdout, result.stderr, time.monotonic() - start,
            int(kilobytes[-1]) / 1024 if kilobytes else 0)


FLOATS = {onnx.TensorProto.FLOAT: numpy.float32, onnx.TensorProto.DOUBLE: numpy.float64}
WHOLE = {onnx.TensorProto.INT32: numpy.int32, onnx.TensorProto.INT64: numpy.int64, onnx.TensorProto.BOOL: numpy.bool_,
         onnx.TensorProto.UINT8: numpy.uint8, onnx.TensorProto.INT8: numpy.int8}


def inputs_of(path):
    """The graph's inputs with their shapes and types, 0 for an open leading extent; None where an inner one is open."""
    graph = onnx.load(path, load_external_data=False).graph
    known = {tensor.name for tensor in graph.initializer}
    shapes = {}
    for value in graph.input:
        if value.name in known:
            continue
        tensor = value.type.tensor_type
        extents = [axis.dim_value if axis.HasField("dim_value") else 0 for axis in tensor.shape.dim]
        if any(extent < 1 for extent in extents[1:]) or not extents:
            return None
        kind = FLOATS.get(tensor.elem_type) or WHOLE.get(tensor.elem_type)
        if kind is None:
            return None
        shapes[value.name] = ([max(extents[0], 0), *extents[1:]], kind)
    return shapes


def draw_input(draw, shape, kind):
    """Numbers, or small whole numbers for tokens and masks."""
    shape = [max(shape[0], 1), *shape[1:]]
    if kind in FLOATS.values():
        return draw.standard_normal(shape).astype(kind)
    return draw.integers(0, 2 if kind is numpy.bool_ else 9, shape).astype(kind)


def session_of(path):
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), settings, ["CPUExecutionProvider"])


def joined(arrays):
    return numpy.concatenate([numpy.reshape(array, -1) for array in arrays]).astype(numpy.float64)


def relative(found, expected):
    """The largest difference in units of the largest number."""
    return float(numpy.abs(found - expected).max() / max(1e-300, numpy.abs(expected).max()))


class Evaluator:
    """Evaluates a model with deq, through files of a folder."""

    def __init__(self, deq, folder, options):
        self.deq, self.folder, self.options = deq, folder, options

    def evaluate(self, model, options=(), **arrays):
        """The arrays that deq writes for these, or None and why it does not."""
        samples, results = self.folder / "samples.npz", self.folder / "results.npz"
        numpy.savez(samples, **arrays)
        results.unlink(missing_ok=True)
        status, _, error, _, _ = run([self.deq, "evaluate", model, "--input", samples, "-o", results, *options])
        if status != 0:
            return None, "too long" if status == 124 else reason(error)
        with numpy.load(results) as archive:
            return dict(archive), None


def runtime_difference(evaluator, path):
    """The largest difference from ONNX Runtime, in units of the largest output; None where they cannot be compared."""
    shapes = inputs_of(path)
    if not shapes:
        return None
    draw = numpy.random.default_rng(0)
    # The samples of an open batch go through alone, wherever the outputs have the batch.
    isOpen = any(shape[0] == 0 for shape, _ in shapes.values())
    samples, expected = [], []
    try:
        session = session_of(path)
        for _ in range(SAMPLES if isOpen else 1):
            feeds = {name: draw_input(draw, shape, kind) for name, (shape, kind) in shapes.items()}
            samples.append(joined(feeds.values()))
            expected.append(joined(session.run(None, feeds)))
    except Exception:
        return None
    samples, expected = numpy.stack(samples), numpy.stack(expected)
    # A batch of known extent may be one of samples, or one sample.
    for rows in [len(samples)] if isOpen else sorted({1, next(iter(shapes.values()))[0][0]}, reverse=True):
        if samples.size % rows or expected.size % rows or rows > 1 and len(shapes) > 1:
            continue
        found, _ = evaluator.evaluate(path, evaluator.options, input=samples.reshape(rows, -1))
        if found is not None and found["output"].size == expected.size:
            return relative(found["output"].reshape(-1), expected.reshape(-1))
    return None


def by_others(path, values):
    """The outputs that ONNX Runtime gives, and where it gives none, the reference evaluator; each with its name."""
    feeds, start = {}, 0
    for name, (shape, kind) in inputs_of(path).items():
        shape = [max(1, shape[0]), *shape[1:]]
        feeds[name] = values[start:start + numpy.prod(shape)].reshape(shape).astype(kind)
        start += numpy.prod(shape)
    for judge, make in {"ONNX Runtime": session_of, "reference evaluator": ReferenceEvaluator}.items():
        with contextlib.suppress(Exception):
            yield judge, joined(make(str(path)).run(None, feeds))


def compared(evaluator, path, target):
    """A row's entries on the model at `target` beside ONNX Runtime and PyTorch, for the input that PyTorch had."""
    with numpy.load(path.with_suffix(".reference.npz")) as archive:
        reference = dict(archive)
    found, failure = evaluator.evaluate(
        target, ["--allow-outside"], input=reference["input"][None], cotangent=reference["cotangent"][None])
    if found is None:
        return {"evaluation": failure}
    output = found["output"].reshape(-1)
    if output.size != reference["output"].size:
        return {"evaluation": f"{output.size} outputs for {reference['output'].size}"}
    judge, expected = next(by_others(path, reference["input"]), (None, None))
    row = {"judge": judge, "runtime": None if judge is None else relative(output, expected),
           "runtimeRounding": None if judge is None else relative(expected, reference["output"]),
           "output": relative(output, reference["output"]), "outputRounding": float(reference["rounding.output"]),
           "thinned": bool(reference["thinned"]), "gradients": {}}
    for key in [key for key in reference if key.startswith("gradient.")]:
        name = key.removeprefix("gradient.")
        gradient = found.get(key)
        row["gradients"][name] = {
            "difference": None if gradient is None or gradient.size != reference[key].size
            else relative(gradient.reshape(-1), reference[key].reshape(-1)),
            "rounding": float(reference[f"rounding.{name}"]), "kink": float(reference[f"kink.{name}"])}
    return row


def reason(message):
    """A refusal without its file, node and numbers; errors are JSON, as the report is."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        message = json.loads(message)["error"]["message"]
    problem = message.strip().split(": ", 2)[-1]
    return re.sub(r"\d[\d,]*", "#", re.sub(r'"[^"]*"', "_", problem))[:160]


def surveyed(evaluator, path, samples):
    """The row of a file: what became of its conversion and check, and the differences."""
    target = evaluator.folder / "model.deq.json"
    deq, options = evaluator.deq, evaluator.options
    status, _, error, seconds, megabytes = run(
        [deq, "convert", path, "-o", target, "--force", "--no-check", "--json", "--weights", "reference",
         "--allow-outside", *options])
    row = {"seconds": seconds, "megabytes": megabytes, "bytes": path.stat().st_size}
    if status != 0:
        return row | {"verdict": "too long" if status == 124 else "refused", "reason": reason(error), "message": error}
    status, text, error, seconds, megabytes = run(
        [deq, "check", path, target, "--samples", samples, "--json", "--allow-outside", *options])
    row["seconds"] += seconds
    row["megabytes"] = max(megabytes, row["megabytes"])
    if status not in (0, 1, 2) or not text:
        return row | {"verdict": "too long" if status == 124 else "failed", "reason": reason(error), "message": error}
    row["verdict"] = json.loads(text)["verdict"]
    if row["verdict"] != "proved":
        row["message"] = text[:4000]
    if path.with_suffix(".reference.npz").exists():
        return row | compared(evaluator, path, target)
    return row | {"runtime": runtime_difference(evaluator, path)}


def smallest(directory, only, done):
    """The smallest file that is not done; others may be added while these are. None if there is no other."""
    paths = [path for path in directory.rglob("*.onnx")
             if re.search(only, name := str(path.relative_to(directory))) and name not in done]
    return min(paths, key=lambda path: path.stat().st_size, default=None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("deq", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("options", nargs="*", help="behind --: what deq gets")
    arguments = parser.parse_args()
    done = set()
    if arguments.results.exists():
        done = {json.loads(line)["file"] for line in arguments.results.read_text().splitlines()}
    with tempfile.TemporaryDirectory() as folder, arguments.results.open("a") as results:
        evaluator = Evaluator(arguments.deq, pathlib.Path(folder), arguments.options)
        while path := smallest(arguments.directory, arguments.only, done):
            name = str(path.relative_to(arguments.directory))
            done.add(name)
            row = {"file": name} | surveyed(evaluator, path, arguments.samples)
            results.write(json.dumps(row) + "\n")
            results.flush()
            print(f"{name:50} {row['verdict']:9} {row['seconds']:7.1f} s {row['megabytes']:6.0f} MB", flush=True)


main()
