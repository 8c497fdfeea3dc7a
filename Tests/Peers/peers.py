"""What the peers do with a model and a batch: functions without arguments, by operation."""

import sys

import numpy as np

from models import F, torch


def optional(name):
    try:
        return __import__(name)
    except ImportError:
        print(f"without {name}: not installed", file=sys.stderr)
        return None


onnxruntime = optional("onnxruntime")
torchdeq = optional("torchdeq") if torch else None


def torch_runs(model, batch, precision):
    """The network in PyTorch: outputs alone, and with the gradients of the input and of all parameters."""
    dtype = getattr(torch, precision)
    network = model.torch_module(dtype)
    x = torch.randn(batch, *model.input_shape, dtype=dtype)
    with torch.inference_mode():
        cotangent = torch.randn_like(network(x))

    def forward():
        with torch.inference_mode():
            network(x)

    def forward_backward():
        leaf = x.clone().requires_grad_(True)
        torch.autograd.grad(network(leaf), [leaf, *network.parameters()], cotangent)

    return {"forward": forward, "forward+backward": forward_backward}


def onnx_runs(model, batch, threads, folder):
    """The network in ONNX Runtime, as PyTorch exports it for this batch."""
    path = f"{folder}/peer.onnx"
    x = torch.randn(batch, *model.input_shape)
    network = model.torch_module(torch.float32).eval()
    try:
        torch.onnx.export(network, (x,), path, dynamo=False, input_names=["x"], output_names=["y"])
    except Exception as error:
        print(f"without ONNX Runtime: {error}", file=sys.stderr)
        return {}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    array = x.numpy()
    return {"forward": lambda: session.run(None, {"x": array})}


def numpy_runs(model, batch, precision):
    """Dense layers, written down as one does in a notebook."""
    layers = [
        (model.tensor(l["weight"]).astype(precision), model.tensor(l["bias"]).astype(precision), l.get("activation"))
        for l in model.json["layers"]]
    x = np.random.default_rng(0).normal(size=(batch, *model.input_shape)).astype(precision)

    def forward():
        value = x
        for weight, bias, activation in layers:
            value = value @ weight.T + bias
            if activation == "relu":
                value = np.maximum(value, 0)
            elif activation == "tanh":
                value = np.tanh(value)

    return {"forward": forward}


def torchdeq_runs(model, batch, precision):
    """The equilibrium of `z = tanh(W z + U x + b)` to deq's residual, 64 units in the last place, by each solver; and the
    gradients of x, W, U and b, by implicit differentiation with each."""
    from torchdeq import get_deq
    from torchdeq.solver import anderson_solver, fixed_point_iter

    dtype = getattr(torch, precision)
    entries = model.json["layers"][0]["model"]
    matrix = lambda entry: torch.tensor(model.tensor(entry.get("matrix", entry.get("vector"))), dtype=dtype)
    W, U, b = (matrix(entries[key][0]) for key in ("Wz", "Wx", "b"))
    x = torch.randn(batch, U.shape[1], dtype=dtype)
    cotangent = torch.randn(batch, W.shape[0], dtype=dtype)
    tolerance = 64 * torch.finfo(dtype).eps

    def solve(solver):
        def run():
            with torch.inference_mode():
                injection = F.linear(x, U, b)
                start = torch.zeros(batch, W.shape[0], dtype=dtype)
                solver(
                    lambda z: torch.tanh(F.linear(z, W) + injection), start, max_iter=500, tol=tolerance,
                    stop_mode="rel")
        return run

    def differentiate(name):
        """At an equilibrium that is there already: the gradients of the input and of W, U and b."""
        deq = get_deq(
            f_solver="fixed_point_iter", b_solver=name, ift=True, f_max_iter=500, b_max_iter=500, f_tol=tolerance,
            b_tol=tolerance, f_stop_mode="rel", b_stop_mode="rel")
        leaves = [tensor.clone().requires_grad_(True) for tensor in (x, W, U, b)]
        leaf, weight, injected, bias = leaves
        transition = lambda z: torch.tanh(F.linear(z, weight) + F.linear(leaf, injected, bias))
        output = deq(transition, torch.zeros(batch, W.shape[0], dtype=dtype))[0][-1]
        return lambda: torch.autograd.grad(output, leaves, cotangent, retain_graph=True)

    return {
        "solve": {"anderson": solve(anderson_solver), "fixed_point_iter": solve(fixed_point_iter)},
        "adjoint": {name: differentiate(name) for name in ("anderson", "fixed_point_iter")},
    }


def torch_activations():
    """Activations of deq under their names, as functions of a tensor."""
    return {
        "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": F.gelu, "exp": torch.exp, "erf": torch.erf,
        "silu": F.silu, "softplus": F.softplus, "elu": F.elu, "relu": torch.relu, "mish": F.mish,
        "log_sigmoid": F.logsigmoid, "selu": F.selu, "hard_swish": F.hardswish, "leaky_relu": F.leaky_relu,
    }
