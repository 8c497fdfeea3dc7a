"""Prints the tables of a survey, in Markdown: by family, refusals by reason, differences beyond rounding, the largest
checks.

    python survey_table.py DIRECTORY RESULTS

DIRECTORY is what survey_models.py wrote, RESULTS what survey.py wrote of it."""

import collections
import json
import pathlib
import sys

# A difference is rounding within this multiple of what float32 does to PyTorch's own numbers, or below this.
ROUNDINGS = 16
LEAST = 2e-6
# The same where PyTorch's numbers are not known: only ONNX Runtime's float32 is.
LEAST_ALONE = 1e-5
# A point has several gradients where derivatives along a direction and against it differ by more than this.
KINK = 1e-3
# Where float32 leaves less than this of PyTorch's own gradient, it is zero up to rounding, and tells nothing.
NOISE = 1e-3
# A kink is within rounding where that moves the gradient at least by this part of the difference.
MOVES = 4


def is_rounding(difference, rounding):
    return difference is not None and difference <= max(LEAST, ROUNDINGS * rounding)


def outputs(row):
    """equal, differ, or not compared."""
    if row.get("runtime") is None:
        return "not compared"
    if "outputRounding" not in row:
        return "equal" if row["runtime"] <= LEAST_ALONE else "differ"
    isEqual = all(is_rounding(row[key], row["outputRounding"]) for key in ("runtime", "output"))
    return "equal" if isEqual else "differ"


def gradients(row, directory):
    """equal, at a kink, differ, or not compared; with what survey_kinks.py wrote to the directory, if there is one."""
    found = {name: entry for name, entry in row.get("gradients", {}).items() if entry["rounding"] <= NOISE}
    if not found:
        return "not compared"
    unequal = [entry for entry in found.values() if not is_rounding(entry["difference"], entry["rounding"])]
    if not unequal:
        return "equal"
    if any(entry["kink"] > KINK for entry in unequal):
        return "at a kink"
    moved = (directory / row["file"]).with_suffix(".moved.json") if directory else None
    if moved is None or not moved.exists():
        return "differ"
    moved = json.loads(moved.read_text())
    isMoved = all(entry["difference"] is not None and entry["difference"] <= MOVES * moved[name]
                  for name, entry in found.items() if not is_rounding(entry["difference"], entry["rounding"]))
    return "at a kink" if isMoved else "differ"


def family(name):
    return "/".join(name.split("/")[:-1])


def last_rows(results):
    """The rows of a survey; of a file that was run again the last one."""
    return list({row["file"]: row for row in map(json.loads, results.read_text().splitlines())}.values())


def refusals(directory):
    """Why models were not exported, by file."""
    return {str(path.relative_to(directory).with_suffix(".onnx")): path.read_text()
            for path in directory.rglob("*.refused")}


def print_families(rows, missing, directory):
    columns = ["proved", "agrees", "undecided", "refuted", "refused", "failed", "too long"]
    heads = ["family", "models", *columns, "not exported", "outputs equal", "gradients equal", "at a kink"]
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for name in sorted({family(row["file"]) for row in rows} | {family(file) for file in missing}):
        own = [row for row in rows if family(row["file"]) == name]
        lost = sum(family(file) == name for file in missing)
        verdicts = collections.Counter(row["verdict"] for row in own)
        shares = [verdicts[column] for column in columns] + [
            lost, sum(outputs(row) == "equal" for row in own), sum(gradients(row, directory) == "equal" for row in own),
            sum(gradients(row, directory) == "at a kink" for row in own)]
        print(f"| {name} | {len(own) + lost} | " + " | ".join(map(str, shares)) + " |")


def print_ranked(title, reasons):
    """How often each reason occurs, most frequent first, with the models that it concerns."""
    models = collections.defaultdict(list)
    for file, reason in reasons.items():
        models[reason].append(file.removesuffix(".onnx"))
    print(f"\n{title}:\n")
    for reason, files in sorted(models.items(), key=lambda entry: -len(entry[1])):
        print(f"- {len(files)}: {reason} ({', '.join(files)})")


def described(name, entry):
    """A gradient that differs; nothing for another."""
    if is_rounding(entry["difference"], entry["rounding"]):
        return None
    difference = "missing" if entry["difference"] is None else f"{entry['difference']:.1e}"
    return f"{name} {difference} ({entry['rounding']:.1e}; kink {entry['kink']:.1e})"


def print_differences(rows, directory):
    print("\nDifferences beyond rounding, in units of the largest number (float32's own in brackets):\n")
    for row in rows:
        if outputs(row) == "differ":
            others = f", {row['output']:.1e} from PyTorch ({row['outputRounding']:.1e})" if "output" in row else ""
            print(f"- {row['file']}: outputs {row['runtime']:.1e} from {row.get('judge', 'ONNX Runtime')}{others}")
        answer = gradients(row, directory)
        if answer in ("differ", "at a kink"):
            found = [described(name, entry) for name, entry in row["gradients"].items()]
            print(f"- {row['file']}: gradients {answer}: {', '.join(filter(None, found))}")
        if "evaluation" in row:
            print(f"- {row['file']}: not evaluated: {row['evaluation']}")


def main():
    directory, results = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    rows = last_rows(results)
    missing = refusals(directory)
    print_families(rows, missing, directory)
    print_ranked("Refused", {row["file"]: row["reason"] for row in rows if row["verdict"] in ("refused", "failed")})
    print_ranked("Too long", {row["file"]: "" for row in rows if row["verdict"] == "too long"})
    print_ranked("Not exported by PyTorch", missing)
    print_differences(rows, directory)
    thinned = [row["file"] for row in rows if row.get("thinned")]
    print(f"\nRepeated blocks were left out of {len(thinned)} models.")
    print("\n| largest checks | MB | size of the file in MB | seconds |\n|---|---|---|---|")
    for row in sorted(rows, key=lambda row: -row["megabytes"])[:10]:
        print(f"| {row['file']} | {row['megabytes']:.0f} | {row['bytes'] / 1e6:.1f} | {row['seconds']:.0f} |")


if __name__ == "__main__":
    main()
