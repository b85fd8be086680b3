"""What is compared: for each row of the table what each side runs, and the goal."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Callable

from contenders import Measured, Ours, Theirs

Lines = list[dict]
# What PyTorch is asked for, or how it follows from what ours reported, such as the width of a band.
Request = dict | Callable[[Lines], dict]


@dataclass
class Row:
    """A line of the table. `ratio` gets all of a round: our lines and, by name, what theirs took."""

    name: str
    ratio: Callable[[Lines, dict[str, Measured]], float]
    goal: float
    at_most: bool = False
    values: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def reached(self) -> bool:
        return self.value <= self.goal if self.at_most else self.value >= self.goal


@dataclass
class Comparison:
    """What runs alternately, round by round, and the rows that come of it."""

    title: str
    ours: list[str]
    theirs: dict[str, Request]
    rows: list[Row]
    repeats: int = 3
    # For those that compare memory: what came before would count.
    in_fresh_process: bool = False
    lines: list[Lines] = field(default_factory=list)
    measured: list[dict[str, Measured]] = field(default_factory=list)
    problem: str | None = None

    def round(self, ours: Ours, theirs: Theirs) -> None:
        lines = ours.run(self.ours)
        measured = {}
        for name, request in self.theirs.items():
            request = request(lines) if callable(request) else request
            measured[name] = theirs.measure(dict(request, repeats=self.repeats))
        self.lines.append(lines)
        self.measured.append(measured)
        for row in self.rows:
            row.values.append(row.ratio(lines, measured))


def ms(line: dict) -> float:
    return line["median_milliseconds"]


def attention(dimension: int, tokens: int, heads: int, kind: str, flex: bool) -> list[Comparison]:
    """Dense and band, beside PyTorch's dense attention of the same element type and FlexAttention on the same band."""
    shape = dict(heads=heads, tokens=tokens, head_dimension=dimension, element_type=kind)
    name = f"D {dimension}, S {tokens}, H {heads}, {kind}"
    bf16 = kind == "bfloat16"
    dtype = "bf16" if bf16 else "f32"
    size = ["--heads", str(heads), "--tokens", str(tokens), "--head-dimension", str(dimension), "--dtype", dtype]
    theirs = {"sdpa": dict(shape, kind="sdpa")}
    rows = [
        Row(f"dense attention against SDPA, {name}",
            lambda o, t: t["sdpa"].milliseconds / ms(o[0]), 2.4 if bf16 else 1.05),
        Row(f"band 0.3, GFLOP/s per useful FLOP against our dense, {name}",
            lambda o, t: o[1]["useful_gflops"] / o[0]["useful_gflops"], 0.88),
        Row(f"band 0.3, time against dense SDPA, {name}",
            lambda o, t: t["sdpa"].milliseconds / ms(o[1]), 7 if bf16 else 3.15),
    ]
    if flex:
        theirs["flex"] = lambda lines: dict(shape, kind="flex", half_width=lines[1]["half_width"])
        rows.append(Row(f"band 0.3, time against FlexAttention, {name}", lambda o, t: t["flex"].milliseconds / ms(o[1]), 5))
    return [Comparison(f"attention {name}", ["attention", *size, "--density", "1", "--density", "0.3"], theirs, rows)]


def densities(kind: str) -> list[Comparison]:
    dtype = "bf16" if kind == "bfloat16" else "f32"
    shares = ["0.17", "0.27", "0.47", "0.67"]
    arguments = ["attention", "--heads", "4", "--tokens", "8192", "--head-dimension", "64", "--dtype", dtype]
    for share in ["1", *shares]:
        arguments += ["--density", share]
    rows = [
        Row(f"density {share}, share of the ideal speed-up, D 64, S 8192, {kind}",
            lambda o, t, i=i: o[i + 1]["share_of_ideal_speedup"], 0.9)
        for i, share in enumerate(shares)
    ]
    return [Comparison("densities", arguments, {}, rows)]


def preparation(kind: str) -> list[Comparison]:
    dtype = "bf16" if kind == "bfloat16" else "f32"
    result = []
    for preset, heads, dimension, frames, place, text in [("bundled", 4, 64, 13, 256, 32),
                                                          ("cogvideox-2b", 4, 64, 13, 1350, 226)]:
        request = dict(kind="chain", element_type=kind, heads=heads, head_dimension=dimension, frames=frames,
                       tokens=frames * place, text_tokens=text)
        result.append(Comparison(f"prepare {preset}", ["prepare", "--preset", preset, "--dtype", dtype],
                                 {"chain": request}, [
            Row(f"prepare against the chain, {preset}, {kind}", lambda o, t: t["chain"].milliseconds / ms(o[0]), 10),
            Row(f"prepare, share of a memcpy, {preset}, {kind}", lambda o, t: o[0]["share_of_copy"], 0.5),
        ]))
    for tokens in (8192, 16384):
        result.append(Comparison(f"profile {tokens}", ["profile", "--heads", "4", "--tokens", str(tokens), "--dtype", dtype],
                                 {}, [
            Row(f"profiling 64 rows, share of dense attention, S {tokens}, {kind}",
                lambda o, t: o[0]["share_of_dense_attention"], 0.03, at_most=True)]))
    return result


def layers(kind: str) -> list[Comparison]:
    dtype = "bf16" if kind == "bfloat16" else "f32"
    result = []
    for rows, inputs, outputs in [(3360, 256, 768), (3360, 256, 256), (3360, 256, 1024), (3360, 1024, 256),
                                  (2048, 1920, 5760), (2048, 1920, 7680), (2048, 7680, 1920)]:
        result.append(Comparison(
            f"linear {rows}×{inputs}→{outputs}",
            ["linear", "--rows", str(rows), "--inputs", str(inputs), "--outputs", str(outputs), "--dtype", dtype],
            {"torch": dict(kind="linear", element_type=kind, rows=rows, inputs=inputs, outputs=outputs)},
            [Row(f"linear {rows}×{inputs}→{outputs}, {kind}", lambda o, t: t["torch"].milliseconds / ms(o[0]), 1.0)]))
    for channels, frames, height, width in [(64, 2, 64, 64), (32, 8, 128, 128), (16, 8, 256, 256), (512, 2, 60, 90)]:
        shape = dict(channels=channels, outputs=channels, frames=frames, height=height, width=width)
        arguments = [x for key, value in shape.items() for x in (f"--{key}", str(value))]
        result.append(Comparison(
            f"conv {channels}", ["conv", *arguments, "--dtype", dtype],
            {"torch": dict(shape, kind="conv", element_type=kind, kernel=3)},
            [Row(f"conv3d {channels}→{channels}, {frames}×{height}×{width}, {kind}",
                 lambda o, t: t["torch"].milliseconds / ms(o[0]), 1.0)]))
    return result


def generation(model: str, kind: str, steps: int) -> list[Comparison]:
    dtype = "bf16" if kind == "bfloat16" else "f32"
    prompt = "a large yellow circle moving right on a dark blue background"
    request = dict(kind="pipeline", element_type=kind, model=model, prompt=prompt, height=256, width=256, frames=49,
                   steps=steps, guidance=3.0)
    bf16 = kind == "bfloat16"
    return [Comparison(
        f"generation, {steps} steps",
        ["model", "--device", "cpu", "--steps", str(steps), "--dtype", dtype, "--attention", "svg", "--attention", "dense", "--rounds", "1"],
        {"diffusers": request}, [
            Row(f"generation, dense, {steps} steps, {kind}", lambda o, t: t["diffusers"].milliseconds / ms(o[1]), 1.8),
            Row(f"generation, svg, {steps} steps, {kind}", lambda o, t: t["diffusers"].milliseconds / ms(o[0]), 2.6),
            Row("sparse run: share outside attention and linear", lambda o, t: o[0]["share_outside_attention_and_linear"],
                0.12, at_most=True),
            Row(f"peak memory, share of diffusers', {kind}",
                lambda o, t: o[0]["peak_memory_megabytes"] / t["diffusers"].peak_megabytes, 0.6, at_most=True),
            Row("seconds from start to the first step", lambda o, t: o[0]["seconds_to_first_step"], 1, at_most=True),
        ], repeats=1, in_fresh_process=True)]
