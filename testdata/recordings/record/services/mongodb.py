"""MongoDB's driver for Python, with MockupDB, the server that MongoDB tests its drivers with."""

import mockupdb
import pymongo
from pymongo.errors import OperationFailure

from studio import Proxy

DOCUMENTS = [{"_id": i, "name": "žluť " * i} for i in range(7)]


def insert(items):
    items.insert_one({"_id": 1, "name": "žluťoučký kůň", "bytes": bytes(range(256)), "list": [1, 2.5, None, {"deep": True}]})
    items.insert_many([{"_id": i} for i in range(2, 30)])
    items.update_one({"_id": 1}, {"$set": {"name": ""}})
    items.delete_many({"_id": {"$gt": 3}})


def find(items):
    assert list(items.find({"name": {"$regex": "^ž"}}, batch_size=3)) == DOCUMENTS
    items.count_documents({})


def large(items):
    items.insert_one({"_id": 1, "text": " ".join(f"{i}: {i * i} žluť" for i in range(1200))})


def refused(items):
    try:
        items.database.command("noSuchCommand")
    except OperationFailure:
        pass
    items.database.command("ping")


def unacknowledged(items):
    nobody_asks = items.with_options(write_concern=pymongo.WriteConcern(w=0))
    nobody_asks.insert_one({"_id": 1})
    nobody_asks.delete_one({"_id": 1})
    items.database.command("ping")


ISMASTER = {"maxWireVersion": 13, "minWireVersion": 0, "maxBsonObjectSize": 16 << 20, "maxMessageSizeBytes": 48 << 20, "maxWriteBatchSize": 1000}

MORE = [(7, DOCUMENTS[3:6]), (0, DOCUMENTS[6:])]  # after the first batch

REPLIES = {
    "insert": {"n": 1},
    "update": {"n": 1, "nModified": 1},
    "delete": {"n": 1},
    "find": {"cursor": {"id": 7, "ns": "shop.items", "firstBatch": DOCUMENTS[:3]}},
    "aggregate": {"cursor": {"id": 0, "ns": "shop.items", "firstBatch": [{"n": 7}]}},
    "noSuchCommand": {"ok": 0, "errmsg": "no such command: 'noSuchCommand'", "code": 59},
}


def serve():
    server, more = mockupdb.MockupDB(auto_ismaster=ISMASTER), list(MORE)

    def answer(request):
        reply = REPLIES.get(request.command_name, {})
        if request.command_name in ("ismaster", "isMaster"):
            return False  # MockupDB answers
        if request.command_name == "getMore":
            cursor, documents = more.pop(0)
            reply = {"cursor": {"id": cursor, "ns": "shop.items", "nextBatch": documents}}
        if not request.flags & mockupdb.OP_MSG_FLAGS["moreToCome"]:
            request.replies({"ok": 1, **reply})
        return True

    server.autoresponds(answer)
    server.run()
    return server


def record(studio):
    release = f"MockupDB {mockupdb.__version__}; PyMongo {pymongo.version}"
    for scenario in (insert, find, large, refused, unacknowledged):
        server = serve()
        with Proxy(server.port) as p:
            client = pymongo.MongoClient("127.0.0.1", p.port)
            scenario(client.shop.items)
            client.close()
        server.stop()
        # The driver watches the server on another connection.
        c = max(p.conversations, key=lambda c: sum(map(len, c.bytes.values())))
        studio.save("mongodb", release, scenario.__name__, f"MockupDB; PyMongo: {scenario.__name__}", "mongodb", c, dissector="mongo")
