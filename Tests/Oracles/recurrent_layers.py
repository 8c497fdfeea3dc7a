"""Output and gradients of a network of recurrent and dense layers, by PyTorch in float64.

    python3 recurrent_layers.py FOLDER …

A folder has net.json, samples.json, and in *.found what `deq evaluate` says of the network or of models made from it.
Prints one line for each difference beyond 1e-12 of scale, and exits with 1 if there is any. In an equilibrium model the
initial states are constants that have a gradient by their place.

Every layer that torch.nn has is computed by torch.nn's RNN, GRU or LSTM: activations tanh, relu and sigmoid as there, one
direction or both. A layer that only reads backwards reads the flipped sequence. Peepholes, other activations and the reset
before the product, which PyTorch lacks, are computed step by step by the equations of ONNX's operator LSTM and GRU.
"""

import json
import pathlib
import sys

import torch

torch.set_default_dtype(torch.float64)
CONSTANTS = ("h_0", "c_0")
PARAMETERS = ("weight", "bias")


def is_parameter(key):
    return key.startswith(PARAMETERS)


def functions(names):
    return [{"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid,
             "softsign": torch.nn.functional.softsign}[name] for name in names]


def by_torch(layer, p, x, start):
    directions = 2 if layer.get("direction") == "bidirectional" else 1
    kind = layer["type"]
    more = {"nonlinearity": layer.get("nonlinearity", "tanh")} if kind == "rnn" else {}
    hidden = p["weight_hh"].shape[1]
    module = getattr(torch.nn, kind.upper())(
        x.shape[2], hidden, batch_first=True, bias=True, bidirectional=directions == 2, **more)
    given = {}
    for direction in ["", "_reverse"][:directions]:
        for key in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
            missing = torch.zeros(p["weight_hh"].shape[0])
            given[f"{key}_l0{direction}"] = p.get(key + direction, missing)
    state = start[0] if kind != "lstm" else tuple(start)
    output, last = torch.func.functional_call(module, given, (x, state))
    return output, (last[0] if kind == "lstm" else last)


def by_steps(layer, p, x, start):
    """One direction, forwards."""
    W, R, kind = p["weight_ih"], p["weight_hh"], layer["type"]
    b, d = (p.get(key, torch.zeros(len(W))) for key in ["bias_ih", "bias_hh"])
    (h,), c = start[0], start[1][0]
    states = []
    for step in x.unbind(1):
        if kind == "gru":
            f, g = functions(layer.get("activations", ["sigmoid", "tanh"]))
            ours, theirs = step @ W.T + b, h @ R.T + d
            (xr, xz, xn), (hr, hz, hn) = ours.chunk(3, 1), theirs.chunk(3, 1)
            r, z = f(xr + hr), f(xz + hz)
            if layer.get("reset_after", True):
                n = g(xn + r * hn)
            else:
                n = g(xn + (r * h) @ R.chunk(3)[2].T + d.chunk(3)[2])
            h = (1 - z) * n + z * h
        else:
            f, g, k = functions(layer.get("activations", ["sigmoid", "tanh", "tanh"]))
            i, forget, candidate, o = (step @ W.T + b + h @ R.T + d).chunk(4, 1)
            wi, wf, wo = (p.get(key, torch.zeros(1)) for key in ["weight_ci", "weight_cf", "weight_co"])
            i, forget = f(i + wi * c), f(forget + wf * c)
            c = forget * c + i * g(candidate)
            h = f(o + wo * c) * k(c)
        states.append(h)
    return torch.stack(states, 1), h[None]


def initial(layer, hidden):
    directions = 2 if layer.get("direction") == "bidirectional" else 1
    return [torch.tensor(layer.get(key, [[0.0] * hidden] * directions)).reshape(directions, hidden).requires_grad_()
            for key in CONSTANTS]


def recurrent(layer, p, x, start):
    directions, hidden = start[0].shape
    start = [state.reshape(directions, 1, hidden).expand(-1, len(x), -1).contiguous() for state in start]
    is_torchs = not {"activations", "reset_after", "weight_ci"} & set(layer)
    flips = layer.get("direction") == "reverse"
    y, last = (by_torch if is_torchs else by_steps)(layer, p, x.flip(1) if flips else x, start)
    if layer.get("returns") == "h_n":
        return last.transpose(0, 1).flatten(1)
    return y.flip(1) if flips else y


def main(network, samples):
    shape = network["input"]
    x = torch.tensor(samples["input"]).reshape(-1, *shape).requires_grad_()
    value, parameters, constants = x, {}, {}
    for layer in network["layers"]:
        own = {key: torch.tensor(layer[key], dtype=torch.float64, requires_grad=True) for key in layer if is_parameter(key)}
        parameters |= {f"{layer['name']}.{key}": tensor for key, tensor in own.items()}
        if layer["type"] == "dense":
            value = torch.nn.functional.linear(value.flatten(1), own["weight"], own.get("bias"))
        else:
            start = initial(layer, own["weight_hh"].shape[1])
            value = recurrent(layer, own, value, start)
            for key, state in zip(CONSTANTS, start):
                for direction, suffix in zip(range(len(state)), ["", ".reverse"]):
                    constants[f"{layer['name']}{suffix}.{key}"] = (state, direction)
    value.flatten(1).backward(torch.tensor(samples["cotangent"]))
    gradients = {"input": x.grad.flatten(1).tolist()}
    gradients |= {name: tensor.grad.tolist() for name, tensor in parameters.items()}
    of_constants = {name: state.grad[direction].tolist() for name, (state, direction) in constants.items() if state.grad is not None}
    return {"output": value.flatten(1).tolist(), "gradients": gradients, "constants": of_constants}


def apart(left, right):
    """The largest difference, relative to the largest magnitude; infinite for other shapes."""
    left, right = torch.tensor(left), torch.tensor(right)
    if left.shape != right.shape:
        return float("inf")
    return ((left - right).abs().max() / max(1, right.abs().max())).item()


def faults(found, expected):
    if not apart(found["output"], expected["output"]) <= 1e-12:
        yield f"the output differs by {apart(found['output'], expected['output'])}"
    rest = dict(found["gradients"])
    for name, gradient in expected["gradients"].items():
        if name not in rest:
            yield f"there is no gradient of {name}"
        elif not apart(rest.pop(name), gradient) <= 1e-12:
            yield f"the gradient of {name} differs by {apart(found['gradients'][name], gradient)}"
    for name, gradient in expected["constants"].items():
        for place in [f"b[{name}]", f"{name}.bias"]:
            if place in rest and not apart(rest.pop(place), gradient) <= 1e-12:
                yield f"the gradient of {place} differs by {apart(found['gradients'][place], gradient)}"
    yield from (f"{name} is a gradient that PyTorch has not" for name in rest)


def differences(folder):
    network, samples = (json.loads((folder / name).read_text()) for name in ["net.json", "samples.json"])
    expected = main(network, samples)
    files = sorted(folder.glob("*.found"))
    if not files:
        yield f"{folder}: nothing is found"
    for file in files:
        yield from (f"{file}: {line}" for line in faults(json.loads(file.read_text()), expected))


if __name__ == "__main__":
    lines = [line for folder in sys.argv[1:] for line in differences(pathlib.Path(folder))]
    print("\n".join(lines))
    sys.exit(1 if lines else 0)
