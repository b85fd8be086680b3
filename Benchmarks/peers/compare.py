"""Compares `svgen` with PyTorch and diffusers on this machine, and writes one Markdown table of ratios.

    python compare.py --svgen ../../.build/release/svgen --model ../../Sources/SparseVideoGen/BundledModel -o table.md

Both sides run by turns, round after round, with the same number of threads; every figure is the median over rounds of
the ratio within a round, so that what else the machine does meets both sides alike. A ratio above 1 says that ours is
faster. `--their-isa AVX512_CORE_BF16` keeps PyTorch from using AMX, `AVX2` from more than that, for a comparison of like with like;
`--isa` names the instruction set of our kernels. A comparison that fails is reported in the table.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
import time

import comparisons
from contenders import Ours, Theirs


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def choose(arguments: argparse.Namespace, has_bfloat16: bool) -> list[comparisons.Comparison]:
    kinds = ["bfloat16", "float32"] if has_bfloat16 else ["float32"]
    kinds = [kind for kind in kinds if arguments.dtype in (None, kind)]
    wanted = arguments.only.split(",") if arguments.only else ["attention", "densities", "prepare", "layers", "model"]
    chosen = []
    for kind in kinds:
        for part in wanted:
            if part == "attention":
                for dimension in (64, 128):
                    for tokens, heads in [(4096, 8), (8192, 4), (16384, 2)][: 1 if arguments.quick else 3]:
                        chosen += comparisons.attention(dimension, tokens, heads, kind, flex=not arguments.no_flex)
            elif part == "densities":
                chosen += comparisons.densities(kind)
            elif part == "prepare":
                chosen += comparisons.preparation(kind)
            elif part == "layers":
                chosen += comparisons.layers(kind)
            elif part == "model":
                chosen += comparisons.generation(arguments.model, kind, arguments.steps)
            else:
                sys.exit(f"--only {part}: choose attention, densities, prepare, layers or model")
    return chosen


def table(chosen: list[comparisons.Comparison], head: list[str]) -> str:
    lines = [*head, "", "| | ratio | lowest, highest round | goal | |", "| --- | ---: | ---: | ---: | --- |"]
    for comparison in chosen:
        for row in comparison.rows:
            if not row.values:
                lines.append(f"| {row.name} | – | – | | not measured: {comparison.problem or 'out of time'} |")
                continue
            sign = "≤" if row.at_most else "≥"
            lines.append(
                f"| {row.name} | {row.value:.3g} | {min(row.values):.3g}, {max(row.values):.3g} | {sign} {row.goal:g} | "
                f"{'reached' if row.reached else 'missed'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--svgen", required=True, help="the built command")
    parser.add_argument("--model", help="the bundled model's directory, for diffusers")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of alternation")
    parser.add_argument("--inner-rounds", type=int, default=3, help="measurements of ours and of theirs in a round")
    parser.add_argument("--steps", type=int, default=30, help="denoising steps of whole videos")
    parser.add_argument("--only", help="attention,densities,prepare,layers,model: some of them")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], help="one element type only")
    parser.add_argument("--isa", help="the instruction set of our kernels")
    parser.add_argument("--their-isa", help="the most that PyTorch may use, by oneDNN's name for it: AVX2, AVX512_CORE_BF16")
    parser.add_argument("--no-flex", action="store_true", help="without FlexAttention, which needs a C++ compiler")
    parser.add_argument("--quick", action="store_true", help="the shortest sequences only")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this time, with the rounds made so far")
    parser.add_argument("-o", "--output", help="where the table goes; standard output without it")
    parser.add_argument("--raw", help="where every measurement goes, as JSON")
    arguments = parser.parse_args()

    end = time.monotonic() + arguments.seconds
    ours = Ours(arguments.svgen, arguments.threads, arguments.isa, arguments.inner_rounds)
    probe = ours.run(["attention", "--heads", "1", "--tokens", "512", "--density", "1", "--rounds", "1"])[0]
    theirs = Theirs(arguments.threads, arguments.their_isa)
    chosen = choose(arguments, probe["element_type"] == "bfloat16")
    for comparison in chosen:
        comparison.repeats = min(comparison.repeats, arguments.inner_rounds)
        if comparison.in_fresh_process:
            theirs.restart()
        for _ in range(arguments.rounds):
            if time.monotonic() > end:
                break
            try:
                comparison.round(ours, theirs)
            except RuntimeError as error:
                comparison.problem = str(error).replace("\n", " ")[:200]
                break
        for row in comparison.rows:
            if row.values:
                print(f"{row.name}: {row.value:.3g} ({min(row.values):.3g}…{max(row.values):.3g})", file=sys.stderr, flush=True)
        if comparison.problem:
            print(f"{comparison.title}: {comparison.problem}", file=sys.stderr, flush=True)
    theirs.close()

    made = sorted({len(comparison.lines) for comparison in chosen if comparison.lines}) or [0]
    rounds = f"{made[0]}" if made[0] == made[-1] else f"{made[0]} to {made[-1]}"
    limit = f", limited to {arguments.their_isa}" if arguments.their_isa else ""
    head = [
        f"{processor()}, {arguments.threads} threads, {datetime.date.today()}; ours: kernels {probe['instruction_set']}; "
        f"theirs: PyTorch {theirs.about['torch']} ({theirs.about['capability']}{limit}); medians of {rounds} alternating "
        f"rounds",
    ]
    text = table(chosen, head)
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write(text)
    else:
        print(text)
    if arguments.raw:
        with open(arguments.raw, "w") as file:
            for comparison in chosen:
                for lines, measured in zip(comparison.lines, comparison.measured):
                    theirs_took = {name: vars(taken) for name, taken in measured.items()}
                    file.write(json.dumps({"title": comparison.title, "ours": lines, "theirs": theirs_took}) + "\n")


if __name__ == "__main__":
    main()
