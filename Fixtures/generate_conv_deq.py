#!/usr/bin/env python3
"""Writes the fixture conv-deq: a convolutional equilibrium model, small, solved and differentiated by dense linear algebra.

    z = relu(group_norm(conv(z) + conv(x) + bias))        y = z

  x      [2, 4, 4]
  z      [4, 4, 4]
  conv(z)      3×3, padding 1, weight conv_z.weight [4, 4, 3, 3], no bias
  conv(x)      3×3, padding 1, weight conv_x.weight [4, 2, 3, 3], bias [4]
  group_norm   2 groups, norm.weight [4], norm.bias [4], eps 1e-5

network.json says it as an equilibrium layer "core" of two blocks: "norm", the group normalisation of its port
conv(z) + conv(x) + bias, and "z", the rectifier of it, which "norm" reads.

The equilibrium is found by Newton's method with the dense Jacobian, in float64, until the residual is rounding; its gradient is g = (I − Jᵀ)⁻¹ e by a
dense solve, then one vector-Jacobian product of f. It equals autograd through an unrolled iteration to 1e-12, and central differences of the
solved equilibrium to 1e-7. No pre-activation lies within 1e-3 of the kink.

Ran with Python 3.11.7 and torch 2.15.0; the seeds are fixed.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
FOLDER = pathlib.Path(__file__).resolve().parent / "conv-deq"
INPUT, STATE, GROUPS, EPSILON, SAMPLES = (2, 4, 4), (4, 4, 4), 2, 1e-5, 3
N = 64
SHAPES = {"conv_z.weight": (4, 4, 3, 3), "conv_x.weight": (4, 2, 3, 3), "bias": (4,), "norm.weight": (4,), "norm.bias": (4,)}


def draw(seed):
    generator = torch.Generator().manual_seed(seed)

    def uniform(low, high, shape):
        return (torch.rand(shape, generator=generator) * (high - low) + low).mul(100).round().div(100) + 0.0

    bounds = {"conv_z.weight": (-0.2, 0.2), "norm.weight": (0.5, 1.2), "norm.bias": (-0.2, 0.6)}
    theta = {name: uniform(*bounds.get(name, (-0.6, 0.6)), shape) for name, shape in SHAPES.items()}
    return theta, uniform(-1.5, 1.5, (SAMPLES, *INPUT)), uniform(-1, 1, (SAMPLES, *STATE))


def normalised(z, x, p):
    sums = F.conv2d(z, p["conv_z.weight"], padding=1) + F.conv2d(x, p["conv_x.weight"], p["bias"], padding=1)
    return F.group_norm(sums, GROUPS, p["norm.weight"], p["norm.bias"], EPSILON)


def transition(z, x, p):
    return F.relu(normalised(z, x, p))


def jacobian(z, x, p):
    """∂f/∂z of one sample, [N, N]."""
    return torch.autograd.functional.jacobian(lambda s: transition(s.reshape(1, *STATE), x, p).reshape(-1), z.reshape(-1))


def equilibrium(x, p):
    """Of one sample, [1, …]."""
    z = torch.zeros(1, *STATE)
    for _ in range(60):
        z = transition(z, x, p)
    for _ in range(8):
        step = torch.linalg.solve(torch.eye(N) - jacobian(z, x, p), (transition(z, x, p) - z).reshape(-1))
        z = z + step.reshape(z.shape)
    residual = (transition(z, x, p) - z).abs().max().item()
    assert residual <= 2**-50 * z.abs().max().item(), residual
    return z


def gradients_at(z, x, p, cotangent):
    """Of ⟨cotangent, z*⟩ for one sample, by x and every parameter."""
    j = jacobian(z, x, p)
    g = torch.linalg.solve(torch.eye(N) - j.T, cotangent.reshape(-1)).reshape(z.shape)
    leaves = {"input": x.clone().requires_grad_(), **{n: t.clone().requires_grad_() for n, t in p.items()}}
    y = transition(z, leaves["input"], leaves)
    return dict(zip(leaves, torch.autograd.grad(y, list(leaves.values()), g))), torch.linalg.eigvals(j).abs().max().item()


def unrolled(x, p, cotangent):
    leaves = {"input": x.clone().requires_grad_(), **{n: t.clone().requires_grad_() for n, t in p.items()}}
    z = torch.zeros(len(x), *STATE)
    for _ in range(400):
        z = transition(z, leaves["input"], leaves)
    return dict(zip(leaves, torch.autograd.grad(z, list(leaves.values()), cotangent)))


def check_differences(x, p, cotangent, gradients):
    generator, step = torch.Generator().manual_seed(1), 1e-5
    for name in gradients:
        d = torch.randn(gradients[name].shape, generator=generator)
        d /= d.norm()

        def loss(sign):
            at = x + sign * step * d if name == "input" else x
            q = p if name == "input" else {**p, name: p[name] + sign * step * d}
            return sum((equilibrium(at[i:i + 1], q)[0] * cotangent[i]).sum().item() for i in range(SAMPLES))

        found, expected = (loss(1) - loss(-1)) / (2 * step), (gradients[name] * d).sum().item()
        assert abs(found - expected) < 1e-7 * max(1.0, gradients[name].norm().item()), (name, found, expected)


def main():
    for seed in range(100):
        p, x, cotangent = draw(seed)
        z = torch.cat([equilibrium(x[i:i + 1], p) for i in range(SAMPLES)])
        if normalised(z, x, p).abs().min() > 1e-3:
            break
    else:
        raise AssertionError("every draw came near the kink")
    parts = [gradients_at(z[i:i + 1], x[i:i + 1], p, cotangent[i:i + 1]) for i in range(SAMPLES)]
    gradients = {name: torch.cat([g[name] for g, _ in parts]) if name == "input" else sum(g[name] for g, _ in parts) for name in ["input", *p]}
    for name, t in unrolled(x, p, cotangent).items():
        assert (gradients[name] - t).abs().max() < 1e-12 * max(1.0, t.abs().max().item()), name
    check_differences(x, p, cotangent, gradients)

    shapes = {"shape": list(STATE)}
    spread = {"type": "expand", **shapes, "dim": 0}
    numbers = {name: t.tolist() for name, t in p.items()}
    model = {
        "input": list(INPUT),
        "blocks": [
            {"name": "norm", **shapes, "ports": [list(STATE)] * 3, "activation": {"type": "group_norm", "num_groups": GROUPS}},
            {"name": "z", **shapes, "activation": "relu"},
        ],
        "Wz": [
            {"to": "norm", "from": "z", "map": {"type": "conv", "weight": numbers["conv_z.weight"], "padding": 1}, "parameter": "conv_z.weight"},
            {"to": "z", "from": "norm", "map": "identity"},
        ],
        "Wx": [{"to": "norm", "map": {"type": "conv", "weight": numbers["conv_x.weight"], "padding": 1}, "parameter": "conv_x.weight"}],
        "b": [
            {"to": "norm", "tensor": numbers["bias"], "map": spread, "parameter": "bias"},
            {"to": "norm", "port": 1, "tensor": numbers["norm.weight"], "map": spread, "parameter": "norm.weight"},
            {"to": "norm", "port": 2, "tensor": numbers["norm.bias"], "map": spread, "parameter": "norm.bias"},
        ],
        "output": "z",
    }
    network = {"format": "network", "version": 1, "input": list(INPUT), "layers": [{"type": "equilibrium", "name": "core", "model": model}]}
    named = {name if name == "input" else f"core.{name}": t.reshape(SAMPLES, -1) if name == "input" else t for name, t in gradients.items()}
    expected = {
        "source": f"PyTorch {torch.__version__.split('+')[0]}, float64; the equilibrium by Newton's method to rounding; implicit differentiation with a "
                  "dense solve, equal to autograd through an unrolled iteration to 1e-12",
        "input": x.reshape(SAMPLES, -1).tolist(), "cotangent": cotangent.reshape(SAMPLES, -1).tolist(),
        "output": (z.reshape(SAMPLES, -1) + 0.0).tolist(), "gradients": {name: (t + 0.0).tolist() for name, t in named.items()},
    }
    FOLDER.mkdir(exist_ok=True)
    for name, content in {"network.json": network, "expected.json": expected}.items():
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in content.items())
        (FOLDER / name).write_text("{\n" + lines + "\n}\n")
        print(f"{name}: {(FOLDER / name).stat().st_size} bytes")
    print(f"seed {seed}, spectral radius of J at most {max(r for _, r in parts):.3f}")


if __name__ == "__main__":
    main()
