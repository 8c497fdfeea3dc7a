"""What the peers do with a problem: equilibria and adjoints, each with its evaluations and its time."""

import contextlib
import re
import time
import warnings
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.sparse.linalg
import torch
from torchdeq.solver import anderson_solver, broyden_solver, fixed_point_iter

from frameworks import JAXTransition, TorchTransition, jax

if jax:
    import jax.numpy as jnp
    import jaxopt
    import lineax
    import optimistix

#: Updates a solver may take.
MOST = 500
#: The largest state for which a whole Jacobian is worth its columns here.
DENSE = 600


@dataclass
class Attempt:
    """What a solver says of one problem: its state (or an adjoint's gradient of the input), and what it took."""

    value: np.ndarray
    #: Whether the solver itself calls this a solution.
    is_claimed: bool
    #: Evaluations of f, products with its Jacobian included, each being one; None where nobody counts.
    evaluations: int | None
    seconds: float | None = None


def least_seconds(run, is_timed):
    """The least time of a call among those that fit into a fifth of a second, three at least."""
    if not is_timed:
        return None
    times, end = [], time.perf_counter() + 0.2
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


class Peers:
    """The peers on one problem, in one precision.

    Everyone is asked for a residual of tolerance · scale, in the terms that he has; scale is the largest magnitude of the
    equilibrium, since not everyone has a relative tolerance.
    """

    def __init__(self, problem, precision, tolerance, scale, is_timed, names=""):
        self.names, self.problem, self.tolerance, self.is_timed = names, problem, tolerance, is_timed
        self.absolute = tolerance * scale if scale > 0 else tolerance
        self.precision = precision
        self.torch = TorchTransition(problem, getattr(torch, precision))
        self.jax = JAXTransition(problem, getattr(jnp, precision)) if jax else None
        self.size = self.torch.form.state_size

    def forward(self):
        """(name, Attempt) of every solver."""
        with jax.enable_x64(self.precision == "float64") if jax else contextlib.nullcontext():
            yield from self.forward_attempts()

    def forward_attempts(self):
        for name, solver in TORCHDEQ.items():
            if self.wants(f"torchdeq {name}"):
                yield f"torchdeq {name}", self.torchdeq(solver)
        if self.precision == "float64":
            for name in ("hybr", "lm", "broyden1", "anderson", "krylov", "df-sane"):
                if self.wants(f"scipy {name}") and (self.size <= DENSE or name not in ("hybr", "lm", "broyden1")):
                    yield f"scipy {name}", self.scipy(name)
        if jax:
            for name in JAXOPT:
                if self.wants(f"jaxopt {name}"):
                    yield f"jaxopt {name}", self.jaxopt(name)
            for name in OPTIMISTIX:
                if self.wants(f"optimistix {name}") and (self.size <= DENSE or name == "fixed_point"):
                    yield f"optimistix {name}", self.optimistix(name)

    def wants(self, name):
        return re.match(self.names, name) is not None

    def torchdeq(self, solver):
        def run():
            with torch.inference_mode():
                return solver(
                    self.torch, self.torch.start, max_iter=MOST, tol=self.tolerance, stop_mode="rel")

        self.torch.evaluations = 0
        try:
            state, _, info = run()
        except torch.linalg.LinAlgError:
            return Attempt(np.full(self.size, np.nan), False, self.torch.evaluations)
        count = self.torch.evaluations
        residual = float(info["rel_lowest"].max())
        return Attempt(
            state[0].double().numpy(), residual <= self.tolerance, count, least_seconds(run, self.is_timed))

    def scipy(self, name):
        def equation(z):
            with torch.inference_mode():
                return self.torch(torch.from_numpy(z)[None])[0].numpy() - z

        def run():
            start = np.zeros(self.size)
            if name in ("hybr", "lm"):
                return scipy.optimize.root(equation, start, method=name, tol=self.tolerance)
            options = {"fatol": self.absolute, "maxiter": MOST} if name != "df-sane" else {
                "fatol": self.absolute, "ftol": 0, "maxfev": 4 * MOST}
            return scipy.optimize.root(equation, start, method=name, options=options)

        self.torch.evaluations = 0
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                found = run()
            except (ValueError, ArithmeticError, np.linalg.LinAlgError):
                return Attempt(np.full(self.size, np.nan), False, self.torch.evaluations)
            count = self.torch.evaluations
            return Attempt(np.ravel(found.x), bool(found.success), count, least_seconds(run, self.is_timed))

    compiled = {}

    def once_compiled(self, key, make):
        key = (key, self.jax.key)
        if key not in self.compiled:
            self.compiled[key] = make()
        return self.compiled[key]

    # Tolerances are arguments of what is compiled: it serves every model that differs by its numbers alone.

    def jaxopt(self, name):
        function, tolerance = self.jax.function, self.absolute * self.size**0.5

        def make():
            def solve(start, arguments, tolerance):
                state, info = JAXOPT[name](function, tolerance).run(start, arguments)
                count = getattr(info, "num_fun_eval", None)
                return state, info.error, info.iter_num if count is None else count

            return jax.jit(solve)

        solve = self.once_compiled(f"jaxopt {name}", make)
        run = lambda: jax.block_until_ready(solve(self.jax.start, self.jax.arguments, tolerance))
        state, error, count = run()
        return Attempt(
            np.asarray(state, float), bool(error <= tolerance), int(count), least_seconds(run, self.is_timed))

    def optimistix(self, name):
        function = self.jax.function
        products = OPTIMISTIX[name][1]

        def make():
            def solve(start, arguments, relative, absolute):
                solver = OPTIMISTIX[name][0](relative, absolute)
                if name == "fixed_point":
                    found = optimistix.fixed_point(function, solver, start, arguments, max_steps=MOST, throw=False)
                else:
                    found = optimistix.root_find(
                        lambda z, arguments: function(z, arguments) - z, solver, start, arguments, max_steps=MOST // 4,
                        throw=False)
                return found.value, found.result == optimistix.RESULTS.successful, found.stats["num_steps"]

            return jax.jit(solve)

        solve = self.once_compiled(f"optimistix {name}", make)
        run = lambda: jax.block_until_ready(
            solve(self.jax.start, self.jax.arguments, self.tolerance, self.absolute))
        state, is_claimed, steps = run()
        count = int(steps) * (1 + self.size) if products == "each" else int(steps) + (self.size if products else 0)
        return Attempt(np.asarray(state, float), bool(is_claimed), count, least_seconds(run, self.is_timed))

    def adjoint(self, state):
        """As `forward`, for the adjoint at a state."""
        with jax.enable_x64(self.precision == "float64") if jax else contextlib.nullcontext():
            yield from self.adjoint_attempts(state)

    def adjoint_attempts(self, state):
        """(name, Attempt) of every solver of g = Jᵀ g + e at a state, each with the gradient of the input."""
        z = torch.tensor(state[None], dtype=self.torch.dtype, requires_grad=True)
        x = self.torch.input.clone().requires_grad_(True)
        e, direct = torch.autograd.grad(
            self.torch.output(z, x), (z, x), self.torch.cotangent, allow_unused=True, materialize_grads=True)
        value = self.torch(z, x)
        products = [0]

        def pull_back(g):
            products[0] += 1
            return torch.autograd.grad(value, z, g, retain_graph=True, materialize_grads=True, allow_unused=True)[0]

        def gradient(g):
            through = torch.autograd.grad(value, x, g, retain_graph=True)[0]
            return (through + direct)[0].double().numpy()

        for name, solver in TORCHDEQ.items():
            run = lambda: solver(
                lambda g: pull_back(g) + e, torch.zeros_like(e), max_iter=MOST, tol=self.tolerance, stop_mode="rel")
            products[0] = 0
            try:
                g, _, info = run()
            except torch.linalg.LinAlgError:
                yield f"torchdeq {name}", Attempt(np.full(self.problem.input.size, np.nan), False, products[0])
                continue
            count = products[0]
            yield f"torchdeq {name}", Attempt(
                gradient(g), float(info["rel_lowest"].max()) <= self.tolerance, count, least_seconds(run, self.is_timed))
        if self.precision == "float64":
            product = lambda g: g - pull_back(torch.from_numpy(g)[None])[0].numpy()
            operator = scipy.sparse.linalg.LinearOperator((self.size, self.size), product, dtype=float)
            for name in ("gmres", "bicgstab"):
                method = getattr(scipy.sparse.linalg, name)
                run = lambda: method(operator, e[0].numpy(), rtol=self.tolerance, maxiter=MOST)
                products[0] = 0
                g, status = run()
                count = products[0]
                yield f"scipy {name}", Attempt(
                    gradient(torch.from_numpy(g)[None]), status == 0, count, least_seconds(run, self.is_timed))
        if jax and self.size <= DENSE and self.wants("optimistix LU"):
            yield "optimistix LU", self.dense_adjoint(state, e, gradient)

    def dense_adjoint(self, state, e, gradient):
        """What optimistix's ImplicitAdjoint does: the whole Jacobian, and LU."""
        function = self.jax.function

        def make():
            def solve(z, arguments, e):
                jacobian = jax.jacrev(function)(z, arguments)
                operator = lineax.MatrixLinearOperator(jnp.eye(len(z), dtype=z.dtype) - jacobian.T)
                return lineax.linear_solve(operator, e, throw=False).value

            return jax.jit(solve)

        solve = self.once_compiled("adjoint", make)
        z, e = jnp.asarray(state, self.jax.dtype), jnp.asarray(e[0].numpy())
        run = lambda: jax.block_until_ready(solve(z, self.jax.arguments, e))
        g = torch.tensor(np.array(run()))[None]
        return Attempt(gradient(g), bool(torch.isfinite(g).all()), self.size, least_seconds(run, self.is_timed))


TORCHDEQ = {"anderson": anderson_solver, "broyden": broyden_solver, "fixed_point": fixed_point_iter}

JAXOPT = {
    "fixed_point": lambda f, tolerance: jaxopt.FixedPointIteration(f, maxiter=MOST, tol=tolerance),
    "anderson": lambda f, tolerance: jaxopt.AndersonAcceleration(f, maxiter=MOST, tol=tolerance),
    "broyden": lambda f, tolerance: jaxopt.Broyden(
        lambda z, arguments: f(z, arguments) - z, maxiter=MOST, tol=tolerance),
}

#: The solver, and when it takes the whole Jacobian, a product for every coordinate: at each step, once, or never.
OPTIMISTIX = {
    "fixed_point": (lambda r, a: optimistix.FixedPointIteration(rtol=r, atol=a), None),
    "newton": (lambda r, a: optimistix.Newton(rtol=r, atol=a), "each"),
    "chord": (lambda r, a: optimistix.Chord(rtol=r, atol=a), "once"),
    "dogleg": (lambda r, a: optimistix.Dogleg(rtol=r, atol=a), "each"),
    "levenberg_marquardt": (lambda r, a: optimistix.LevenbergMarquardt(rtol=r, atol=a), "each"),
}
