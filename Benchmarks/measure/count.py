"""A relay for TCP that counts. Usage: python3 -m measure.count PORT TARGET-ADDRESS TARGET-PORT

Prints `ready`, and on SIGTERM one line of JSON.
"""

import json
import selectors
import signal
import socket
import sys

PIECE = 256 * 1024
COUNTS = {"turns": 0, "up": 0, "down": 0, "pieces_up": 0, "pieces_down": 0}


def main():
    port, address, target = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    signal.signal(signal.SIGTERM, tell)
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", flush=True)
        relay(server, (address, target))


def relay(server, target):
    chooser = selectors.DefaultSelector()
    chooser.register(server, selectors.EVENT_READ, None)
    last = {}
    while True:
        for key, _ in chooser.select():
            if key.data is None:
                client, _ = server.accept()
                guest = socket.create_connection(target)
                for end in client, guest:
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                chooser.register(client, selectors.EVENT_READ, ("up", client, guest))
                chooser.register(guest, selectors.EVENT_READ, ("down", guest, client))
            elif not pass_on(key.data, last):
                for end in key.data[1:]:
                    chooser.unregister(end)
                    end.close()
                break


def pass_on(way, last):
    direction, source, target = way
    try:
        piece = source.recv(PIECE)
        target.sendall(piece)
    except OSError:
        return False
    if not piece:
        return False
    line = frozenset((source.fileno(), target.fileno()))
    if direction == "up" and last.get(line) == "down":
        COUNTS["turns"] += 1
    last[line] = direction
    COUNTS[direction] += len(piece)
    COUNTS[f"pieces_{direction}"] += 1
    return True


def tell(*_):
    print(json.dumps(COUNTS), flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
