"""Trains a monDEQ and a TorchDEQ model for a few steps, and exports their transitions with what they compute.

    python3 transitions.py FOLDER

Writes for each NAME the transition f(z, x) as NAME.onnx, in float64, with a read-out as a second output or in a second
file, and NAME.expected.json: samples with cotangents, z*, the output, and the gradients that PyTorch has of them by the
implicit function theorem.

The monotone operator model is that of Winston and Kolter 2020, "Monotone operator equilibrium networks", solved by
forward-backward splitting as in their section 4; the other is solved by Geng and Kolter's TorchDEQ.
"""

import json
import sys
import warnings

import torch
import torchdeq

torch.set_default_dtype(torch.float64)
warnings.filterwarnings("ignore")


class MonotoneTransition(torch.nn.Module):
    """relu(W z + U x + b) with W = (1 − m) I − AᵀA + B − Bᵀ, as a matrix that is a parameter of its own."""

    def __init__(self, size, inputs):
        super().__init__()
        self.A = torch.nn.Parameter(torch.randn(size, size) / size**0.5)
        self.B = torch.nn.Parameter(torch.randn(size, size) / size**0.5)
        self.U = torch.nn.Linear(inputs, size)
        self.readout = torch.nn.Linear(size, 3)

    def weight(self):
        return 0.8 * torch.eye(len(self.A)) - self.A.T @ self.A + self.B - self.B.T

    def solve(self, x):
        """z = prox((1 − α) z + α (W z + U x + b)); relu is the prox of the nonnegative numbers' indicator."""
        with torch.no_grad():
            W, injection, step = self.weight(), self.U(x), 0.05
            z = torch.zeros(len(x), len(W))
            for _ in range(20000):
                new = torch.relu(z - step * (z - z @ W.T - injection))
                if torch.equal(new, z):
                    break
                z = new
        return z


class Frozen(torch.nn.Module):
    """A transition of plain parameters and its read-out: what is exported, and what gradients are taken of."""

    def __init__(self, W, U, readout, activation):
        super().__init__()
        size = len(W)
        self.state = torch.nn.Linear(size, size, bias=False)
        self.state.weight = torch.nn.Parameter(W.detach().clone())
        self.injection = U
        self.readout = readout
        self.activation = activation

    def f(self, z, x):
        return self.activation(self.state(z) + self.injection(x))

    def forward(self, z, x):
        z = self.f(z, x)
        return z, self.readout(z)


class TransitionAlone(torch.nn.Module):
    def __init__(self, whole):
        super().__init__()
        self.whole = whole

    def forward(self, z, x):
        return self.whole.f(z, x)


class MixedTransition(torch.nn.Module):
    """z and x go through one product, so that no map reads one of them alone; z is the output."""

    def __init__(self, size, inputs):
        super().__init__()
        self.both = torch.nn.Linear(size + inputs, size)
        with torch.no_grad():
            self.both.weight *= 0.5

    def f(self, z, x):
        return torch.tanh(self.both(torch.cat([z, x], dim=1)))

    forward = f


def implicit_gradients(f, readout, z, x, cotangent, parameters):
    """Gradients at z* = f(z*, x) of ⟨cotangent, readout(z*)⟩, each sample by a dense linear solve."""
    x = x.clone().requires_grad_()
    grads = None
    for row in range(len(x)):
        own, at = x[row:row + 1], z[row:row + 1].detach().clone().requires_grad_()
        y = readout(at)
        e, = torch.autograd.grad(y, at, cotangent[row:row + 1], retain_graph=True, allow_unused=True)
        J = torch.autograd.functional.jacobian(lambda v: f(v, own.detach())[0], at.detach())[:, 0, :]
        g = torch.linalg.solve((torch.eye(len(J)) - J).T, e[0])
        loss = (f(at.detach(), own) * g).sum() + (readout(at.detach()) * cotangent[row:row + 1]).sum()
        new = torch.autograd.grad(loss, [x] + parameters, allow_unused=True)
        new = [torch.zeros_like(p) if n is None else n for n, p in zip(new, [x] + parameters)]
        grads = new if grads is None else [a + b for a, b in zip(grads, new)]
    return grads


def write(folder, name, f, readout, z, x, parameters):
    cotangent = torch.randn(len(x), readout(z).shape[1])
    residual = (f(z, x) - z).abs().max().item()
    assert residual < 1e-12, f"{name}: PyTorch's own residual is {residual}"
    grads = implicit_gradients(f, readout, z, x, cotangent, [p for _, p in parameters])
    with open(f"{folder}/{name}.expected.json", "w") as file:
        json.dump({
            "input": x.tolist(), "cotangent": cotangent.tolist(), "state": z.tolist(),
            "output": readout(z).tolist(),
            "gradients": {"input": grads[0].tolist()} | {n: g.tolist() for (n, _), g in zip(parameters, grads[1:])},
        }, file)


def export(module, inputs, path, names, outputs):
    torch.onnx.export(
        module.eval(), inputs, path, input_names=names, output_names=outputs, dynamo=False, opset_version=17,
        dynamic_axes={name: {0: "batch"} for name in names + outputs})


def steps(parameters, loss, count=5):
    optimizer = torch.optim.SGD(parameters, lr=0.05)
    for _ in range(count):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()


def monotone(folder):
    model, x, target = MonotoneTransition(6, 4), torch.randn(5, 4), torch.randn(5, 3)

    def loss():
        # One step of f from z* has the gradients of a Jacobian-free backward pass.
        z = model.solve(x)
        return ((model.readout(torch.relu(z @ model.weight().T + model.U(x))) - target) ** 2).mean()

    steps(model.parameters(), loss)
    whole = Frozen(model.weight(), model.U, model.readout, torch.relu)
    z = model.solve(x)
    for _ in range(3):
        z = whole.f(z, x).detach() if (whole.f(z, x) - z).abs().max() < 1e-13 else z
    export(whole, (z, x), f"{folder}/mondeq.onnx", ["z", "x"], ["f", "y"])
    write(folder, "mondeq", whole.f, whole.readout, z, x, list(whole.named_parameters()))


def torch_deq(folder):
    x, target = torch.randn(5, 4), torch.randn(5, 2)
    W = 0.4 * torch.randn(7, 7) / 7**0.5
    whole = Frozen(W, torch.nn.Linear(4, 7), torch.nn.Linear(7, 2), torch.tanh)
    deq = torchdeq.get_deq(f_solver="fixed_point_iter", f_max_iter=300, f_tol=1e-15, f_stop_mode="abs", b_max_iter=300,
                           b_tol=1e-15, ift=True)

    def loss():
        out, _ = deq(lambda z: whole.f(z, x), torch.zeros(5, 7))
        return ((whole.readout(out[-1]) - target) ** 2).mean()

    whole.train()
    steps(whole.parameters(), loss)
    with torch.no_grad():
        z = torch.zeros(5, 7)
        for _ in range(500):
            z = whole.f(z, x)
    export(TransitionAlone(whole), (z, x), f"{folder}/torchdeq.onnx", ["z", "x"], ["f"])
    export(whole.readout, (z,), f"{folder}/torchdeq.readout.onnx", ["z"], ["y"])
    write(folder, "torchdeq", whole.f, whole.readout, z, x, list(whole.named_parameters()))


def mixed(folder):
    model, x = MixedTransition(5, 3), torch.randn(4, 3)
    with torch.no_grad():
        z = torch.zeros(4, 5)
        for _ in range(500):
            z = model.f(z, x)
    export(model, (z, x), f"{folder}/mixed.onnx", ["z", "x"], ["f"])
    write(folder, "mixed", model.f, lambda v: v, z, x, list(model.named_parameters()))


if __name__ == "__main__":
    torch.manual_seed(11)
    for make in (monotone, torch_deq, mixed):
        make(sys.argv[1])
