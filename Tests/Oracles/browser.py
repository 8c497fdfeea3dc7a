"""Opens a page of `deq report` in headless Chromium, uses it as a person would, and says what does not work.

    python3 browser.py PAGE.html [--screenshots FOLDER]

Prints one JSON object: "faults", a list of sentences that is empty for a good page, "milliseconds" until the page was
loaded, and "controls", what was used. Chromium is driven through the pipe of its DevTools protocol, so that nothing
but Python and the browser is needed.
"""

import argparse
import base64
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time


def browser():
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)


class Browser:
    """A headless Chromium with one page."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="deq-browser-")
        own_in, self.commands = os.pipe()
        self.answers, own_out = os.pipe()
        # The protocol's pipe is descriptors 3 and 4 of the browser; copies from 10 on are neither of them.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (own_in, own_out)]
        self.process = subprocess.Popen(
            [browser(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
             "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            close_fds=False, preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in [own_in, own_out] + ends:
            os.close(end)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "DOM", "Accessibility"]:
            self.call(domain + ".enable")

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.rest:
            part = os.read(self.answers, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, event):
        while not any(found.get("method") == event for found in self.events):
            self.events.append(self.receive())

    def open(self, path):
        """Loads a file, and returns how many milliseconds that took."""
        start = time.monotonic()
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.wait("Page.loadEventFired")
        self.evaluate("document.body.getBoundingClientRect().height")
        return (time.monotonic() - start) * 1000

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def key(self, key):
        codes = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Tab": 9}
        for kind in ["rawKeyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=codes[key])

    def point(self, selector, index=0, click=False):
        """Moves the pointer to the middle of an element, and clicks there if asked to."""
        box = self.evaluate(
            f"(function () {{ var e = document.querySelectorAll({json.dumps(selector)})[{index}];"
            "e.scrollIntoView({block: 'center'}); var b = e.getBoundingClientRect();"
            "return [(b.left + b.right) / 2, (b.top + b.bottom) / 2]; })()")
        kinds = ["mouseMoved"] + (["mousePressed", "mouseReleased"] if click else [])
        for kind in kinds:
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1],
                      button="none" if kind == "mouseMoved" else "left", clickCount=0 if kind == "mouseMoved" else 1)

    def screenshot(self, path, scheme="light", width=1000, medium="screen"):
        self.call("Emulation.setEmulatedMedia", media=medium,
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 8000), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def complaints(self):
        """What the console has said, and what was requested beyond the page."""
        faults = []
        for event in self.events:
            method, found = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                faults.append(f"exception: {found['exceptionDetails'].get('exception', {}).get('description')}")
            elif method == "Runtime.consoleAPICalled":
                faults.append(f"console: {found['type']}")
            elif method == "Log.entryAdded" and found["entry"]["level"] in ("error", "warning"):
                faults.append(f"log: {found['entry']['text']}")
            elif method == "Network.requestWillBeSent" and not found["request"]["url"].startswith("file:"):
                faults.append(f"request: {found['request']['url']}")
        return faults


def use_sliders(page, faults, controls):
    """Moves every slider by the keyboard, and expects the text and the marks to follow."""
    for name in page.evaluate("Array.from(document.querySelectorAll('[data-play]')).map(f => f.dataset.play)"):
        figure = f"document.querySelector('[data-play={name}]')"
        texts = page.evaluate(f"JSON.parse(document.getElementById('data').textContent).{name}.texts")
        page.evaluate(f"{figure}.querySelector('input').focus()")
        # A pattern of right marks and of cursors for the first and the last position.
        state = (f"[{figure}.querySelector('output').textContent, {figure}.querySelectorAll('.mark.right').length, "
                 f"{figure}.querySelector('.cursor').getAttribute('x'), "
                 f"{figure}.querySelector('input').getAttribute('aria-valuetext')]")
        end = page.evaluate(state)
        page.key("Home")
        start = page.evaluate(state)
        if start[0] != texts[0] or end[0] != texts[-1]:
            faults.append(f"slider {name}: {start[0]!r} and {end[0]!r}, expected {texts[0]!r} and {texts[-1]!r}")
        if len(texts) > 1:
            page.key("ArrowRight")
            second = page.evaluate(state)
            if second[0] != texts[1] or second[2] == start[2] or second[3] != texts[1]:
                faults.append(f"slider {name}: one step shows {second}, after {start}")
            if not start[1] <= second[1] <= end[1]:
                faults.append(f"slider {name}: the marks go from {start[1]} to {second[1]} to {end[1]}")
        page.evaluate(f"{figure}.querySelector('button').click()")
        label = page.evaluate(f"{figure}.querySelector('button').textContent")
        if len(texts) > 1 and label != "Pause":
            faults.append(f"slider {name}: the button says {label!r} while it plays")
        page.evaluate(f"{figure}.querySelector('button').click()")
        page.evaluate(f"{figure}.querySelector('input').focus()")
        page.key("End")
        controls.append(f"slider {name}: {len(texts)} positions")


def use_matrix(page, faults, controls):
    """Points at entries and moves between them by the keyboard, and expects their names."""
    details = "document.querySelector('.pattern').parentElement.querySelector('figcaption').textContent"
    labels = page.evaluate(
        "Array.from(document.querySelectorAll('.pattern [role=option]')).map(e => e.getAttribute('aria-label'))")
    if not labels:
        faults.append("the matrix has no entries")
        return
    for index in sorted({0, len(labels) // 2, len(labels) - 1}):
        page.point(".pattern [role=option]", index)
        if page.evaluate(details) != labels[index]:
            faults.append(f"pointing at entry {index} shows {page.evaluate(details)!r}, expected {labels[index]!r}")
    page.evaluate("document.querySelector('.pattern [role=option][tabindex=\"0\"]').focus()")
    reached = set()
    for key in ["Home"] + ["ArrowDown", "ArrowRight"] * 3 + ["ArrowLeft", "ArrowUp", "End"]:
        page.key(key)
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        if page.evaluate("document.activeElement.getAttribute('aria-label')") != page.evaluate(details):
            faults.append(f"after {key} the details are not those of the entry in focus")
    if len(labels) > 1 and len(reached) < 2:
        faults.append("the arrow keys reach one entry only")
    if page.evaluate("document.querySelectorAll('.pattern [tabindex=\"0\"]').length") != 1:
        faults.append("not exactly one entry of the matrix can be reached by Tab")
    controls.append(f"matrix: {len(labels)} entries, {len(reached)} reached by keys")


def accessibility(page, faults, controls):
    """Expects a name for whatever has a role that needs one, landmarks, and headings in order."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    kinds = {}
    levels = []
    for node in nodes:
        if node.get("ignored"):
            continue
        role, name = node["role"]["value"], node.get("name", {}).get("value", "")
        kinds[role] = kinds.get(role, 0) + 1
        if role in ("image", "img", "option", "slider", "button", "listbox", "link", "region", "navigation",
                    "RootWebArea", "figure", "heading", "table") and not name.strip():
            if role != "figure":
                faults.append(f"a {role} without a name")
        if role == "heading":
            levels += [found["value"]["value"] for found in node.get("properties", []) if found["name"] == "level"]
    for role in ["main", "navigation", "banner", "contentinfo", "listbox", "option", "heading", "table"]:
        if role not in kinds:
            faults.append(f"no {role} in the accessibility tree")
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        faults.append(f"headings begin with levels {levels[:4]}")
    if any(after > before + 1 for before, after in zip(levels, levels[1:])):
        faults.append(f"a level of headings is left out: {levels}")
    controls.append(f"accessibility tree: {sum(kinds.values())} nodes, {len(levels)} headings")


def narrow(page, faults):
    """Expects no sideways scrolling of the page on a narrow screen."""
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > 360:
        faults.append(f"on a screen of 360 pixels the page is {wide} wide")
    page.call("Emulation.clearDeviceMetricsOverride")


def contrast(page, faults, scheme):
    """Expects text with a contrast of at least 4.5 to its ground (WCAG 2.2, 1.4.3), in both schemes."""
    page.call("Emulation.setEmulatedMedia", media="screen", features=[{"name": "prefers-color-scheme", "value": scheme}])
    script = """
      (function () {
        function light(c) { var v = c.map(x => { x /= 255; return x > 0.03928 ? Math.pow((x + 0.055) / 1.055, 2.4) : x / 12.92; });
          return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; }
        function numbers(t) { var m = t.match(/[0-9.]+/g); return m ? m.map(Number) : null; }
        function ground(e) { for (; e; e = e.parentElement) { var c = numbers(getComputedStyle(e).backgroundColor);
          if (c.length === 3 || c[3] > 0.5) { return c; } } return [255, 255, 255]; }
        var bad = [];
        document.querySelectorAll("body *").forEach(function (e) {
          if (!Array.from(e.childNodes).some(n => n.nodeType === 3 && n.textContent.trim())) { return; }
          if (e.closest("script, style, title, .skip")) { return; }
          var style = getComputedStyle(e);
          var ink = numbers(e.namespaceURI.indexOf("svg") > 0 ? style.fill : style.color);
          var a = light(ink.slice(0, 3)), b = light(ground(e).slice(0, 3));
          var ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) { bad.push(e.tagName + "." + e.getAttribute("class") + ": " + ratio.toFixed(2)); }
        });
        return Array.from(new Set(bad));
      })()"""
    faults += [f"contrast, {scheme}: {found}" for found in page.evaluate(script)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("page")
    parser.add_argument("--screenshots")
    arguments = parser.parse_args()
    if not os.path.isfile(arguments.page):
        sys.exit(f"{arguments.page}: expected a file, found none")
    if browser() is None:
        sys.exit("no Chromium found")
    page = Browser()
    faults, controls = [], []
    try:
        milliseconds = page.open(arguments.page)
        use_sliders(page, faults, controls)
        use_matrix(page, faults, controls)
        accessibility(page, faults, controls)
        for scheme in ["light", "dark"]:
            contrast(page, faults, scheme)
        narrow(page, faults)
        if arguments.screenshots:
            folder = pathlib.Path(arguments.screenshots)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(folder / "light.png")
            page.screenshot(folder / "dark.png", scheme="dark")
            page.screenshot(folder / "narrow.png", width=360)
            page.screenshot(folder / "print.png", scheme="dark", width=760, medium="print")
            page.call("Emulation.setEmulatedMedia", media="", features=[])
            pdf = page.call("Page.printToPDF", printBackground=True)
            (folder / "print.pdf").write_bytes(base64.b64decode(pdf["data"]))
        faults += page.complaints()
    finally:
        page.close()
    print(json.dumps({"faults": faults, "milliseconds": round(milliseconds), "controls": controls}, indent=1))


if __name__ == "__main__":
    main()
