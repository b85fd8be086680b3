#!/usr/bin/env python3
"""The tables of Docs/Results.md from the JSON lines of `svgen compare --json`.

    tables.py FOLDER                        # Markdown on standard output
    tables.py FOLDER --into Docs/Results.md # between the two marks of that file
    tables.py FOLDER --pairs pairs.csv      # one line for each pair, quality only

FOLDER is what study.sh filled: its files begin with the part of the study they belong to. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

BEGIN, END = "<!-- tables.py begins -->", "<!-- tables.py ends -->"
NAMES = {"svg": "Sparse VideoGen", "spatial": "spatial only", "temporal": "temporal only"}


class Pair:
    """A dense and a sparse run from one seed."""

    def __init__(self, line: dict):
        dense, sparse, quality = line["dense"], line["sparse"], line["quality"]
        self.prompt, self.seed, self.label = line["prompt"], line["seed"], sparse["label"]
        self.method = self.label.split(",")[0].strip()
        self.asked, self.computed = number(sparse.get("askedDensity")), number(sparse["computedDensity"])
        self.settings = {item["name"]: item["value"] for item in sparse["settings"]}
        self.psnr, self.frame_psnr = number(quality["psnr"]), number(quality["meanFramePSNR"])
        self.worst_frame = min(number(value) for value in quality["framePSNR"])
        self.ssim = number(quality["ssim"])
        # Encoding is no part of a run's total, and only the pair of a page has it.
        self.dense_seconds, self.seconds = ({name: value for name, value in run["seconds"].items() if name != "encode"}
                                            for run in (dense, sparse))
        self.operations = dense["floatingPointOperations"], sparse["floatingPointOperations"]
        self.machine = "; ".join(f"{item['name']} {item['value']}" for item in line["machine"])
        self.version = line["version"]

    @property
    def video(self) -> tuple:
        return self.prompt, self.seed

    @property
    def key(self) -> tuple:
        return self.prompt, self.seed, self.method, self.asked, tuple(sorted(self.settings.items()))

    @property
    def speed_up(self) -> float:
        return sum(self.dense_seconds.values()) / sum(self.seconds.values())

    @property
    def attainable(self) -> float:
        """Amdahl's law with the dense run's share of attention; patterns cost nothing."""
        share = self.dense_seconds["attention"] / sum(self.dense_seconds.values())
        return 1 / (1 - share + share * self.computed)


def number(value) -> float | None:
    """JSON has no infinity: the command writes it as a word."""
    return {"infinite": math.inf, "-infinite": -math.inf}.get(value, value) if isinstance(value, str) else value


def read(folder: Path) -> tuple[dict[str, list[Pair]], list[str]]:
    """The pairs of each part of the study, and what could not be read."""
    parts: dict[str, dict[tuple, Pair]] = defaultdict(dict)
    problems = []
    for file in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.part")]):
        name = file.name.split("-")[0]
        if name == "speed":
            name = "-".join(file.name.split("-")[:2])
        for row, text in enumerate(file.read_text().splitlines(), 1):
            try:
                pair = Pair(json.loads(text))
            except json.JSONDecodeError:
                problems.append(f"{file.name}:{row} is cut off")
                continue
            # Quality is the same every time, a time is not: rounds of the speed count each.
            parts[name].setdefault((file.name, row) if name.startswith("speed") else pair.key, pair)
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


def middle(values: list[float], digits: int, unit: str) -> str:
    """`1.35 (1.33–1.37) ×`: median, least and most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f}){unit}"


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def percent(value: float) -> str:
    return f"{value * 100:.1f} %"


def grouped(pairs: list[Pair], key) -> dict:
    groups: dict = defaultdict(list)
    for pair in pairs:
        groups[key(pair)].append(pair)
    return groups


QUALITY = ["computed", "PSNR", "lowest", "mean of frames' PSNR", "SSIM", "pairs"]


def quality(pairs: list[Pair]) -> list[str]:
    return [
        percent(statistics.fmean(pair.computed for pair in pairs)),
        spread([pair.psnr for pair in pairs], 2, " dB"),
        f"{min(pair.psnr for pair in pairs):.1f} dB",
        spread([pair.frame_psnr for pair in pairs], 2, " dB"),
        spread([pair.ssim for pair in pairs], 4),
        str(len(pairs)),
    ]


def methods(pairs: list[Pair]) -> str:
    """A table of all pairs, and how often the method wins against its ablations on the same videos."""
    groups = grouped(pairs, lambda pair: (pair.asked, pair.method))
    rows, sentences = [], []
    for asked in sorted({asked for asked, _ in groups}):
        for method in [name for name in NAMES if (asked, name) in groups]:
            rows.append([f"{asked:g}, {NAMES[method]}"] + quality(groups[asked, method]))
        ours = {pair.video: pair for pair in groups.get((asked, "svg"), [])}
        for rival in ("spatial", "temporal"):
            both = [(ours[pair.video], pair) for pair in groups.get((asked, rival), []) if pair.video in ours]
            if both:
                wins = sum(mine.psnr > other.psnr for mine, other in both)
                gain = spread([mine.psnr - other.psnr for mine, other in both], 2, " dB")
                sentences.append(f"- Density {asked:g}: higher PSNR than {NAMES[rival]} in {wins} of {len(both)} pairs, "
                                 f"by {gain}.")
    return table(["density asked, method"] + QUALITY, rows) + "\n\n" + "\n".join(sentences)


def varied(pairs: list[Pair], defaults: list[Pair], setting: str) -> str:
    """A table by one setting, with the pairs of its default value where the same videos have them."""
    videos = {pair.video for pair in pairs}
    same = [pair for pair in defaults if pair.method == "svg" and pair.asked == 0.3 and pair.video in videos]
    groups = grouped({pair.key: pair for pair in pairs + same}.values(), lambda pair: pair.settings[setting])
    return table([setting] + QUALITY, [[text] + quality(groups[text]) for text in sorted(groups, key=count)])


def limits(pairs: list[Pair], defaults: list[Pair]) -> str:
    """The method at every density and number of dense layers, for the videos that have them all."""
    videos = {pair.video for pair in pairs}
    same = [pair for pair in defaults if pair.method == "svg" and pair.video in videos]
    groups = grouped({pair.key: pair for pair in pairs + same}.values(),
                     lambda pair: (count(pair.settings["dense layers"]), pair.asked))
    rows = [[f"{asked:g}, {layers or 'no'} layer{'s' if layers > 1 else ''} dense"] + quality(groups[layers, asked])
            for layers, asked in sorted(groups)]
    return table(["density asked"] + QUALITY, rows)


def count(text: str) -> int:
    """`25.0% (7 of 30)` and `64 (64 of 3328)`: what it came to."""
    return int(text[text.find("(") + 1:].split()[0])


def speed(pairs: list[Pair]) -> str:
    groups = grouped(pairs, lambda pair: pair.asked)
    rows = []
    for asked in sorted(groups):
        some = groups[asked]
        rows.append([
            f"{asked:g}", percent(statistics.fmean(pair.computed for pair in some)),
            middle([sum(pair.dense_seconds.values()) for pair in some], 1, " s"),
            middle([sum(pair.seconds.values()) for pair in some], 1, " s"),
            middle([pair.speed_up for pair in some], 2, "×"),
            f"{statistics.median(pair.attainable for pair in some):.2f}×", str(len(some)),
        ])
    return table(["density asked", "computed", "dense", "Sparse VideoGen", "speed-up", "at best", "rounds"], rows)


def phases(pairs: list[Pair], asked: float = 0.3) -> str:
    pairs = [pair for pair in pairs if pair.asked == asked]
    rows = []
    for name in ("text", "profiling", "prepare", "attention", "linear", "other", "vae"):
        dense, sparse = (statistics.median(run.get(name, 0) for run in runs)
                         for runs in ([p.dense_seconds for p in pairs], [p.seconds for p in pairs]))
        rows.append([name, f"{dense:.2f} s", f"{sparse:.2f} s", f"{dense / sparse:.2f}×" if dense and sparse else "–"])
    dense, sparse = (pairs[0].operations[i] / 1e12 for i in (0, 1))
    rows.append(["operations of the transformer", f"{dense:.2f} TFLOP", f"{sparse:.2f} TFLOP", f"{dense / sparse:.2f}×"])
    return table(["phase", "dense", f"Sparse VideoGen at {asked:g}", "ratio"], rows)


def overhead(pairs: list[Pair]) -> str:
    groups = grouped(pairs, lambda pair: pair.settings["sampled rows"])
    rows = []
    for text in sorted(groups, key=count):
        profiling = [pair.seconds.get("profiling", 0) for pair in groups[text]]
        shares = [100 * p / sum(pair.seconds.values()) for p, pair in zip(profiling, groups[text])]
        rows.append([text, middle(profiling, 2, " s"), middle(shares, 1, " %"),
                     middle([pair.speed_up for pair in groups[text]], 2, "×"), str(len(groups[text]))])
    return table(["rows", "profiling", "of the whole run", "speed-up", "rounds"], rows)


def origins(parts: dict[str, list[Pair]]) -> str:
    """Which versions and machines made the pairs, the most frequent first."""
    quality_pairs = {pair.key: pair for part, pairs in parts.items() if not part.startswith("speed") for pair in pairs}
    groups = {"Quality": list(quality_pairs.values()),
              "Speed": [pair for part, pairs in parts.items() if part.startswith("speed") for pair in pairs]}
    lines = []
    for name, pairs in groups.items():
        made = Counter(f"version {pair.version}; {pair.machine}" for pair in pairs).most_common()
        lines += [f"- {name}, {amount} {'pair' if amount == 1 else 'pairs'}: {origin}." for origin, amount in made]
    return "\n".join(lines)


def markdown(parts: dict[str, list[Pair]]) -> str:
    """The parts that are there, quality first."""
    sections = [origins(parts)]
    defaults = parts.get("methods", [])
    if defaults:
        sections += ["### Quality against the two ablations", methods(defaults)]
    if "rows" in parts:
        sections += ["### Quality: how many rows to profile", varied(parts["rows"], defaults, "sampled rows")]
    if "steps" in parts:
        sections += ["### Quality: how many steps to keep dense", varied(parts["steps"], defaults, "dense steps")]
    if "densities" in parts:
        sections += ["### Quality: more density, more dense layers",
                     limits(parts["densities"] + parts.get("layers", []), defaults)]
    if "speed-densities" in parts:
        sections += ["### Speed", speed(parts["speed-densities"]),
                     "### Speed: where the time goes", phases(parts["speed-densities"])]
    if "speed-rows" in parts:
        sections += ["### Speed: what profiling costs", overhead(parts["speed-rows"])]
    return "\n\n".join(sections)


def write_pairs(parts: dict[str, list[Pair]], file: Path) -> None:
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["prompt", "seed", "method", "density_asked", "density_computed", "dense_steps", "dense_layers",
                         "sampled_rows", "psnr", "mean_frame_psnr", "lowest_frame_psnr", "ssim"])
        unique = {pair.key: pair for part, pairs in parts.items() if not part.startswith("speed") for pair in pairs}
        for pair in sorted(unique.values(), key=lambda pair: (pair.prompt, pair.seed, pair.method, pair.asked)):
            figures = [f"{value:.3f}" for value in (pair.psnr, pair.frame_psnr, pair.worst_frame)]
            rows = pair.settings.get("sampled rows")
            dense = [count(pair.settings[f"dense {unit}"]) for unit in ("steps", "layers")]
            writer.writerow([pair.prompt, pair.seed, pair.method, pair.asked, f"{pair.computed:.4f}", *dense,
                             count(rows) if rows else "", *figures, f"{pair.ssim:.5f}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into", type=Path, help="a file with the two marks; what stands between them is replaced")
    parser.add_argument("--pairs", type=Path, help="a CSV file with the quality of each pair")
    arguments = parser.parse_args()
    parts, problems = read(arguments.folder)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not parts:
        sys.exit(f"{arguments.folder}: there are no comparisons; study.sh makes them")
    if arguments.pairs:
        write_pairs(parts, arguments.pairs)
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
