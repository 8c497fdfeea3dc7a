"""Writes trajectories.json: states on the way to an equilibrium, and gradients of losses on them, as TorchDEQ has them.

    python3 Tests/Oracles/trajectories.py

The model is that of inexact_gradients.py, y = C z with z = tanh(W silu(V z) + U x + b). TorchDEQ samples states of plain
iteration, damped too, tracks a few damped updates behind each, and sums up a loss on all of them with weights that grow; a
loop written out in PyTorch has to find the same states and gradients. The last state of each is TorchDEQ's last iterate,
which is tracked like the others.
"""

import json
import os

import torch
from torchdeq import get_deq
from torchdeq.loss import fp_correction

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(21)
normal = lambda *shape: torch.randn(*shape, generator=generator)

STATE, HIDDEN, INPUT, OUTPUT, BATCH = 4, 6, 3, 2, 3
W, V = 0.35 * normal(STATE, HIDDEN), 0.35 * normal(HIDDEN, STATE)
U, b, C = normal(STATE, INPUT), 0.3 * normal(STATE), normal(OUTPUT, STATE)
x, cotangent = normal(BATCH, INPUT), normal(BATCH, OUTPUT)
NAMES = ["input", "W", "V", "U", "b", "C"]


def f(z, x, W, V, U, b):
    return torch.tanh(torch.nn.functional.silu(z @ V.T) @ W.T + x @ U.T + b)


def leaves():
    return [tensor.clone().requires_grad_(True) for tensor in (x, W, V, U, b, C)]


def loss(y):
    return (y * cotangent).sum()


def written_out(iterations, damping, steps, tau, weights):
    """The outputs at the states, and the gradients of the weighted sum of losses."""
    own, outputs = leaves(), []
    for count in iterations:
        with torch.no_grad():
            z = torch.zeros(BATCH, STATE)
            for _ in range(count):
                z = (1 - damping) * z + damping * f(z, *own[:-1])
        for _ in range(steps):
            z = (1 - tau) * z + tau * f(z, *own[:-1])
        outputs.append(z @ own[-1].T)
    total = sum(weight * loss(y) for weight, y in zip(weights, outputs))
    return outputs, torch.autograd.grad(total, own, allow_unused=True)


def torchdeq(iterations, damping, steps, tau, weight, options):
    """The same by TorchDEQ."""
    own = leaves()
    deq = get_deq(
        core="indexing", f_solver="fixed_point_iter", f_max_iter=iterations[-1], f_tol=1e-300, indexing=list(iterations[:-1]), grad=steps,
        tau=tau, ift=False)
    deq.train()
    states, _ = deq(lambda z: f(z, *own[:-1]), torch.zeros(BATCH, STATE), solver_kwargs={"tau": damping})
    outputs = [z @ own[-1].T for z in states]
    return outputs, torch.autograd.grad(fp_correction(loss, (outputs,), weight_func=weight, **options), own)


def case(iterations, damping, steps, tau, weight, options):
    count = len(iterations)
    weights = [
        options["gamma"] ** (count - k - 1) if weight == "exp" else 1 - (count - k - 1) / count * options["gamma"]
        for k in range(count)]
    outputs, gradients = written_out(iterations, damping, steps, tau, weights)
    others, other_gradients = torchdeq(iterations, damping, steps, tau, weight, options)
    for own, other in zip([*outputs, *gradients], [*others, *other_gradients], strict=True):
        assert (own - other).abs().max() <= 1e-13 * max(1, own.abs().max()), (own, other)
    return {
        "iterations": iterations, "damping": damping, "steps": steps, "tau": tau, "weight": weight, **options,
        "outputs": [y.tolist() for y in outputs], "gradients": {
            name: gradient.tolist() for name, gradient in zip(NAMES, gradients)}}


def entry(to, key, tensor, source=None, parameter=None):
    return {"to": to} | ({"from": source} if source else {}) | {key: tensor.tolist()} | (
        {"parameter": parameter} if parameter else {})


model = {
    "format": "equilibrium", "version": 1, "input": [INPUT],
    "blocks": [
        {"name": "h", "size": HIDDEN, "activation": "silu"}, {"name": "z", "size": STATE, "activation": "tanh"},
        {"name": "y", "size": OUTPUT, "activation": "identity"}],
    "Wz": [
        entry("h", "matrix", V, "z", "V"), entry("z", "matrix", W, "h", "W"),
        entry("y", "matrix", C, "z", "C")],
    "Wx": [entry("z", "matrix", U, parameter="U")], "b": [entry("z", "vector", b, parameter="b")], "output": "y"}

with open(os.path.join(os.path.dirname(__file__), "trajectories.json"), "w") as file:
    json.dump({
        "model": json.dumps(model), "input": x.tolist(), "cotangent": cotangent.tolist(), "cases": [
            case([2, 4, 7], 1.0, 1, 1.0, "exp", {"gamma": 0.8}), case([1, 5], 1.0, 3, 0.5, "exp", {"gamma": 0.5}),
            case([3, 6, 9, 12], 0.7, 2, 0.9, "linear", {"gamma": 0.9}), case([4], 1.0, 1, 1.0, "linear", {"gamma": 0.9})],
    }, file, indent=1)
    file.write("\n")
