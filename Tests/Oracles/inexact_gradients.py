"""Writes inexact_gradients.json: estimates of gradients, and the size of the Jacobian, as PyTorch has them.

    python3 Tests/Oracles/inexact_gradients.py

The model is y = C z with z = tanh(W silu(V z) + U x + b), in deq's blocks: z is iterated on, silu(V z) follows from it, and
y is explicit. Estimates are what PyTorch's autograd finds through one application of f, through Neumann's series written
out, and through damped updates that begin at the equilibrium. The size of the Jacobian and its gradients are those of the
whole Jacobian, differentiated twice, the equilibrium held.
"""

import json
import os

import torch

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(20)
normal = lambda *shape: torch.randn(*shape, generator=generator)

STATE, HIDDEN, INPUT, OUTPUT, BATCH = 4, 6, 3, 2, 3
W, V = 0.35 * normal(STATE, HIDDEN), 0.35 * normal(HIDDEN, STATE)
U, b, C = normal(STATE, INPUT), 0.3 * normal(STATE), normal(OUTPUT, STATE)
x, cotangent = normal(BATCH, INPUT), normal(BATCH, OUTPUT)
NAMES = ["W", "V", "U", "b"]


def f(z, x, W, V, U, b):
    return torch.tanh(torch.nn.functional.silu(z @ V.T) @ W.T + x @ U.T + b)


with torch.no_grad():
    equilibrium = torch.zeros(BATCH, STATE)
    for _ in range(2000):
        equilibrium = f(equilibrium, x, W, V, U, b)
    assert (f(equilibrium, x, W, V, U, b) - equilibrium).abs().max() < 1e-15


def leaves():
    return [tensor.clone().requires_grad_(True) for tensor in (x, W, V, U, b)]


def named(gradients):
    return dict(zip(["input", *NAMES], [gradient.tolist() for gradient in gradients]))


def phantom(steps, damping):
    """Through damped updates that begin at the equilibrium."""
    own = leaves()
    z = equilibrium
    for _ in range(steps):
        z = (1 - damping) * z + damping * f(z, *own)
    return named(torch.autograd.grad(((z @ C.T) * cotangent).sum(), own))


def neumann(terms):
    """Through one application of f, with the series in place of the cotangent."""
    own = leaves()
    z = equilibrium.clone().requires_grad_(True)
    value = f(z, *own)
    g = term = cotangent @ C
    for _ in range(terms - 1):
        (term,) = torch.autograd.grad(value, z, term, retain_graph=True)
        g = g + term
    return named(torch.autograd.grad(value, own, g))


def jacobian_norm():
    own = leaves()
    total = 0
    for sample in range(BATCH):
        J = torch.autograd.functional.jacobian(
            lambda z: f(z[None], own[0][sample : sample + 1], *own[1:])[0], equilibrium[sample], create_graph=True)
        total = total + (J**2).sum()
    value = total / (BATCH * STATE)
    return {"value": value.item(), "gradients": named(torch.autograd.grad(value, own))}


def entry(to, key, tensor, source=None, parameter=None):
    return {"to": to} | ({"from": source} if source else {}) | {key: tensor.tolist()} | (
        {"parameter": parameter} if parameter else {})


model = {
    "format": "equilibrium", "version": 1, "input": [INPUT],
    "blocks": [
        {"name": "h", "size": HIDDEN, "activation": "silu"}, {"name": "z", "size": STATE, "activation": "tanh"},
        {"name": "y", "size": OUTPUT, "activation": "identity"}],
    "Wz": [
        entry("h", "matrix", V, "z", "V"), entry("z", "matrix", W, "h", "W"), entry("y", "matrix", C, "z", "C")],
    "Wx": [entry("z", "matrix", U, parameter="U")], "b": [entry("z", "vector", b, parameter="b")], "output": "y"}

with open(os.path.join(os.path.dirname(__file__), "inexact_gradients.json"), "w") as file:
    json.dump({
        "model": json.dumps(model), "input": x.tolist(), "cotangent": cotangent.tolist(), "state": equilibrium.tolist(),
        "jacobianFree": phantom(1, 1.0), "neumann": {str(k): neumann(k) for k in (1, 3, 6)},
        "phantom": {f"{k},{t}": phantom(k, t) for k, t in ((1, 0.5), (5, 0.5), (4, 0.9))},
        "exact": neumann(2000), "jacobianNorm": jacobian_norm(),
    }, file, indent=1)
    file.write("\n")
