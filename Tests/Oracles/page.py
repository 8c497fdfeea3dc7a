"""Judges a page of `deq report` without a browser, by parsers that share nothing with it.

    python3 page.py PAGE.html [REPORT.json …]

Expects the page to be well-formed XML and good HTML, to load nothing, to name what a screen reader needs, to have no
invisible character, and every number that it shows to be the one of the reports of `deq check --json` and
`deq inspect --json`. Prints one line for each fault, and exits with 1 if there is any.
"""

import html.parser
import json
import math
import pathlib
import re
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
VOID = {"meta", "br", "input", "rect", "path", "line", "circle", "col"}
ROLES = {"status", "listbox", "option", "img", "region"}
LOADING = {"src", "srcset", "href", "xlink:href", "action", "formaction", "poster", "data", "background", "style"}


def tag(element):
    return element.tag.removeprefix(NAMESPACE)


def structure(root, faults):
    """One title, one h1, headings in order, ids once, and every reference to an id that exists."""
    elements = list(root.iter())
    ids = [element.get("id") for element in elements if element.get("id") is not None]
    faults += [f"the id {name} is used {ids.count(name)} times" for name in set(ids) if ids.count(name) > 1]
    for element in elements:
        for reference in ["aria-labelledby", "aria-describedby", "aria-controls", "for", "data-details"]:
            for name in (element.get(reference) or "").split():
                if name not in ids:
                    faults.append(f"{tag(element)} refers by {reference} to {name}, which does not exist")
        for name, value in element.attrib.items():
            if name in LOADING and not (tag(element) == "a" and value.startswith("#") and value[1:] in ids):
                faults.append(f"{tag(element)} has {name}={value[:40]!r}")
            if name.startswith("on"):
                faults.append(f"{tag(element)} has a handler {name}")
        if tag(element) in {"img", "link", "iframe", "object", "embed", "base", "form", "audio", "video", "image", "use",
                            "foreignObject", "a" if element.get("href") is None else None}:
            faults.append(f"an element {tag(element)}")
    for name in ["title", "h1", "main", "nav", "header", "footer"]:
        count = sum(tag(element) == name for element in root.iter() if tag(element) != "title") if name != "title" else len(
            [1 for element in root.find(NAMESPACE + "head") if tag(element) == "title"])
        if count != 1:
            faults.append(f"{count} elements {name}, expected one")
    levels = [int(tag(element)[1]) for element in elements if re.fullmatch("h[1-6]", tag(element))]
    if any(after > before + 1 for before, after in zip(levels, levels[1:])):
        faults.append(f"headings leave out a level: {levels}")
    if root.get("lang") != "en":
        faults.append("no language")


def names(root, faults):
    """A name for every drawing, control, section and table, and known roles only."""
    for element in root.iter():
        role, name = element.get("role"), element.get("aria-label")
        if role is not None and role not in ROLES:
            faults.append(f"unknown role {role}")
        if role in {"listbox", "option", "img", "region"} and not (name or "").strip():
            faults.append(f"a {role} without a name")
        if tag(element) == "svg" and role is None and element.get("aria-hidden") != "true":
            faults.append("a drawing with neither role nor aria-hidden")
        if tag(element) == "section" and not element.get("aria-labelledby"):
            faults.append("a section without a name")
        if tag(element) == "input" and element.get("aria-valuetext") is None:
            faults.append("a slider without aria-valuetext")
        if tag(element) == "table":
            if not "".join((element.find(NAMESPACE + "caption") or [None]) and
                           element.find(NAMESPACE + "caption").itertext()).strip():
                faults.append("a table without a caption")
            faults += ["a heading of a table without scope" for head in element.iter(NAMESPACE + "th")
                       if head.get("scope") not in {"row", "col"}]


def security(text, root, faults):
    """A policy that allows the page's own style and script by their digests, and nothing else."""
    import base64
    import hashlib
    policy = next((element.get("content") for element in root.iter(NAMESPACE + "meta")
                   if element.get("http-equiv") == "Content-Security-Policy"), "")
    for name, directive in [("style", "style-src"), ("script", "script-src")]:
        own = [element.text for element in root.iter(NAMESPACE + name) if element.get("type") is None]
        if len(own) != 1:
            faults.append(f"{len(own)} elements {name}, expected one")
        for content in own:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            if f"{directive} 'sha256-{digest}'" not in policy:
                faults.append(f"the policy does not have the digest of the {name}")
            if re.search(r"url\(|@import|https?:|fetch\(|XMLHttpRequest|innerHTML|eval\(", content):
                faults.append(f"the {name} loads or writes markup")
    if not policy.startswith("default-src 'none';"):
        faults.append(f"the policy begins with {policy[:30]!r}")
    for character in set(text):
        if unicodedata.category(character) in {"Cc", "Cf", "Zl", "Zp", "Cs"} and character != "\n":
            faults.append(f"the page has the character U+{ord(character):04X}")


class Reader(html.parser.HTMLParser):
    """An HTML parser that expects every element to be closed where it should be."""

    def __init__(self, faults):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.count = [], faults, 0

    def handle_starttag(self, name, attributes):
        self.count += 1
        self.open.append(name)

    def handle_startendtag(self, name, attributes):
        self.count += 1
        if name not in VOID:
            self.faults.append(f"{name} closes itself, which HTML ignores")

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.faults.append(f"{name} is closed out of order")


def look_up(report, key):
    """The value at `numbers.3.ulps`, or None."""
    for part in key.split("."):
        if isinstance(report, list):
            report = report[int(part)] if part.isdigit() and int(part) < len(report) else None
        else:
            report = report.get(part) if isinstance(report, dict) else None
    return report


def number(value):
    return math.nan if value in ("NaN", "nan") else float(str(value).replace("Infinity", "inf"))


def same(left, right):
    return left == right or (math.isnan(left) and math.isnan(right))


def shows(text, value):
    """Whether a text is this number, to the digits that it has."""
    if not math.isfinite(value):
        return text in {"∞", "−∞", "not a number"}
    if re.fullmatch(r"-?\d{1,3}(,\d{3})*", text) and value == int(value):
        return int(text.replace(",", "")) == value
    digits = max(1, len(re.sub(r"e.*|[-.]", "", text).lstrip("0")))
    return abs(float(text) - value) <= 0.51 * 10.0 ** (1 - digits) * abs(value) * 10


def numbers(root, reports, faults):
    """Every number with a key is that of a report, and every one's text is its value."""
    keys = {}
    for element in root.iter():
        key, text = element.get("data-key"), "".join(element.itertext())
        if tag(element) == "data":
            value = number(element.get("value"))
            if not shows(text, value):
                faults.append(f"{text!r} is shown for {value}")
        if key is None:
            continue
        found = [look_up(report, key) for report in reports]
        found = [len(value) if isinstance(value, list) else value for value in found if value is not None]
        keys[key] = found
        if not found:
            continue
        if tag(element) == "data":
            if not any(same(value, number(expected)) for expected in found if not isinstance(expected, (dict, bool))):
                faults.append(f"{key} is {value}, but {found} in the reports")
        elif text.replace("nothing shared", "nothingShared") not in found:
            faults.append(f"{key} is {text!r}, but {found} in the reports")
    if reports:
        faults += [f"{key} is in no report" for key, found in keys.items() if not found]
        wanted = ["verdict", "coordinates", "parameters", "samples.drawn"]
        for report in reports:
            wanted += [f"numbers.{index}.ulps" for index in range(len(report.get("numbers", [])))][:2000]
        faults += [f"{key} is not shown" for key in wanted if key not in keys]


def main():
    text = pathlib.Path(sys.argv[1]).read_bytes().decode()
    reports = [json.loads(pathlib.Path(path).read_text()) for path in sys.argv[2:]]
    faults = []
    if not text.startswith("<!DOCTYPE html>\n"):
        faults.append("no document type")
    if len(text.encode()) > 10_000_000:
        faults.append(f"{len(text.encode())} bytes, more than 10 MB")
    reader = Reader(faults)
    reader.feed(text)
    reader.close()
    if reader.open:
        faults.append(f"{reader.open} are not closed")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        faults.append(f"not XML: {error}")
    else:
        if reader.count != sum(1 for _ in root.iter()):
            faults.append(f"{reader.count} elements as HTML, {sum(1 for _ in root.iter())} as XML")
        structure(root, faults)
        names(root, faults)
        security(text, root, faults)
        numbers(root, reports, faults)
    print("\n".join(faults[:40]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
