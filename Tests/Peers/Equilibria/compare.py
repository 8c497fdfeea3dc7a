"""Solves families of implicit models with deq, TorchDEQ, SciPy, jaxopt and optimistix, and judges every answer.

    swift build -c release --product deq
    python3 Tests/Peers/Equilibria/compare.py [--quick] [--size full] [--only REGEX] [--peers REGEX] [--time] [--json FILE]
        [--markdown FILE] [--page FILE] [--add FILE]

A state counts where its solver calls it a solution and Newton's method over sixty digits finds an equilibrium beside it, as
near as the residual that was asked for allows; a solution that is none is counted as false. Large models are judged by their
residual. Everyone starts at zeros (deq where it begins by itself) and is asked for the same residual, relative to the state.

One table for each precision, forward and adjoint, a row for each family: how many models deq and the best peer solve, and
any peer at all; the median over the models that both solve of deq's evaluations of f ÷ those of the peer with the fewest on
that model; with --time, on one thread, the same of times, of which deq's is that of the solve alone, without the start of the
process. A row where deq is behind says so. Then a table of deq's own solvers, and one of the times of large models (large.py).
All seeds are fixed: but for times, the same versions give the same tables.
"""

import argparse
import datetime
import json
import os
import re
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
parser.add_argument("--quick", action="store_true", help="small models only, some minutes in all")
parser.add_argument("--no-large", action="store_true", help="without the times of large models")
parser.add_argument("--json", help="where to write every attempt")
parser.add_argument("--add", action="append", default=[], help="an earlier run's --json, whose attempts count too")
parser.add_argument("--markdown", help="where to write the tables in Markdown")
parser.add_argument("--page", help="a page in which to replace the tables, between the comments that name this program")
options = parser.parse_args()
# Before the libraries look.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import numpy as np
import torch

from families import problems, write
from large import LargeReference
from peers import Attempt, Peers
from reference import Reference
from tables import SOLVERS, Table, advice_table, family_table

torch.set_num_threads(1)
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


def deq(problem, precision, tolerance, folder, solver="structured"):
    """deq's attempts forward and backward; the second is None where there is no equilibrium."""
    path = os.path.join(folder, problem.name)
    arguments = [
        options.deq, "evaluate", f"{path}.json", "--input", f"{path}.sample.json", "--tolerance", str(tolerance),
        "--precision", precision, "--threads", "1", "--state", "--solver", solver,
        *(["--time"] if options.time else [])]
    run = subprocess.run(arguments, capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"{problem.name}: {run.stderr}")
    report = json.loads(run.stdout)
    sample, seconds = report["samples"][0], report.get("seconds", {})
    # No peer estimates the condition of I − J, which deq does after it has solved.
    count = lambda records: sum(
        record["evaluations"] - sum(stage["evaluations"] for stage in record["stages"] if stage["solver"] == "probe")
        for record in records)
    is_claimed = sample["forward"]["status"] == "converged"
    state = np.concatenate([report["state"][name][0] for name in problem.state]) if is_claimed else np.array([np.nan])
    forward = Attempt(state, is_claimed, count(report["solver"]["forward"]), seconds.get("forward"))
    if "adjoint" not in sample:
        return forward, None
    is_claimed = sample["adjoint"]["status"] == "converged"
    gradient = np.array(report["gradients"]["input"][0]) if is_claimed else np.array([np.nan])
    return forward, Attempt(gradient, is_claimed, count(report["solver"]["adjoint"]), seconds.get("adjoint"))


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


def advice(problem, folder, rows):
    """What each of deq's solvers does with a small problem, in double precision: rows for the table of solvers."""
    precision, tolerance = "float64", TOLERANCES["float64"]
    reference = Reference(problem)
    for name in SOLVERS:
        attempt, _ = deq(problem, precision, tolerance, folder, name)
        rows.append({
            "family": problem.family, "problem": problem.name, "name": name, "attempt": attempt,
            "right": attempt.is_claimed and reference.judge(attempt.value, tolerance, float(np.finfo(precision).eps)).is_right})


def measured():
    """Everything that was attempted, a row for each, against the peers and by deq's own solvers; what there is so far where it
    is interrupted."""
    rows, own = [], []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for item in problems("small" if options.quick else options.size):
                if not re.search(options.only, item.name):
                    continue
                write(item, folder)
                for precision in options.precision or TOLERANCES:
                    print(f"{item.name} {precision}", file=sys.stderr, flush=True)
                    rows += [
                        {"family": item.family, "problem": item.name, "precision": precision, "direction": direction,
                         "name": name, "attempt": attempt, "right": bool(is_right)}
                        for direction, name, attempt, is_right in attempts(item, precision, folder)]
                if item.is_small:
                    advice(item, folder, own)
                if options.json:
                    # A run takes long, and whatever ends it should leave what it has.
                    write_json(rows, own, [])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return rows, own


def large():
    """What large.py says, a row for each line: a process of its own, since it has other threads."""
    if options.no_large:
        return []
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "large.py")
    run = subprocess.run(
        [sys.executable, script, "--deq", options.deq, *(["--quick"] if options.quick else [])],
        stdout=subprocess.PIPE, text=True, check=True,
        env={key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS") and key != "XLA_FLAGS"})
    return [json.loads(line) for line in run.stdout.splitlines()]


def large_table(rows):
    """Whether everyone solves the large models, and what that takes."""
    made = []
    for row in rows:
        ours, best = row["attempts"]["deq"], row["attempts"].get(row["best"], {})
        made.append([
            row["family"], row["precision"], "yes" if ours["solved"] else "no", row["best"] or "none", ours["evaluations"],
            best.get("evaluations", "–"), time_ratio(row)])
    return Table(
        "Large models to the same residual, 2 threads each, in turns: the time of deq's solve as --time reports it, without "
        "the process's start, ÷ that of TorchDEQ's fastest solver",
        ["model", "precision", "deq", "fastest of TorchDEQ", "deq's evaluations", "its evaluations", "time ÷"], made)


def time_ratio(row):
    """deq's time ÷ the best of TorchDEQ's, unless other programs have had a part in both."""
    if row["load"] > 3:
        return f"not taken: load {row['load']:.0f}"
    return f"{row['ratio']:.2f}" if row["ratio"] else "–"


def versions():
    """What was compared, and when."""
    from importlib.metadata import PackageNotFoundError, version

    found = [subprocess.run([options.deq, "--version"], capture_output=True, text=True, check=True).stdout.strip()]
    for name in ("torch", "torchdeq", "numpy", "scipy", "jax", "jaxopt", "optimistix"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return f"{datetime.date.today().isoformat()}: {', '.join(found)}"


def write_json(rows, own, times):
    plain = lambda row: {key: value for key, value in row.items() if key != "attempt"} | {
        "claimed": row["attempt"].is_claimed, "evaluations": row["attempt"].evaluations,
        "seconds": row["attempt"].seconds}
    with open(options.json, "w") as file:
        json.dump({
            "versions": versions(), "attempts": [plain(row) for row in rows], "solvers": [plain(row) for row in own],
            "large": times}, file, indent=1)
        file.write("\n")


def read_json(path):
    """The rows of an earlier run."""
    with open(path) as file:
        kept = json.load(file)
    row = lambda entry: {key: value for key, value in entry.items() if key not in ("claimed", "evaluations", "seconds")} | {
        "attempt": Attempt(None, entry["claimed"], entry["evaluations"], entry["seconds"])}
    return [row(entry) for entry in kept["attempts"]], [row(entry) for entry in kept["solvers"]], kept["large"]


def together(new, old):
    """Two runs' rows; where both have attempted the same, the first one's."""
    key = lambda row: tuple(row.get(name) for name in ("problem", "precision", "direction", "name"))
    known = {key(row) for row in new}
    return new + [row for row in old if key(row) not in known]


def replace_block(path, text):
    """Writes text into a page, between the two comments that name this program."""
    with open(path) as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    with open(path, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


BEGIN, END = "<!-- compare.py writes from here -->", "<!-- to here -->"


def main():
    rows, own = measured()
    times = large()
    for path in options.add:
        rows, own, times = (together(new, old) for new, old in zip((rows, own, times), read_json(path)))
    tables = []
    for precision in options.precision or TOLERANCES:
        for direction in ("forward", "adjoint"):
            found = [row for row in rows if row["precision"] == precision and row["direction"] == direction]
            if found:
                tables.append(family_table(f"{direction}, {precision}, residual {TOLERANCES[precision]:g}", found))
    if own:
        tables.append(advice_table(
            "deq's solvers, float64: models found, and the median of evaluations on those", own))
    if times:
        tables.append(large_table(times))
    unsolved = sorted({row["problem"] for row in rows} - {row["problem"] for row in rows if row["right"]})
    last = f"Solved by nobody: {', '.join(unsolved) or 'none'}."
    print("\n\n".join([versions(), *(table.text for table in tables), last]))
    markdown = "\n\n".join([f"Measured {versions()}.", *(table.markdown for table in tables), last])
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(markdown + "\n")
    if options.page:
        replace_block(options.page, markdown)
    if options.json:
        write_json(rows, own, times)


main()
