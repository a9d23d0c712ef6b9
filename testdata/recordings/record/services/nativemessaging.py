"""Native messaging: an extension in Chromium, and the program that it talks to."""

import hashlib
import json
import os
import shlex
import subprocess
import sys

import conversation
from studio import background, run, until

EXTENSION = """
const port = chrome.runtime.connectNative("test.recorded")
const queue = ["hello", "", "žluťoučký kůň \\u{1f40e}", [1, 2.5, null, { deep: [true] }], {}, "0123456789".repeat(1500), 42]
let sent = 0, got = 0
const next = () => {
  sent++
  if (queue.length) return port.postMessage({ say: queue.shift() })
  port.postMessage({ sent, got })
  setTimeout(() => port.disconnect(), 200)
}
port.onMessage.addListener(m => { got++; next() })
next()
"""

HOST = """
import json, struct, sys
while head := sys.stdin.buffer.read(4):
    message = json.loads(sys.stdin.buffer.read(struct.unpack("=I", head)[0]))
    if "sent" in message:
        with open(sys.argv[1], "w") as f:
            json.dump(message, f)
        continue
    text = json.dumps({"heard": message["say"]}, ensure_ascii=False).encode()
    sys.stdout.buffer.write(struct.pack("=I", len(text)) + text)
    sys.stdout.buffer.flush()
"""


def record(studio):
    extension, profile = studio.directory("extension"), studio.directory("profile")
    host, starter, events, count = (os.path.join(studio.work, name) for name in ("host.py", "host", "events.jsonl", "count.json"))
    # An extension that is not packed is known by the folder that it is in.
    name = hashlib.sha256(extension.encode()).hexdigest()[:32].translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))
    manifest = {"manifest_version": 3, "name": "recorded", "version": "1", "permissions": ["nativeMessaging"], "background": {"service_worker": "worker.js"}}
    allowed = {"name": "test.recorded", "description": "recorded", "path": starter, "type": "stdio", "allowed_origins": [f"chrome-extension://{name}/"]}
    command = [sys.executable, conversation.__file__, events, "nativemessaging", sys.executable, host, count]
    os.makedirs(os.path.join(profile, "NativeMessagingHosts"))
    for path, text in ((os.path.join(extension, "manifest.json"), json.dumps(manifest)), (os.path.join(extension, "worker.js"), EXTENSION), (host, HOST),
                       (os.path.join(profile, "NativeMessagingHosts", "test.recorded.json"), json.dumps(allowed)),
                       (starter, f"#!/bin/sh\nexec {shlex.join(command)}\n")):
        with open(path, "w") as f:
            f.write(text)
    os.chmod(starter, 0o755)
    with background("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", f"--load-extension={extension}",
                    "--disable-features=DisableLoadExtensionCommandLineSwitch", "about:blank", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        until(lambda: os.path.exists(events), patience=60)
    with open(count) as f:
        seen = json.load(f)
    studio.save("nativemessaging", run("chromium", "--version", stderr=subprocess.DEVNULL).decode().split(" built")[0], "echo", "an extension in Chromium, and a host in Python", "nativemessaging",
                conversation.load(events), seen["sent"], seen["got"], "the extension")
