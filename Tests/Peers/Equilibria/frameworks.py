"""f(z, x) of a model in PyTorch and in JAX, with the operations that one would use there."""

import json

import numpy as np
import torch
import torch.nn.functional as F

from block_form import Form, offset_array

try:
    import jax
    import jax.numpy as jnp
except ImportError:
    jax = None
else:
    jax.config.update("jax_enable_x64", True)


class TorchTransition:
    """f(z, x), `[batch, N]` to `[batch, N]`; counts how often it is evaluated."""

    def __init__(self, problem, dtype):
        self.form, self.dtype, self.evaluations = Form(problem.model, problem.state), dtype, 0
        form = self.form
        self.input = torch.tensor(problem.input[None], dtype=dtype)
        self.cotangent = torch.tensor(problem.cotangent[None], dtype=dtype)
        tensor = lambda values: torch.tensor(np.array(values), dtype=dtype)
        self.terms = {
            name: [(term, term.get("port", 0), self.map(term, tensor)) for term in form.terms[name]]
            for name in form.blocks}
        self.offsets = {
            name: [
                (offset.get("port", 0), tensor(offset_array(offset, form.port_shapes(name)[offset.get("port", 0)])))
                for offset in form.offsets[name]]
            for name in form.blocks}

    def __call__(self, z, x=None):
        self.evaluations += 1
        x = (self.input if x is None else x).reshape(-1, *self.form.input_shape)
        values = self.form.transition(self, self.split(z), x)
        return values[0].flatten(1) if len(values) == 1 else torch.cat([value.flatten(1) for value in values], 1)

    def split(self, z):
        parts = [z] if len(self.form.sizes) == 1 else torch.split(z, self.form.sizes, 1)
        return [part.reshape(-1, *self.form.shapes[name]) for part, name in zip(parts, self.form.state)]

    def output(self, z, x=None):
        x = (self.input if x is None else x).reshape(-1, *self.form.input_shape)
        return self.form.values(self, self.split(z), x)[0][self.form.output].flatten(1)

    @property
    def start(self):
        return torch.zeros(1, self.form.state_size, dtype=self.dtype)

    def map(self, term, tensor):
        """The entry of Wz or Wx as a function of a value."""
        if "matrix" in term:
            weight = tensor(term["matrix"])
            return lambda value: F.linear(value.flatten(1), weight)
        if term["map"] == "identity":
            return lambda value: value
        options = dict(term["map"])
        kind = options.pop("type")
        if kind == "multiply":
            return lambda value: options["factor"] * value
        if kind == "permute":
            return lambda value: value.permute(0, *[axis + 1 for axis in options["dims"]])
        if kind == "upsample":
            return lambda value: F.interpolate(value, scale_factor=options["scale_factor"], mode="nearest")
        weight = tensor(options.pop("weight"))
        if kind == "linear":
            if options.get("dim", -1) == 0:
                return lambda value: weight @ value
            return lambda value: F.linear(value, weight)
        if kind == "conv":
            return lambda value: F.conv2d(value, weight, **options)
        if kind == "conv_transpose":
            return lambda value: F.conv_transpose2d(value, weight, **options)
        raise ValueError(f"a map of type {kind}")

    def block(self, name, read):
        shapes = self.form.port_shapes(name)
        ports = [None] * len(shapes)
        for term, port, apply in self.terms[name]:
            value = apply(read(term)).reshape(-1, *shapes[port])
            ports[port] = value if ports[port] is None else ports[port] + value
        for port, offset in self.offsets[name]:
            ports[port] = offset.expand(1, *shapes[port]) if ports[port] is None else ports[port] + offset
        kind, options = self.form.activation(name)
        if kind == "softmax":
            return torch.softmax(ports[0], options["dim"])
        if kind == "clamp":
            return torch.clamp(ports[0], options["min"], options["max"])
        if kind == "layer_norm":
            return F.layer_norm(ports[0], ports[0].shape[-1:]) * ports[1] + ports[2]
        if kind == "group_norm":
            return F.group_norm(ports[0], options["num_groups"]) * ports[1] + ports[2]
        return {
            "identity": lambda p: p, "tanh": torch.tanh, "relu": torch.relu, "celu": F.celu, "silu": F.silu,
            "sin": torch.sin, "gelu": F.gelu, "matmul": torch.matmul}[kind](*ports)


class JAXTransition:
    """f(z, x, weights) of one sample, `[N]`; models that differ by their numbers alone share a compiled function."""

    shared = {}

    def __init__(self, problem, dtype):
        self.form, self.dtype = Form(problem.model, problem.state), dtype
        form, weights = self.form, {}
        for name in form.blocks:
            for index, term in enumerate(form.terms[name]):
                options = term["map"] if isinstance(term.get("map"), dict) else {}
                values = term.get("matrix", options.get("weight", options.get("factor")))
                if values is not None:
                    weights[f"{name} {index}"] = jnp.asarray(np.array(values), dtype)
            for index, offset in enumerate(form.offsets[name]):
                shape = form.port_shapes(name)[offset.get("port", 0)]
                weights[f"{name} offset {index}"] = jnp.asarray(np.array(offset_array(offset, shape)), dtype)
        self.arguments = (jnp.asarray(problem.input, dtype), weights)
        self.cotangent = jnp.asarray(problem.cotangent, dtype)
        self.key = (json.dumps(skeleton(problem.model)), tuple(problem.state), np.dtype(dtype).name)
        # One object for each structure: what compiles a function looks at which one it is.
        self.function = self.shared.setdefault(self.key, self.f)
        self.start = jnp.zeros(form.state_size, dtype)

    def f(self, z, arguments):
        x, weights = arguments
        bound = _Bound(self.form, weights)
        values = self.form.transition(bound, self.split(z), x.reshape(self.form.input_shape))
        return jnp.concatenate([value.reshape(-1) for value in values])

    def output(self, z, arguments):
        x, weights = arguments
        values, _ = self.form.values(
            _Bound(self.form, weights), self.split(z), x.reshape(self.form.input_shape))
        return values[self.form.output].reshape(-1)

    def split(self, z):
        edges = np.cumsum([0, *self.form.sizes])
        return [
            z[first:last].reshape(self.form.shapes[name])
            for first, last, name in zip(edges, edges[1:], self.form.state)]


def skeleton(value):
    """A model without its numbers."""
    if isinstance(value, dict):
        return {key: "…" if key in ("matrix", "weight", "vector", "tensor", "factor") else skeleton(v) for key, v in value.items()}
    return [skeleton(item) for item in value] if isinstance(value, list) else value


class _Bound:
    """The blocks of a form with their weights, which may be JAX's tracers."""

    def __init__(self, form, weights):
        self.form, self.weights = form, weights

    def map(self, term, weight, value):
        if "matrix" in term:
            return weight @ value.reshape(-1)
        if term["map"] == "identity":
            return value
        options = term["map"]
        kind = options["type"]
        if kind == "multiply":
            return weight * value
        if kind == "permute":
            return value.transpose(options["dims"])
        if kind == "upsample":
            return value.repeat(options["scale_factor"], -1).repeat(options["scale_factor"], -2)
        if kind == "linear":
            return weight @ value if options.get("dim", -1) == 0 else value @ weight.T
        padding, stride = options.get("padding", 0), options.get("stride", 1)
        if kind == "conv_transpose":
            weight, padding = weight.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1], weight.shape[-1] - 1 - padding
        return jax.lax.conv_general_dilated(value[None], weight, (stride,) * 2, [(padding,) * 2] * 2)[0]

    def block(self, name, read):
        shapes = self.form.port_shapes(name)
        ports = [0] * len(shapes)
        for index, term in enumerate(self.form.terms[name]):
            port = term.get("port", 0)
            value = self.map(term, self.weights.get(f"{name} {index}"), read(term))
            ports[port] = ports[port] + value.reshape(shapes[port])
        for index, offset in enumerate(self.form.offsets[name]):
            port = offset.get("port", 0)
            ports[port] = ports[port] + self.weights[f"{name} offset {index}"]
        kind, options = self.form.activation(name)
        if kind == "layer_norm":
            return jax.nn.standardize(ports[0], -1, epsilon=1e-5) * ports[1] + ports[2]
        if kind == "group_norm":
            groups = ports[0].reshape(options["num_groups"], -1)
            return jax.nn.standardize(groups, -1, epsilon=1e-5).reshape(shapes[0]) * ports[1] + ports[2]
        if kind == "softmax":
            return jax.nn.softmax(ports[0], options["dim"])
        if kind == "clamp":
            return jnp.clip(ports[0], options["min"], options["max"])
        return {
            "identity": lambda p: p, "tanh": jnp.tanh, "relu": jax.nn.relu, "celu": jax.nn.celu,
            "silu": jax.nn.silu, "sin": jnp.sin, "gelu": lambda p: jax.nn.gelu(p, approximate=False),
            "matmul": jnp.matmul}[kind](*ports)
