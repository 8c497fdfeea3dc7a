"""Verifies a certificate that `deq check A B --certificate FILE` wrote: python3 certificate.py FILE

It reads both models itself, draws the challenge from their hashes, evaluates both in three prime fields, and compares
every value with what the certificate says, and then the two models with each other; Proof.md and Certificates.md define
what it follows. It needs nothing but Python 3.9 and shares no code with what it judges.

Prints one line. Exit status 0: verified. 1: refused, with place, expectation and what was found. 2: wrong usage, or a
model that this program does not read (ONNX, standard input).
"""
import hashlib
import json
import math
import sys

from second_judge.fields import Fields, NotAttempted, ZeroDenominator, u64
from second_judge.files import OutOfScope, Unreadable, Weights, parse
from second_judge.models import read_model, stacked
from second_judge.shapes import size
from second_judge.uniqueness import condition
from second_judge.values import Evaluation, Unfounded, WrongCut

FUNCTION, EQUATIONS = "one function", "the same equations"


class Refused(Exception):
    """The certificate does not say what is so."""


def shown(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:80] + "…"


def expect(place, expected, found):
    """Refuses a certificate that says `found` where `expected` is so."""
    if type(expected) is not type(found) or expected != found:
        raise Refused(f"{place}: expected {shown(expected)}, found {shown(found)}")


def get(value, place, *keys):
    for key in keys:
        place = f"{place}.{key}".lstrip(".")
        if not isinstance(value, dict) or key not in value:
            raise Refused(f"{place}: expected a value, found none")
        value = value[key]
    return value


def listed(value, place, *keys):
    found = get(value, place, *keys)
    if not isinstance(found, list):
        raise Refused(f"{'.'.join((place,) + keys).lstrip('.')}: expected a list, found {shown(found)}")
    return found


class Files:
    """The files of one side, in the order of the certificate: each has to be asked for in its turn."""

    def __init__(self, side, place):
        self.place, self.position, self.digests = f"{place}.files", 0, []
        self.entries = listed(side, place, "files")

    def read(self, path=None):
        """The next file's path and contents; `path`: the one that has to come next, if that is known."""
        place = f"{self.place}[{self.position}]"
        if self.position == len(self.entries):
            raise Refused(f"{self.place}: expected {shown(path)} too, found {len(self.entries)} files")
        entry = self.entries[self.position]
        self.position += 1
        named = get(entry, place, "path")
        expect(f"{place}.path", named if path is None else path, named)
        if named == "-":
            raise OutOfScope("a model came from standard input, which cannot be read again")
        try:
            with open(named, "rb") as file:
                contents = file.read()
        except OSError as error:
            raise Refused(f"{place}: expected a file {shown(named)}, found {error.strerror}") from None
        self.digests.append(hashlib.sha256(contents).digest())
        expect(f"{place}.sha256", self.digests[-1].hex(), get(entry, place, "sha256"))
        return named, contents

    def weights(self, path):
        _, contents = self.read(path)
        return Weights(contents, path)

    def model(self):
        models = []
        while self.position < len(self.entries) or not models:
            path, contents = self.read()
            models.append(read_model(contents, path, self.weights))
        return stacked(models)


def challenge(identities, seed, attempt):
    return hashlib.sha256(b"deq proof 1" + b"".join(identities) + u64(seed) + u64(attempt)).digest()


def written(fields, t):
    """An element as certificates have it: 16 hexadecimal digits for each field."""
    return "".join(f"{part:016x}" for part in fields.parts(t))


def evaluated(model, fields, said, place, parameters=None):
    """The values of a model, whose groups have the cuts that the certificate says."""
    positions, cut, merged = {}, set(), set()
    for index, equation in enumerate(model.equations):
        positions.setdefault(equation.name, []).append(index)
    for number, group in enumerate(listed(said, place, "groups")):
        is_merged = group.get("merged", False) if isinstance(group, dict) else False
        if type(is_merged) is not bool:
            raise Refused(f"{place}.groups[{number}].merged: expected true or false, found {shown(is_merged)}")
        for coordinate in listed(group, f"{place}.groups[{number}]", "cut"):
            if not isinstance(coordinate, list) or len(coordinate) != 2 or type(coordinate[1]) is not int:
                raise Refused(f"{place}.groups[{number}].cut: expected [block, index], found {shown(coordinate)}")
            block = positions.get(coordinate[0]) if isinstance(coordinate[0], str) else None
            if block is None or not 0 <= coordinate[1] < size(model.equations[block[0]].shape):
                raise Refused(f"{place}.groups[{number}].cut: expected a block's coordinate, found {shown(coordinate)}")
            cut.add((block[0], coordinate[1]))
            if is_merged:
                merged.add((block[0], coordinate[1]))
    try:
        return Evaluation(model, fields, sorted(cut), merged, parameters)
    except Unfounded as error:
        raise OutOfScope(f"{place}.groups: tied coordinates of {error} have one unknown, and that there is one equilibrium "
                         "was not seen here") from None
    except WrongCut as error:
        raise Refused(f"{place}.groups: {error}") from None


def draw(models, identities, certificate):
    """The challenge and both evaluations. An attempt is the first without a zero denominator."""
    seed, attempt = get(certificate, "", "seed"), get(certificate, "", "attempt")
    for place, number in (("seed", seed), ("attempt", attempt)):
        if type(number) is not int or not 0 <= number < 2**64:
            raise Refused(f"{place}: expected an integer of 64 bits, found {shown(number)}")
    for number in range(attempt + 1):
        drawn = challenge(identities, seed, number)
        try:
            fields = Fields(drawn)
            evaluations = [evaluated(model, fields, get(side, place, "evaluation"), f"{place}.evaluation")
                           for model, side, place in zip(models, certificate["sides"], ("sides[0]", "sides[1]"))]
            break
        except ZeroDenominator:
            if number == attempt:
                raise Refused("attempt: expected one without a zero denominator, found one with") from None
    expect("attempt", number, attempt)
    expect("challenge", drawn.hex(), get(certificate, "", "challenge"))
    expect("primes", [f"{prime:016x}" for prime in fields.primes], get(certificate, "", "primes"))
    expect("key", fields.key.hex(), get(certificate, "", "key"))
    return fields, evaluations


def compare(fields, evaluation, said, place):
    """Whether the certificate says every value of an evaluation, and no other."""
    named = [(equation.name, [written(fields, t) for t in values])
             for equation, values in zip(evaluation.model.equations, evaluation.values)]
    blocks = [(get(block, f"{place}.blocks", "name"), listed(block, f"{place}.blocks", "values"))
              for block in listed(said, place, "blocks")]
    names = [name for name, _ in named]
    expect(f"{place}.blocks", sorted(names), sorted(name for name, _ in blocks))
    waiting = list(blocks)
    for name, values in named:
        # Names of blocks may occur twice in a stack.
        same = [block for block in waiting if block[0] == name]
        block = next((block for block in same if block[1] == values), same[0])
        expect_values(f"{place}.blocks[{shown(name)}].values", values, block[1])
        waiting.remove(block)
    outputs = [written(fields, t) for t in evaluation.output]
    expect_values(f"{place}.outputs", outputs, listed(said, place, "outputs"))
    digests = sorted(group.digest.hex() for group in evaluation.groups)
    found = sorted(str(get(group, f"{place}.groups", "digest")) for group in listed(said, place, "groups"))
    expect(f"{place}.groups", digests, found)


def expect_values(place, expected, found):
    expect(f"{place}: count", len(expected), len(found))
    for index, (ours, theirs) in enumerate(zip(expected, found)):
        expect(f"{place}[{index}]", ours, theirs)


def follows(fields, first, second, place):
    """Refuses two models whose outputs differ."""
    outputs = [[written(fields, t) for t in side.output] for side in (first, second)]
    if len(outputs[0]) != len(outputs[1]):
        raise Refused(f"{place}: expected as many outputs on both sides, found {len(outputs[0])} and {len(outputs[1])}")
    for index, (ours, theirs) in enumerate(zip(*outputs)):
        if ours != theirs:
            raise Refused(f"{place}: expected equal outputs, found {ours} and {theirs} at {index}")


def open_groups(evaluations, place, unique):
    """The digests of groups that may have several equilibria, or none: each has to stand once on either side.

    Two copies of one group need not be at the same equilibrium; they have the same elements here all the same.
    """
    left = [[group.digest for group in side.groups if group.digest not in unique] for side in evaluations]
    for own, others in (left, left[::-1]):
        for digest in own:
            if own.count(digest) > 1:
                raise Refused(f"{place}: expected groups that stand there once or have one equilibrium, "
                              f"found {digest.hex()} twice")
            if digest not in others:
                raise Refused(f"{place}: expected groups with the same equations on both sides, "
                              f"found {digest.hex()} on one")
    return left[0]


def check_bound(certificate, evaluations):
    """Refuses an error bound that no models of this size can have: the degrees are at least 1, the applications at least
    four for each coordinate of a port. What the degrees are is not found out here."""
    found = get(certificate, "", "errorBound")
    applications = sum(len(side.input) + 4 * sum(size(port) for equation in side.model.equations
                                                 for port in equation.ports) for side in evaluations)
    least = math.log2(4 * applications**2 / 2) - 3 * 60
    if type(found) not in (int, float) or not least <= found <= 0:
        raise Refused(f"errorBound: expected a number from {least:.1f} to 0, found {shown(found)}")


def check_claim(certificate, fields, evaluations):
    """Whether the claim follows; returns it in words."""
    follows(fields, *evaluations, "claim")
    seen = {group.digest: condition(side.model, group.members) for side in evaluations for group in side.groups}
    unique = {digest: name for digest, name in seen.items() if name is not None}
    is_open = bool(open_groups(evaluations, "claim", unique))
    where_defined = get(certificate, "", "whereDefined")
    takes_part = any(side.holds_where_defined for side in evaluations)
    if type(where_defined) is not bool or takes_part and not where_defined:
        expect("whereDefined", takes_part, where_defined)
    claim = get(certificate, "", "claim")
    if claim not in (FUNCTION, EQUATIONS):
        raise Refused(f"claim: expected {shown(FUNCTION)} or {shown(EQUATIONS)}, found {shown(claim)}")
    words = (EQUATIONS if is_open else claim) + (" where both are defined" if where_defined else "")
    if is_open and claim == FUNCTION:
        words += "; that their equilibrium is unique was not checked here"
    elif claim == FUNCTION and unique:
        words += f"; one equilibrium by {' and '.join(sorted(set(unique.values())))}"
    return words


def check_parameters(certificate, fields, models):
    """Whether both are one function of the parameters that the certificate matches; returns it in words."""
    said = certificate["parameters"]
    drawn = [{}, {}]
    for index, match in enumerate(listed(said, "parameters", "matches")):
        place = f"parameters.matches[{index}]"
        names = [get(match, place, key) for key in ("first", "second")]
        shapes = [parameter_shape(model, name, place) for model, name in zip(models, names)]
        elements = arranged(fields, match, names[0], shapes, place)
        for side, name, part in zip(drawn, names, elements):
            if name in side:
                raise Refused(f"{place}: expected a parameter of its own, found {shown(name)} again")
            side[name] = part
    entries = listed(said, "parameters", "evaluations")
    expect("parameters.evaluations: count", 2, len(entries))
    evaluations = []
    for index, (model, part) in enumerate(zip(models, drawn)):
        place = f"parameters.evaluations[{index}]"
        evaluations.append(evaluated(model, fields, entries[index], place, part))
        compare(fields, evaluations[index], entries[index], place)
    follows(fields, *evaluations, "parameters")
    # What is known of the files' numbers says nothing of others.
    has_groups = bool(open_groups(evaluations, "parameters", set()))
    return f"; {EQUATIONS if has_groups else FUNCTION} for every value of the parameters too"


def parameter_shape(model, name, place):
    shapes = [part.tensor.shape for equation in model.equations for part in equation.terms + equation.offsets
              if part.tensor is not None and part.parameter == name]
    if not shapes:
        raise Refused(f"{place}: expected the name of a parameter, found {shown(name)}")
    if any(shape != shapes[0] for shape in shapes):
        raise Refused(f"{place}: expected a parameter of one shape, found {shown(shapes)}")
    return shapes[0]


def arranged(fields, match, name, shapes, place):
    """The elements of a parameter, and the same ones as they stand in its counterpart."""
    layout = get(match, place, "layout")
    count = size(shapes[0])
    elements = [fields.random(f"parameter {name}", (index,)) for index in range(count)]
    if layout == "transposed":
        expect(f"{place}: shape", shapes[0][::-1], shapes[1])
        expect(f"{place}: axes", 2, len(shapes[0]))
        columns = shapes[0][1]
        return elements, [t for column in range(columns) for t in elements[column::columns]]
    if layout == "same":
        expect(f"{place}: shape", shapes[0], shapes[1])
    elif layout != "reshaped":
        raise Refused(f"{place}.layout: expected same, reshaped or transposed, found {shown(layout)}")
    expect(f"{place}: numbers", count, size(shapes[1]))
    return elements, elements


def verify(certificate):
    """Verifies a certificate, and returns what is verified in words."""
    expect("format", "certificate", get(certificate, "", "format"))
    expect("version", 1, get(certificate, "", "version"))
    sides = listed(certificate, "", "sides")
    expect("sides: count", 2, len(sides))
    models, identities = [], []
    for index, side in enumerate(sides):
        files = Files(side, f"sides[{index}]")
        models.append(files.model())
        identities.append(hashlib.sha256(b"".join(files.digests)).digest())
        expect(f"sides[{index}].identity", identities[-1].hex(), get(side, f"sides[{index}]", "identity"))
    expect("sides: inputs", size(models[0].shape), size(models[1].shape))
    fields, evaluations = draw(models, identities, certificate)
    inputs = [written(fields, t) for t in evaluations[0].input]
    expect_values("input", inputs, listed(certificate, "", "input"))
    for index, (evaluation, side) in enumerate(zip(evaluations, sides)):
        compare(fields, evaluation, get(side, f"sides[{index}]", "evaluation"), f"sides[{index}].evaluation")
    check_bound(certificate, evaluations)
    words = check_claim(certificate, fields, evaluations)
    if "parameters" in certificate:
        words += check_parameters(certificate, fields, models)
    return words


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: certificate.py FILE", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], "rb") as file:
            print("verified:", verify(parse(file.read(), arguments[0])))
        return 0
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}", file=sys.stderr)
        return 2
    except OutOfScope as error:
        print(f"not verified: {error}", file=sys.stderr)
        return 2
    except (Refused, Unreadable, NotAttempted) as error:
        print(f"refused: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
