"""Compares what `deq evaluate --state` says of a model with what PyTorch says of the transition that it was read from.

    python3 transitions_compare.py EXPECTED.json EVALUATED.json

Prints one line for each difference beyond 1e-10 of scale, and exits with 1 if there is any. The state is compared with
the blocks of its size; a gradient with the one of its name, or, where an exporter has given another name, with one of
its numbers in either orientation.
"""

import json
import sys

import numpy as np


def apart(left, right):
    """The largest difference, relative to the largest magnitude; infinite for other shapes."""
    left, right = np.array(left, float), np.array(right, float)
    if left.shape != right.shape:
        return np.inf
    return np.abs(left - right).max() / max(1, np.abs(right).max())


def main():
    expected, found = (json.load(open(path)) for path in sys.argv[1:3])
    faults = []
    state = min(apart(value, expected["state"]) for value in found["state"].values())
    if not state <= 1e-10:
        faults.append(f"no block is z*: {state}")
    if not apart(found["output"], expected["output"]) <= 1e-10:
        faults.append("the outputs differ")
    gradients, rest = found["gradients"], dict(found["gradients"])
    for name, value in expected["gradients"].items():
        if name in gradients:
            if not apart(gradients[name], value) <= 1e-10:
                faults.append(f"the gradient of {name} differs by {apart(gradients[name], value)}")
            rest.pop(name)
    for name, value in expected["gradients"].items():
        if name not in gradients:
            fits = [other for other in rest if min(apart(rest[other], value), apart(np.transpose(rest[other]), value)) <= 1e-10]
            if not fits:
                faults.append(f"no gradient is that of {name}")
            else:
                rest.pop(fits[0])
    faults += [f"{name} is a gradient that PyTorch has not" for name in rest]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
