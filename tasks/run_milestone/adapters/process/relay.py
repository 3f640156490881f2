"""Carry connections out of a box that has a network of its own: the half of the proxy that runs beside the command.

It imports the standard library alone, because it also runs below the supervisor. The command reaches it on the
loopback. What comes goes to a socket of the runner, where proxy.py decides about it.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

PORT = 3128
"""Free in every box, because the network is new."""


def start(path: str) -> None:
    """Listen, and leave a process behind that serves; it ends with the box."""
    listener = socket.create_server(("127.0.0.1", PORT), backlog=64)
    first = os.fork()
    if first == 0:
        if os.fork() == 0:
            _serve(listener, path)
        os._exit(0)
    os.waitpid(first, 0)
    listener.close()


def _serve(listener: socket.socket, path: str) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    while True:
        try:
            inside, _ = listener.accept()
            outside = socket.socket(socket.AF_UNIX)
            outside.connect(path)
        except OSError:
            os._exit(0)  # the proxy has ended: what is open breaks off, what comes is refused at once
        for source, target in ((inside, outside), (outside, inside)):
            threading.Thread(target=copy, args=(source, target), daemon=True).start()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes until their end, and pass the end on."""
    try:
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            _close(end)


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


if __name__ == "__main__":
    start(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - an argument list, without a shell
