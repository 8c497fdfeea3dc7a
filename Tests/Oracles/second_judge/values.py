"""The values of a model's equations in the fields of a challenge, as Proof.md defines them."""
import hashlib
import math
import operator
import struct
from typing import NamedTuple

from . import functions
from .fields import NotAttempted, Symbol, u64
from .shapes import axis_of, lines, pool_windows, size
from .uniqueness import has_one_equilibrium


class WrongCut(Exception):
    """A cut that the model does not have."""


class Unfounded(Exception):
    """One unknown for several coordinates, where this program does not see that the group has one equilibrium."""


class Group(NamedTuple):
    """Equations that read each other, and what stands for them."""

    members: list
    digest: bytes


def components(reads):
    """Strongly connected components of the graph in which node i reads the nodes `reads[i]`, each after those that it
    reads (Tarjan 1972, without recursion)."""
    order, low, stack, waiting, found = {}, {}, [], [], []
    for root in range(len(reads)):
        if root in order:
            continue
        waiting.append((root, iter(reads[root])))
        while waiting:
            node, rest = waiting[-1]
            if node not in order:
                order[node] = low[node] = len(order)
                stack.append(node)
            following = next((other for other in rest if other not in order or other in low), None)
            if following is not None:
                if following in order:
                    low[node] = min(low[node], order[following])
                else:
                    waiting.append((following, iter(reads[following])))
                continue
            waiting.pop()
            if low[node] == order[node]:
                at = stack.index(node)
                found.append(sorted(stack[at:]))
                for member in found[-1]:
                    del low[member]
                del stack[at:]
            if waiting and node in low:
                parent = waiting[-1][0]
                low[parent] = min(low[parent], low[node])
    return found


def apply(F, equation, ports):
    """The nonlinearity of an equation, at the values of its ports."""
    kind, c, shape = equation.kind, equation.constants, equation.ports[0]
    if kind == "where":
        return [functions.choice(F, *arguments) for arguments in zip(*ports)]
    if kind in ("softmax", "softmin", "log_softmax", "logsumexp", "amax", "amin", "norm"):
        return along_lines(F, kind, c, shape, ports[0])
    if kind == "max_pool":
        return maxima(F, pool_windows(shape, c), shape, ports[0])
    if kind != "identity" and any(isinstance(t, Symbol) for port in ports for t in port):
        raise NotAttempted(f"{equation.name}: an infinite constant takes part in arithmetic")
    if kind == "glu":
        return gated(F, shape, c["dim"][0], ports[0])
    function = functions.elementwise(F, kind, c)
    if function is not None:
        return [function(t) for t in ports[0]]
    function = functions.pairwise(F, kind)
    if function is not None:
        return [function(*arguments) for arguments in zip(*ports)]
    if kind == "matmul":
        return products(equation.ports, *ports)
    return normalization(F, kind, c, shape, ports)


def along_lines(F, kind, c, shape, port):
    result, reduced = [0] * len(port), []
    starts, offsets = lines(shape, c["dim"])
    for start in starts:
        line = [port[start + offset] for offset in offsets]
        if kind == "softmax":
            values = functions.softmax(F, line)
        elif kind == "softmin":
            values = functions.softmax(F, [functions.negative(F, t) for t in line])
        elif kind == "log_softmax":
            total = functions.logsumexp(F, line)
            values = [t - total for t in line]
        elif kind == "logsumexp":
            reduced.append(functions.logsumexp(F, line))
            continue
        elif kind == "norm":
            reduced.append(functions.norm(F, line))
            continue
        else:
            reduced.append(F.M(line) if kind == "amax" else functions.smallest(F, line))
            continue
        for offset, value in zip(offsets, values):
            result[start + offset] = value
    return reduced or result


def gated(F, shape, dim, port):
    """The first half along an axis, times the logistic function of the second."""
    block = size(shape[axis_of(dim, len(shape)):])
    values = []
    for start in range(0, size(shape), block):
        middle = start + block // 2
        values.extend(port[start + i] * F.S(port[middle + i]) for i in range(block // 2))
    return values


def maxima(F, windows, shape, port):
    plane, covered = size(shape[1:]), [[place for _, place in places] for _, places in windows.each()]
    nothing = F.image(-math.inf)
    return [F.M([port[channel * plane + place] for place in places]) if places else nothing
            for channel in range(shape[0]) for places in covered]


def products(shapes, left, right):
    (m, k), n = shapes[0][-2:], shapes[1][-1]
    values = []
    for batch in range(size(shapes[0][:-2])):
        columns = [right[batch * k * n + column:(batch + 1) * k * n:n] for column in range(n)]
        for row in range(batch * m, (batch + 1) * m):
            line = left[row * k:(row + 1) * k]
            values.extend(sum(map(operator.mul, line, column)) for column in columns)
    return values


def normalization(F, kind, c, shape, ports):
    if kind in ("layer_norm", "rms_norm"):
        length = size(c["normalized_shape"])
    else:
        length = size(shape) // (c["num_groups"][0] if kind == "group_norm" else shape[0])
    values = []
    for start in range(0, size(shape), length):
        values.extend(functions.normalized(F, ports[0][start:start + length], c["eps"], kind != "rms_norm"))
    for port, combine in zip(ports[1:], (operator.mul, operator.add)):
        values = list(map(combine, values, port))
    return values


class Evaluation:
    """The value of every equation, the digests of all groups, for one challenge."""

    def __init__(self, model, fields, cut=(), merged=(), parameters=None):
        """`cut`: coordinates that every cycle passes through but for those of linear equations, as pairs of equation and
        index, in that order. `merged`: those of groups in which tied coordinates have one unknown.
        `parameters`: the elements of parameters that are drawn, by name."""
        self.model, self.F, self.parameters = model, fields, parameters or {}
        self.merged = set(merged)
        self.input = [fields.random("input", (index,)) for index in range(size(model.shape))]
        self.values = [None] * len(model.equations)
        self.is_partial = [False] * len(model.equations)
        self.groups = []
        self.parts = [self.prepared(equation) for equation in model.equations]
        reads = [sorted({term.source for term, rows in terms if term.source >= 0 and has_entry(rows)})
                 for terms, _ in self.parts]
        for members in components(reads):
            equations = [model.equations[member] for member in members]
            partial = (any(functions.is_partial(equation.kind, equation.constants) for equation in equations)
                       or any(self.is_partial[source] for member in members for source in reads[member]))
            if len(members) > 1 or members[0] in reads[members[0]]:
                self.solve(members, [place for place in cut if place[0] in members])
            else:
                self.values[members[0]] = self.value(members[0])
            for member in members:
                self.is_partial[member] = partial
        unused = [place for place in cut if not any(place[0] in group.members for group in self.groups)]
        if unused:
            raise WrongCut(f"expected coordinates of a cycle, found {self.named(unused[0])}")
        self.output = self.values[model.output]

    def named(self, place):
        return f"{self.model.equations[place[0]].name!r} at {place[1]}"

    @property
    def holds_where_defined(self):
        """Whether the values of output and groups may be undefined for some inputs."""
        members = [member for group in self.groups for member in group.members]
        return any(self.is_partial[index] for index in members + [self.model.output])

    def elements(self, part):
        if part.tensor is None:
            return None
        if part.parameter in self.parameters:
            return self.parameters[part.parameter]
        return [self.F.image(number) for number in part.tensor.numbers]

    def prepared(self, equation):
        """The rows of each term, and what the offsets add to each port."""
        terms = [(term, list(term.rows(self.elements(term), self.F.image))) for term in equation.terms]
        ports = [[0] * size(shape) for shape in equation.ports]
        for offset in equation.offsets:
            elements = self.elements(offset)
            if offset.rows is not None:
                elements = list(self.mapped(offset.rows(elements, self.F.image), elements))
            for index, t in enumerate(elements):
                ports[offset.port][index] = self.added(ports[offset.port][index], t)
        return terms, ports

    def mapped(self, rows, x):
        """A linear map's value. A symbol stays one where it is taken as it is."""
        has_symbols = any(isinstance(t, Symbol) for t in x)
        for columns, entries in rows:
            if has_symbols and any(isinstance(x[column], Symbol) for column in columns):
                if list(entries) != [1]:
                    raise NotAttempted("an infinite constant takes part in arithmetic")
                yield x[columns[0]]
            else:
                yield sum(entry * x[column] for column, entry in zip(columns, entries))

    def added(self, total, t):
        if isinstance(total, Symbol) and isinstance(t, Symbol) and total != t:
            raise NotAttempted("infinite constants of both signs meet")
        return total if isinstance(total, Symbol) else t if isinstance(t, Symbol) else total + t

    def value(self, index, state=None):
        """The value of an equation, with the values of others from `state` where it has them."""
        equation, (terms, offsets) = self.model.equations[index], self.parts[index]
        ports = [list(port) for port in offsets]
        for term, rows in terms:
            x = self.input if term.source < 0 else (state or {}).get(term.source, self.values[term.source])
            if x is None:
                # Entries that are zero read nothing.
                continue
            port = ports[term.port]
            for row, t in enumerate(self.mapped(rows, x)):
                port[row] = self.added(port[row], t)
        reduced = [[t if isinstance(t, Symbol) else t % self.F.modulus for t in port] for port in ports]
        return [t if isinstance(t, Symbol) else t % self.F.modulus for t in apply(self.F, equation, reduced)]

    def solve(self, members, cut):
        """The digest of a group of equations that read each other, and a random state that stands for its equilibria."""
        self.linear = self.linear_equations(members, cut)
        if not cut:
            self.values_at(members, cut, [])
            return
        colours = self.colours(members, cut)
        pairs = sorted(set(zip(map(self.F.parts, colours), map(self.F.parts, self.transition(members, cut, colours)))))
        message = b"group" + b"".join(u64(part) for pair in pairs for t in pair for part in t)
        digest = hashlib.blake2b(message, key=self.F.key, digest_size=32).digest()
        words = struct.unpack("<4Q", digest)
        unknowns = [self.F.random("unknown", words, [colour]) for colour in colours]
        self.groups.append(Group(members, digest))
        self.values_at(members, cut, unknowns)

    def linear_equations(self, members, cut):
        """The coordinates outside the cut that read each other through identities alone, with (I - A)^-1 where they read
        each other by A."""
        outside = set(cut)
        places = [(member, index) for member in members if self.model.equations[member].kind == "identity"
                  for index in range(size(self.model.equations[member].shape)) if (member, index) not in outside]
        numbers = {place: number for number, place in enumerate(places)}
        matrix = [{} for _ in places]
        for (member, index), row in zip(places, matrix):
            for term, rows in self.parts[member][0]:
                for column, entry in zip(*rows[index]):
                    number = numbers.get((term.source, column))
                    if number is not None and entry:
                        row[number] = row.get(number, 0) + entry
        return [([places[number] for number in found], self.inverse(
                    [[int(row == column) - matrix[row].get(column, 0) for column in found] for row in found]))
                for found in components([list(row) for row in matrix]) if len(found) > 1 or found[0] in matrix[found[0]]]

    def inverse(self, rows):
        """The inverse of a square matrix (Gauss and Jordan)."""
        order = len(rows)
        rows = [[t % self.F.modulus for t in row] + [int(column == number) for column in range(order)]
                for number, row in enumerate(rows)]
        for column in range(order):
            pivot = next((row for row in range(column, order) if all(self.F.parts(rows[row][column]))), column)
            rows[column], rows[pivot] = rows[pivot], rows[column]
            share = self.F.inverse(rows[column][column])
            rows[column] = [t * share % self.F.modulus for t in rows[column]]
            for row in range(order):
                if row != column and rows[row][column]:
                    factor = rows[row][column]
                    rows[row] = [(t - factor * u) % self.F.modulus for t, u in zip(rows[row], rows[column])]
        return [row[order:] for row in rows]

    def colours(self, members, cut):
        """Colours of the cut's coordinates, no two the same unless the group is merged: a coordinate's next colour is a hash
        of its colour and of what the transition makes of it where all coordinates have their colours for values."""
        colours, classes, is_marked = [self.F.random("colour")] * len(cut), 0, False
        while True:
            values = self.transition(members, cut, colours)
            colours = [self.F.random("colour", (), pair) for pair in zip(colours, values)]
            count = len(set(colours))
            if count == classes:
                if count == len(cut):
                    return colours
                if any(place in self.merged for place in cut):
                    if self.parameters or not has_one_equilibrium(self.model, members):
                        raise Unfounded([self.model.equations[member].name for member in members])
                    return colours
                if not is_marked:
                    colours = self.coloured_by_readers(members, cut, colours)
                    count = len(set(colours))
                if is_marked or count == classes:
                    is_marked = True
                    tied = min((t for t in colours if colours.count(t) > 1), key=self.F.parts)
                    colours[colours.index(tied)] = self.F.random("mark", (), [tied])
                    count += 1
            classes = count

    def coloured_by_readers(self, members, cut, colours):
        """Tells tied coordinates apart by what reads them: what the transition makes of all where one has another element."""
        following = list(colours)
        for place, colour in enumerate(colours):
            if colours.count(colour) > 1:
                elements = list(colours)
                elements[place] = self.F.random("alone", (), [colour])
                pairs = sorted(zip(colours, self.transition(members, cut, elements)),
                               key=lambda pair: [self.F.parts(t) for t in pair])
                following[place] = self.F.random("readers", (), [colour] + [t for pair in pairs for t in pair])
        return following

    def transition(self, members, cut, elements):
        """What the transition makes of the cut's coordinates where they have these elements."""
        following = self.values_at(members, cut, elements)
        return [following[equation][index] for equation, index in cut]

    def values_at(self, members, cut, elements):
        """Finds the state whose cut has these elements, from which all else follows in as many applications as the
        longest path has steps. Returns the state's image under the transition."""
        state = {member: [self.F.random("start", (member, index))
                          for index in range(size(self.model.equations[member].shape))] for member in members}
        for _ in range(2 + sum(map(len, state.values()))):
            for (equation, index), t in zip(cut, elements):
                state[equation][index] = t
            following = {member: self.value(member, state) for member in members}
            clamped = {member: list(values) for member, values in following.items()}
            for places, inverse in self.linear:
                changes = [following[equation][index] - state[equation][index] for equation, index in places]
                for (equation, index), row in zip(places, inverse):
                    change = sum(map(operator.mul, row, changes))
                    clamped[equation][index] = (state[equation][index] + change) % self.F.modulus
            for (equation, index), t in zip(cut, elements):
                clamped[equation][index] = t
            if clamped == state:
                for member in members:
                    self.values[member] = state[member]
                return following
            state = clamped
        names = [self.model.equations[member].name for member in members]
        raise WrongCut(f"expected coordinates that every cycle of {names} passes through, found too few")


def has_entry(rows):
    return any(any(entries) for _, entries in rows)
