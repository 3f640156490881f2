"""Run `run-milestone` and record which functions of its modules call one another: python trace_calls.py OUT WORDS…"""

import json
import sys
from pathlib import Path

import run_milestone
from run_milestone.__main__ import main

PACKAGE = str(Path(run_milestone.__file__).parent)


def module_of(frame):
    """Return the module of a frame, below the package; None where it is somebody else's."""
    name = frame.f_code.co_filename
    if not name.startswith(PACKAGE):
        return None
    return name[len(PACKAGE) + 1 : -3].replace("/", ".").removesuffix(".__init__")


class Recorder:
    """The calls from one module of the package to another, in order, and when and by which modules markers came."""

    def __init__(self):
        self.calls = []
        self.written = {}

    def __call__(self, frame, event, _):
        module = module_of(frame) if event == "call" else None
        if module is None:
            return
        name = f"{module}.{frame.f_code.co_qualname}"
        stack = self.stack(frame)
        if self.stack(frame.f_back)[-1:] != [module]:
            self.calls.append(name)
        if name == "store.markers.Markers.write":
            self.written[frame.f_locals["task"]] = {"at": len(self.calls), "stack": stack}

    def stack(self, frame):
        """Return the modules below a frame, the first caller first, each once in a row."""
        modules = []
        while frame is not None:
            module = module_of(frame)
            if module is not None and modules[-1:] != [module]:
                modules.append(module)
            frame = frame.f_back
        return modules[::-1]


if __name__ == "__main__":
    recorder, out = Recorder(), sys.argv.pop(1)
    sys.setprofile(recorder)
    try:
        code = main()
    finally:
        sys.setprofile(None)
        Path(out).write_text(json.dumps({"calls": recorder.calls, "written": recorder.written}))
    raise SystemExit(code)
