"""What PyTorch gives for a model of the survey in float64: the output for a drawn input, and the gradients of
<cotangent, output> by the input and by some parameters that the ONNX file keeps. Written beside the ONNX file NAME.onnx
as NAME.reference.npz:

    input, cotangent, output    flattened
    gradient.input              where the input holds real numbers
    gradient.PARAMETER          under the name and in the shape of the ONNX file
    rounding.KEY                how far PyTorch's own float32 is from the float64 of KEY, in units of its largest number
    kink.KEY                    how far the derivatives along a drawn direction and against it differ, likewise
    thinned                     whether repeated blocks were left out, see `thin`
"""

import collections
import copy

import numpy
import onnx
import torch
from onnx import numpy_helper
from torch.overrides import TorchFunctionMode

PARAMETERS = 4
# Gradients of larger tensors are left out: a file of them would be larger than the model.
LARGEST_PARAMETER = 1 << 20
# The step of one-sided derivatives: float64 leaves half of its digits.
STEP = 1e-7


def forget(model):
    """Empties what LeViT and its kin keep of their weights in evaluation."""
    for module in model.modules():
        getattr(module, "attention_bias_cache", {}).clear()


def fill(model):
    """Moves statistics, biases and scales off their starting values, in place, so that every part of a model matters:
    vectors as in a trained model, and tensors of one repeated number, which would hide a transposition or a zero."""
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if not tensor.is_floating_point() or tensor.numel() == 0:
                continue
            if tensor.dim() == 1:
                tensor.add_(0.1 * torch.rand_like(tensor))
            elif tensor.min() == tensor.max():
                tensor.add_(0.05 * torch.randn_like(tensor))
    forget(model)


def shapes_of(module):
    """What tells blocks apart: the class, and names and shapes of all tensors."""
    return type(module), [(name, tensor.shape) for name, tensor in module.state_dict().items()]


def thin(model, keep=2):
    """Leaves out, in place, all but the first `keep` of consecutive blocks that are alike; whether there were any.

    Every operator of the model remains, and every extent."""
    thinned = False
    for module in list(model.modules()):
        if not isinstance(module, (torch.nn.Sequential, torch.nn.ModuleList)):
            continue
        kept, alike, last = [], 0, None
        for name, child in module.named_children():
            shapes = shapes_of(child)
            alike = alike + 1 if shapes == last and shapes[1] else 1
            last = shapes
            if alike <= keep:
                kept.append((name, child))
        if len(kept) == len(module):
            continue
        thinned = True
        for name in list(module._modules):
            del module._modules[name]
        for index, (name, child) in enumerate(kept):
            module._modules[name if not name.isdigit() else str(index)] = child
    return thinned


class Double(TorchFunctionMode):
    """Lets a model that casts to float32 within, as normalisations do, compute in float64 throughout."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        def widen(value):
            return torch.float64 if value is torch.float32 else value

        if function is torch.Tensor.float:
            function = torch.Tensor.double
        arguments = [widen(value) for value in arguments]
        return function(*arguments, **{key: widen(value) for key, value in (options or {}).items()})


def flat(outputs):
    """All outputs of a model, one after the other."""
    outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    return torch.cat([output.reshape(-1) for output in outputs])


def shaped(values, inputs):
    """Numbers as the inputs of a model, with the shapes of these and in float64."""
    parts = torch.from_numpy(values).split([value.numel() for value in inputs])
    return [part.reshape(value.shape).to(torch.float64 if value.is_floating_point() else value.dtype)
            for part, value in zip(parts, inputs)]


def kept_parameters(model, path):
    """Name in the model by name in the ONNX file, of those parameters whose numbers the file holds, as they are or
    transposed; a few of them, spread over the file, each with whether it is transposed."""
    places = {}
    for name, parameter in model.named_parameters():
        array = parameter.detach().numpy()
        if array.size <= LARGEST_PARAMETER and parameter.requires_grad:
            places.setdefault((array.shape, array.tobytes()), []).append((name, False))
            if array.ndim == 2:
                places.setdefault((array.T.shape, array.T.tobytes()), []).append((name, True))
    stored = {}
    for tensor in onnx.load(path).graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            array = numpy_helper.to_array(tensor)
            for name, isTransposed in places.get((array.shape, array.tobytes()), []):
                stored.setdefault(name, []).append((tensor.name, isTransposed))
    # What stands in the file twice has two gradients there, and numbers that two parameters have in common tell nothing.
    unique = collections.Counter(file for places in stored.values() for file, _ in places)
    kept = {files[0][0]: (name, files[0][1]) for name, files in stored.items()
            if len(files) == 1 and unique[files[0][0]] == 1}
    chosen = list(kept)
    step = max(1, (len(chosen) - 1) / max(1, PARAMETERS - 1))
    places = [int(k * step) for k in range(PARAMETERS) if int(k * step) < len(chosen)]
    return {chosen[place]: kept[chosen[place]] for place in places}


def run_anew(model, inputs):
    """All outputs of a model, which keeps nothing of another run."""
    forget(model)
    return flat(model(*inputs))


def correct_gradients(model):
    """Lets PyTorch give the gradients of what a model computes, in place, where it gives others."""
    def straighten(module, inputs, output):
        # PyTorch 2.13 differentiates a batch normalisation wrongly where its cotangent is transposed in memory: its
        # gradients contradict finite differences of its own outputs.
        if output.requires_grad:
            output.register_hook(torch.Tensor.contiguous)

    for module in model.modules():
        if isinstance(module, torch.nn.Embedding):
            # PyTorch gives the padding's row no gradient, though the output depends on it.
            module.padding_idx = None
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.register_forward_hook(straighten)


def gradient_of(tensor):
    """Zeros where nothing depends on it, as for tokens."""
    if tensor.grad is None:
        return torch.zeros(tensor.shape, dtype=tensor.dtype if tensor.is_floating_point() else torch.float64)
    return tensor.grad.detach().clone()


def differentiated(model, inputs, cotangent, names):
    """The output, and the gradients of <cotangent, output> by the real inputs (under "") and the parameters of these
    names; the cotangent is drawn where it is None."""
    model.zero_grad(set_to_none=True)
    inputs = [value.clone().requires_grad_(value.is_floating_point()) for value in inputs]
    output = run_anew(model, inputs)
    if cotangent is None:
        cotangent = torch.randn(output.shape, dtype=torch.float64)
    (output * cotangent.to(output.dtype)).sum().backward()
    parameters = dict(model.named_parameters())
    gradients = {name: gradient_of(parameters[name]) for name in names}
    if any(value.is_floating_point() for value in inputs):
        gradients[""] = torch.cat([gradient_of(value).reshape(-1) for value in inputs])
    return output.detach(), cotangent, gradients


def kink(model, inputs, cotangent, tensor, gradient):
    """How far the derivative along a drawn direction is from the one against it, in units of the gradient's length:
    where it is not small, PyTorch's gradient is one of several that the point has."""
    direction = torch.randn_like(tensor)
    values = []
    with torch.no_grad():
        for step in (-STEP, 0, STEP):
            tensor.add_(step * direction)
            values.append((run_anew(model, inputs) * cotangent).sum())
            tensor.sub_(step * direction)
    size = gradient.norm() + 1e-300
    return float(abs(values[0] - 2 * values[1] + values[2]) / STEP / size)


def relative(found, expected):
    """The largest difference in units of the largest number."""
    return float((found.double() - expected).abs().max() / expected.abs().max().clamp_min(1e-300))


def write_reference(model, inputs, path, thinned):
    """Writes NAME.reference.npz for a model that was exported to NAME.onnx with these inputs."""
    kept = kept_parameters(model, path)
    names = [name for name, _ in kept.values()]
    torch.manual_seed(1)
    inputs = [torch.randn_like(value) if value.is_floating_point() else value for value in inputs]
    correct_gradients(model)
    precise = copy.deepcopy(model).double()
    wide = [value.double() if value.is_floating_point() else value for value in inputs]
    torch.set_default_dtype(torch.float64)
    try:
        with Double():
            output, cotangent, gradients = differentiated(precise, wide, None, names)
            tensors = dict(precise.named_parameters())
            tensors[""] = next((value for value in wide if value.is_floating_point()), None)
            kinks = {name: kink(precise, wide, cotangent, tensors[name], gradients[name]) for name in gradients}
    finally:
        torch.set_default_dtype(torch.float32)
    single, _, rounded = differentiated(model, inputs, cotangent, names)
    arrays = {"input": torch.cat([value.reshape(-1).double() for value in wide]), "cotangent": cotangent,
              "output": output, "thinned": thinned, "rounding.output": relative(single, output)}
    for key, (name, isTransposed) in {**kept, "input": ("", False)}.items():
        if name in gradients:
            arrays[f"gradient.{key}"] = gradients[name].T if isTransposed else gradients[name]
            arrays[f"rounding.{key}"] = relative(rounded[name], gradients[name])
            arrays[f"kink.{key}"] = kinks[name]
    numpy.savez(path.with_suffix(".reference.npz"), **{key: numpy.asarray(value) for key, value in arrays.items()})
