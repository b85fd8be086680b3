"""Checks the attention kernels against PyTorch in float32, and times them.

python3 Tools/cuda/attend.py {80,90} {64,128} {0,1,2} [MACRO=VALUE...], in the root of the repository: 1 times, 2 times
FlexAttention too. Needs a GPU, PyTorch and NVRTC.
"""
import sys, torch, time
import cuda, attention as A
arch = sys.argv[1]; D = int(sys.argv[2]); times = int(sys.argv[3]); defs = sys.argv[4:]
torch.backends.cuda.matmul.allow_tf32 = False
new = arch == "90"
cubin, log = cuda.compile(f"Sources/CCUDA/attention/attend_sm{arch}_d{D}.cu", "sm_90a" if new else "sm_90", defs)
print([x for x in log.splitlines() if "spill" in x or "warning" in x.lower() or "serial" in x or "ignored" in x])
stages = 2 if D == 128 else 4
for d in defs:
    if d.startswith("STAGES="): stages = int(d[7:])
rows = 128 if D == 128 or not new else 192
strips = 1 if "STRIPS=1" in defs else 2
shared = 256 * D + 2 * 128 * D if not new else rows * D * 2 + stages * 2 * D * 256 + 8 * (4 * stages + 6) + 4 * (stages + 2) + 1024
torch.zeros(1, device="cuda")
kernel = [cuda.Kernel(cubin, f"{name}_sm{arch}_d{D}", shared) for name in (["attend", "attend_again"] if new else ["attend"])]
threads = (128 * 2 // strips) if not new else 384 if D == 128 else 512
grid = torch.cuda.get_device_properties(0).multi_processor_count if new else 0
def check(name, F, P, T, valid, first, widths, patterns, std=1.0, **kw):
    l = A.layout(F, P, T, valid, first, len(patterns))
    p = A.Problem(l, D, widths, patterns, rows, std=std, **kw)
    p.run(kernel, grid, threads); torch.cuda.synchronize()
    got, want = p.out.float(), p.reference()
    e = (got - want).abs()
    print(f"{name:30s} max err {e.max().item():.4g} rel L2 {(e.norm() / want.norm()).item():.3g} nan {got.isnan().sum().item()}", flush=True)
    return p, got, want
# one tile, uniform softmax: the mean of V
z = torch.zeros(1, 128, D, device="cuda", dtype=torch.bfloat16)
p, g, w = check("one tile, Q = 0", 1, 128, 0, 0, True, (128, 128), [0], q=z)
if (g - w).abs().max() > 0.02: print(g[:3, :16].tolist(), w[0, :16].tolist(), g[64, :8].tolist())
# V = unit matrix: the output is P
eye = torch.eye(128, device="cuda", dtype=torch.bfloat16)[None, :, :D].contiguous()
p, g, w = check("one tile, V = 1", 1, 128, 0, 0, True, (128, 128), [0], v=eye)
if (g - w).abs().max() > 0.02: print(g[:2, :16].tolist(), w[:2, :16].tolist())
check("one tile", 1, 128, 0, 0, True, (128, 128), [0])
check("one token", 1, 1, 0, 0, True, (128, 128), [0, 1])
check("tail", 3, 67, 0, 0, True, (512, 512), [0, 1])
check("2 tiles", 2, 128, 0, 0, True, (512, 512), [0])
check("3 tiles", 3, 128, 0, 0, True, (512, 512), [0])
check("5 tiles text first", 4, 128, 20, 20, True, (1024, 1024), [0, 1])
check("text last padded", 5, 99, 256, 77, False, (1024, 1024), [0, 1, 1])
check("band text first", 7, 150, 226, 226, True, (256, 128), [0, 1, 0, 1])
check("band text last padded", 9, 131, 256, 50, False, (384, 256), [0, 1, 1, 0, 1])
check("band odd width", 9, 131, 300, 150, False, (200, 33), [0, 1, 1, 0, 1])
check("many items", 13, 300, 130, 130, True, (640, 512), [i % 2 for i in range(24)])
check("large scores", 13, 100, 130, 130, True, (640, 512), [i % 2 for i in range(4)], std=3.0)
p = check("scores of some hundreds", 13, 100, 130, 130, True, (640, 512), [i % 2 for i in range(4)], std=12.0)[0]
if new:
    first, again = [p.run([k], grid, threads) or torch.cuda.synchronize() or p.repeats[0].item() for k in kernel]
    print(f"{first} items of {p.l.heads * p.params.groups} attended again; {again} left")
def timed(f, n=3):
    f(); ts = []
    for _ in range(n):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record(); f(); b.record(); torch.cuda.synchronize(); ts.append(a.elapsed_time(b))
    return sorted(ts)[n // 2]
F, P, T, H = (33, 3600, 256, 24) if D == 128 else (11, 4080, 226, 48)
V = F * P
if not times: sys.exit()
l = A.layout(F, P, T, T, D == 64, H)
q, k, v = [torch.randn(H, V + T, D, device="cuda", dtype=torch.bfloat16) for _ in range(3)]
widths = [V + 128] + ([15616, 10240, 16896, 32384, 50432] if D == 128 else [5760, 3840, 6272, 12288, 19072])
dense = None
for w in widths if new else widths[:2]:
    p = A.Problem(l, D, (w, w), [i % 2 for i in range(H)], rows, q=q, k=k, v=v)
    ms = timed(lambda: p.run(kernel, grid, threads))
    tiles = sum(range(0))
    share = p.flops() / (4 * D * H * (V + T) ** 2)
    if dense is None: dense = ms
    print(f"sm{arch} D {D} S {V + T} H {H} w {w}: {ms:.2f} ms, density of tiles {share:.3f}, {p.flops() / ms * 1e-9:.0f} TFLOP/s per computed tile, of ideal {share * dense / ms:.3f} {defs}", flush=True)
    del p
if defs: sys.exit()
from torch.nn.attention import SDPBackend, sdpa_kernel
for b in (SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION):
    with sdpa_kernel(b):
        try:
            ms = timed(lambda: torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None]), 3)
            print(f"  {b}: {ms:.2f} ms, {4 * D * H * (V + T) ** 2 / ms * 1e-9:.0f} TFLOP/s", flush=True)
        except Exception as e: print(b, e)
if times == 2:
    from torch.nn.attention.flex_attention import flex_attention, create_block_mask
    w = widths[1]; vs = T if D == 64 else 0
    def mod(b, h, i, j):
        iv = (i >= vs) & (i < vs + V); jv = (j >= vs) & (j < vs + V)
        return (~iv) | (~jv) | ((i - j).abs() < w)
    bm = torch.compile(create_block_mask)(mod, None, None, V + T, V + T, device="cuda", BLOCK_SIZE=128)
    flex = torch.compile(flex_attention)
    ms = timed(lambda: flex(q[None], k[None], v[None], block_mask=bm), 3)
    print(f"  FlexAttention w {w}: {ms:.2f} ms, its density {1 - bm.sparsity() / 100:.3f}", flush=True)
