"""Runs the cases of cases.json with the exported modules: python3 run.py DIRECTORY."""

import base64
import importlib
import json
import sys

sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True


def decode(module, case, pieces):
    decoder = module.Decoder(case["Side"]) if case["TwoSided"] else module.Decoder()
    messages, error = [], None
    try:
        for piece in pieces:
            messages += decoder.feed(piece)
        messages += decoder.end()
    except module.FramingError as e:
        error = [e.start, e.offset]
    return messages, error


def encode(module, case, message):
    try:
        return module.encode(message, case["Side"]) if case["TwoSided"] else module.encode(message)
    except ValueError:
        return None


def whole(data):
    return [data]


def single_bytes(data):
    return [data[i:i + 1] for i in range(len(data))]


def unbase(text):
    return None if text is None else base64.b64decode(text)


with open(sys.argv[1] + "/cases.json") as f:
    cases = json.load(f)
for case in cases:
    module = importlib.import_module(case["Module"])
    data = unbase(case["Input"] or "")
    want = [unbase(m) for m in case["Messages"] or []]
    for cut in (whole, single_bytes):
        if cut is single_bytes and len(data) > 20_000:
            continue
        got, error = decode(module, case, cut(data))
        if got != want or error != case["Error"]:
            print("%s: %s, %s: got %r, %s, want %r, %s" % (
                case["Name"], case["Module"], cut.__name__, got[-3:], error, want[-3:], case["Error"]))
    for e in case["Encode"] or []:
        message = unbase(e["Message"] or "")
        got = encode(module, case, message)
        if got != unbase(e["Frame"]):
            print("%s: %s: encode(%r) = %r, want %r" % (
                case["Name"], case["Module"], message[:60], got and got[:60], e["Frame"] and unbase(e["Frame"])[:60]))
