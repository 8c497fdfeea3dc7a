#!/usr/bin/env python3
"""Checks a folder that `deq generate` wrote: every number is the double nearest to the exact value.

    python3 test_models.py FOLDER [COORDINATES]

The models are written here once more, from the documentation of the data set, as functions of mpmath numbers with 50
digits. Equilibria are solved for by Newton's method. Gradients and adjoints are central differences with a step of
10⁻¹⁵, whose error is of the order of 10⁻³⁰: no derivative is programmed. All outputs and states are checked, and
of each gradient as many coordinates as asked for (10), and all of small ones.

Prints the number of numbers that were compared, and each that is not the same double.
"""
import hashlib
import json
import random
import sys
import zipfile
from pathlib import Path

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.dps = 50
STEP = mpf(10) ** -15


def array(values):
    return np.vectorize(lambda v: mpf(float(v)), otypes=[object])(np.asarray(values, dtype=float))


def each(function):
    return np.vectorize(function, otypes=[object])


tanh, exp, sqrt = each(mpmath.tanh), each(mpmath.exp), each(mpmath.sqrt)
relu = each(lambda v: v if v > 0 else mpf(0))
sigmoid = each(lambda v: 1 / (1 + mpmath.exp(-v)))
ACTIVATIONS = {
    "relu": relu, "tanh": tanh, "sigmoid": sigmoid, "silu": lambda v: v * sigmoid(v), "identity": lambda v: v,
}


def convolve(x, weight, stride=1):
    """A convolution with windows of 3 by 3 and a padding of 1."""
    padded = array(np.zeros((x.shape[0], x.shape[1] + 2, x.shape[2] + 2)))
    padded[:, 1:-1, 1:-1] = x
    rows, columns = ((n + 1) // stride if stride == 2 else n for n in x.shape[1:])
    result = np.empty((weight.shape[0], rows, columns), dtype=object)
    for i in range(rows):
        for j in range(columns):
            window = padded[:, stride * i:stride * i + 3, stride * j:stride * j + 3]
            result[:, i, j] = (weight * window).sum(axis=(1, 2, 3))
    return result


def spread(x, weight):
    """A transposed convolution with windows of 2 by 2 and a stride of 2."""
    result = np.empty((weight.shape[1], 2 * x.shape[1], 2 * x.shape[2]), dtype=object)
    for i in range(result.shape[1]):
        for j in range(result.shape[2]):
            result[:, i, j] = weight[:, :, i % 2, j % 2].T @ x[:, i // 2, j // 2]
    return result


def pool(x, combine):
    return combine([x[:, i::2, j::2] for i in range(2) for j in range(2)])


def normalize(x, weight, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = sqrt((centred ** 2).mean(axis=-1, keepdims=True) + mpf(1e-5))
    return centred / deviation * weight + bias


def per_channel(bias):
    return bias[:, None, None]


# Each model returns its transition: a dictionary of blocks, in an order in which only members of a cycle read later
# ones. `p` are parameters, `z` the values of blocks, `s` the activations of the file.

def mlp(p, s):
    def layer(number, read):
        name = f"fc{number}"
        return name, lambda z: s[name](p[f"{name}.weight"] @ read(z) + p[f"{name}.bias"])
    return dict([layer(1, lambda z: z["input"])] + [
        layer(n, lambda z, n=n: z[f"fc{n - 1}"]) for n in (2, 3, 4)])


def cnn(p, s):
    return {
        "conv1": lambda z: convolve(z["input"], p["conv1.weight"]) + per_channel(p["conv1.bias"]),
        "pool1": lambda z: pool(z["conv1"], lambda parts: np.maximum.reduce(parts)),
        "relu1": lambda z: relu(z["pool1"]),
        "conv2": lambda z: relu(convolve(z["relu1"], p["conv2.weight"]) + per_channel(p["conv2.bias"])),
        "pool2": lambda z: pool(z["conv2"], lambda parts: sum(parts) / 4),
        "fc": lambda z: p["fc.weight"] @ z["pool2"].ravel() + p["fc.bias"],
    }


def transformer(p, s):
    def linear(name, read, bias=True):
        return lambda z: read(z) @ p[f"{name}.weight"].T + (p[f"{name}.bias"] if bias else 0)

    def softmax(v):
        e = exp(v)
        return e / e.sum(axis=-1, keepdims=True)

    def silu(v):
        return v * sigmoid(v)

    return {
        "norm1": lambda z: normalize(z["input"], p["norm1.weight"], p["norm1.bias"]),
        "query": linear("query", lambda z: z["norm1"]),
        "query_split": lambda z: z["query"].reshape(4, 2, 4),
        "query_heads": lambda z: z["query_split"].transpose(1, 0, 2),
        "key": linear("key", lambda z: z["norm1"], bias=False),
        "key_split": lambda z: z["key"].reshape(4, 2, 4),
        "key_heads": lambda z: z["key_split"].transpose(1, 2, 0),
        "value": linear("value", lambda z: z["norm1"]),
        "value_split": lambda z: z["value"].reshape(4, 2, 4),
        "value_heads": lambda z: z["value_split"].transpose(1, 0, 2),
        "scores": lambda z: np.stack([a @ b for a, b in zip(z["query_heads"], z["key_heads"])]),
        "attention": lambda z: softmax(z["scores"] / 2),
        "mixed": lambda z: np.stack([a @ b for a, b in zip(z["attention"], z["value_heads"])]),
        "tokens": lambda z: z["mixed"].transpose(1, 0, 2),
        "joined": lambda z: z["tokens"].reshape(4, 8),
        "out": linear("out", lambda z: z["joined"]),
        "first": lambda z: z["input"] + z["out"],
        "norm2": lambda z: normalize(z["first"], p["norm2.weight"], p["norm2.bias"]),
        "expand": lambda z: silu(linear("expand", lambda z: z["norm2"])(z)),
        "contract": linear("contract", lambda z: z["expand"]),
        "second": lambda z: z["first"] + z["contract"],
        "average": lambda z: z["second"].mean(axis=0),
        "head": lambda z: p["head.weight"] @ z["average"] + p["head.bias"],
    }


def deq(p, s):
    return {
        "core.z": lambda z: s["core.z"](
            p["core.W"] @ z["core.z"] + p["core.U"] @ z["input"] + p["core.b"]),
        "readout": lambda z: p["readout.weight"] @ z["core.z"] + p["readout.bias"],
    }


def multiscale(p, s):
    def block(scale, *summands):
        name = f"core.z{scale}"
        return lambda z: s[name](sum(f(z) for f in summands) + per_channel(p[f"core.b{scale}"]))

    def same(i, j, stride=1):
        return lambda z: convolve(z[f"core.z{j}"], p[f"core.W{i}{j}"], stride)

    def up(i, j):
        return lambda z: spread(z[f"core.z{j}"], p[f"core.W{i}{j}"])

    return {
        "core.z1": block(1, lambda z: convolve(z["input"], p["core.U"]), same(1, 1), up(1, 2)),
        "core.z2": block(2, same(2, 1, 2), same(2, 2), up(2, 3)),
        "core.z3": block(3, same(3, 2, 2), same(3, 3)),
        "readout": lambda z: p["readout.weight"] @ z["core.z1"].ravel() + p["readout.bias"],
    }


KINDS = {"mlp": mlp, "cnn": cnn, "transformer": transformer, "deq": deq, "mondeq": deq, "multiscale": multiscale}


class Model:
    """One test model of a folder."""

    def __init__(self, folder, kind):
        self.kind = kind
        self.tensors = np.load(folder / "tensors.npz")
        names = self.tensors.files
        self.parameters = {n[10:]: array(self.tensors[n]) for n in names if n.startswith("parameter.")}
        self.blocks = [n[6:] for n in names if n.startswith("state.")]
        description = json.load(open(folder / "network.deq.json"))
        kinds = {b["name"]: b.get("activation", "identity") for b in description["blocks"]}
        self.activations = {
            name: ACTIVATIONS[a] for name, a in kinds.items() if isinstance(a, str) and a in ACTIVATIONS}
        self.cyclic = [b for b in self.blocks if b.startswith("core.")]
        self.inverse = None

    def values(self, x, parameters, start, shift=None):
        """The values of all blocks; `shift` adds numbers to f, for adjoints."""
        shift = shift or {}
        transition = KINDS[self.kind](parameters, self.activations)
        assert list(transition) == self.blocks, (list(transition), self.blocks)
        z = {"input": x}
        if self.cyclic:
            z |= self.equilibrium(transition, x, {b: start[b] for b in self.cyclic}, shift)
        for name, block in transition.items():
            if name not in self.cyclic:
                z[name] = block(z) + shift.get(name, 0)
        return z

    def equilibrium(self, transition, x, start, shift):
        """Newton's method with a derivative by differences of double size, which gains digits linearly."""
        flat = np.concatenate([start[b].ravel() for b in self.cyclic])

        def f(flat):
            z, first = {"input": x}, 0
            for b in self.cyclic:
                z[b] = flat[first:first + start[b].size].reshape(start[b].shape)
                first += start[b].size
            return np.concatenate([(transition[b](z) + shift.get(b, 0)).ravel() for b in self.cyclic])

        if self.inverse is None:
            n, value = len(flat), f(flat)
            derivative = np.empty((n, n))
            for k in range(n):
                moved = flat.copy()
                moved[k] += STEP
                derivative[:, k] = ((f(moved) - value) / STEP).astype(float)
            self.inverse = np.linalg.inv(np.eye(n) - derivative)
        for _ in range(30):
            residual = f(flat) - flat
            if max(abs(r) for r in residual) < mpf(10) ** -46:
                break
            flat = flat + array(self.inverse @ residual.astype(float))
        else:
            raise SystemExit(f"{self.kind}: no equilibrium")
        flat = f(flat)
        z, first = {}, 0
        for b in self.cyclic:
            z[b] = flat[first:first + start[b].size].reshape(start[b].shape)
            first += start[b].size
        return z


class Check:
    """Counts numbers, and prints those that differ."""

    def __init__(self):
        self.count = self.faults = 0

    def __call__(self, name, found, exact):
        self.count += 1
        if float(exact) != found:
            self.faults += 1
            print(f"{name}: expected {float(exact)!r}, found {found!r}")


def chosen(shape, most, draws):
    every = list(np.ndindex(*shape))
    return every if len(every) <= most else draws.sample(every, most)


def check(folder, kind, most, draws, compare):
    model = Model(folder, kind)
    t, samples = model.tensors, len(model.tensors["input"])
    starts, inverses = [], []
    for n in range(samples):
        start = {b: array(t[f"state.{b}"][n]) for b in model.blocks}
        x, cotangent = array(t["input"][n]), array(t["cotangent"][n])
        # The derivative belongs to a sample; near it, it still makes every correction a better one.
        model.inverse = None
        z = model.values(x, model.parameters, start)
        inverses.append(model.inverse)
        starts.append((x, cotangent, z))
        for b in model.blocks:
            for place in np.ndindex(*z[b].shape):
                compare(f"{folder.name}: state.{b}{[n, *place]}", t[f"state.{b}"][n][place], z[b][place])
        for place in np.ndindex(*z[model.blocks[-1]].shape):
            compare(f"{folder.name}: output{[n, *place]}", t["output"][n][place], z[model.blocks[-1]][place])

    def loss(n, x=None, parameters=None, shift=None):
        x0, cotangent, z = starts[n]
        model.inverse = inverses[n]
        values = model.values(x0 if x is None else x, parameters or model.parameters, z, shift)
        return (values[model.blocks[-1]] * cotangent).sum()

    def difference(function):
        return (function(STEP) - function(-STEP)) / (2 * STEP)

    for n in range(samples):
        x = starts[n][0]
        for place in chosen(x.shape, most, draws):
            def moved(step):
                other = x.copy()
                other[place] += step
                return loss(n, x=other)
            compare(f"{folder.name}: gradient.input{[n, *place]}", t["gradient.input"][n][place], difference(moved))
        for b in model.blocks:
            shape = starts[n][2][b].shape
            for place in chosen(shape, max(1, most // 5), draws):
                def moved(step):
                    shift = array(np.zeros(shape))
                    shift[place] += step
                    return loss(n, shift={b: shift})
                compare(f"{folder.name}: adjoint.{b}{[n, *place]}", t[f"adjoint.{b}"][n][place], difference(moved))
    for name, value in model.parameters.items():
        for place in chosen(value.shape, most, draws):
            def moved(step):
                other = value.copy()
                other[place] += step
                return sum(loss(n, parameters=model.parameters | {name: other}) for n in range(samples))
            compare(f"{folder.name}: gradient.{name}{list(place)}", t[f"gradient.{name}"][place], difference(moved))


def check_files(folder, entry):
    """All files say the same numbers, and have the digests of the index."""
    from safetensors.numpy import load_file
    for name, digest in entry["sha256"].items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert found == digest, f"{folder / name}: expected the digest {digest}, found {found}"
    arrays, others = np.load(folder / "tensors.npz"), load_file(folder / "tensors.safetensors")
    assert set(arrays.files) == set(others)
    for name in arrays.files:
        assert arrays[name].dtype == others[name].dtype == np.float64, name
        assert np.array_equal(arrays[name], others[name]) and arrays[name].shape == others[name].shape, name
    expected = json.load(open(folder / "expected.json"))
    samples = len(expected["input"])
    for key in ["input", "cotangent", "output"]:
        assert np.array_equal(arrays[key].reshape(samples, -1), np.array(expected[key])), key
    for key in ["state", "adjoint"]:
        for name, rows in expected[key].items():
            assert np.array_equal(arrays[f"{key}.{name}"].reshape(samples, -1), np.array(rows)), name
    for name, values in expected["gradients"].items():
        assert np.array_equal(arrays[f"gradient.{name}"].ravel(), np.array(values).ravel()), name
    for name in arrays.files:
        if name in ("input", "cotangent") or name.startswith("parameter."):
            assert np.array_equal(arrays[name], np.round(arrays[name] * 1024) / 1024), name
    zipfile.ZipFile(folder / "tensors.npz").testzip()


def main():
    folder, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 10
    compare, draws = Check(), random.Random(0)
    index = json.load(open(folder / "index.json"))
    for entry in index["models"]:
        check_files(folder / entry["name"], entry)
        check(folder / entry["name"], entry["kind"], most, draws, compare)
    print(f"{compare.count} numbers, {compare.faults} others")


if __name__ == "__main__":
    main()
