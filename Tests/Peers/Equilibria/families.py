"""Families of implicit models, in deq's JSON format: the same seed, the same models.

    python3 Tests/Peers/Equilibria/families.py FOLDER [--size small]

writes each as NAME.json with its sample NAME.sample.json.
"""

import argparse
import json
import os
import zlib
from dataclasses import dataclass

import numpy as np

GAINS = {
    "tanh": (0.5, 0.9, 2, 10, 100, 1000), "relu": (0.5, 0.9, 2, 10), "celu": (0.5, 0.9, 2, 10),
    "silu": (0.5, 0.9, 2, 3, 10), "sin": (0.5, 0.9, 2, 10),
}


@dataclass
class Problem:
    """A model at one input, and the cotangent that its output is differentiated with."""

    name: str
    family: str
    model: dict
    #: The blocks that are iterated on, as one writes the model in a framework: the others follow from them.
    state: list
    input: np.ndarray
    cotangent: np.ndarray
    #: Whether it is small enough for sixty digits.
    is_small: bool = True
    #: Whether every coordinate is to be right by its own size, however large the others are.
    by_coordinate: bool = False

    @property
    def samples(self):
        return {"input": [self.input.tolist()], "cotangent": [self.cotangent.tolist()]}


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def model(input_shape, blocks, wz, wx, b, output):
    return {
        "format": "equilibrium", "version": 1, "input": list(input_shape), "blocks": blocks, "Wz": wz, "Wx": wx, "b": b,
        "output": output}


def block(name, shape, activation, ports=None):
    made = {"name": name, "shape": list(shape), "activation": activation}
    return made | ({"ports": [list(port) for port in ports]} if ports else {})


def matrix(to, values, source=None):
    return {"to": to} | ({"from": source} if source else {}) | {"matrix": np.asarray(values).tolist()}


def through(to, map, source=None, port=0):
    return {"to": to} | ({"from": source} if source else {}) | ({"port": port} if port else {}) | {"map": map}


def linear(weight, axis=-1):
    return {"type": "linear", "weight": weight.tolist(), "dim": axis}


def convolution(weight, **options):
    return {"type": "conv", "weight": weight.tolist(), **options}


def expanded(to, values, shape, axis, port=0):
    return {"to": to} | ({"port": port} if port else {}) | {
        "tensor": np.asarray(values).tolist(), "map": {"type": "expand", "shape": list(shape), "dim": axis}}


def problem(name, family, made, state, rng, **options):
    count = int(np.prod(made["input"]))
    (output,) = [item for item in made["blocks"] if item["name"] == made["output"]]
    return Problem(
        name, family, made, state, rng.standard_normal(count), rng.standard_normal(int(np.prod(output["shape"]))), **options)


def dense(activation, gain, size, seed=0, family=None):
    """z = φ(W z + U x + b), W with independent normal entries of standard deviation gain / √n."""
    name = f"dense_{activation}_{gain}_{size}_{seed}"
    rng = generator(name)
    inputs = max(1, size // 2)
    made = model(
        [inputs], [block("z", [size], activation)],
        [matrix("z", gain * rng.standard_normal((size, size)) / size**0.5, "z")],
        [matrix("z", rng.standard_normal((size, inputs)) / inputs**0.5)],
        [{"to": "z", "vector": (0.1 * rng.standard_normal(size)).tolist()}], "z")
    return problem(name, family or f"dense {activation}", made, ["z"], rng, is_small=size <= 64)


def euler(activation, step, size=10, seed=0):
    """One implicit step z = x + h·φ(W z + b) of an ordinary differential equation, stiff where h is large."""
    name = f"euler_{activation}_{step}_{seed}"
    rng = generator(name)
    weight = rng.standard_normal((size, size)) / size**0.5 - 1.5 * np.eye(size)
    made = model(
        [size], [block("t", [size], activation), block("z", [size], "identity")],
        [matrix("t", weight, "z"), through("z", {"type": "multiply", "factor": step}, "t")],
        [through("z", "identity")], [{"to": "t", "vector": (0.1 * rng.standard_normal(size)).tolist()}], "z")
    return problem(name, "implicit Euler", made, ["z"], rng)


def monotone(size=40, margin=0.1, seed=0):
    """A monotone operator equilibrium network: W = (1 − m) I − AᵀA + B − Bᵀ (Winston & Kolter 2020)."""
    name = f"mondeq_{margin}_{seed}"
    rng = generator(name)
    A, B = 2 * rng.standard_normal((2, size, size)) / size**0.5
    made = model(
        [size // 2], [block("z", [size], "relu")],
        [matrix("z", (1 - margin) * np.eye(size) - A.T @ A + B - B.T, "z")],
        [matrix("z", rng.standard_normal((size, size // 2)))],
        [{"to": "z", "vector": rng.standard_normal(size).tolist()}], "z")
    return problem(name, "monDEQ", made, ["z"], rng)


def monotone_convolution(channels=3, side=6, margin=0.1, seed=0):
    """The same with convolutions, none of them written out: W z = (1 − m) z − AᵀA z + B z − Bᵀ z."""
    name = f"mondeq_conv_{seed}"
    rng = generator(name)
    shape = [channels, side, side]
    A, B = 0.3 * rng.standard_normal((2, channels, channels, 3, 3))
    negative, back = {"type": "multiply", "factor": -1}, {"type": "conv_transpose", "padding": 1}
    made = model(
        [2, side, side],
        [block("a", shape, "identity"), block("na", shape, "identity"), block("nz", shape, "identity"),
         block("z", shape, "relu")],
        [through("a", convolution(A, padding=1), "z"), through("na", negative, "a"), through("nz", negative, "z"),
         through("z", {"type": "multiply", "factor": 1 - margin}, "z"),
         through("z", back | {"weight": A.tolist()}, "na"), through("z", convolution(B, padding=1), "z"),
         through("z", back | {"weight": B.tolist()}, "nz")],
        [through("z", convolution(0.4 * rng.standard_normal((channels, 2, 3, 3)), padding=1))],
        [expanded("z", 0.2 * rng.standard_normal(channels), shape, 0)], "z")
    return problem(name, "monDEQ convolution", made, ["z"], rng)


def graph(radius, features=5, nodes=12, seed=0):
    """An implicit graph network X = relu(W X A + B U), |W|·|A| of spectral radius `radius` (Gu et al. 2020)."""
    name = f"ignn_{radius}_{seed}"
    rng = generator(name)
    adjacency = np.triu(rng.random((nodes, nodes)) < 0.4, 1).astype(float)
    adjacency = adjacency + adjacency.T + np.eye(nodes)
    degrees = adjacency.sum(axis=0) ** -0.5
    adjacency = degrees[:, None] * adjacency * degrees
    W = rng.standard_normal((features, features))
    W *= radius / max(abs(np.linalg.eigvals(abs(W))))
    shape = [features, nodes]
    made = model(
        [3, nodes], [block("Y", shape, "identity"), block("X", shape, "relu")],
        [through("Y", linear(W, 0), "X"), through("X", linear(adjacency, -1), "Y")],
        [through("X", linear(rng.standard_normal((features, 3)), 0))], [], "X")
    return problem(name, "IGNN", made, ["X"], rng)


def multiscale(seed=0, gain=0.25):
    """Two resolutions that read each other, with group normalization (Bai, Koltun & Kolter 2020)."""
    name = f"multiscale_{gain}_{seed}"
    rng = generator(name)
    fine, coarse, up = [4, 8, 8], [8, 4, 4], [4, 4, 4]
    norm = {"type": "group_norm", "num_groups": 2}
    kernel = lambda *shape: gain * rng.standard_normal(shape)
    affine = lambda to, shape: [
        expanded(to, 1 + 0.1 * rng.standard_normal(shape[0]), shape, 0, port=1),
        expanded(to, 0.1 * rng.standard_normal(shape[0]), shape, 0, port=2)]
    made = model(
        [3, 8, 8],
        [block("n1", fine, norm, [fine] * 3), block("z1", fine, "relu"), block("n2", coarse, norm, [coarse] * 3),
         block("z2", coarse, "relu"), block("u", up, "identity")],
        [through("n1", convolution(kernel(4, 4, 3, 3), padding=1), "z1"),
         through("u", convolution(kernel(4, 8, 1, 1)), "z2"),
         through("n1", {"type": "upsample", "scale_factor": 2}, "u"), through("z1", "identity", "n1"),
         through("n2", convolution(kernel(8, 8, 3, 3), padding=1), "z2"),
         through("n2", convolution(kernel(8, 4, 3, 3), stride=2, padding=1), "z1"), through("z2", "identity", "n2")],
        [through("n1", convolution(rng.standard_normal((4, 3, 3, 3)), padding=1))],
        affine("n1", fine) + affine("n2", coarse) + [expanded("n2", rng.standard_normal(8), coarse, 0)], "z2")
    return problem(name, "multiscale", made, ["z1", "z2"], rng)


def transformer(tokens=5, width=8, gain=0.3, seed=0):
    """A block of self-attention and a perceptron with layer normalization, its input injected."""
    name = f"transformer_{width}_{gain}_{seed}"
    rng = generator(name)
    shape, hidden, scores = [tokens, width], [tokens, 2 * width], [tokens, tokens]
    norm = {"type": "layer_norm", "normalized_shape": width}
    weight = lambda rows, columns: linear(gain * rng.standard_normal((rows, columns)) / (columns / 8) ** 0.5)
    affine = lambda to: [
        expanded(to, 1 + 0.1 * rng.standard_normal(width), shape, 1, port=1),
        expanded(to, 0.1 * rng.standard_normal(width), shape, 1, port=2)]
    made = model(
        shape,
        [block("q", shape, "identity"), block("k", shape, "identity"), block("v", shape, "identity"),
         block("s", scores, "matmul", [shape, shape[::-1]]), block("p", scores, {"type": "softmax", "dim": -1}),
         block("a", shape, "matmul", [scores, shape]), block("h", shape, norm, [shape] * 3),
         block("m", hidden, "gelu"), block("z", shape, norm, [shape] * 3)],
        [through("q", weight(width, width), "z"), through("k", weight(width, width), "z"),
         through("v", weight(width, width), "z"), through("s", {"type": "multiply", "factor": width**-0.5}, "q"),
         through("s", {"type": "permute", "dims": [1, 0]}, "k", port=1), through("p", "identity", "s"),
         through("a", "identity", "p"), through("a", "identity", "v", port=1), through("h", "identity", "z"),
         through("h", weight(width, width), "a"), through("m", weight(2 * width, width), "h"),
         through("z", "identity", "h"), through("z", weight(width, 2 * width), "m")],
        [through("q", weight(width, width)), through("v", weight(width, width)), through("h", "identity")],
        affine("h") + affine("z"), "z")
    return problem(name, "transformer", made, ["z"], rng, is_small=tokens * width <= 64)


def quadratic_program(size=20, seed=0):
    """min ½ zᵀ Q z − xᵀ z, z ≥ 0, by the projected gradient step z = relu(z − η (Q z − x)) (OptNet-like)."""
    name = f"qp_{size}_{seed}"
    rng = generator(name)
    A = rng.standard_normal((size, size))
    Q = A.T @ A / size + 0.05 * np.eye(size)
    step = 1 / np.linalg.norm(Q, 2)
    made = model(
        [size], [block("z", [size], "relu")], [matrix("z", np.eye(size) - step * Q, "z")],
        [matrix("z", step * np.eye(size))], [], "z")
    return problem(name, "quadratic program", made, ["z"], rng)


def douglas_rachford(size=8, seed=0):
    """min ½ zᵀ Q z − xᵀ z in the unit box, as Douglas and Rachford split it; z is the box's projection."""
    name = f"douglas_rachford_{size}_{seed}"
    rng = generator(name)
    A = rng.standard_normal((size, size))
    resolvent = np.linalg.inv(A.T @ A / size + 1.1 * np.eye(size))
    # v + R(2 P(v) − v + x) − P(v), P the projection and R the resolvent.
    made = model(
        [size], [block("pf", [size], {"type": "clamp", "min": 0, "max": 1}), block("v", [size], "identity")],
        [through("pf", "identity", "v"), matrix("v", np.eye(size) - resolvent, "v"),
         matrix("v", 2 * resolvent - np.eye(size), "pf")],
        [matrix("v", resolvent)], [], "pf")
    return problem(name, "Douglas–Rachford", made, ["v"], rng)


def convolutional(channels=10, side=32, gain=0.9, seed=0):
    """z = tanh(K z + U x): 10,240 coordinates, and a kernel whose matrix has a norm below `gain`."""
    name = f"convolutional_{channels}_{side}_{gain}"
    rng = generator(name)
    kernel = rng.standard_normal((channels, channels, 3, 3))
    # The norm of a convolution is at most that of its kernel's spectra, one matrix for each frequency.
    kernel *= gain / np.linalg.norm(np.fft.fft2(kernel, (side, side)).transpose(2, 3, 0, 1), 2, axis=(2, 3)).max()
    shape = [channels, side, side]
    made = model(
        [3, side, side], [block("z", shape, "tanh")], [through("z", convolution(kernel, padding=1), "z")],
        [through("z", convolution(0.3 * rng.standard_normal((channels, 3, 3, 3)), padding=1))], [], "z")
    return problem(name, "convolution, 10,240 states", made, ["z"], rng, is_small=False)


def scaled(exponent):
    """Two coordinates that differ in size by 10 to the exponent."""
    name = f"scales_1e{exponent}"
    scale = 10.0**exponent
    made = model(
        [1], [block("A", [1], "identity"), block("B", [1], "tanh")],
        [matrix("A", [[0.5]], "A"), matrix("A", [[0.3 * scale]], "B"), matrix("B", [[0.3 / scale]], "A"),
         matrix("B", [[-0.4]], "B")],
        [matrix("A", [[scale]])], [], "B")
    return Problem(name, "scales", made, ["A", "B"], np.array([1.0]), np.array([1.0]), by_coordinate=True)


def near_fold(distance):
    """z = tanh(2 z + x), whose upper branch ends in a fold, where tanh' = ½ at z = √½: this near to it."""
    name = f"fold_{distance:g}"
    edge = np.arctanh(0.5**0.5) - 2 * 0.5**0.5
    made = model([1], [block("z", [1], "tanh")], [matrix("z", [[2.0]], "z")], [matrix("z", [[1.0]])], [], "z")
    return Problem(name, "scalars near a fold", made, ["z"], np.array([edge + distance]), np.array([1.0]))


def problems(size="full"):
    """All problems of this size: `small` is for every day, `full` for comparisons."""
    is_full = size == "full"
    seeds = range(2 if is_full else 1)
    sizes = (50,) if is_full else (10,)
    for activation, gains in GAINS.items():
        for gain in gains:
            for n in sizes:
                yield from (dense(activation, gain, n, seed) for seed in seeds)
    for step in (0.1, 1, 10, 100, 1000):
        for activation in ("tanh", "silu"):
            yield from (euler(activation, step, seed=seed) for seed in seeds)
    for margin in (0.1, 0.001):
        yield from (monotone(40 if is_full else 12, margin, seed) for seed in seeds)
    for radius in (0.9, 0.999):
        yield from (graph(radius, seed=seed) for seed in seeds)
    yield from (quadratic_program(20 if is_full else 8, seed) for seed in seeds)
    yield from (douglas_rachford(8, seed) for seed in seeds)
    yield from (scaled(exponent) for exponent in (3, 6, 9, 12))
    yield from (near_fold(distance) for distance in (1e-2, 1e-4, 1e-6))
    yield from (transformer(seed=seed) if is_full else transformer(3, 4, seed=seed) for seed in seeds)
    if is_full:
        yield from (monotone_convolution(seed=seed) for seed in seeds)
        yield from (multiscale(seed=seed) for seed in seeds)
        yield dense("tanh", 0.9, 512, family="dense, 512 states")
        yield dense("tanh", 0.9, 2000, family="dense, 2,000 states")
        yield convolutional()


def write(item, folder):
    """The problem's two files."""
    for suffix, content in (("", item.model), (".sample", item.samples)):
        with open(os.path.join(folder, f"{item.name}{suffix}.json"), "w") as file:
            json.dump(content, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    for item in problems(arguments.size):
        write(item, arguments.folder)
        print(item.name)
