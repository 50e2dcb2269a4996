"""Builds the demo's PDF, Word and Excel files: `python -m demo.build`, or `--check` to see whether they are current.

The same texts give the same bytes, so a difference in git is a difference in content.
"""

import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from demo.manual import build_manual
from demo.price_list import build_price_list
from demo.word_document import build_word

HERE = Path(__file__).parent
TEXT, DOCUMENTS = HERE / "text", HERE / "documents"
EPOCH = (2026, 9, 1, 0, 0, 0)
TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")

Builder = Callable[[Path], bytes]
FILES: dict[str, tuple[Builder, str]] = {
    "citable/wren-manual.pdf": (build_manual, "manual.md"),
    "citable/returns-policy.docx": (build_word, "returns_policy.md"),
    "citable/price-list.xlsx": (build_price_list, "price_list.toml"),
    "learn_only/pricing-guide.docx": (build_word, "internal_pricing_guide.md"),
}


def main(arguments: list[str]) -> int:
    outdated = [name for name in FILES if not _is_current(name)]
    if "--check" in arguments:
        for name in outdated:
            print(f"demo/documents/{name} is not what its text gives. Run: python -m demo.build")
        return 1 if outdated else 0
    for name in outdated:
        (DOCUMENTS / name).write_bytes(build(name))
        print(f"built demo/documents/{name}")
    return 0


def build(name: str) -> bytes:
    """The bytes of one of `FILES`."""
    builder, source = FILES[name]
    content = builder(TEXT / source)
    return content if name.endswith(".pdf") else _without_times(content)


def _is_current(name: str) -> bool:
    path = DOCUMENTS / name
    return path.exists() and path.read_bytes() == build(name)


def _without_times(content: bytes) -> bytes:
    """An Office file with every time of its making set to the same day."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w") as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = TIMES.sub(rb"\g<1>2026-09-01T00:00:00Z", old.read(name))
            entry = ZipInfo(name, date_time=EPOCH)
            entry.compress_type = ZIP_DEFLATED
            new.writestr(entry, part)
    return target.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
