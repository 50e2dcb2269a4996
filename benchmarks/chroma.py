"""A peer's search in the same run: Chroma with a metadata filter. A program for an interpreter that has chromadb.

    python benchmarks/chroma.py FOLDER

FOLDER holds vectors.npy, citable.npy (bool) and queries.npy; prints milliseconds and found rows for each query.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import chromadb  # no dependency of ours: a peer, in an environment of its own
import numpy as np

AT_ONCE = 5000
K = 20


def main() -> None:
    """Fill a collection, ask every query, print what it took."""
    folder = Path(sys.argv[1])
    vectors, citable, queries = (np.load(folder / f"{name}.npy") for name in ("vectors", "citable", "queries"))
    with tempfile.TemporaryDirectory() as data:
        collection = chromadb.PersistentClient(data).create_collection("peer", metadata={"hnsw:space": "cosine"})
        for first in range(0, len(vectors), AT_ONCE):
            rows = range(first, min(first + AT_ONCE, len(vectors)))
            collection.add(
                ids=[str(row) for row in rows],
                embeddings=vectors[rows.start : rows.stop],
                metadatas=[{"citable": bool(citable[row])} for row in rows],
            )
        times, found = [], []
        for query in queries:
            begun = time.perf_counter()
            result = collection.query(query_embeddings=[query], n_results=K, where={"citable": True})
            times.append((time.perf_counter() - begun) * 1000)
            found.append([int(one) for one in result["ids"][0]])
    print(json.dumps({"version": chromadb.__version__, "ms": times, "found": found}))


if __name__ == "__main__":
    main()
