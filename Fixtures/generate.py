#!/usr/bin/env python3
"""Writes the fixtures: network files, and beside each what PyTorch says its outputs and gradients are.

    theorem/                 4 layers in small exact numbers, worked by hand in worked.md
    digits/                  a trained classifier of handwritten digits (UCI), on ten held-out samples
    activations/NAME/        a small network for every activation, defaults and other constants, on and around its kinks
    deep64/                  64 layers
    width-one/               every layer one unit wide
    branches/                layers that share what they read; an output that is not the last layer; layers listed out of order
    deq-tanh/                an implicit layer: one block that reads itself
    deq-relu/                an implicit layer: two blocks that read each other, blocks before and after them
    stack-of-two-deqs/       two files, the second reads the first's output
    mixed/                   dense and implicit layers in turn

The fixtures with convolutions, normalisation and attention are generate_operators.py's.

Each folder's expected.json has `input`, `cotangent`, `output` and `gradients` (of the sum over samples of <cotangent, output>), in
float64. Nothing here shares code with the product: layers are torch.nn.functional, gradients are autograd's. The equilibrium of an
implicit layer is found by Newton's method with a dense Jacobian and differentiated implicitly with a dense solve; every such gradient is
checked against autograd through an unrolled iteration that does neither.

PyTorch departs once: its float64 derivative of hardsigmoid is the float32 number 1/6 (relative error 3e-8). Here hard_sigmoid is
relu6(x + 3) / 6, which has the same values and the same derivatives at its kinks, and 1/6 between them.

Ran with Python 3.11.7, torch 2.15.0, numpy 2.4.6, scikit-learn 1.9.1 (for the digits only).
Run: python3 generate.py           (writes beside itself; every seed is fixed, one thread)
The files come out the same on the same machine. On another, sums may round differently: last digits of expected values, and a digit here
and there of the trained weights in digits/, with everything that follows from them.
"""

import json
import math
import pathlib

import numpy
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
VERSION = torch.__version__.split("+")[0]
EXPLICIT = f"PyTorch {VERSION}, float64, autograd"
IMPLICIT = (f"PyTorch {VERSION}, float64; equilibria by Newton's method to rounding; implicit differentiation with a dense solve, "
            "equal to autograd through an unrolled iteration to 1e-12")

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


# === Evaluation: the network format, in PyTorch =================================================================================

# How a file spells an activation: PyTorch's function of (x, **constants), under the file's names for the constants.
ACTIVATIONS = {
    "identity": lambda x: x,
    "relu": F.relu,
    "leaky_relu": lambda x, negative_slope=0.01: F.leaky_relu(x, negative_slope),
    "elu": lambda x, alpha=1.0: F.elu(x, alpha),
    "celu": lambda x, alpha=1.0: F.celu(x, alpha),
    "selu": F.selu,
    "gelu": lambda x, approximate="none": F.gelu(x, approximate=approximate),
    "silu": F.silu,
    "mish": F.mish,
    "sigmoid": torch.sigmoid,
    "log_sigmoid": F.logsigmoid,
    "hard_sigmoid": lambda x: F.relu6(x + 3) / 6,  # see the top
    "hard_swish": F.hardswish,
    "hard_tanh": lambda x, min=-1.0, max=1.0: F.hardtanh(x, min, max),
    "relu6": F.relu6,
    "softplus": lambda x, beta=1.0, threshold=20.0: F.softplus(x, beta, threshold),
    "softsign": F.softsign,
    "tanh": torch.tanh,
    "tanhshrink": F.tanhshrink,
    "softshrink": lambda x, **constants: F.softshrink(x, constants.get("lambda", 0.5)),
    "hardshrink": lambda x, **constants: F.hardshrink(x, constants.get("lambda", 0.5)),
    "threshold": lambda x, threshold, value: F.threshold(x, threshold, value),
}

# Where each activation's derivative jumps.
KINKS = {
    "relu": lambda: [0.0],
    "leaky_relu": lambda negative_slope=0.01: [0.0],
    "elu": lambda alpha=1.0: [0.0],
    "selu": lambda: [0.0],
    "hard_sigmoid": lambda: [-3.0, 3.0],
    "hard_swish": lambda: [-3.0, 3.0],
    "hard_tanh": lambda min=-1.0, max=1.0: [min, max],
    "relu6": lambda: [0.0, 6.0],
    "softplus": lambda beta=1.0, threshold=20.0: [threshold / beta],
    "softshrink": lambda **constants: [-constants.get("lambda", 0.5), constants.get("lambda", 0.5)],
    "hardshrink": lambda **constants: [-constants.get("lambda", 0.5), constants.get("lambda", 0.5)],
    "threshold": lambda threshold, value: [threshold],
}


def kind_and_constants(spec):
    spec = {"type": spec} if isinstance(spec, str) else spec
    return spec["type"], {key: value for key, value in spec.items() if key != "type"}


def kinks(spec):
    kind, constants = kind_and_constants(spec)
    return KINKS[kind](**constants) if kind in KINKS else []


def activate(spec, p):
    kind, constants = kind_and_constants(spec)
    return ACTIVATIONS[kind](p, **constants)


def check_kinks(spec, p):
    """No pre-activation may lie so near a kink that rounding (in float32 too) could push it across. Exactly on a kink is fine: the sums
    that lead there are exact."""
    for kink in kinks(spec):
        distance = (p.detach() - kink).abs()
        assert not ((distance > 0) & (distance < 1e-4)).any(), f"{spec}: a pre-activation {distance[distance > 0].min():.1e} off a kink"


def layer_name(layers, position):
    return layers[position].get("name", f"layer{position}")


def place(kind, entry):
    return f"{kind}[{entry['to']},{entry['from']}]" if kind == "Wz" else f"{kind}[{entry['to']}]"


def parameters(network, prefix=""):
    """Every parameter of a network file under its full name, as a tensor that collects a gradient."""
    found = {}
    for position, layer in enumerate(network["layers"]):
        name = prefix + layer_name(network["layers"], position)
        if layer["type"] == "dense":
            numbers = {f"{name}.{key}": layer[key] for key in ("weight", "bias") if key in layer}
        else:
            numbers = {f"{name}.{entry.get('parameter', place(kind, entry))}": entry["vector" if kind == "b" else "matrix"]
                       for kind in ("Wz", "Wx", "b") for entry in layer["model"].get(kind, [])}
        assert not found.keys() & numbers.keys()
        found.update({key: torch.tensor(value, dtype=torch.float64, requires_grad=True) for key, value in numbers.items()})
    return found


def transition(model, theta, name):
    """An implicit layer's f as two functions on a batch, (z, x) -> the pre-activations by block, and those -> the next z.
    The state z is the blocks side by side."""
    sizes = {block["name"]: block["size"] for block in model["blocks"]}

    def preactivations(z, x):
        states = dict(zip(sizes, z.split(list(sizes.values()), dim=1)))
        p = {block: z.new_zeros(len(z), size) for block, size in sizes.items()}
        for kind in ("Wz", "Wx", "b"):
            for entry in model.get(kind, []):
                value = theta[f"{name}.{entry.get('parameter', place(kind, entry))}"]
                term = value if kind == "b" else (x if kind == "Wx" else states[entry["from"]]) @ value.T
                p[entry["to"]] = p[entry["to"]] + term
        return p

    def activated(p):
        return torch.cat([activate(block["activation"], p[block["name"]]) for block in model["blocks"]], dim=1)

    return preactivations, activated


def start(model, x):
    return x.new_zeros(len(x), sum(block["size"] for block in model["blocks"]))


def readout(model, z):
    names = [block["name"] for block in model["blocks"]]
    return z.split([block["size"] for block in model["blocks"]], dim=1)[names.index(model["output"])]


def jacobian(step, z):
    """df/dz for each sample: [batch, N, N]."""
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        y = step(z)
        rows = [torch.autograd.grad(y[:, i].sum(), z, retain_graph=True)[0] for i in range(y.shape[1])]
    return torch.stack(rows, dim=1)


def implicit(model, theta, name, x):
    """The equilibrium, with the gradient of the implicit function theorem: g = (I - J^T)^-1 e."""
    preactivations, activated = transition(model, theta, name)

    def step(z):
        return activated(preactivations(z, x))

    with torch.no_grad():
        z = start(model, x)
        identity = torch.eye(z.shape[1])
        for _ in range(300):
            z = step(z)
        for _ in range(5):
            z = z - torch.linalg.solve(identity - jacobian(step, z), z - step(z))
        residual = (step(z) - z).abs().max().item()
        assert residual <= 2**-51 * max(1.0, z.abs().max().item()), residual
        for block in model["blocks"]:
            check_kinks(block["activation"], preactivations(z, x)[block["name"]])
        j = jacobian(step, z)
        radius = torch.linalg.eigvals(j).abs().max().item()
    print(f"    {name}: residual {residual:.1e}, spectral radius of J at most {radius:.3f}")
    z = step(z)  # once more, so that autograd knows how f depends on x and the parameters
    z.register_hook(lambda e: torch.linalg.solve(identity - j.transpose(1, 2), e))
    return readout(model, z)


def unrolled(model, theta, name, x):
    """The same layer by 400 iterations from 0, for autograd to go back through."""
    preactivations, activated = transition(model, theta, name)
    z = start(model, x)
    for _ in range(400):
        z = activated(preactivations(z, x))
    return readout(model, z)


def evaluate(network, theta, x, prefix="", solve=implicit, may_be_near_kinks=False):
    layers = network["layers"]
    positions = {layer_name(layers, i): i for i in range(len(layers))}
    values = {"input": x}

    def value(name):
        if name not in values:
            i = positions[name]
            before = layer_name(layers, i - 1) if i else "input"
            (source,) = layers[i].get("inputs", [before])
            read = value(source)
            if layers[i]["type"] == "dense":
                p = F.linear(read, theta[f"{prefix}{name}.weight"], theta.get(f"{prefix}{name}.bias"))
                activation = layers[i].get("activation", "identity")
                if not may_be_near_kinks:
                    check_kinks(activation, p)
                values[name] = activate(activation, p)
            else:
                values[name] = solve(layers[i]["model"], theta, prefix + name, read)
        return values[name]

    return value(network.get("output", layer_name(layers, len(layers) - 1)))


def expect(networks, inputs, cotangents, source):
    """expected.json of one network, or of a stack of several."""
    networks = networks if isinstance(networks, list) else [networks]
    prefixes = [f"{i + 1}." for i in range(len(networks))] if len(networks) > 1 else [""]

    def differentiate(solve):
        theta = {}
        for network, prefix in zip(networks, prefixes):
            theta.update(parameters(network, prefix))
        x = torch.tensor(inputs, dtype=torch.float64, requires_grad=True)
        y = x
        for network, prefix in zip(networks, prefixes):
            y = evaluate(network, theta, y, prefix, solve)
        cotangent = torch.tensor(cotangents, dtype=torch.float64)
        assert y.shape == cotangent.shape
        (y * cotangent).sum().backward()
        gradients = {name: torch.zeros_like(t) if t.grad is None else t.grad for name, t in {"input": x, **theta}.items()}
        return y.detach(), gradients

    output, gradients = differentiate(implicit)
    assert all(torch.isfinite(t).all() for t in [output, *gradients.values()])
    if any(layer["type"] == "equilibrium" for network in networks for layer in network["layers"]):
        again, gradients_again = differentiate(unrolled)
        for name, one, two in [("output", output, again), *((n, g, gradients_again[n]) for n, g in gradients.items())]:
            gap = ((one - two).abs() / torch.clamp(one.abs().max(), min=1.0)).max().item()
            assert gap < 1e-12, (name, gap)
    return {"source": source, "input": inputs, "cotangent": cotangents, "output": output.tolist(),
            "gradients": {name: gradient.tolist() for name, gradient in gradients.items()}}


# === Files ======================================================================================================================

def number(x):
    """The shortest digits that read back to the same float64; integers without '.0', zero without a sign."""
    if x == 0:
        return "0"
    text = repr(float(x))
    return text[:-2] if text.endswith(".0") else text


def text(value, indent=0):
    """JSON for people: a list of numbers is one line, whatever holds lists or objects takes a line for each."""
    pad = " " * (indent + 2)
    if value is None:
        raise TypeError(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        if not any(isinstance(item, (list, dict)) for item in value):
            return "[" + ", ".join(text(item) for item in value) + "]"
        return "[\n" + ",\n".join(pad + text(item, indent + 2) for item in value) + "\n" + " " * indent + "]"
    if not any(isinstance(item, (list, dict)) for item in value.values()) and indent:
        return "{" + ", ".join(f"{json.dumps(key)}: {text(item)}" for key, item in value.items()) + "}"
    return "{\n" + ",\n".join(f"{pad}{json.dumps(key)}: {text(item, indent + 2)}" for key, item in value.items()) + "\n" + " " * indent + "}"


def write(folder, files):
    target = HERE / folder
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_text(text(content) + "\n", encoding="utf-8")
        assert json.loads((target / name).read_text(encoding="utf-8")) == content, (folder, name)
    print(f"{folder}: " + ", ".join(f"{name} {(target / name).stat().st_size} bytes" for name in files))


def network(inputs, layers, **top):
    return {"format": "network", "version": 1, "input": [inputs], "layers": layers, **top}


def dense(name, weight, bias=None, activation=None, inputs=None):
    layer = {"type": "dense", "name": name, "inputs": inputs, "weight": weight, "bias": bias, "activation": activation}
    return {key: value for key, value in layer.items() if value is not None}


def model(inputs, blocks, wz, wx, b, output):
    """An equilibrium object. Entries are (to, from, matrix), (to, matrix) or (to, vector), with the parameter's name last where it has one."""
    def entries(rows, keys):
        return [dict(zip([*keys, "parameter"], row)) for row in rows]

    return {"input": [inputs], "blocks": [{"name": n, "size": s, "activation": a} for n, s, a in blocks],
            "Wz": entries(wz, ["to", "from", "matrix"]), "Wx": entries(wx, ["to", "matrix"]), "b": entries(b, ["to", "vector"]),
            "output": output}


def equilibrium(name, contents):
    return {"type": "equilibrium", "name": name, "model": contents}


class Numbers:
    """Random numbers with few decimals, for people to read."""

    def __init__(self, seed):
        self.generator = numpy.random.default_rng(seed)

    def vector(self, count, scale=1.0, decimals=2):
        return [round(v, decimals) for v in self.generator.uniform(-scale, scale, count).tolist()]

    def matrix(self, rows, columns, scale=1.0, decimals=2):
        return [self.vector(columns, scale, decimals) for _ in range(rows)]

    def with_norm(self, rows, columns, norm, decimals=None):
        """A dense matrix of the given spectral norm (exactly so but for rounding; of all 17 digits unless told)."""
        m = self.generator.standard_normal((rows, columns))
        m *= norm / numpy.linalg.norm(m, 2)
        return (m if decimals is None else m.round(decimals)).tolist()


# === The fixtures ===============================================================================================================

def theorem():
    """Small exact numbers. worked.md has the same by hand; what it finds is repeated here, and PyTorch must find exactly that."""
    mlp = network(2, [
        dense("fc1", [[1, -1], [2, 1], [-1, 1]], [0, -1, 0.5], "relu"),
        dense("fc2", [[1, 0.5, -1], [-1, -1, 1]], [0.5, 0], {"type": "leaky_relu", "negative_slope": 0.25}),
        dense("fc3", [[2, -4], [-2, -2]], [1, 1], "relu"),
        dense("fc4", [[1, 2], [-2, 4]], [0, -1]),
    ])
    expected = expect(mlp, [[1, 2], [2, 2]], [[1, 1], [1, -1]], f"PyTorch {VERSION}, float64, autograd; exact, as worked by hand in worked.md")
    assert expected["output"] == [[5, -5], [10.5, -22]]
    assert expected["gradients"] == {
        "input": [[-22, 7], [21, -3]],
        "fc1.weight": [[0, 0], [7, 2], [-6, 6]],
        "fc1.bias": [0, 1, 3],
        "fc2.weight": [[0, -12, -18], [0, -21, -4.5]],
        "fc2.bias": [-8, -5],
        "fc3.weight": [[7, -3], [3, -2.25]],
        "fc3.bias": [2, 6],
        "fc4.weight": [[14, 0.75], [-7, 0.75]],
        "fc4.bias": [2, 0],
    }
    write("theorem", {"mlp.json": mlp, "expected.json": expected})


def digits():
    import sklearn
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = numpy.random.default_rng(1).permutation(len(labels))
    x, y = torch.tensor(images[order] / 16), torch.tensor(labels[order])
    held_out = slice(0, 450)
    train = slice(450, None)

    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 150)
    for _ in range(150):
        for batch in torch.randperm(len(y[train])).split(64):
            optimizer.zero_grad()
            F.cross_entropy(net(x[train][batch]), y[train][batch], label_smoothing=0.05).backward()
            optimizer.step()
        schedule.step()

    def rounded(tensor):
        return [[float(f"{v:.5g}") for v in row] for row in tensor.detach().tolist()] if tensor.dim() == 2 else rounded(tensor[None])[0]

    mlp = network(64, [dense(f"fc{i + 1}", rounded(net[2 * i].weight), rounded(net[2 * i].bias), a)
                       for i, a in enumerate(["relu", "tanh", None])])
    found = evaluate(mlp, parameters(mlp), x[held_out], may_be_near_kinks=True).argmax(dim=1)
    correct = (found == y[held_out]).sum().item()
    accuracy = correct / len(y[held_out])
    assert accuracy > 0.96, accuracy

    # For each class the first held-out sample whose pre-activations all stay clear of ReLU's kink.
    samples = []
    for label in range(10):
        for i in (y[held_out] == label).nonzero().flatten().tolist():
            p = F.linear(x[i], torch.tensor(mlp["layers"][0]["weight"]), torch.tensor(mlp["layers"][0]["bias"]))
            if p.abs().min() > 1e-3:
                samples.append(i)
                break
    assert len(samples) == 10
    right = (found[samples] == y[samples]).sum().item()
    cotangent = Numbers(2).matrix(10, 10)
    expected = expect(mlp, x[samples].tolist(), cotangent, (
        f"{EXPLICIT}. UCI digits (scikit-learn {sklearn.__version__}, load_digits), pixels / 16; trained on {len(y[train])}, "
        f"{correct} of {len(y[held_out])} held-out digits right ({100 * accuracy:.1f} %); weights rounded to 5 digits. The samples "
        f"are held-out digits, one of each class 0, 1, ..., 9 in this order; the network gets {right} of the 10 right."))
    write("digits", {"mlp.json": mlp, "expected.json": expected})


# Folder: the activation as it stands in the first and last layer (where it can, with PyTorch's defaults), and in the second.
ACTIVATION_FIXTURES = {
    "identity": ("identity", "identity"),
    "relu": ("relu", "relu"),
    "leaky_relu": ("leaky_relu", {"type": "leaky_relu", "negative_slope": 0.25}),
    "elu": ("elu", {"type": "elu", "alpha": 0.5}),
    "celu": ("celu", {"type": "celu", "alpha": 0.5}),
    "selu": ("selu", "selu"),
    "gelu": ("gelu", {"type": "gelu", "approximate": "none"}),
    "gelu_tanh": ({"type": "gelu", "approximate": "tanh"}, {"type": "gelu", "approximate": "tanh"}),
    "silu": ("silu", "silu"),
    "mish": ("mish", "mish"),
    "sigmoid": ("sigmoid", "sigmoid"),
    "log_sigmoid": ("log_sigmoid", "log_sigmoid"),
    "hard_sigmoid": ("hard_sigmoid", "hard_sigmoid"),
    "hard_swish": ("hard_swish", "hard_swish"),
    "hard_tanh": ("hard_tanh", {"type": "hard_tanh", "min": -0.5, "max": 2}),
    "relu6": ("relu6", "relu6"),
    "softplus": ("softplus", {"type": "softplus", "beta": 2, "threshold": 3}),
    "softsign": ("softsign", "softsign"),
    "tanh": ("tanh", "tanh"),
    "tanhshrink": ("tanhshrink", "tanhshrink"),
    "softshrink": ("softshrink", {"type": "softshrink", "lambda": 0.25}),
    "hardshrink": ("hardshrink", {"type": "hardshrink", "lambda": 0.25}),
    "threshold": ({"type": "threshold", "threshold": 0.5, "value": -0.25}, {"type": "threshold", "threshold": -1, "value": 0.75}),
}


def activation_fixture(folder, outer, inner):
    """3-4-4-2, the activation everywhere. The first two rows of fc1 hand on x_0 and x_1 as they are, so that samples can hit fc1's kinks
    exactly; the first two rows of fc2 have no weights, so that their biases can hit fc2's in every sample."""
    outer_kinks, inner_kinks = ((kinks(spec) or [0.0]) for spec in (outer, inner))
    numbers = Numbers([3, *folder.encode()])
    for _ in range(200):  # until no sample comes near a kink by chance
        mlp = network(3, [
            dense("fc1", [[1, 0, 0], [0, 1, 0], *numbers.matrix(2, 3)], [0, 0, *numbers.vector(2)], outer),
            dense("fc2", [[0, 0, 0, 0], [0, 0, 0, 0], *numbers.matrix(2, 4)], [inner_kinks[0], inner_kinks[-1], *numbers.vector(2)], inner),
            dense("fc3", numbers.matrix(2, 4), numbers.vector(2), outer),
        ])
        samples = [
            [0, 0, 0],
            [outer_kinks[0], outer_kinks[-1], 0.75],
            [30, -30, 30],
            [-30, 30, 0.5],
            [0.001 if 0.0 in outer_kinks and kinks(outer) else 1e-6, -0.125, 0.002],
            [0.7, -1.3, 2.6],
        ]
        try:
            expected = expect(mlp, samples, numbers.matrix(len(samples), 2),
                              EXPLICIT + (" of relu6(x + 3) / 6" if folder == "hard_sigmoid" else ""))
        except AssertionError as near:
            assert "off a kink" in str(near), near
            continue
        if numpy.all(expected["gradients"]["fc3.bias"]) and all(numpy.any(gradient) for gradient in expected["gradients"].values()):
            return write(f"activations/{folder}", {"mlp.json": mlp, "expected.json": expected})
    raise AssertionError(f"{folder}: every draw came near a kink or left an output or a parameter without any gradient")


def activations():
    assert {kind_and_constants(spec)[0] for pair in ACTIVATION_FIXTURES.values() for spec in pair} == ACTIVATIONS.keys()
    for folder, (outer, inner) in ACTIVATION_FIXTURES.items():
        activation_fixture(folder, outer, inner)


def deep64():
    """Orthogonal weights times a little more than 1: neither the values nor the gradients fade over the 64 layers."""
    numbers = Numbers(4)

    def weight():
        q, _ = numpy.linalg.qr(numbers.generator.standard_normal((4, 4)))
        return (1.15 * q).round(4).tolist()

    mlp = network(4, [dense(None, weight(), numbers.vector(4, 0.05), "tanh") for _ in range(64)])
    expected = expect(mlp, numbers.matrix(4, 4), numbers.matrix(4, 4), EXPLICIT)
    sizes = [max(abs(v) for row in expected["gradients"][f"layer{i}.weight"] for v in row) for i in range(64)]
    print(f"    deep64: weight gradients between {min(sizes):.3g} and {max(sizes):.3g}")
    assert min(sizes) > 1e-3
    write("deep64", {"mlp.json": mlp, "expected.json": expected})


def width_one():
    mlp = network(1, [
        dense("a", [[1.5]], [-0.25], "tanh"),
        dense("b", [[-2]]),
        dense("c", [[0.75]], [0.5], "leaky_relu"),
        dense("d", [[3]], activation="sigmoid"),
        dense("e", [[-0.5]], [2], "softplus"),
    ])
    expected = expect(mlp, [[-2], [-0.1], [0], [0.3], [4]], [[1], [-0.5], [2], [0.25], [-3]], EXPLICIT)
    write("width-one", {"mlp.json": mlp, "expected.json": expected})


def branches():
    """stem is read by trunk and layer3, trunk by head and second; only input - stem - trunk - head leads to the output."""
    numbers = Numbers(5)
    net = network(3, [
        dense("head", numbers.matrix(2, 4), numbers.vector(2), "tanh", inputs=["trunk"]),
        dense("trunk", numbers.matrix(4, 5), numbers.vector(4), "silu", inputs=["stem"]),
        dense("stem", numbers.matrix(5, 3), numbers.vector(5), "relu", inputs=["input"]),
        dense(None, numbers.matrix(3, 5), numbers.vector(3), "sigmoid"),
        dense("side", numbers.matrix(2, 3), inputs=["layer3"]),
        dense("tap", numbers.matrix(2, 3), numbers.vector(2), "tanh", inputs=["input"]),
        dense("second", numbers.matrix(3, 4), numbers.vector(3), "gelu", inputs=["trunk"]),
    ], output="head")
    expected = expect(net, numbers.matrix(4, 3), numbers.matrix(4, 2), EXPLICIT)
    assert expected["gradients"]["side.weight"] == [[0, 0, 0], [0, 0, 0]] and expected["gradients"]["layer3.bias"] == [0, 0, 0]
    write("branches", {"network.json": net, "expected.json": expected})


def deq_tanh():
    numbers = Numbers(6)
    identity = numpy.eye(6).tolist()
    core = model(6, [("z", 6, "tanh")], [("z", "z", numbers.with_norm(6, 6, 0.8))], [("z", identity)],
                 [("z", numbers.generator.uniform(-0.5, 0.5, 6).tolist())], "z")
    net = network(6, [equilibrium("core", core)])
    samples = [[0, 0, 0, 0, 0, 0], *numbers.matrix(3, 6), numbers.vector(6, 0.01, 4), numbers.vector(6, 20)]
    write("deq-tanh", {"network.json": net, "expected.json": expect(net, samples, numbers.matrix(6, 6), IMPLICIT)})


def deq_relu():
    """pre reads x alone; u and v read each other (and u itself; it has two entries from v, which add up); y reads both. Listed out of order."""
    numbers = Numbers(7)
    core = model(
        3,
        [("y", 2, "identity"), ("v", 3, "relu"), ("u", 4, "relu"), ("pre", 3, "tanh")],
        [("u", "v", numbers.with_norm(4, 3, 0.8, 3), "A"), ("v", "u", numbers.with_norm(3, 4, 0.9, 3), "B"),
         ("u", "u", numbers.with_norm(4, 4, 0.5, 3)), ("u", "v", numbers.with_norm(4, 3, 0.3, 3)),
         ("u", "pre", numbers.matrix(4, 3), "C"), ("y", "u", numbers.matrix(2, 4)), ("y", "v", numbers.matrix(2, 3), "read.v")],
        [("pre", numbers.matrix(3, 3)), ("u", numbers.matrix(4, 3), "U"), ("v", numbers.matrix(3, 3)), ("y", numbers.matrix(2, 3), "skip")],
        [("pre", numbers.vector(3)), ("u", numbers.vector(4), "bias.u"), ("v", [0.4, 0.2, -0.1])],
        "y")
    net = network(3, [equilibrium("core", core)])
    samples = [[0.5, -1, 0.25], *numbers.matrix(3, 3), numbers.vector(3, 8)]
    write("deq-relu", {"network.json": net, "expected.json": expect(net, samples, numbers.matrix(5, 2), IMPLICIT)})


def stack_of_two_deqs():
    numbers = Numbers(8)
    first = network(3, [equilibrium("core", model(
        3, [("z", 4, "tanh")], [("z", "z", numbers.with_norm(4, 4, 0.8, 4), "W")], [("z", numbers.matrix(4, 3), "U")],
        [("z", numbers.vector(4), "bias")], "z"))])
    second = network(4, [equilibrium("core", model(
        4, [("z", 3, "softplus"), ("out", 2, "identity")],
        [("z", "z", numbers.with_norm(3, 3, 0.7, 4), "W"), ("out", "z", numbers.matrix(2, 3))], [("z", numbers.matrix(3, 4))],
        [("z", numbers.vector(3)), ("out", numbers.vector(2))], "out"))])
    samples = [[0, 0, 0], *numbers.matrix(3, 3), numbers.vector(3, 5)]
    expected = expect([first, second], samples, numbers.matrix(5, 2), IMPLICIT + ". 2.json reads the output of 1.json")
    assert {"1.core.W", "2.core.b[z]"} <= expected["gradients"].keys()
    write("stack-of-two-deqs", {"1.json": first, "2.json": second, "expected.json": expected})


def mixed():
    numbers = Numbers(9)
    net = network(3, [
        dense("encode", numbers.matrix(4, 3), numbers.vector(4), "tanh"),
        equilibrium("core", model(
            4, [("z", 5, "gelu")], [("z", "z", numbers.with_norm(5, 5, 0.7, 4))], [("z", numbers.matrix(5, 4))], [("z", numbers.vector(5))], "z")),
        dense(None, numbers.matrix(3, 5), numbers.vector(3), "relu"),
        equilibrium("tail", model(
            3, [("p", 3, "sigmoid"), ("q", 2, "tanh")],
            [("p", "q", numbers.with_norm(3, 2, 0.9, 4), "P"), ("q", "p", numbers.with_norm(2, 3, 0.9, 4), "Q")],
            [("p", numbers.matrix(3, 3), "in")], [("q", numbers.vector(2))], "q")),
        dense("decode", numbers.matrix(2, 2), activation={"type": "elu", "alpha": 0.5}),
    ])
    samples = [[0, 0, 0], *numbers.matrix(3, 3), numbers.vector(3, 6)]
    write("mixed", {"network.json": net, "expected.json": expect(net, samples, numbers.matrix(5, 2), IMPLICIT)})


if __name__ == "__main__":
    for make in (theorem, digits, activations, deep64, width_one, branches, deq_tanh, deq_relu, stack_of_two_deqs, mixed):
        make()
