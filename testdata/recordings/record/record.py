#!/usr/bin/python3
"""Records conversations of real services: record.py DIRECTORY [SERVICE...]

Each module of services/ starts one service, lets its own client (or another real
one) talk to it through a recording proxy, and counts the messages by what the
client or the service says of them. Where tshark has a dissector, it counts and
measures them too.
"""

import importlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import dissect  # noqa: E402
from studio import Studio  # noqa: E402


def main():
    out, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "services")
    names = names or sorted(f[:-3] for f in os.listdir(here) if f.endswith(".py") and f != "__init__.py")
    os.makedirs(out, exist_ok=True)
    failed = []
    for name in names:
        studio = Studio(out)
        os.chdir(studio.work)  # servers tell where they were started
        try:
            importlib.import_module("services." + name).record(studio)
            dissect.measure(studio)
            studio.write_index()
        except Exception as err:  # the other services are recorded all the same
            print(f"{name}: {type(err).__name__}: {err}", file=sys.stderr)
            if os.environ.get("RECORD_TRACE"):
                raise
            failed.append(name)
        finally:
            studio.close()
    if failed:
        sys.exit("not recorded: " + " ".join(failed))


if __name__ == "__main__":
    main()
