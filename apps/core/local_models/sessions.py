"""Opens built models with onnxruntime, set up to share a small machine with a web server and a database."""

import ctypes
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
    # The graphs are written as they are to run; onnxruntime would fuse the slow operators back into them.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Threads that wait by spinning take the processor from the web server and the database.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Plans memory for each shape of input and keeps it; texts have every length.
    options.enable_mem_pattern = False
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    _return_freed_memory()
    return session


def _return_freed_memory() -> None:
    """Give back what loading a model has freed, some 16 MB each, which glibc keeps; other C libraries don't."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
