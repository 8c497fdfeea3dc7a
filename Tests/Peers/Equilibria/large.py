"""Times of large models to the same residual: deq ÷ the fastest of TorchDEQ's solvers, in turns, on two threads each.

    python3 Tests/Peers/Equilibria/large.py [--deq PATH] [--rounds N] [--quick]

One line for each model and precision, as JSON. A round is one solve after the other; the least time of all rounds counts.
deq's time is what `--time` reports: of the solve in a process that has read the model, without start-up and files. TorchDEQ's
is that of a call, the model being there and f having been called before. Everyone is asked for the same residual relative to
the largest coordinate of the state, and the one that he leaves is measured with the same PyTorch model in double precision;
whoever leaves one four times as large has not solved it. Ratios hold on a machine that has two processors to itself: where
others run, PyTorch's threads wait for each other. So each line has the load average with it, of which this program makes two.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

THREADS = 2
TOLERANCES = {"float64": 1e-10, "float32": 1e-5}


def chosen(is_quick):
    from families import convolutional, dense, transformer

    if is_quick:
        return [dense("tanh", 0.9, 128, family="dense, 128 states"), transformer(8, 16)]
    return [
        dense("tanh", 0.9, 512, family="dense, 512 states"), dense("tanh", 0.9, 2000, family="dense, 2,000 states"),
        convolutional(), transformer(32, 64)]


class LargeReference:
    """Judges by the residual alone, in double precision: sixty digits are too many for a large model."""

    def __init__(self, problem):
        import torch

        from frameworks import TorchTransition

        self.torch = TorchTransition(problem, torch.float64)

    def residual(self, state):
        """‖f(z) − z‖∞ ÷ ‖z‖∞."""
        import torch

        z = torch.as_tensor(state, dtype=torch.float64)[None]
        with torch.inference_mode():
            return float((self.torch(z) - z).abs().max() / z.abs().max())

    def judge(self, state, tolerance, unit=0.0):
        from reference import Judgement

        residual = self.residual(state)
        # Float32 weights are others, by their rounding.
        return Judgement(bool(residual <= 4 * tolerance + 64 * unit), residual)

    def judge_gradient(self, state, gradient, tolerance):
        """Against the sum of Neumann's series: these models contract."""
        import numpy as np
        import torch

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


def deq_seconds(tool, problem, precision, folder, residual):
    """(seconds, state, evaluations) of deq; the state is None where it found none.

    `residual` is that asked for, in the state's units; None for what rounding allows.
    """
    import numpy as np

    path = os.path.join(folder, problem.name)
    asked = [] if residual is None else ["--absolute-tolerance", str(residual), "--time"]
    run = subprocess.run(
        [tool, "evaluate", f"{path}.json", "--input", f"{path}.forward.json", "--precision", precision,
         "--threads", str(THREADS), "--state", *asked], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(f"{problem.name}: {run.stderr}")
    report = json.loads(run.stdout)
    count = sum(record["evaluations"] for record in report["solver"]["forward"])
    seconds = report.get("seconds", {}).get("forward")
    if report["samples"][0]["forward"]["status"] != "converged":
        return seconds, None, count
    return seconds, np.concatenate([report["state"][name][0] for name in problem.state]), count


def torchdeq_seconds(transition, solver, tolerance):
    """(seconds, state, evaluations) of one of TorchDEQ's solvers."""
    import torch

    transition.evaluations = 0
    start = time.perf_counter()
    with torch.inference_mode():
        state, _, _ = solver(transition, transition.start, max_iter=500, tol=tolerance, stop_mode="rel")
    return time.perf_counter() - start, state[0].double().numpy(), transition.evaluations


def measure(tool, problem, precision, folder, rounds):
    """What everyone took for one model, by name, and the ratio to the fastest of TorchDEQ's solvers."""
    import torch

    from frameworks import TorchTransition
    from peers import TORCHDEQ

    judge = LargeReference(problem)
    transition = TorchTransition(problem, getattr(torch, precision))
    tolerance = TOLERANCES[precision]
    residual = lambda state: None if state is None else judge.residual(state)
    _, state, _ = deq_seconds(tool, problem, precision, folder, None)
    size = float(abs(state).max()) if state is not None else 1.0
    found = {}
    transition(transition.start)
    for _ in range(rounds):
        for name in ("deq", *TORCHDEQ):
            seconds, state, count = (
                deq_seconds(tool, problem, precision, folder, tolerance * size) if name == "deq"
                else torchdeq_seconds(transition, TORCHDEQ[name], tolerance))
            best = found.setdefault(name, {"seconds": seconds, "residual": residual(state), "evaluations": count})
            best["seconds"] = min(best["seconds"], seconds)
    unit = 1.2e-7 if precision == "float32" else 0.0
    for entry in found.values():
        # Weights rounded to single precision are others.
        entry["solved"] = entry["residual"] is not None and entry["residual"] <= 4 * tolerance + 64 * unit
    solved = {name: entry["seconds"] for name, entry in found.items() if entry["solved"] and name != "deq"}
    best = min(solved, key=solved.get, default=None)
    ratio = found["deq"]["seconds"] / solved[best] if best and found["deq"]["solved"] else None
    return {"family": problem.family, "problem": problem.name, "precision": precision, "attempts": found, "best": best,
            "ratio": ratio, "load": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deq", default=".build/release/deq")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="smaller models, in one round")
    options = parser.parse_args()
    # Before the libraries look.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(THREADS)
    import torch

    torch.set_num_threads(THREADS)
    from families import write

    with tempfile.TemporaryDirectory() as folder:
        for problem in chosen(options.quick):
            write(problem, folder)
            with open(os.path.join(folder, f"{problem.name}.forward.json"), "w") as file:
                json.dump({"input": problem.samples["input"]}, file)
            for precision in TOLERANCES:
                print(f"{problem.name} {precision}", file=sys.stderr, flush=True)
                print(json.dumps(measure(
                    options.deq, problem, precision, folder, 1 if options.quick else options.rounds)), flush=True)


if __name__ == "__main__":
    main()
