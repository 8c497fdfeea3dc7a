"""Whether a state is an equilibrium, and a gradient its derivative: Newton's method over sixty digits.

    python3 Tests/Peers/Equilibria/reference.py FOLDER [--size small]

judges what `deq evaluate --state -o NAME.report.json` has written beside the problems of families.py: one line for each,
`right`, `none` where deq found no equilibrium, or `wrong` with what is wrong.
"""

import argparse
import json
import os
from dataclasses import dataclass

import mpmath
import numpy as np

from block_form import FloatNumbers, PreciseNumbers, WrittenOut

DIGITS = 60
#: The step of differences over sixty digits, whose errors are about its square.
STEP = mpmath.mpf(10) ** -18


@dataclass
class Judgement:
    """What is known of one state that somebody calls an equilibrium."""

    is_right: bool
    #: |z − z*| of the worst coordinate, as a multiple of ‖z*‖, or of its own size where the problem asks for that; infinite
    #: where Newton's method leads nowhere from z.
    error: float
    #: ‖(I − J)⁻¹‖ at z*.
    amplification: float = float("inf")
    #: The error that the residual of the tolerance allows.
    allowed: float = 0.0


class Reference:
    """One problem over sixty digits."""

    def __init__(self, problem):
        self.problem = problem
        self.float = WrittenOut(problem.model, problem.state, FloatNumbers())
        self.precise = WrittenOut(problem.model, problem.state, PreciseNumbers(DIGITS))
        self.input = self.precise.numbers.array(problem.input)
        self.size = self.float.form.state_size
        #: The equilibria found so far, each with |(I − J)⁻¹| and the unit of f's rounding there.
        self.known = []
        #: The derivatives of the output at states that were asked for, with the Jacobian there.
        self.derivatives = {}

    def residual(self, z, x=None):
        """f(z) − z."""
        return (self.precise(z[None], (self.input if x is None else x)[None]) - z[None])[0]

    def jacobian(self, z):
        """∂f/∂z in double precision, by differences over sixty digits where the state is small, and of doubles else."""
        if self.size <= 24:
            base, columns = self.residual(z) + z, []
            for k in range(self.size):
                moved = z.copy()
                moved[k] += STEP
                columns.append([float(d / STEP) for d in self.residual(moved) + moved - base])
            return np.array(columns).T
        point = z.astype(float)
        step = 1e-6 * np.maximum(1e-3 * abs(point).max(), abs(point))
        moves = np.diag(step)
        inputs = np.broadcast_to(self.problem.input, (self.size, len(self.problem.input)))
        with np.errstate(all="ignore"):
            return ((self.float(point + moves, inputs) - self.float(point - moves, inputs)) / (2 * step[:, None])).T

    def root(self, start, x=None, steps=60):
        """The equilibrium that Newton's method, with one Jacobian after the other in double precision, finds from a state,
        and that Jacobian; None where it finds none."""
        z = self.precise.numbers.array(start)
        last, jacobian = None, None
        for _ in range(steps):
            F = self.residual(z, x)
            size = max(abs(number) for number in F)
            if not mpmath.isfinite(size):
                return None
            scale = max(abs(number) for number in z)
            if size <= mpmath.mpf(10) ** (-DIGITS + 12) * scale or size == 0:
                return z, self.jacobian(z)
            # A Jacobian is kept as long as it gains three digits a step.
            if last is None or size > last / 1000:
                jacobian = self.jacobian(z)
                if not np.isfinite(jacobian).all():
                    return None
            try:
                step = np.linalg.solve(
                    np.eye(self.size) - jacobian, np.array([float(number / size) for number in F]))
            except np.linalg.LinAlgError:
                return None
            z, last = z + self.precise.numbers.array(step) * size, size
        return None

    def judge(self, state, tolerance, unit=np.finfo(float).eps):
        """Whether a state is as near to an equilibrium as a residual of tolerance · ‖z‖ allows, or f's own rounding in the
        precision whose unit is given."""
        state = np.asarray(state, float)
        if not np.isfinite(state).all():
            return Judgement(False, float("inf"))
        # Mostly it is an equilibrium that is known already.
        for known in self.known:
            judgement = self.compare(state, *known, tolerance, unit)
            if judgement.is_right:
                return judgement
        found = self.root(state)
        if found is None:
            return Judgement(False, float("inf"))
        root, jacobian = found
        self.known.append((root, abs(np.linalg.inv(np.eye(self.size) - jacobian)), self.rounding(root.astype(float))))
        return self.compare(state, *self.known[-1], tolerance, unit)

    def compare(self, state, root, inverse, rounding, tolerance, unit):
        """How far a state is from an equilibrium, given |(I − J)⁻¹| there and the unit of f's rounding."""
        size = abs(root).astype(float)
        if not self.problem.by_coordinate:
            size = np.full(self.size, size.max())
        distance = abs(root - self.precise.numbers.array(state)).astype(float)
        allowed = np.minimum(4 * inverse @ (tolerance * size + 64 * unit * rounding), 1e-3 * size)
        worst = np.argmax(distance - allowed)
        scale = size[worst] or 1.0
        return Judgement(
            bool((distance <= allowed).all()), distance[worst] / scale, inverse.sum(axis=1).max(),
            allowed[worst] / scale)

    def rounding(self, z):
        """For each coordinate of f the magnitude of what is summed up there: the unit of f's own rounding, as far as one
        sees it from a state moved a little."""
        moved = z * (1 + np.finfo(float).eps * np.random.default_rng(0).choice([-1, 1], size=(64, self.size)))
        inputs = np.broadcast_to(self.problem.input, (64, len(self.problem.input)))
        with np.errstate(all="ignore"):
            change = abs(self.float(moved, inputs) - self.float(z[None], inputs[:1])).max(axis=0)
        return np.maximum(change / np.finfo(float).eps, abs(z))

    def directional_derivative(self, root, direction):
        """The derivative of ⟨cotangent, output⟩ along a direction of the input: a difference quotient of equilibria."""
        values = []
        for sign in (1, -1):
            x = self.input + sign * STEP * self.precise.numbers.array(direction)
            found = self.root(root, x)
            if found is None:
                return None
            output = self.precise.output(found[0][None], x[None])[0]
            values.append(mpmath.fdot(self.precise.numbers.array(self.problem.cotangent), output))
        return (values[0] - values[1]) / (2 * STEP)

    def judge_gradient(self, state, gradient, tolerance):
        """Whether the input's gradient fits the difference quotient along a random direction, with its relative error."""
        direction = np.random.default_rng(1).standard_normal(len(self.problem.input))
        key = np.asarray(state, float).tobytes()
        if key not in self.derivatives:
            found = self.root(np.asarray(state, float))
            self.derivatives[key] = found and (self.directional_derivative(found[0], direction), found[1])
        if self.derivatives[key] is None or self.derivatives[key][0] is None:
            return False, float("inf")
        derivative, jacobian = self.derivatives[key]
        gradient = np.asarray(gradient, float)
        error = abs(float(derivative) - float(gradient @ direction))
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction) + abs(float(derivative))
        amplification = abs(np.linalg.inv(np.eye(self.size) - jacobian)).sum(axis=1).max()
        # A quotient of sixty digits knows nothing of gradients below 10⁻³⁶, which saturated units have.
        allowed = 16 * max(1, amplification) ** 2 * tolerance * scale + 1e-36
        return bool(error <= allowed), error / scale if scale else error


def verdict(problem, report, tolerance):
    """A line on what deq says of a problem."""
    status = report["samples"][0]["forward"]["status"]
    if status != "converged":
        return f"none {problem.name}: {status}"
    reference = Reference(problem)
    state = np.concatenate([report["state"][name][0] for name in problem.state])
    judgement = reference.judge(state, tolerance)
    if not judgement.is_right:
        return f"wrong {problem.name}: the state is off by {judgement.error:.1e}, {judgement.allowed:.1e} allowed"
    if "gradients" in report:
        is_right, error = reference.judge_gradient(state, report["gradients"]["input"][0], tolerance)
        if not is_right:
            return f"wrong {problem.name}: the gradient is off by {error:.1e}"
    return f"right {problem.name}"


if __name__ == "__main__":
    from families import problems

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*", help="the problems that are judged; all small ones without")
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--tolerance", type=float, default=1e-12)
    arguments = parser.parse_args()
    for item in problems(arguments.size):
        if item.is_small and (not arguments.names or item.name in arguments.names):
            with open(os.path.join(arguments.folder, f"{item.name}.report.json")) as file:
                print(verdict(item, json.load(file), arguments.tolerance), flush=True)
