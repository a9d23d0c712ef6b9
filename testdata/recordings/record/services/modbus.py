"""Modbus/TCP with pymodbus at both ends."""

import os
import sys

import pymodbus

from studio import Proxy, background, free_port, run, wait_port

PROGRAM = """
import sys
from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartTcpServer
port = int(sys.argv[2])
if sys.argv[1] == "serve":
    block = lambda: ModbusSequentialDataBlock(0, [17] * 200)
    StartTcpServer(context=ModbusServerContext(ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block()), single=True), address=("127.0.0.1", port))
c = ModbusTcpClient("127.0.0.1", port=port)
c.connect()
for n in (1, 2, 100):
    c.read_holding_registers(1, n)
c.write_registers(10, list(range(20)))
c.write_register(1, 65535)
c.write_coils(1, [True, False, True])
c.read_coils(0, 9)
c.read_discrete_inputs(0, 40)
c.read_input_registers(5000, 1)
c.close()
"""


def record(studio):
    script = os.path.join(studio.work, "program.py")
    with open(script, "w") as f:
        f.write(PROGRAM)
    port = free_port()
    with background(sys.executable, script, "serve", str(port)):
        wait_port(port)
        with Proxy(port) as p:
            run(sys.executable, script, "call", str(p.port))
    release = f"pymodbus {pymodbus.version.version.short()}"
    studio.save("modbus", release, "registers", "pymodbus: reads and writes of registers and coils", "modbus", p.conversations[0], dissector="mbtcp")
