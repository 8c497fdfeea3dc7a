"""Tells gradients that differ because of a kink within rounding from others.

    python survey_kinks.py DIRECTORY RESULTS

An exporter folds batch normalisations into convolutions, and rounds the new weights to float32. Where an argument of a
ReLU is as small as that, its slope is 0 in one model and 1 in the other, and gradients differ far beyond rounding. So
for each model of RESULTS whose gradients differ, PyTorch differentiates the model with weights that are moved by no
more than their rounding to float32, a few times. How far the gradients move is written to NAME.moved.json, by name and
in units of the largest number; survey_table.py compares the differences with it."""

import json
import pathlib
import sys

import numpy
import torch

from survey_models import FAMILIES, drawn
from survey_reference import Double, correct_gradients, differentiated, kept_parameters, relative, shaped
from survey_table import gradients, last_rows

DRAWS = 8
# Half of a unit in the last place of float32.
ROUNDING = 2.0 ** -24


def moved_gradients(model, inputs, reference, kept):
    """The largest change of each gradient among models whose weights are within rounding of this one's."""
    names = {key: name for key, (name, _) in kept.items()} | {"input": ""}
    names = {key: name for key, name in names.items() if f"gradient.{key}" in reference}
    cotangent = torch.from_numpy(reference["cotangent"])
    tensors = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
    exact = [tensor.clone() for tensor in tensors]
    base, moved = None, {key: 0.0 for key in names}
    for draw in range(DRAWS + 1):
        with torch.no_grad():
            for tensor, value in zip(tensors, exact):
                noise = 2 * torch.rand_like(value) - 1
                tensor.copy_(value * (1 + (ROUNDING * noise if draw else 0 * noise)))
        _, _, found = differentiated(model, inputs, cotangent, [name for name in names.values() if name])
        base = base or found
        for key, name in names.items():
            moved[key] = max(moved[key], relative(found[name], base[name]))
    return moved


def main():
    directory, results = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for row in last_rows(results):
        path = directory / row["file"]
        target = path.with_suffix(".moved.json")
        if gradients(row, None) != "differ" or target.exists():
            continue
        family, _, name = row["file"].removesuffix(".onnx").split("/")
        model, inputs, _ = drawn(dict(FAMILIES[family]())[name])
        kept = kept_parameters(model, path)
        correct_gradients(model)
        with numpy.load(path.with_suffix(".reference.npz")) as archive:
            reference = dict(archive)
        torch.set_default_dtype(torch.float64)
        try:
            with Double():
                moved = moved_gradients(model.double(), shaped(reference["input"], inputs), reference, kept)
        finally:
            torch.set_default_dtype(torch.float32)
        target.write_text(json.dumps(moved))
        print(row["file"], moved, flush=True)


if __name__ == "__main__":
    main()
