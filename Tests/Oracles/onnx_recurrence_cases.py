"""Recurrent layers as cases of onnx_gradients.py."""

import torch

from onnx_gradient_cases import Case, numbers


def by_gates(weight, order):
    """A weight whose gates stand in PyTorch's order; ONNX's at these places."""
    return torch.cat([weight.chunk(len(order), 0)[k] for k in order])


def torch_recurrence(kind, order, hidden, size, directions, x, W, R, B, states=()):
    module = getattr(torch.nn, kind)(size, hidden, bidirectional=directions == 2).double()
    given = {}
    for direction in range(directions):
        suffix = "_reverse" if direction else ""
        given["weight_ih_l0" + suffix] = by_gates(W[direction], order)
        given["weight_hh_l0" + suffix] = by_gates(R[direction], order)
        input_bias, state_bias = B[direction].chunk(2)
        given["bias_ih_l0" + suffix] = by_gates(input_bias, order)
        given["bias_hh_l0" + suffix] = by_gates(state_bias, order)
    y, last = torch.func.functional_call(module, given, (x, *states))
    length, batch, _ = y.shape
    return y.reshape(length, batch, directions, hidden).permute(0, 2, 1, 3), last


def recurrences():
    length, batch, size, hidden = 4, 2, 3, 2
    for kind, order in [("RNN", [0]), ("GRU", [1, 0, 2]), ("LSTM", [0, 2, 3, 1])]:
        gates = len(order)
        for directions in [1, 2]:
            weights = {"W": numbers(directions, gates * hidden, size), "R": numbers(directions, gates * hidden, hidden),
                       "B": numbers(directions, 2 * gates * hidden)}
            attributes = {"hidden_size": hidden, **({"direction": "bidirectional"} if directions == 2 else {}),
                          **({"linear_before_reset": 1} if kind == "GRU" else {})}
            faults = [("direction", {"direction": "reverse"})] if directions == 1 else []
            faults += [("reset", {"linear_before_reset": 0})] if kind == "GRU" else []
            yield Case(f"{kind.lower()}_{directions}", kind, {"x": numbers(length, batch, size)},
                       lambda x, W, R, B, k=kind, o=order, d=directions: torch_recurrence(
                           k, o, hidden, size, d, x, W, R, B)[0],
                       parameters=weights, attributes=attributes, faults=faults)
    weights = {"W": numbers(1, 8, size), "R": numbers(1, 8, hidden), "B": numbers(1, 16)}

    def states(x, h, c, W, R, B):
        y, (last, memory) = torch_recurrence("LSTM", [0, 2, 3, 1], hidden, size, 1, x, W, R, B, ((h, c),))
        return y, last, memory

    yield Case("lstm_states", "LSTM", {"x": numbers(length, batch, size), "h": numbers(1, batch, hidden),
                                       "c": numbers(1, batch, hidden)}, states, parameters=weights,
               attributes={"hidden_size": hidden}, order=["x", "W", "R", "B", "", "h", "c"],
               outputs=["y", "last", "memory"], faults=[("direction", {"direction": "reverse"})])

    def peepholes(x, W, R, B, P):
        h = c = torch.zeros(batch, hidden, dtype=torch.float64)
        result = []
        Pi, Po, Pf = P[0].chunk(3)
        for step in x:
            i, o, f, g = (step @ W[0].T + h @ R[0].T + B[0][:8] + B[0][8:]).chunk(4, 1)
            i, f = torch.sigmoid(i + Pi * c), torch.sigmoid(f + Pf * c)
            c = f * c + i * torch.tanh(g)
            h = torch.sigmoid(o + Po * c) * torch.tanh(c)
            result.append(h)
        return torch.stack(result)[:, None]

    yield Case("lstm_peepholes", "LSTM", {"x": numbers(length, batch, size)}, peepholes,
               parameters={**weights, "P": numbers(1, 6)}, attributes={"hidden_size": hidden},
               order=["x", "W", "R", "B", "", "", "", "P"], faults=[("direction", {"direction": "reverse"})])

    def early_reset(x, W, R, B):
        h = torch.zeros(batch, hidden, dtype=torch.float64)
        result = []
        (Wz, Wr, Wh), (Rz, Rr, Rh) = W[0].chunk(3), R[0].chunk(3)
        (bz, br, bh), (cz, cr, ch) = B[0].chunk(2)[0].chunk(3), B[0].chunk(2)[1].chunk(3)
        for step in x:
            z = torch.sigmoid(step @ Wz.T + h @ Rz.T + bz + cz)
            r = torch.sigmoid(step @ Wr.T + h @ Rr.T + br + cr)
            candidate = torch.tanh(step @ Wh.T + (r * h) @ Rh.T + bh + ch)
            h = (1 - z) * candidate + z * h
            result.append(h)
        return torch.stack(result)[:, None]

    yield Case("gru_early_reset", "GRU", {"x": numbers(length, batch, size)}, early_reset,
               parameters={"W": numbers(1, 6, size), "R": numbers(1, 6, hidden), "B": numbers(1, 12)},
               attributes={"hidden_size": hidden}, faults=[("reset", {"linear_before_reset": 1})])
