"""The two sides: runs of `svgen benchmark`, and a worker process with PyTorch."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class Ours:
    """Short runs of the command; each warms up by itself."""

    def __init__(self, command: str, threads: int, isa: str | None, rounds: int):
        self.command, self.threads, self.isa, self.rounds = command, threads, isa, rounds

    def run(self, arguments: list[str], threads: int | None = None) -> list[dict]:
        line = [self.command, "benchmark", *arguments, "--json", "--threads", str(threads or self.threads)]
        if self.isa and arguments[0] != "model":
            line += ["--isa", self.isa]
        if "--rounds" not in arguments:
            line += ["--rounds", str(self.rounds)]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(line)}: {done.stderr.strip()}")
        return [json.loads(text) for text in done.stdout.splitlines()]


@dataclass
class Measured:
    """What a request took: the median of its repetitions, and the most memory that its process has had."""

    milliseconds: float
    peak_megabytes: float


class Theirs:
    """A process that lives as long as the comparisons: importing and compiling are not measured."""

    def __init__(self, threads: int, isa: str | None):
        self.threads = threads
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(threads), TOKENIZERS_PARALLELISM="false")
        if isa:
            # PyTorch multiplies with oneDNN and MKL, and has kernels of its own; each has its own switch.
            avx2 = isa.startswith("AVX2")
            self.environment["ONEDNN_MAX_CPU_ISA"] = isa
            self.environment["MKL_ENABLE_INSTRUCTIONS"] = "AVX2" if avx2 else "AVX512"
            self.environment["ATEN_CPU_CAPABILITY"] = "avx2" if avx2 else "avx512"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py")), str(self.threads)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.environment)
        self.about = json.loads(self.process.stdout.readline())

    def restart(self) -> None:
        self.close()
        self.start()

    def run(self, request: dict) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"PyTorch's process ended while it ran {request}")
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply

    def measure(self, request: dict) -> Measured:
        reply = self.run(request)
        return Measured(1e3 * statistics.median(reply["seconds"]), reply["peak_megabytes"])

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
