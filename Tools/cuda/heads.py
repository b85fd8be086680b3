"""Checks and times the kernels that prepare and profile heads.

python3 Tools/cuda/heads.py {64,128} [MACRO=VALUE...], in the root of the repository. Needs a GPU, PyTorch and NVRTC.
"""
import math, sys, torch, numpy as np
import cuda, attention as A
D = int(sys.argv[1])
dev = "cuda"
torch.zeros(1, device=dev)
SM = torch.cuda.get_device_properties(0).multi_processor_count
src = "Sources/CCUDA/attention/"
cubin, log = cuda.compile(src + f"prepare_d{D}.cu", "sm_90", sys.argv[2:])
prepare = cuda.Kernel(cubin, f"prepare_d{D}", 0)
cubin, log = cuda.compile(src + f"profile_d{D}.cu", "sm_90")
profile = cuda.Kernel(cubin, f"profile_d{D}", 64 * D * 2 + 4 * 64 * D * 2)
combine = cuda.Kernel(cubin, f"combine_profiles_d{D}", 0)
def run_prepare(pp, heads_at_once):
    pp.heads_at_once = heads_at_once
    prepare((pp.geometry.rows * heads_at_once // (2048 // D), 1, 1), (256, 1, 1), pp)
def norm(x, kind, w, b, eps):
    if kind == 0: return x
    if kind == 1: x = x - x.mean(-1, keepdim=True)
    x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return x * (1 if w is None else w) + (0 if b is None else b)
def rope(x, c, s):
    if c is None: return x
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * c - b * s, b * c + a * s], -1).flatten(-2)
class Case:
    def __init__(self, F, P, T, valid, first, H, kind, bias, patterns, with_rope=True):
        self.l = l = A.layout(F, P, T, valid, first, H, D)
        self.patterns, self.kind = patterns, kind
        r = lambda *s: torch.randn(*s, device=dev)
        self.video = r(l.video, 3 * H * D).bfloat16()
        self.text = r(max(T, 1), 3 * H * D).bfloat16()
        self.w = [[1 + 0.1 * r(D), 0.1 * r(D) if bias else None, 1 + 0.1 * r(D), 0.1 * r(D) if bias else None] for _ in range(2)]
        ang = r(l.video, D // 2)
        self.c, self.s = (ang.cos(), ang.sin()) if with_rope else (None, None)
        self.out = torch.full((3, H, l.rows, D), 9.0, device=dev, dtype=torch.bfloat16)
        p = lambda t: None if t is None else t.data_ptr()
        seg = lambda x, w, c, s: A.Segment(x.data_ptr(), p(w[0]), p(w[1]), p(w[2]), p(w[3]), p(c), p(s), kind, 1e-6)
        self.flags = A.flags(patterns)
        self.params = A.Prepare(l, self.flags.data_ptr(), seg(self.video, self.w[0], self.c, self.s), seg(self.text, self.w[1], None, None), self.out.data_ptr(), 1, D ** -0.5 / math.log(2))
    def heads(self):
        """[3, H, S, D] float in sequence order."""
        l = self.l; H = l.heads
        def one(x, w, c, s):
            x = x.float().view(-1, 3, H, D)
            cc = None if c is None else c[:, None]; ss = None if s is None else s[:, None]
            return torch.stack([rope(norm(x[:, 0], self.kind, w[0], w[1], 1e-6), cc, ss), rope(norm(x[:, 1], self.kind, w[2], w[3], 1e-6), cc, ss), x[:, 2]]).transpose(1, 2)
        v = one(self.video, self.w[0], self.c, self.s); t = one(self.text[:l.text], self.w[1], None, None)
        t[:, :, l.valid_text:] = 0
        # Scores are exponents of two.
        v[0] *= self.params.query_factor; t[0] *= self.params.query_factor
        return torch.cat([t, v], 2) if l.video_start else torch.cat([v, t], 2)
    def reference(self):
        l = self.l; x = self.heads()
        out = torch.zeros(3, l.heads, l.rows, D, device=dev)
        for h, pt in enumerate(self.patterns):
            m = torch.tensor(A.packed_rows(l, pt), device=dev)
            out[:, h] = torch.where((m >= 0)[:, None], x[:, h][:, m.clamp(min=0)], 0.0)
        return out
for name, args in {
    "one token": (1, 1, 0, 0, True, 1, 2, False, [1]),
    "text first": (5, 67, 20, 20, True, 5, 1, True, [0, 1, 1, 0, 1]),
    "padded text last": (7, 99, 256, 77, False, 6, 2, False, [0, 1] * 3),
    "no norm no rope": (3, 50, 130, 129, True, 2, 0, False, [0, 1], False),
}.items():
    c = Case(*args); run_prepare(c.params, 4); torch.cuda.synchronize()
    want = c.reference()
    want = torch.stack([A.tiles(x.bfloat16()) for x in want]).float().flatten()
    got = c.out.float().flatten()
    # a rounding apart: bfloat16 keeps 8 bits
    bad = ((got - want).abs() > 2 ** -7 * want.abs() + 1e-5).sum().item()
    print(f"prepare {name:20s} max err {(got - want).abs().max().item():.4g} beyond a rounding {bad} differing {(got != want).float().mean().item():.2g}", flush=True)
def run_profile(c, samples, widths, splits):
    l = c.l; n = len(samples); g = (n + 63) // 64
    sc = torch.zeros(l.heads * g * splits * 64 * (4 + 3 * D), device=dev)
    err = torch.zeros(l.heads, 2, device=dev); sm = torch.tensor(samples, device=dev, dtype=torch.int32); chosen = A.flags([-1] * l.heads)
    o = c.out
    pr = A.Profile(l, o[0].data_ptr(), o[1].data_ptr(), o[2].data_ptr(), sm.data_ptr(), sc.data_ptr(), err.data_ptr(), chosen.data_ptr(), n, splits, (A.i32 * 2)(*widths))
    def go():
        profile((splits * g, l.heads, 1), (2 * D, 1, 1), pr)
        combine((l.heads, 1, 1), (1024, 1, 1), pr)
    return go, err, (sc, sm, chosen)
for name, args, widths, n, splits in [
    ("text first", (5, 67, 20, 20, True, 5, 1, True, [0] * 5), (128, 64), 64, 3),
    ("padded text last", (7, 199, 256, 77, False, 6, 2, False, [0] * 6), (256, 128), 32, 8),
    ("100 rows", (13, 111, 0, 0, True, 3, 1, True, [0] * 3), (200, 33), 100, 5)]:
    c = Case(*args); run_prepare(c.params, 1); torch.cuda.synchronize(); l = c.l
    samples = torch.randint(0, l.video, (n,)).tolist()
    go, err, keep = run_profile(c, samples, widths, splits); go(); torch.cuda.synchronize()
    x = c.heads().bfloat16().double()
    S = l.video + l.text
    seq = torch.arange(S, device=dev); isv = (seq >= l.video_start) & (seq < l.video_start + l.video)
    ex = isv | ((seq >= l.text_start) & (seq < l.text_start + l.valid_text))
    j = seq - l.video_start; i = torch.tensor(samples, device=dev)
    tm = lambda t: t % l.tokens_per_frame * l.frames + t // l.tokens_per_frame
    s = x[0][:, i + l.video_start] @ x[1].transpose(1, 2) * math.log(2)
    def out(keep): return torch.softmax(s.masked_fill(~keep, float("-inf")), -1) @ x[2]
    full = out(ex[None].expand(n, S))
    want = []
    for near in ((i[:, None] - j[None]).abs() < widths[0], (tm(i)[:, None] - tm(j)[None]).abs() < widths[1]):
        want.append((out(ex[None] & (~isv[None] | near)) - full).pow(2).mean((1, 2)))
    want = torch.stack(want, 1)
    assert keep[2].tolist() == (err[:, 1] < err[:, 0]).int().tolist(), "the choice is not that of the errors"
    print(f"profile {name:20s} relative error {((err - want).abs() / want).max().item():.3g}", err[0].tolist(), want[0].tolist(), flush=True)
def timed(f, n=9):
    f(); ts = []
    for _ in range(n):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record(); f(); b.record(); torch.cuda.synchronize(); ts.append(a.elapsed_time(b))
    return sorted(ts)[n // 2]
F, P, T, H = (33, 3600, 256, 24) if D == 128 else (11, 4080, 226, 48)
c = Case(F, P, T, T, D == 64, H, 2 if D == 128 else 1, D == 64, [i % 2 for i in range(H)])
nbytes = 3 * H * (F * P + T) * D * 2
a = torch.empty(nbytes, device=dev, dtype=torch.uint8); b = torch.empty_like(a)
copy = timed(lambda: b.copy_(a))
del a, b
for at_once in (1, 2, 4, 8, 16, 32):
    if at_once > 2048 // D: break
    ms = timed(lambda: run_prepare(c.params, at_once))
    print(f"prepare D {D}: {ms:.3f} ms with {at_once} heads at once, {2 * nbytes / ms * 1e-9:.2f} TB/s; copy {copy:.3f} ms; of copy {copy / ms:.3f}", flush=True)
c.flags = A.flags([0] * H); c.params.patterns = c.flags.data_ptr(); run_prepare(c.params, 1)
print(f"prepare frame-major only {timed(lambda: run_prepare(c.params, 1024 // D)):.3f} ms")
samples = torch.randint(0, 10000, (64,)).tolist()
for splits in (6, 11, 16, 22, 33):
    go, err, keep = run_profile(c, samples, (15616, 15616) if D == 128 else (5760, 5760), splits)
    print(f"profile D {D}: {timed(go):.3f} ms with {splits} splits", flush=True)
