"""The child process of the built-in engine: llama.cpp's own HTTP server with the bundled model.

Started as `localchat builtin-engine`. One line of JSON on stdin says what to serve; one on stdout says where. It ends
when stdin closes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence


def main(_argv: Sequence[str] = ()) -> int:
    work = json.loads(sys.stdin.readline())
    # llama.cpp prints to stdout as it likes: our line keeps the real one, everything else goes to stderr.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = work["model"]
    params.model_alias = {work["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [work["key"]]
    params.n_ctx = work["window"] * work["slots"]
    params.n_parallel = work["slots"]
    # Somewhat slower on an idle machine than with every core, and 25 times faster on a busy one: llama.cpp's threads
    # wait for each other at each layer, so one that is not scheduled stops them all (measured on 2 cores: 26 tokens/s
    # against 1.1 while both were compiling).
    params.cpuparams.n_threads = work["threads"]
    params.cpuparams_batch.n_threads = work["threads"]
    params.cpuparams.poll = 0
    params.warmup = False
    params.ctx_shift = False
    params.cache_ram_mib = 0
    params.ui = False
    server = xllamacpp.Server(params)
    answer.write(json.dumps({"address": server.listening_address}) + "\n")
    answer.flush()
    sys.stdin.read()
    os._exit(0)  # a generation under way must not delay the end
