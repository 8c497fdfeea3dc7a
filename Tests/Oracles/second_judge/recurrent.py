"""Recurrent layers of networks as layers of type `block`, step by step, as Formats.md says."""

GATES = {"rnn": ["candidate"], "gru": ["r", "z", "candidate"], "lstm": ["i", "f", "candidate", "o"]}
ACTIVATIONS = {"rnn": ["tanh"], "gru": ["sigmoid", "tanh"], "lstm": ["sigmoid", "tanh", "tanh"]}


def whole(source, **more):
    return {"from": source, "map": "identity", **more}


class Direction:
    """The blocks of one direction; `None` is what the layer reads."""

    def __init__(self, value, name, shape, hidden, blocks, suffix):
        self.value, self.kind, self.hidden, self.blocks, self.suffix = value, value["type"], hidden, blocks, suffix
        self.layer, self.name = name, name + (".reverse" if suffix else "")
        self.is_one_of_two = value.get("direction") == "bidirectional"
        self.gates, self.length = GATES[self.kind], shape[0]
        self.functions = value.get("activations", ACTIVATIONS[self.kind])
        if "nonlinearity" in value:
            self.functions = [value["nonlinearity"]]

    def block(self, name, terms, numbers=(), activation="identity", **more):
        shape = more if "shape" in more or "size" in more else {"size": self.hidden}
        self.blocks.append({
            "type": "block", "name": f"{self.name}.{name}", "activation": activation, **shape, "terms": terms, "b": list(numbers)})
        return f"{self.name}.{name}"

    def product(self, name, left, right):
        """The product of a block and a sum of terms, or of one block."""
        right = right if isinstance(right, list) else [whole(right)]
        left = left if isinstance(left, dict) else whole(left)
        ports = [[self.hidden], [self.hidden]]
        self.blocks.append({
            "type": "block", "name": f"{self.name}.{name}", "activation": "product", "size": self.hidden, "ports": ports,
            "terms": [left] + [{**term, "port": 1} for term in right]})
        return f"{self.name}.{name}"

    def named(self, key):
        return {"parameter": f"{self.layer}.{key}{self.suffix}"}

    def inputs(self):
        shape = [self.length, len(self.gates) * self.hidden]
        numbers = []
        if "bias_ih" + self.suffix in self.value:
            numbers = [{"tensor": self.value["bias_ih" + self.suffix],
                        "map": {"type": "expand", "shape": shape, "dim": 1}, **self.named("bias_ih")}]
        weight = {"type": "linear", "weight": self.value["weight_ih" + self.suffix]}
        return self.block("input", [{"from": None, "map": weight, **self.named("weight_ih")}], numbers, shape=shape)

    def constant(self, key, index):
        numbers = {"vector": self.value.get(key, [0.0] * self.hidden)}
        if key in self.value and self.is_one_of_two:
            numbers = {"tensor": self.value[key], "map": {"type": "slice", "dim": 0, "start": index, "end": index + 1}}
        return self.block(key, [], [numbers])

    def from_state(self, h):
        numbers = []
        if "bias_hh" + self.suffix in self.value:
            numbers = [{"vector": self.value["bias_hh" + self.suffix], **self.named("bias_hh")}]
        return [{"from": h, "matrix": self.value["weight_hh" + self.suffix], **self.named("weight_hh")}], numbers

    def slice(self, source, index, count):
        return {"from": source, "view": [count, self.hidden],
                "map": {"type": "slice", "dim": 0, "start": index, "end": index + 1}}

    def gate(self, gate, source, place=0, steps=1):
        count = len(self.gates)
        return self.slice(source, place * count + self.gates.index(gate), steps * count)

    def step(self, place, x, h, c):
        return getattr(self, self.kind)(place, x, h, c)

    def rnn(self, place, x, h, c):
        terms, numbers = self.from_state(h)
        return self.block(f"{place}.h", [self.slice(x, place, self.length)] + terms, numbers, self.functions[0]), c

    def gru(self, place, x, h, c):
        f, g = self.functions
        width = len(self.gates) * self.hidden
        terms, numbers = self.from_state(h)
        state = self.block(f"{place}.state", terms, numbers, size=width)
        ours = lambda gate: self.gate(gate, x, place, self.length)
        z, r = (self.block(f"{place}.{gate}", [ours(gate), self.gate(gate, state)], (), f) for gate in "zr")
        if self.value.get("reset_after", True):
            reset = whole(self.product(f"{place}.reset", r, [self.gate("candidate", state)]))
        else:
            terms, numbers = self.from_state(self.product(f"{place}.r h", r, h))
            reset = self.gate("candidate", self.block(f"{place}.reset", terms, numbers, size=width))
        n = self.block(f"{place}.candidate", [ours("candidate"), reset], (), g)
        change = self.product(
            f"{place}.change", z, [whole(h), {"from": n, "map": {"type": "multiply", "factor": -1}}])
        return self.block(f"{place}.h", [whole(n), whole(change)]), c

    def lstm(self, place, x, h, c):
        f, g, k = self.functions
        width = len(self.gates) * self.hidden
        terms, numbers = self.from_state(h)
        own = {"from": x, "view": [self.length, width],
               "map": {"type": "slice", "dim": 0, "start": place, "end": place + 1}}
        sums = self.block(f"{place}.sums", [own] + terms, numbers, size=width)

        def gate(name, memory, key):
            terms = [self.gate(name, sums)]
            if key + self.suffix in self.value:
                terms.append({"from": memory, "map": {"type": "scale", "weight": self.value[key + self.suffix]},
                              **self.named(key)})
            return self.block(f"{place}.{name}", terms, (), f)

        i, forget = gate("i", c, "weight_ci"), gate("f", c, "weight_cf")
        candidate = self.block(f"{place}.candidate", [self.gate("candidate", sums)], (), g)
        kept, added = self.product(f"{place}.kept", forget, c), self.product(f"{place}.added", i, candidate)
        c = self.block(f"{place}.c", [whole(kept), whole(added)])
        o = gate("o", c, "weight_co")
        return self.product(f"{place}.h", o, self.block(f"{place}.shown", [whole(c)], (), k)), c


def unrolled(value, name, shape, hidden):
    """The blocks, each after those that it reads; the last has the layer's name."""
    kind = value.get("direction", "forward")
    blocks, states, last = [], [[] for _ in range(shape[0])], []
    for index, suffix in enumerate(["", "_reverse"] if kind == "bidirectional" else [""]):
        direction = Direction(value, name, shape, hidden, blocks, suffix)
        x, h = direction.inputs(), direction.constant("h_0", index)
        c = direction.constant("c_0", index) if value["type"] == "lstm" else None
        backwards = suffix or kind == "reverse"
        for place in reversed(range(shape[0])) if backwards else range(shape[0]):
            h, c = direction.step(place, x, h, c)
            states[place].append(h)
        last.append(h)
    count = len(last)
    parts = last if value.get("returns") == "h_n" else [state for step in states for state in step]
    result = {"size": count * hidden} if value.get("returns") == "h_n" else {"shape": [shape[0], count * hidden]}
    terms = [{"from": state, "view": [1, hidden],
              "map": {"type": "place", "dim": 0, "start": index, "total": len(parts)}} for index, state in enumerate(parts)]
    blocks.append({"type": "block", "name": name, "activation": "identity", **result, "terms": terms})
    return blocks
