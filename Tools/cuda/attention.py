"""Tiles, lists and launches of the attention kernels, for their tests and timings."""
import ctypes
import math
import numpy as np
import torch
from ctypes import c_int32 as i32, c_uint32 as u32, c_void_p as ptr, c_float as f32

TILE = 128
DEVICE = "cuda"

class Geometry(ctypes.Structure):
    _fields_ = [(n, i32) for n in ("heads", "dimension", "frames", "tokens_per_frame", "video", "text", "valid_text",
                                   "video_start", "text_start", "rows", "video_rows")]
    video_tiles = property(lambda self: self.video_rows // TILE)
    text_tiles = property(lambda self: (self.rows - self.video_rows) // TILE)

class Segment(ctypes.Structure):
    _fields_ = [(n, ptr) for n in ("packed", "q_weight", "q_bias", "k_weight", "k_bias", "cosine", "sine")] + [
        ("norm", i32), ("epsilon", f32)]

class Prepare(ctypes.Structure):
    _fields_ = [("geometry", Geometry), ("patterns", ptr), ("video", Segment), ("text", Segment), ("output", ptr), ("heads_at_once", i32), ("query_factor", f32)]

class Attend(ctypes.Structure):
    _fields_ = [("geometry", Geometry), ("patterns", ptr), ("q", ptr), ("k", ptr), ("v", ptr), ("output", ptr),
                ("rows", ptr), ("entries", ptr), ("counter", ptr), ("repeats", ptr), ("groups", i32), ("half_width", i32 * 2)]

class Quantize(ctypes.Structure):
    _fields_ = [("geometry", Geometry), ("tiles", ptr), ("output", ptr), ("parts", ptr), ("query_scales", ptr),
                ("statistics", ptr)]

class Float8Attend(ctypes.Structure):
    _fields_ = Attend._fields_ + [("query_scales", ptr), ("statistics", ptr)]

class Profile(ctypes.Structure):
    _fields_ = [("geometry", Geometry), ("q", ptr), ("k", ptr), ("v", ptr), ("samples", ptr), ("scratch", ptr),
                ("errors", ptr), ("patterns", ptr), ("sample_count", i32), ("splits", i32), ("half_width", i32 * 2)]

def flags(patterns):
    """A 1 on the GPU for each temporal head; the caller keeps it alive."""
    return torch.tensor(patterns, device=DEVICE, dtype=torch.int32)

def blocks(n, size=TILE):
    return (n + size - 1) // size

def layout(F, P, T, valid, first, heads, D=0):
    V = F * P
    return Geometry(heads, D, F, P, V, T, valid, T if first else 0, 0 if first else V, (blocks(V) + blocks(T)) * TILE,
                    blocks(V) * TILE)

def packed_rows(l, pattern):
    """For each packed row the row of the sequence, or -1."""
    rows = np.full((l.video_tiles + l.text_tiles) * TILE, -1, np.int64)
    r = np.arange(l.video)
    rows[:l.video] = l.video_start + (r if pattern == 0 else r % l.frames * l.tokens_per_frame + r // l.frames)
    rows[l.video_tiles * TILE:l.video_tiles * TILE + l.text] = l.text_start + np.arange(l.text)
    return rows

def tiles(x):
    """[H, R, D] to pre-swizzled tiles [H, R/128, D/64, 128, 64]."""
    h, r, d = x.shape
    x = x.view(h, r // TILE, TILE, d // 64, 8, 8).permute(0, 1, 3, 2, 4, 5)
    j = torch.arange(8, device=x.device)[None, :] ^ (torch.arange(TILE, device=x.device)[:, None] & 7)
    return torch.gather(x, 4, j[None, None, None, :, :, None].expand(x.shape)).contiguous()

def lists(l, widths, group_rows):
    """The groups of both patterns and the entries: what BlockMask and TileLists make."""
    rows, entries = [], []
    full_first = lambda e: sorted(e, key=lambda bits: bits >> 28 != 0)
    keytext = [(l.video_tiles + b) | ((1 << 29) if (b + 1) * TILE > l.valid_text else 0) for b in range(blocks(l.valid_text))]
    limit = lambda b: (1 << 29) if (b + 1) * TILE > l.video else 0
    for w in widths:
        groups, seen = [], {}
        for first in range(0, l.video, group_rows):
            last = min(first + group_rows, l.video) - 1
            lo, hi = max(0, first - w + 1) // TILE, min(l.video - 1, last + w - 1) // TILE
            if w >= l.video:
                key = 0
            else:
                key = first
            if key not in seen:
                e = []
                for b in range(lo, hi + 1):
                    k0, k1 = b * TILE, min(b * TILE + TILE, l.video) - 1
                    e.append(b | ((1 << 28) if max(last - k0, k1 - first) >= w else 0) | limit(b))
                e = full_first(e + keytext)
                seen[key] = (len(entries), len(e))
                entries += e
            groups.append((first,) + seen[key])
        everything = None
        for first in range(0, l.text_tiles * TILE, group_rows):
            if first >= l.valid_text:
                groups.append((l.video_tiles * TILE + first, 0, 0))
            else:
                if everything is None:
                    e = full_first([b | limit(b) for b in range(l.video_tiles)] + keytext)
                    everything = (len(entries), len(e))
                    entries += e
                groups.append((l.video_tiles * TILE + first,) + everything)
        groups.sort(key=lambda g: -g[2])
        rows += groups
    return np.array(rows, np.int32).reshape(-1), np.array(entries, np.uint32), len(rows) // 2

class Problem:
    """Random heads, and the launch of one attention."""
    def __init__(self, l, D, widths, patterns, group_rows, seed=0, std=1.0, q=None, k=None, v=None):
        dev = DEVICE
        self.l, self.D, self.widths, self.patterns = l, D, widths, patterns
        g = torch.Generator(dev).manual_seed(seed)
        S = l.video + l.text
        make = lambda: (torch.randn(l.heads, S, D, generator=g, device=dev, dtype=torch.bfloat16) * std)
        self.q, self.k, self.v = q if q is not None else make(), k if k is not None else make(), v if v is not None else make()
        maps = [torch.tensor(packed_rows(l, p), device=dev) for p in (0, 1)]
        self.maps = maps
        def pack(x):
            out = torch.empty(l.heads, len(maps[0]), D, device=dev, dtype=torch.bfloat16)
            for h, p in enumerate(patterns):
                m = maps[p]
                # Padded text is zero, as `prepare` leaves it.
                exists = (m >= 0) & ((m < l.text_start + l.valid_text) | (m >= l.text_start + l.text))
                out[h] = torch.where(exists[:, None], x[h][m.clamp(min=0)], 0)
            return tiles(out)
        # As `prepare` leaves them: scores are exponents of two.
        self.queries = (self.q.float() * (D ** -0.5 / math.log(2))).bfloat16()
        self.tq, self.tk, self.tv = pack(self.queries), pack(self.k), pack(self.v)
        rows, entries, groups = lists(l, widths, group_rows)
        self.pairs = 0
        self.rows, self.entries = torch.tensor(rows, device=dev), torch.tensor(entries.view(np.int32), device=dev)
        self.tile_count = sum(int(rows.reshape(2, groups, 3)[p, :, 2].sum()) for p in patterns)
        self.counter = torch.zeros(1, device=dev, dtype=torch.int32)
        # How many items the first kernel left to the second one, and which.
        self.repeats = torch.zeros(1 + l.heads * groups, device=dev, dtype=torch.int32)
        self.out = torch.full((S, l.heads * D), 7.0, device=dev, dtype=torch.bfloat16)
        self.group_rows = group_rows
        self.flags = flags(patterns)
        self.params = Attend(l, self.flags.data_ptr(), self.tq.data_ptr(), self.tk.data_ptr(), self.tv.data_ptr(), self.out.data_ptr(),
                             self.rows.data_ptr(), self.entries.data_ptr(), self.counter.data_ptr(), self.repeats.data_ptr(),
                             groups, (i32 * 2)(*widths))

    def flops(self):
        return 4 * self.D * self.tile_count * self.group_rows * TILE

    def run(self, kernels, grid, threads):
        """`grid` blocks that fetch items, or one for each item when it is 0."""
        for kernel in kernels:
            kernel((grid or self.l.heads * self.params.groups, 1, 1), (threads, 1, 1), self.params)

    def reference(self):
        l = self.l
        S = l.video + l.text
        dev = self.q.device
        out = torch.zeros(S, l.heads, self.D, device=dev)
        seq_video = torch.zeros(S, dtype=torch.bool, device=dev)
        seq_video[l.video_start:l.video_start + l.video] = True
        exists = seq_video.clone()
        exists[l.text_start:l.text_start + l.valid_text] = True
        for h, p in enumerate(self.patterns):
            place = torch.zeros(S, dtype=torch.long, device=dev)
            m = self.maps[p]
            idx = torch.nonzero(m >= 0)[:, 0]
            place[m[idx]] = idx
            near = (place[:, None] - place[None, :]).abs() < self.widths[p]
            keep = (near | ~seq_video[:, None] | ~seq_video[None, :]) & exists[None, :]
            s = (self.queries[h].float() @ self.k[h].float().T) * math.log(2)
            s = s.masked_fill(~keep, float("-inf"))
            out[:, h] = torch.softmax(s, -1) @ self.v[h].float()
        out[~exists] = 0
        return out.reshape(S, -1)
