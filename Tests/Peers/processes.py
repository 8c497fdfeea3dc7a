"""Whole processes: what deq takes for a file, beside json-c's own parse of it and beside `cp`."""

import json
import os
import shutil
import struct
import subprocess
import sys

import numpy as np

from measuring import process, ratios

JSON_C = """
import ctypes, sys, time
library = ctypes.CDLL(sys.argv[1])
library.json_object_from_file.restype = ctypes.c_void_p
library.json_object_put.argtypes = [ctypes.c_void_p]
start = time.perf_counter()
document = library.json_object_from_file(sys.argv[2].encode())
assert document
library.json_object_put(document)
print(time.perf_counter() - start)
"""


def json_c():
    """The name of json-c's library, or None."""
    import ctypes

    for name in ("libjson-c.so.5", "libjson-c.so", "libjson-c.dylib"):
        try:
            ctypes.CDLL(name)
            return name
        except OSError:
            continue
    return None


def json_c_parse(path):
    """json-c's parse of a file, its document freed again, in seconds."""
    arguments = [sys.executable, "-S", "-c", JSON_C, json_c(), path]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def json_c_memory(path):
    """The most memory that json-c's parse of a file takes, in bytes."""
    return process([sys.executable, "-S", "-c", JSON_C, json_c(), path])[1]


def write_json(path, widths, seed=0):
    """A network of dense layers, its numbers spelled out with 17 digits."""
    generator = np.random.default_rng(seed)
    layers = []
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        weight = generator.normal(size=(outputs, inputs)) * (2 / inputs) ** 0.5
        layers.append({
            "type": "dense", "name": f"fc{index}", "weight": weight.tolist(),
            "bias": generator.normal(size=outputs).tolist(),
            "activation": "identity" if index == len(widths) - 2 else "relu"})
    with open(path, "w") as file:
        json.dump({"format": "network", "version": 1, "input": [widths[0]], "layers": layers}, file)


def write_safetensors(folder, name, widths, seed=0):
    """The same with its numbers in a safetensors file; returns that file's path."""
    generator = np.random.default_rng(seed)
    header, offset, layers, arrays = {}, 0, [], []
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layer = {"type": "dense", "name": f"fc{index}", "activation": "relu"}
        for key, shape in (("weight", [outputs, inputs]), ("bias", [outputs])):
            array = generator.normal(size=shape)
            header[f"fc{index}.{key}"] = {
                "dtype": "F64", "shape": shape, "data_offsets": [offset, offset + array.nbytes]}
            layer[key] = {"tensor": f"fc{index}.{key}"}
            offset += array.nbytes
            arrays.append(array)
        layers.append(layer)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(f"{folder}/{name}.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays:
            file.write(array.tobytes())
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump({
            "format": "network", "version": 1, "input": [widths[0]], "weights": f"{name}.safetensors",
            "layers": layers}, file)
    return f"{folder}/{name}.safetensors"


def removing(paths, arguments):
    """Runs a process after removing what it is to write."""
    for path in paths:
        if os.path.exists(path):
            os.remove(path)
    return process(arguments)


def process_rows(deq, folder, rounds):
    """Rows (what, beside what, seconds, the other's seconds or None, ratio or None, note)."""
    rows = []

    def compare(what, beside, ours, other, note=""):
        seconds, others = ratios(lambda: ours()[0], {beside: other}, rounds)
        rows.append((what, beside, seconds, *others[beside], note))

    def time(what, ours, note=""):
        seconds, _ = ratios(lambda: ours()[0], {}, rounds)
        rows.append((what, "", seconds, None, None, note))

    time("deq --help", lambda: process([deq, "--help"]))
    for name, widths in (("acasxu", [5] + [50] * 6 + [5]), ("mnist", [784, 256, 256, 10])):
        path, model = f"{folder}/{name}.json", f"{folder}/{name}.deq.json"
        write_json(path, widths)
        removing([model], [deq, "convert", path])
        check = lambda: process([deq, "check", path, model])
        size = f"{os.path.getsize(path) / 1e6:.1f} MB and its model"
        time(f"deq check, {name}, {size}", check)
        if json_c():
            compare(f"deq check, {name}, {size}", "json-c's parse of the network alone", check, lambda: json_c_parse(path))

    if json_c():
        path, model = f"{folder}/large.json", f"{folder}/large.deq.json"
        write_json(path, [860] * 5)
        size = f"{os.path.getsize(path) / 1e6:.0f} MB"
        for flag in ([], ["--no-check"]):
            convert = lambda: removing([model], [deq, "convert", *flag, path])
            share = convert()[1] / json_c_memory(path)
            compare(
                " ".join(["deq convert", *flag, f"on {size} of JSON"]), "json-c's parse", convert,
                lambda: json_c_parse(path), f"memory ÷ json-c's {share:.2f}")

    tensors = write_safetensors(folder, "weights", [2500] * 7)
    model, copy = f"{folder}/weights.deq.json", f"{folder}/copy.safetensors"
    convert = lambda: removing(
        [model, f"{folder}/weights.deq.safetensors"],
        [deq, "convert", "--no-check", "--weights", "safetensors", f"{folder}/weights.json"])
    share = convert()[1] / os.path.getsize(tensors)
    compare(
        f"deq convert --no-check --weights safetensors on {os.path.getsize(tensors) / 1e6:.0f} MB", "cp", convert,
        lambda: removing([copy], [shutil.which("cp"), tensors, copy])[0], f"memory ÷ weights {share:.2f}")
    return rows
