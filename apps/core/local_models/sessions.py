"""Opens built models with onnxruntime, set up to share a small machine with a web server and a database."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

# What a run may raise; these classes have no base of their own.
RUN_ERRORS: tuple[type[Exception], ...] = tuple(
    one for one in vars(runtime).values() if isinstance(one, type) and issubclass(one, Exception)
)


def open_session(path: Path, *, threads: int) -> onnxruntime.InferenceSession:
    """A session that computes on `threads` processors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Threads that wait by spinning take the processor from the web server and the database.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
