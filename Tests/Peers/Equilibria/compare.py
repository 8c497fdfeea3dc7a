"""Solves families of implicit models with deq, TorchDEQ, SciPy, jaxopt and optimistix, and judges every answer.

    swift build -c release --product deq
    python3 Tests/Peers/Equilibria/compare.py [--size full] [--only REGEX] [--peers REGEX] [--time] [--json FILE] [--markdown]

A state counts where its solver calls it a solution and Newton's method over sixty digits finds an equilibrium beside it, as
near as the residual that was asked for allows; a solution that is none is counted as false. Large models are judged by their
residual. Everyone starts at zeros (deq where it begins by itself) and is asked for the same residual, relative to the state.

One table for each precision, forward and adjoint, a row for each family: how many models deq and the best peer solve, and
any peer at all; the median over the models that both solve of deq's evaluations of f ÷ those of the peer with the fewest on
that model; with --time, on one thread, the same of times. A row where deq is behind says so.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--deq", default=".build/release/deq")
parser.add_argument("--size", choices=("small", "full"), default="full")
parser.add_argument("--only", default="", help="a regular expression on the names of models")
parser.add_argument("--peers", default="", help="a regular expression on the beginnings of the peers' names")
parser.add_argument("--precision", action="append", choices=("float64", "float32"))
parser.add_argument("--time", action="store_true", help="take times as well; other load on the machine spoils them")
parser.add_argument("--json", help="where to write every attempt")
parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
options = parser.parse_args()
# Before the libraries look.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np
import torch

from families import problems, write
from peers import Attempt, Peers
from reference import Judgement, Reference

torch.set_num_threads(1)
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


def deq(problem, precision, tolerance, folder):
    """deq's attempts forward and backward; the second is None where there is no equilibrium."""
    path = os.path.join(folder, problem.name)
    arguments = [
        options.deq, "evaluate", f"{path}.json", "--input", f"{path}.sample.json", "--tolerance", str(tolerance),
        "--precision", precision, "--threads", "1", "--state", *(["--time"] if options.time else [])]
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"{problem.name}: {run.stderr}")
    report = json.loads(run.stdout)
    sample, seconds = report["samples"][0], report.get("seconds", {})
    count = lambda records: sum(record["evaluations"] for record in records)
    is_claimed = sample["forward"]["status"] == "converged"
    state = np.concatenate([report["state"][name][0] for name in problem.state]) if is_claimed else np.array([np.nan])
    forward = Attempt(state, is_claimed, count(report["solver"]["forward"]), seconds.get("forward"))
    if "adjoint" not in sample:
        return forward, None
    is_claimed = sample["adjoint"]["status"] == "converged"
    gradient = np.array(report["gradients"]["input"][0]) if is_claimed else np.array([np.nan])
    return forward, Attempt(gradient, is_claimed, count(report["solver"]["adjoint"]), seconds.get("adjoint"))


class LargeReference:
    """Judges by the residual alone, in double precision: sixty digits are too many for a large model."""

    def __init__(self, problem):
        from frameworks import TorchTransition

        self.torch = TorchTransition(problem, torch.float64)

    def judge(self, state, tolerance, unit=0.0):
        z = torch.tensor(np.asarray(state, float))[None]
        with torch.inference_mode():
            residual = float((self.torch(z) - z).abs().max() / z.abs().max())
        # Float32 weights are others, by their rounding.
        return Judgement(bool(residual <= 4 * tolerance + 64 * unit), residual)

    def judge_gradient(self, state, gradient, tolerance):
        """Against the sum of Neumann's series: these models contract."""
        z = torch.tensor(np.asarray(state, float))[None].requires_grad_(True)
        x = self.torch.input.clone().requires_grad_(True)
        value = self.torch(z, x)
        e = self.torch.cotangent
        g = term = e
        for _ in range(5000):
            (term,) = torch.autograd.grad(value, z, term, retain_graph=True)
            g = g + term
            if float(term.abs().max()) <= 1e-15 * float(g.abs().max()):
                break
        expected = torch.autograd.grad(value, x, g)[0][0].numpy()
        error = np.abs(expected - gradient).max() / np.abs(expected).max()
        return bool(error <= 100 * tolerance), error


def attempts(problem, precision, folder):
    """What everyone does with a problem: (direction, name, attempt, is right)."""
    tolerance, unit = TOLERANCES[precision], float(np.finfo(precision).eps)
    reference = Reference(problem) if problem.is_small else LargeReference(problem)
    forward, adjoint = deq(problem, precision, tolerance, folder)
    scale = float(np.abs(forward.value).max()) if forward.is_claimed else 1.0
    peers = Peers(problem, precision, tolerance, scale, options.time, options.peers)
    root = None
    for name, attempt in [("deq", forward), *peers.forward()]:
        is_right = attempt.is_claimed and reference.judge(attempt.value, tolerance, unit).is_right
        if is_right and root is None:
            root = attempt.value
        yield "forward", name, attempt, is_right
    if root is None:
        return
    slack = tolerance + 64 * unit
    if adjoint is not None:
        yield "adjoint", "deq", adjoint, adjoint.is_claimed and reference.judge_gradient(
            forward.value, adjoint.value, slack)[0]
    for name, attempt in peers.adjoint(root):
        yield "adjoint", name, attempt, attempt.is_claimed and reference.judge_gradient(root, attempt.value, slack)[0]


def ratio(ours, peers, quantity):
    """deq's ÷ the least of the peers' on one model, and who has it; None where either is missing."""
    theirs = [(getattr(row["attempt"], quantity), row["name"]) for row in peers if row["right"]]
    theirs = [item for item in theirs if item[0] is not None]
    if not theirs or not ours or not ours[0]["right"] or getattr(ours[0]["attempt"], quantity) is None:
        return None
    least, name = min(theirs)
    # Nothing to iterate is nothing to compare.
    return (getattr(ours[0]["attempt"], quantity) / least, name) if least > 0 else None


def family_row(rows):
    """The row of one family, one precision and one direction."""
    models = sorted({row["problem"] for row in rows})
    names = sorted({row["name"] for row in rows} - {"deq"})
    right = lambda name: sum(row["right"] for row in rows if row["name"] == name)
    best = max(names, key=right)
    ratios = {"evaluations": [], "seconds": []}
    anyone = 0
    for model in models:
        own = [row for row in rows if row["problem"] == model and row["name"] == "deq"]
        others = [row for row in rows if row["problem"] == model and row["name"] != "deq"]
        anyone += any(row["right"] for row in others)
        for quantity, found in ratios.items():
            found.append(ratio(own, others, quantity))
    false = [row for row in rows if row["name"] == "deq" and row["attempt"].is_claimed and not row["right"]]
    row = [rows[0]["family"], len(models), right("deq"), f"{right(best)} ({best})", anyone, len(false)]
    behind = ["models"] if right("deq") < anyone else []
    behind += ["false"] if false else []
    for quantity, found in ratios.items():
        found = [item for item in found if item]
        if not found:
            row.append("–")
            continue
        median = statistics.median(item[0] for item in found)
        names = [item[1] for item in found]
        row.append(f"{median:.2f} ({max(set(names), key=names.count)})")
        behind += [quantity] if median > 1 else []
    return row + [", ".join(behind)]


HEADINGS = ["family", "models", "deq", "best peer", "any peer", "false", "evaluations ÷ least", "time ÷ least", "behind in"]


def print_table(title, rows):
    cells = [HEADINGS, *[[str(cell) for cell in row] for row in rows]]
    print(f"\n{title}\n")
    if options.markdown:
        lines = ["| " + " | ".join(row) + " |" for row in cells]
        lines.insert(1, "|" + "---|" * len(HEADINGS))
    else:
        widths = [max(len(row[k]) for row in cells) for k in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
    print("\n".join(lines))


def measured():
    """Everything that was attempted, a row for each; what there is so far where it is interrupted."""
    rows = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for item in problems(options.size):
                if not re.search(options.only, item.name):
                    continue
                write(item, folder)
                for precision in options.precision or TOLERANCES:
                    print(f"{item.name} {precision}", file=sys.stderr, flush=True)
                    rows += [
                        {"family": item.family, "problem": item.name, "precision": precision, "direction": direction,
                         "name": name, "attempt": attempt, "right": bool(is_right)}
                        for direction, name, attempt, is_right in attempts(item, precision, folder)]
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return rows


def main():
    rows = measured()
    for precision in options.precision or TOLERANCES:
        for direction in ("forward", "adjoint"):
            found = [row for row in rows if row["precision"] == precision and row["direction"] == direction]
            families = list(dict.fromkeys(row["family"] for row in found))
            print_table(
                f"{direction}, {precision}, residual {TOLERANCES[precision]:g}",
                [family_row([row for row in found if row["family"] == family]) for family in families])
    unsolved = sorted({row["problem"] for row in rows} - {row["problem"] for row in rows if row["right"]})
    print(f"\nSolved by nobody: {', '.join(unsolved) or 'none'}")
    if options.json:
        keep = lambda row: {key: value for key, value in row.items() if key != "attempt"} | {
            "claimed": row["attempt"].is_claimed, "evaluations": row["attempt"].evaluations,
            "seconds": row["attempt"].seconds}
        with open(options.json, "w") as file:
            json.dump([keep(row) for row in rows], file, indent=1)


main()
