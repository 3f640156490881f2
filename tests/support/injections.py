"""Code that lets the runner's own process go wrong: killed at a line, a full disk, a read that fails, another clock."""

from pathlib import Path

import run_milestone

HOME = str(Path(run_milestone.__file__).parent)
"""The package: only its own lines and files count."""

_LINES = """
import sys, threading
seen = dict.fromkeys(())
def trace(frame, event, _):
    code = frame.f_code
    return line if code.co_filename.startswith({home!r}) and code.co_name != "<module>" else None
def line(frame, event, _):
    if event == "line":
        seen.setdefault(frame.f_code.co_filename + ":" + str(frame.f_lineno))
    return line
sys.settrace(trace)
threading.settrace(trace)
import atexit
atexit.register(lambda: open({log!r}, "w").write("\\n".join(seen)))
"""
_KILL = """
import os, sys, threading
file, _, number = {line!r}.rpartition(":")
def trace(frame, event, _):
    return line if frame.f_code.co_filename == file else None
def line(frame, event, _):
    if event == "line" and frame.f_lineno == int(number):
        open({struck!r}, "w").write({line!r})
        os.kill(os.getpid(), 9)
    return line
sys.settrace(trace)
threading.settrace(trace)
"""
_FILES = """
import os, sys
calls = [0]
def hook(event, args):
    if event != "open" or not isinstance(args[0], (str, bytes, os.PathLike)):
        return
    path, flags = os.fsdecode(args[0]), args[2] or 0
    writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if not path.startswith({folder!r}) or bool(writes) != {writes!r} or flags & os.O_DIRECTORY:
        return
    calls[0] += 1
    if calls[0] == {call!r} or {writes!r} and calls[0] > {call!r} > 0:
        open({struck!r}, "w").write(path)
        raise OSError({number!r}, os.strerror({number!r}), path)
sys.addaudithook(hook)
import atexit
atexit.register(lambda: open({log!r}, "w").write(str(calls[0])))
"""
_CLOCK = """
import datetime, time
_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime
time.time = lambda: _time() + {seconds!r}
time.time_ns = lambda: _time_ns() + {seconds!r} * 10**9
class _Shifted(_datetime):
    @classmethod
    def now(cls, tz=None):
        return _datetime.now(tz) + datetime.timedelta(seconds={seconds!r})
datetime.datetime = _Shifted
"""


def lines_of(log):
    """Write down which lines of the package run, in the order in which they first do."""
    return _LINES.format(home=HOME, log=str(log))


def killed_at(line, struck):
    """Kill the runner when it first comes to a line (`file:number`)."""
    return _KILL.format(line=line, struck=str(struck))


def full_disk(call, folder, struck, log):
    """Let no file below `folder` be opened for writing from the `call`th time on (0: count only)."""
    how = {"folder": str(folder), "call": call, "struck": str(struck), "log": str(log)}
    return _FILES.format(**how, writes=True, number=28)


def failing_read(call, folder, struck, log):
    """Let the `call`th opening of a file below `folder` for reading fail (0: count only)."""
    how = {"folder": str(folder), "call": call, "struck": str(struck), "log": str(log)}
    return _FILES.format(**how, writes=False, number=5)


def clock(seconds):
    """Let the clock be wrong by so many seconds."""
    return _CLOCK.format(seconds=seconds)
