#!/usr/bin/env python3
"""The tables of Docs/Results.md from the JSON lines of `svgen compare --json`.

    tables.py FOLDER                        # Markdown on standard output
    tables.py FOLDER --into Docs/Results.md # between the two marks of that file

FOLDER is what study.sh filled: its files begin with the part of the study they belong to. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections import defaultdict
from pathlib import Path

BEGIN, END = "<!-- tables.py begins -->", "<!-- tables.py ends -->"
NAMES = {"svg": "Sparse VideoGen", "spatial": "spatial only", "temporal": "temporal only"}


class Pair:
    """A dense and a sparse run from one seed."""

    def __init__(self, line: dict):
        line = plain(line)
        dense, sparse, quality = line["dense"], line["sparse"], line["quality"]
        self.prompt, self.seed = line["prompt"], line["seed"]
        self.label = sparse["label"]
        words = self.label.split(",")[0].strip()
        self.method = next((method for method, name in NAMES.items() if name == words), words)
        self.asked = number(sparse.get("askeddensity"))
        self.computed = number(sparse["computeddensity"])
        self.settings = {item["name"]: item["value"] for item in sparse.get("settings", [])}
        self.dense_settings = {item["name"]: item["value"] for item in dense.get("settings", [])}
        self.psnr, self.frame_psnr = number(quality["psnr"]), number(quality["meanframepsnr"])
        self.ssim, self.lpips = number(quality["ssim"]), number(quality.get("lpips"))
        self.dense_seconds, self.seconds = dense["seconds"], sparse["seconds"]
        self.operations = dense.get("floatingpointoperations"), sparse.get("floatingpointoperations")
        self.machine = {item["name"]: item["value"] for item in line.get("machine", [])}
        self.version = line.get("version")

    @property
    def key(self) -> tuple:
        return self.prompt, self.seed, self.label, self.asked, tuple(sorted(self.settings.items()))

    def speed_up(self, without: tuple = ()) -> float:
        def total(seconds: dict) -> float:
            return sum(value for phase, value in seconds.items() if phase not in without)

        return total(self.dense_seconds) / total(self.seconds)

    @property
    def attainable(self) -> float:
        """Amdahl's law with the dense run's share of attention; patterns cost nothing."""
        share = self.dense_seconds.get("attention", 0) / sum(self.dense_seconds.values())
        return 1 / (1 - share + share * self.computed)


def plain(value):
    """The same with keys in lower case and without underscores: `meanFramePSNR` and `mean_frame_psnr` are one key."""
    if isinstance(value, dict):
        return {key.replace("_", "").lower(): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def number(value) -> float | None:
    """JSON has no infinity: the command writes it as a word."""
    return {"infinite": math.inf, "-infinite": -math.inf}.get(value, value) if isinstance(value, str) else value


def read(folder: Path) -> tuple[dict[str, list[Pair]], list[str]]:
    """The pairs of each part of the study, and what could not be read; each pair once."""
    parts: dict[str, dict[tuple, Pair]] = defaultdict(dict)
    problems = []
    for file in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.part")]):
        for row, text in enumerate(file.read_text().splitlines(), 1):
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                problems.append(f"{file.name}:{row} is cut off")
                continue
            if "quality" not in line:
                continue
            pair = Pair(line)
            parts[file.name.split("-")[0]].setdefault(pair.key, pair)
    return {part: list(pairs.values()) for part, pairs in parts.items()}, problems


def spread(values: list[float], digits: int, unit: str = "") -> str:
    """`30.12 ± 1.40 dB`; pairs without any difference are counted apart, an average cannot hold them."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "∞" + unit
    text = f"{statistics.fmean(finite):.{digits}f}"
    if len(finite) > 1:
        text += f" ± {statistics.stdev(finite):.{digits}f}"
    return text + unit + (f" ({len(values) - len(finite)} identical)" if len(finite) < len(values) else "")


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def percent(value: float) -> str:
    return f"{value * 100:.1f} %"


def mean(values) -> float:
    return statistics.fmean(list(values))


def grouped(pairs: list[Pair], key) -> dict:
    groups: dict = defaultdict(list)
    for pair in pairs:
        groups[key(pair)].append(pair)
    return groups


def columns(pairs: list[Pair]) -> list[str]:
    return [
        percent(mean(pair.computed for pair in pairs)),
        spread([pair.psnr for pair in pairs], 2, " dB"),
        spread([pair.frame_psnr for pair in pairs], 2, " dB"),
        spread([pair.ssim for pair in pairs], 4),
        spread([pair.speed_up() for pair in pairs], 2, "×"),
        f"{mean(pair.attainable for pair in pairs):.2f}×",
        str(len(pairs)),
    ]


COLUMNS = ["computed", "PSNR", "mean of frames' PSNR", "SSIM", "speed-up", "at best", "pairs"]


def methods(pairs: list[Pair]) -> str:
    groups = grouped(pairs, lambda pair: (pair.asked, pair.method))
    rows, sentences = [], []
    for asked in sorted({asked for asked, _ in groups}):
        for method in [name for name in NAMES if (asked, name) in groups]:
            rows.append([f"{asked:g}, {NAMES[method]}"] + columns(groups[asked, method]))
        ours = {(pair.prompt, pair.seed): pair for pair in groups.get((asked, "svg"), [])}
        for rival in ("spatial", "temporal"):
            both = [(ours[key], pair) for pair in groups.get((asked, rival), []) if (key := (pair.prompt, pair.seed)) in ours]
            if both:
                wins = sum(mine.psnr > other.psnr for mine, other in both)
                sentences.append(
                    f"- At {asked:g}, Sparse VideoGen has the higher PSNR in {wins} of {len(both)} pairs against {NAMES[rival]}.")
    return table(["density asked, method"] + COLUMNS, rows) + "\n\n" + "\n".join(sentences)


def phases(pairs: list[Pair], asked: float = 0.3) -> str:
    pairs = [pair for pair in pairs if pair.method == "svg" and pair.asked == asked]
    if not pairs:
        return ""
    names = [name for name in ("text", "profiling", "prepare", "attention", "linear", "other", "vae", "encode")
             if any(name in pair.dense_seconds or name in pair.seconds for pair in pairs)]
    rows = []
    for name in names:
        dense = mean(pair.dense_seconds.get(name, 0) for pair in pairs)
        sparse = mean(pair.seconds.get(name, 0) for pair in pairs)
        rows.append([name, f"{dense:.2f} s", f"{sparse:.2f} s", f"{dense / sparse:.2f}×" if dense and sparse else "–"])
    total = [mean(sum(seconds.values()) for seconds in each)
             for each in ([p.dense_seconds for p in pairs], [p.seconds for p in pairs])]
    rows.append(["**whole run**", f"{total[0]:.2f} s", f"{total[1]:.2f} s", f"{total[0] / total[1]:.2f}×"])
    if all(None not in pair.operations for pair in pairs):
        dense, sparse = (mean(pair.operations[i] for pair in pairs) / 1e12 for i in (0, 1))
        rows.append(["transformer", f"{dense:.2f} TFLOP", f"{sparse:.2f} TFLOP", f"{dense / sparse:.2f}×"])
    return table(["phase", "dense", f"Sparse VideoGen at {asked:g}", "ratio"], rows)


def varied(pairs: list[Pair], setting: str, title: str, extra: list[tuple]) -> str:
    groups = grouped(pairs, lambda pair: pair.settings[setting])

    def order(text: str) -> tuple:
        # "25.0% (7 of 30)" and "64 (64 of 3328)": what it came to.
        inner = text[text.find("(") + 1:].split()[0]
        return (float(inner) if inner.isdigit() else 0.0, text)

    rows = [[text] + columns(groups[text]) + [read_value(groups[text]) for _, read_value in extra]
            for text in sorted(groups, key=order)]
    return table([title] + COLUMNS + [name for name, _ in extra], rows)


def profiling_share(pairs: list[Pair]) -> str:
    return percent(mean(pair.seconds.get("profiling", 0) / sum(pair.seconds.values()) for pair in pairs))


def markdown(parts: dict[str, list[Pair]]) -> str:
    everything = [pair for pairs in parts.values() for pair in pairs]
    first = everything[0]
    machine = "; ".join(f"{name} {value}" for name, value in first.machine.items())
    sections = [f"Machine: {machine or 'not said'}. Version: {first.version}. {len(everything)} pairs."]
    if parts.get("methods"):
        sections += ["### Against the two ablations", methods(parts["methods"]),
                     "### Where the time goes", phases(parts["methods"])]
    if parts.get("rows"):
        sections += ["### How many rows to profile",
                     varied(parts["rows"], "sampled rows", "rows", [("profiling, of the whole run", profiling_share)])]
    if parts.get("steps"):
        sections += ["### How many steps to keep dense", varied(parts["steps"], "dense steps", "dense steps", [])]
    return "\n\n".join(section for section in sections if section)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into", type=Path, help="a file with the two marks; what stands between them is replaced")
    arguments = parser.parse_args()
    parts, problems = read(arguments.folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not parts:
        sys.exit(f"{arguments.folder}: there are no comparisons; study.sh makes them")
    text = markdown(parts)
    if arguments.into is None:
        print(text)
        return
    page = arguments.into.read_text()
    if BEGIN not in page or END not in page:
        sys.exit(f"{arguments.into}: there are no marks {BEGIN} and {END}")
    head, rest = page.split(BEGIN, 1)
    arguments.into.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}")


if __name__ == "__main__":
    main()
