"""Chromium without a window, spoken to over its pipe: no driver, no other package.

Its profile lies in a folder of its own and goes with it.
"""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

WAIT_S = 60


class Browser:
    def __init__(self, program="chromium"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="browser-"))
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()

        def place_ends():
            """Chromium reads from 3 and writes to 4."""
            one, other = os.dup(theirs_read), os.dup(theirs_write)
            os.dup2(one, 3)
            os.dup2(other, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--no-proxy-server",
             "--remote-debugging-pipe", f"--user-data-dir={self.folder}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "said", "wb"), close_fds=False,
            preexec_fn=place_ends, start_new_session=True)
        os.close(theirs_read)
        os.close(theirs_write)
        self.reading, self.writing = ours_read, ours_write
        self.unread, self.number, self.events = b"", 0, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    def close(self):
        os.close(self.writing)   # it ends with its pipe
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self.reading)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the pipe

    def receive(self, deadline):
        while b"\0" not in self.unread:
            if not select.select([self.reading], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.reading, 1 << 20)
            if not piece:
                raise EOFError("the browser has gone: " + (self.folder / "said").read_text(errors="replace")[-2000:])
            self.unread += piece
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self.writing, text):]
        deadline = time.monotonic() + WAIT_S
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def await_load(self, is_it):
        """Until a page has been loaded whose loader's id is as asked for: one that was on its way before is another's."""
        deadline = time.monotonic() + WAIT_S
        while True:
            for event in self.events:
                told = event["params"]
                if event["method"] == "Page.lifecycleEvent" and told["name"] == "load" and is_it(told["loaderId"]):
                    return
            message = self.receive(deadline)
            if "method" in message:
                self.events.append(message)

    def loader(self):
        """The id of what has loaded the page that stands there."""
        return self.call("Page.getFrameTree")["frameTree"]["frame"]["loaderId"]

    # ---- a person's doings

    def look(self, width=1440, height=900, scheme="light", scripts=True):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def go(self, url):
        self.events.clear()
        loader = self.call("Page.navigate", url=url)["loaderId"]
        self.await_load(lambda one: one == loader)

    def ask(self, expression):
        """What a script of ours sees in the page; pages' own scripts may be off."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def click(self, selector, times=1):
        """With the mouse, in its middle, so often at one place, until another page has come."""
        x, y = self.ask(f"(() => {{ const it = document.querySelector({json.dumps(selector)}); it.scrollIntoView({{block: 'center'}}); "
                        "const box = it.getBoundingClientRect (); return [box.x + box.width / 2, box.y + box.height / 2]; })()")
        before = self.loader()
        self.events.clear()
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)
        self.await_load(lambda one: one != before)

    def type(self, selector, text):
        self.ask(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def picture(self, path):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def whole_picture(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 4000), "scale": 1})
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def is_too_wide(self):
        """Whether something sticks out to the right."""
        return self.ask("document.documentElement.scrollWidth > document.documentElement.clientWidth")

    def complaints(self):
        """What it has logged since it came to this page."""
        return [event["params"]["entry"]["text"] for event in self.events if event["method"] == "Log.entryAdded"]
