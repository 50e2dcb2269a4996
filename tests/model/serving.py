"""Serves a small real model by OpenAI's protocol, in a process of its own, until its standard input is closed.

python tests/model/serving.py WEIGHTS; prints the address it listens at.
"""

import sys

import xllamacpp

NAME = "smollm2"
LONGEST_PROMPT = 4096  # tokens, the answer included


def serve(weights: str) -> None:
    wanted = xllamacpp.CommonParams()
    wanted.model.path = weights
    wanted.model_alias = [NAME]
    wanted.hostnames, wanted.port = ["127.0.0.1"], 0
    wanted.n_ctx, wanted.n_parallel, wanted.verbosity = LONGEST_PROMPT, 1, 0
    server = xllamacpp.Server(wanted)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1])
