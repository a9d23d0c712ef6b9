"""Python's own pickles, for the tests.

    pickles.py dump    for each value and protocol: PROTOCOL HEX(PICKLE) NOTATION
    pickles.py load    for each line HEX(PICKLE) of stdin: the NOTATION of what it loads to
"""
import pickle
import struct
import sys

shared = ["shared"]
array = bytearray(b"shared")
VALUES = [
    None, True, False,
    0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**63 - 1, -2**63, 2**63, 2**100, -2**100,
    -128, -129, 2**2047, -2**2040,
    0.0, -0.0, 1.5, -1e300, 5e-324, float("inf"), float("-inf"), float("nan"),
    "", "text", "žluťoučký 日本 🙂", "quotes ' \" and \\ and \\u0041 \n\r\t\0", "\ud800", "\x80\xff\u0100", "x" * 300, "y" * 70000,
    b"", b"bytes \x00\xff", b"z" * 300, b"w" * 70000, bytearray(b"array"), bytearray(),
    [], [1, [2, [3]]], list(range(2500)), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), ((), ((),)),
    {}, {"a": 1}, {"a": 1, 2: [3], (4,): {5: None}}, {str(i): i for i in range(1200)},
    set(), {"one"}, frozenset(), frozenset({7}),
    [shared, shared, [shared]], [array, array],
    {"key": "value", "again": ["key", "value"]},
]


def notation(v):
    t = type(v)
    if v is None or t in (bool, int):
        return str(v) if t is not int else hex(v)
    if t is float:
        return "fnan" if v != v else "f" + struct.pack(">d", v).hex()
    if t is str:
        return "s" + v.encode("utf-8", "surrogatepass").hex()
    if t is bytes:
        return "b" + v.hex()
    if t is bytearray:
        return "a" + v.hex()
    if t is dict:
        return "{%s}" % ",".join(notation(k) + ":" + notation(x) for k, x in v.items())
    opening, closing = {list: "[]", tuple: "()", set: "<>", frozenset: "!!"}[t]
    return opening + ",".join(map(notation, v)) + closing


if sys.argv[1] == "dump":
    for value in VALUES:
        for protocol in range(6):
            print(protocol, pickle.dumps(value, protocol).hex(), notation(value))
else:
    for line in sys.stdin:
        print(notation(pickle.loads(bytes.fromhex(line))))
