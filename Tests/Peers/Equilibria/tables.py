"""Tables of what was measured: plain text for a terminal, Markdown for a page."""

import statistics

HEADINGS = ["family", "models", "deq", "best peer", "any peer", "false", "evaluations ÷ least", "time ÷ least", "behind in"]
#: deq's solvers, as `--solver` names them.
SOLVERS = ("structured", "picard", "anderson", "broyden", "newton")


class Table:
    """A title, a line of headings and rows."""

    def __init__(self, title, headings, rows):
        self.title, self.headings = title, headings
        self.rows = [[str(cell) for cell in row] for row in rows]

    @property
    def text(self):
        cells = [self.headings, *self.rows]
        widths = [max(len(row[k]) for row in cells) for k in range(len(self.headings))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
        return "\n".join([self.title, "", *lines])

    @property
    def markdown(self):
        lines = ["| " + " | ".join(row) + " |" for row in [self.headings, *self.rows]]
        lines.insert(1, "|" + "---|" * len(self.headings))
        return "\n".join([f"**{self.title}**", "", *lines])


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


def family_table(title, rows):
    """A row for each family of what was attempted in one precision and one direction."""
    families = list(dict.fromkeys(row["family"] for row in rows))
    return Table(title, HEADINGS, [family_row([row for row in rows if row["family"] == name]) for name in families])


def advice_table(title, rows):
    """For each family how many of its models each of deq's solvers finds, and the median of its evaluations on those; the best
    is the one that finds most, and of several the one that takes the fewest on the models that all of these find."""
    made = []
    for family in dict.fromkeys(row["family"] for row in rows):
        own = [row for row in rows if row["family"] == family]
        counts = {name: {row["problem"]: row["attempt"].evaluations for row in own if row["name"] == name and row["right"]}
                  for name in SOLVERS}
        most = max(map(len, counts.values()))
        leading = [name for name in SOLVERS if len(counts[name]) == most]
        common = set.intersection(*(set(counts[name]) for name in leading))
        total = lambda name: sum(counts[name][problem] for problem in common)
        least = min(map(total, leading))
        best = ", ".join(name for name in leading if total(name) <= 1.02 * least) if most else "none"
        cell = lambda found: f"{len(found)}: {statistics.median(found.values()):.0f}" if found else "0"
        made.append([family, len({row["problem"] for row in own}), *(cell(counts[name]) for name in SOLVERS), best])
    return Table(title, ["family", "models", *SOLVERS, "best"], made)
