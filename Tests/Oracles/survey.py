"""Converts every ONNX file of a directory and prints a table: proved, agrees, refused by reason, time, peak memory, and
the difference of the network's output from ONNX Runtime's.

    python survey.py DEQ DIRECTORY [--dim N=1 …]

DEQ is the command; what follows the directory goes to it. Needs onnx, onnxruntime and numpy."""

import collections
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime

SAMPLES = 2


def run(arguments):
    """Status, standard output, standard error, seconds and peak megabytes of a command."""
    start = time.monotonic()
    with tempfile.NamedTemporaryFile() as peak:
        # A program of its own: what a child of this one takes would count what this one does.
        result = subprocess.run(["/usr/bin/time", "-q", "-f", "%M", "-o", peak.name, *arguments],
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


def difference(deq, path, options, folder):
    """The largest difference from ONNX Runtime, in units of the largest output; None where they cannot be compared."""
    shapes = inputs_of(path)
    if not shapes:
        return None
    draw = numpy.random.default_rng(0)
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    # The samples of an open batch go through alone, wherever the outputs have the batch.
    isOpen = any(shape[0] == 0 for shape, _ in shapes.values())
    samples, expected = [], []
    try:
        session = onnxruntime.InferenceSession(str(path), settings, ["CPUExecutionProvider"])
        for _ in range(SAMPLES if isOpen else 1):
            feeds = {name: draw_input(draw, shape, kind) for name, (shape, kind) in shapes.items()}
            samples.append(numpy.concatenate([array.reshape(-1) for array in feeds.values()]))
            expected.append(numpy.concatenate([numpy.reshape(array, -1) for array in session.run(None, feeds)]))
    except Exception:
        return None
    samples, expected = numpy.stack(samples), numpy.stack(expected)
    # A batch of known extent may be one of samples, or one sample.
    for rows in [len(samples)] if isOpen else sorted({1, next(iter(shapes.values()))[0][0]}, reverse=True):
        if samples.size % rows or expected.size % rows or rows > 1 and len(shapes) > 1:
            continue
        numpy.save(folder / "samples.npy", samples.reshape(rows, -1).astype(numpy.float64))
        status, text, _, _, _ = run([deq, "evaluate", str(path), "--input", str(folder / "samples.npy"), *options])
        found = numpy.array(json.loads(text)["output"]) if status == 0 else None
        if found is not None and found.size == expected.size:
            distance = numpy.abs(found.reshape(-1) - expected.reshape(-1)).max()
            return float(distance / max(1e-30, numpy.abs(expected).max()))
    return None


def reason(message):
    """A refusal without its file, node and numbers; errors are JSON, as the report is."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        message = json.loads(message)["error"]["message"]
    problem = message.strip().split(": ", 2)[-1]
    return re.sub(r"\d[\d,]*", "#", re.sub(r'"[^"]*"', "_", problem))[:100]


def main():
    deq, directory, options = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    verdicts, reasons = collections.Counter(), collections.Counter()
    print(f"{'file':40} {'verdict':10} {'seconds':>8} {'MB':>7}  difference or reason")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for path in sorted(directory.rglob("*.onnx")):
            target = folder / "model.deq.json"
            status, text, error, seconds, megabytes = run(
                [deq, "convert", str(path), "-o", str(target), "--force", "--json", *options])
            if status in (0, 1, 2) and text:
                verdict = re.search(r'"verdict": "(\w+)"', text).group(1)
                distance = difference(deq, path, options, folder)
                note = "not compared" if distance is None else f"{distance:.1e}"
            else:
                verdict, note = "refused", reason(error)
                reasons[note] += 1
            verdicts[verdict] += 1
            print(f"{str(path.relative_to(directory))[-40:]:40} {verdict:10} {seconds:8.2f} {megabytes:7.0f}  {note}")
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    for text, count in reasons.most_common():
        print(f"{count:6} {text}")


main()
