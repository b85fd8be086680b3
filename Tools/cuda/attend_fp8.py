"""Checks e4m3 attention stage by stage against PyTorch in float32, and times it beside bfloat16.

python3 Tools/cuda/attend_fp8.py {0,1}, in the root of the repository: 1 times too. Needs a GPU of compute
capability 9.0, PyTorch and NVRTC. A kernel that hangs is ended by nobody: put a timeout before the command.
"""
import ctypes, sys, torch
from concurrent.futures import ThreadPoolExecutor
import cuda, attention as A
D, ROWS, THREADS, PART_TILES = 128, 128, 384, 8
times = int(sys.argv[1])
torch.backends.cuda.matmul.allow_tf32 = False
dev = A.DEVICE
sources = "Sources/CCUDA/attention/"
failures = []

def compiled(name):
    cubin, log = cuda.compile(f"{sources}{name}.cu", "sm_90a")
    bad = [x for x in log.splitlines() if "warning" in x.lower() or "serial" in x or "ignored" in x or ("spill" in x and " 0 bytes spill stores" not in x)]
    if bad: print(name, bad, flush=True)
    return cubin

def attend_kernel(name, element_bytes, stages):
    """A kernel, once it is needed: compilers run side by side."""
    cubin = compilers.submit(compiled, name)
    shared = ROWS * D * element_bytes + stages * 2 * 128 * D * element_bytes + 8 * (4 * stages + 6) + 4 * (stages + 2) + 1024
    return lambda: [cuda.Kernel(cubin.result(), n, shared) for n in (name, name.replace("attend", "attend_again"))]

compilers = ThreadPoolExecutor()
cubin = compilers.submit(compiled, "quantize_d128")
bfloat16 = attend_kernel("attend_sm90_d128", 2, 2)
float8 = attend_kernel("attend_sm90_fp8_d128", 1, 4)
torch.zeros(1, device=dev)
SM = torch.cuda.get_device_properties(0).multi_processor_count
measure, combine, quantize = [cuda.Kernel(cubin.result(), n + "_d128", 0) for n in ("measure", "combine_measures", "quantize")]
bfloat16, float8 = bfloat16(), float8()
print("compiled", flush=True)

class Quantized:
    """A problem in e4m3: what the kernels write, and what of it PyTorch can say."""
    def __init__(self, p):
        self.p, l = p, p.l
        self.tiles = torch.stack([p.tq, p.tk, p.tv])
        H, R = l.heads, l.rows
        self.parts_count = (R // 128 + PART_TILES - 1) // PART_TILES
        self.output = torch.full((3, H, R // 128, 128, 128), 0x7F, device=dev, dtype=torch.uint8)
        self.parts = torch.full((H, self.parts_count, 4, D), float("nan"), device=dev)
        self.query_scales = torch.full((H, R // 128), float("nan"), device=dev)
        self.statistics = torch.full((H, D + 2), float("nan"), device=dev)
        self.params = A.Quantize(l, self.tiles.data_ptr(), self.output.data_ptr(), self.parts.data_ptr(),
                                 self.query_scales.data_ptr(), self.statistics.data_ptr())
        b = p.params
        part = H * R * D
        self.attend = A.Float8Attend(l, b.patterns, *[self.output.data_ptr() + i * part for i in range(3)], b.output, b.rows, b.entries,
                                     b.counter, b.repeats, b.groups, b.half_width, self.query_scales.data_ptr(), self.statistics.data_ptr())
    def run_quantize(self):
        l = self.p.l
        measure((self.parts_count, l.heads, 1), (256, 1, 1), self.params)
        combine((l.heads, 1, 1), (D, 1, 1), self.params)
        quantize((l.rows // 128, l.heads, 1), (256, 1, 1), self.params)
    def run(self):
        for kernel in float8:
            kernel((SM, 1, 1), (THREADS, 1, 1), self.attend)
    def exists(self):
        l = self.p.l
        r = torch.arange(l.rows, device=dev)
        return torch.where(r < l.video_rows, r < l.video, r - l.video_rows < l.valid_text)
    def source(self):
        """[3, H, R, D] in packed order, as bfloat16 has it."""
        x = self.tiles  # [3, H, R/128, 2, 128, 8, 8]
        j = torch.arange(8, device=dev)[None, :] ^ (torch.arange(128, device=dev)[:, None] & 7)
        x = torch.gather(x, 5, j[None, None, None, None, :, :, None].expand(x.shape))
        return x.flatten(5).transpose(3, 4).flatten(4).flatten(2, 3).float()
    def result(self):
        """[3, H, R, D], what the e4m3 tiles hold, without their scales."""
        x = self.output.view(3, self.p.l.heads, -1, 128, 8, 16)
        j = torch.arange(8, device=dev)[None, :] ^ (torch.arange(128, device=dev)[:, None] & 7)
        x = torch.gather(x, 4, j[None, None, None, :, :, None].expand(x.shape)).flatten(4).view(torch.float8_e4m3fn).float()
        place = torch.arange(128, device=dev)
        key = place // 16 * 16 + place % 16 // 4 * 2 + place % 2 + place % 4 // 2 * 8
        v = torch.empty_like(x[2])
        v[:, :, :, key] = x[2]
        return torch.stack([x[0], x[1], v.transpose(2, 3)]).flatten(2, 3)

def say(stage, name, value, bound):
    good = value <= bound
    if not good: failures.append(f"{stage}: {name}")
    print(f"{stage:9s} {name:34s} {value:.4g} (at most {bound:.4g}){'' if good else '   WRONG'}", flush=True)

def relative(got, want):
    return ((got - want).norm() / want.norm().clamp(min=1e-20)).item()

def check_quantize(name, z):
    z.run_quantize(); torch.cuda.synchronize()
    l = z.p.l
    x, got, exists = z.source(), z.result(), z.exists()
    mean = x[1][:, exists].double().mean(1).float()
    say("measure", name + ": means", (z.statistics[:, :D] - mean).abs().max().item(), 1e-5 * x[1].abs().max().item() + 1e-7)
    centered = (x[1] - z.statistics[:, None, :D]) * exists[:, None]
    one = lambda m: torch.where(m > 0, m / 448, torch.ones_like(m))
    scales = [one(x[0].view(l.heads, -1, 128 * D).abs().amax(2)), one(centered.abs().amax((1, 2))), one(x[2].abs().amax((1, 2)))]
    for kind, (a, b) in {"query": (z.query_scales, scales[0]), "key": (z.statistics[:, D], scales[1]), "value": (z.statistics[:, D + 1], scales[2])}.items():
        say("measure", f"{name}: {kind} scales", ((a - b).abs() / b).max().item(), 1e-5)
    whole = [z.query_scales.repeat_interleave(128, 1)[:, :, None], z.statistics[:, D, None, None], z.statistics[:, D + 1, None, None]]
    for kind, want, g, s in zip(("queries", "keys", "values"), (x[0], centered, x[2]), got, whole):
        # As the kernel does, with a reciprocal.
        rounded = (want * (1 / s)).clamp(-448, 448).to(torch.float8_e4m3fn).float()
        say("quantize", f"{name}: {kind} that differ", (g != rounded).float().mean().item() if not g.isnan().any() else float("inf"), 1e-4)
        say("quantize", f"{name}: {kind}, largest step", ((g - rounded).abs() / rounded.abs().clamp(min=2.0 ** -6)).max().item(), 0.126)
        say("quantize", f"{name}: {kind} that do not exist", g[:, ~exists].abs().sum().item(), 0)
    return got, whole

def check(name, F, P, T, valid, first, widths, patterns, std=1.0, exact=None, offset=0.0, **kw):
    """Attention of the rounded numbers in float32, and how far the rounding is from bfloat16 numbers."""
    l = A.layout(F, P, T, valid, first, len(patterns))
    p = A.Problem(l, D, widths, patterns, ROWS, std=std, **kw)
    if offset:
        # Keys with a mean of their own in each channel, as a bias of a norm makes them.
        k = p.k.float() + offset * torch.randn(l.heads, 1, D, generator=torch.Generator(dev).manual_seed(5), device=dev)
        p = A.Problem(l, D, widths, patterns, ROWS, q=p.q, k=k.bfloat16(), v=p.v)
    z = Quantized(p)
    got, whole = check_quantize(name, z)
    z.run(); torch.cuda.synchronize()
    result = p.out.float().clone()
    want = p.reference()
    p.run(bfloat16, SM, THREADS); torch.cuda.synchronize()
    error16 = relative(p.out.float(), want)
    # What the numbers are after rounding, in the order of the sequence.
    parts = []
    for kind in range(3):
        x = got[kind] * whole[kind]
        y = torch.zeros_like((p.queries, p.k, p.v)[kind]).float()
        for h, pattern in enumerate(patterns):
            m = p.maps[pattern]; r = torch.nonzero(m >= 0)[:, 0]
            y[h, m[r]] = x[h, r]
        parts.append(y)
    rounded = A.Problem.reference(Rounded(p, parts))
    nan = result.isnan().sum().item()
    # Weights keep 4 bits: a relative error of 2^-4 at most, 0.026 on average. Outputs are rounded to bfloat16.
    say("attend", f"{name}: beside rounded inputs", relative(result, rounded) if nan == 0 else float("inf"), exact or 0.04)
    print(f"{'':9s} {name:34s} against float32: e4m3 {relative(result, want):.4g}, bfloat16 {error16:.4g}, largest {(result - want).abs().max().item():.3g} of {want.abs().max().item():.3g}", flush=True)
    return result, rounded

class Rounded:
    def __init__(self, p, parts):
        self.__dict__.update(p.__dict__)
        self.queries, self.k, self.v = parts

zeros = lambda rows: torch.zeros(1, rows, D, device=dev, dtype=torch.bfloat16)
# All weights are 256: nothing but the values is rounded, and the output.
check("one tile, Q = 0", 1, 128, 0, 0, True, (128, 128), [0], q=zeros(128), exact=4e-3)
check("V of 3 tiles, Q = 0", 3, 128, 0, 0, True, (512, 512), [0], q=zeros(384), exact=4e-3)
# The output is P: which scores are wrong.
eye = torch.eye(128, device=dev, dtype=torch.bfloat16)[None].contiguous()
got, want = check("one tile, V = 1", 1, 128, 0, 0, True, (128, 128), [0], v=eye)
if relative(got, want) > 0.1: print(got[:2, :32].tolist(), want[:2, :32].tolist(), got[64, :8].tolist(), want[64, :8].tolist())
check("one tile", 1, 128, 0, 0, True, (128, 128), [0])
check("one token", 1, 1, 0, 0, True, (128, 128), [0, 1], exact=8e-3)
check("tail", 3, 67, 0, 0, True, (512, 512), [0, 1])
for tiles in (2, 3, 4, 5, 6): check(f"{tiles} tiles", tiles, 128, 0, 0, True, (1024, 1024), [0])
check("5 tiles text first", 4, 128, 20, 20, True, (1024, 1024), [0, 1])
check("text last padded", 5, 99, 256, 77, False, (1024, 1024), [0, 1, 1])
check("band text first", 7, 150, 226, 226, True, (256, 128), [0, 1, 0, 1])
check("band text last padded", 9, 131, 256, 50, False, (384, 256), [0, 1, 1, 0, 1])
check("band odd width", 9, 131, 300, 150, False, (200, 33), [0, 1, 1, 0, 1])
check("keys with means", 4, 128, 20, 20, True, (1024, 1024), [0, 1], offset=4.0)
check("large scores", 5, 100, 130, 130, True, (640, 512), [0, 1], std=2.0, exact=0.06)
check("scores of some hundreds", 5, 100, 130, 130, True, (640, 512), [0, 1], std=12.0, exact=0.2)
if dev == "cuda": check("many items", 13, 300, 130, 130, True, (640, 512), [i % 2 for i in range(24)])
print(f"{len(failures)} checks failed", *failures, sep="\n  ", flush=True)
if not times: sys.exit(len(failures) > 0)

def interleaved(contenders, rounds=5):
    """Medians in milliseconds; each round runs every contender once."""
    taken = {name: [] for name in contenders}
    for n in range(rounds + 1):
        for name, f in contenders.items():
            a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            a.record(); f(); b.record(); torch.cuda.synchronize()
            if n: taken[name].append(a.elapsed_time(b))
    return {name: sorted(t)[rounds // 2] for name, t in taken.items()}

F, P, T, H = 33, 3600, 256, 24
V = F * P
l = A.layout(F, P, T, T, False, H)
q, k, v = [torch.randn(H, V + T, D, device=dev, dtype=torch.bfloat16) for _ in range(3)]
for w in [V + 128, 15616, 10240, 32384]:
    p = A.Problem(l, D, (w, w), [i % 2 for i in range(H)], ROWS, q=q, k=k, v=v)
    z = Quantized(p)
    z.run_quantize()
    p.run(bfloat16, SM, THREADS); want = p.out.float().clone(); z.run(); torch.cuda.synchronize()
    print(f"S {V + T} H {H} w {w}: density of tiles {p.flops() / (4 * D * H * (V + T) ** 2):.3f}, e4m3 against bfloat16 {relative(p.out.float(), want):.4g}", flush=True)
    del want
    ms = interleaved({"bf16": lambda: p.run(bfloat16, SM, THREADS), "e4m3": z.run, "quantize": z.run_quantize})
    for name, t in ms.items():
        print(f"  {name:32s} {t:8.2f} ms" + (f" {p.flops() / t * 1e-9:6.0f} TFLOP/s" if name != "quantize" else f" {(2 * 2 + 1 + 3 * 0.5) * 2 * H * l.rows * D / t * 1e-9:6.2f} TB/s"), flush=True)
    print(f"  e4m3 with quantize: {ms['bf16'] / (ms['e4m3'] + ms['quantize']):.3f} times as fast as bf16", flush=True)
    del p, z
sys.exit(len(failures) > 0)
