"""Sparse VideoGen in plain PyTorch: every mask is an explicit S × S table, every head on its own. Slow and obvious.

Written from the paper's Algorithm 1 (https://arxiv.org/abs/2502.01776), independently of the Swift code, and computed in double
precision.
"""

import dataclasses

import torch

from .store import seeded


@dataclasses.dataclass
class Case:
    """A layout: F frames of P tokens, `text` tokens of which the first `valid` count, before or after the video."""

    name: str
    frames: int
    places: int
    text: int
    valid: int
    text_first: bool
    width: int
    dimension: int
    heads: int = 4

    @property
    def video(self):
        return self.frames * self.places

    @property
    def length(self):
        return self.text + self.video

    @property
    def video_start(self):
        return self.text if self.text_first else 0

    @property
    def text_start(self):
        return 0 if self.text_first else self.video


CASES = [
    Case("f3-p5-t0-d32", 3, 5, 0, 0, True, 4, 32),
    Case("f5-p64-t7-d32", 5, 64, 7, 7, True, 64, 32),
    Case("f13-p16-t32-first-d64", 13, 16, 32, 32, True, 32, 64, 2),
    Case("f4-p33-t20-last-valid12-d64", 4, 33, 20, 12, False, 32, 64, 2),
    Case("f1-p100-t3-last-d128", 1, 100, 3, 3, False, 16, 128, 2),
    Case("f7-p1-t2-d32", 7, 1, 2, 2, True, 2, 32),
    Case("f6-p20-t9-first-valid0-d32", 6, 20, 9, 0, True, 16, 32),
    # As HunyuanVideo lays it out: a text much longer than its real part, which ends inside a block, after the video.
    Case("f5-p40-t150-last-valid70-d128", 5, 40, 150, 70, False, 64, 128, 2),
]


def uniform(seed, count):
    """`count` numbers in [-1, 1): the upper 24 bits of splitmix64's output, so that any language has them exactly."""
    words, mask = [], (1 << 64) - 1
    state = seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        word = state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        words.append((word ^ (word >> 31)) >> 40)
    return torch.tensor(words, dtype=torch.float64) / 2**23 - 1


def inputs(case, seed):
    """Q, K, V as [H, S, D], frame-major, in sequence order.

    Q and K of a video token are half its own noise plus twice a code that its whole frame shares (even heads: they attend
    to their frame) or that its place shares in every frame (odd heads: they attend to their place). Seeds: noise of
    Q, K, V: seed, seed + 1, seed + 2; codes of the frames [H, F, D]: seed + 3; of the places [H, P, D]: seed + 4.
    """
    shape = (case.heads, case.length, case.dimension)
    count = case.heads * case.length * case.dimension
    query, key, value = (uniform(seed + i, count).reshape(shape) for i in range(3))
    frame_codes = uniform(seed + 3, case.heads * case.frames * case.dimension).reshape(case.heads, case.frames, -1)
    place_codes = uniform(seed + 4, case.heads * case.places * case.dimension).reshape(case.heads, case.places, -1)
    query, key = query / 2, key / 2
    for head in range(case.heads):
        for frame in range(case.frames):
            for place in range(case.places):
                row = case.video_start + frame * case.places + place
                code = frame_codes[head, frame] if head % 2 == 0 else place_codes[head, place]
                query[head, row] += 2 * code
                key[head, row] += 2 * code
    # What the kernels are given is float32.
    return query.float().double(), key.float().double(), value.float().double()


def masks(case):
    """Three [S, S] tables of who sees whom: everything, the spatial band, the temporal band."""
    length = case.length
    full = torch.zeros(length, length, dtype=torch.bool)
    spatial, temporal = full.clone(), full.clone()
    for i in range(length):
        for j in range(length):
            kind_i, kind_j = kind(case, i), kind(case, j)
            if "padding" in (kind_i, kind_j):
                continue
            full[i, j] = True
            if "text" in (kind_i, kind_j):
                spatial[i, j] = temporal[i, j] = True
                continue
            a, b = i - case.video_start, j - case.video_start
            spatial[i, j] = abs(a - b) < case.width
            temporal[i, j] = abs(token_major(case, a) - token_major(case, b)) < case.width
    return full, spatial, temporal


def kind(case, index):
    if case.video_start <= index < case.video_start + case.video:
        return "video"
    return "text" if index - case.text_start < case.valid else "padding"


def token_major(case, index):
    """The index p·F + f of the video token with the frame-major index f·P + p."""
    frame, place = divmod(index, case.places)
    return place * case.frames + frame


def attend(query, key, value, mask):
    """Softmax attention of one head over the pairs in `mask`; a row without any is zero."""
    scores = query @ key.T / query.shape[-1] ** 0.5
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1)
    return torch.nan_to_num(weights) @ value


def write(store):
    for number, case in enumerate(CASES):
        seed = 1000 * (number + 1)
        query, key, value = inputs(case, seed)
        tables = masks(case)
        outputs = torch.stack([
            torch.stack([attend(query[h], key[h], value[h], table) for h in range(case.heads)]) for table in tables
        ])

        # Profiling: sampled rows of the video, as frame-major indices without the text.
        count = min(4, case.video)
        sampled = torch.randperm(case.video, generator=seeded(seed))[:count].sort().values
        rows = outputs[:, :, case.video_start + sampled]
        errors = torch.stack([(rows[i] - rows[0]).square().mean(dim=(1, 2)) for i in (1, 2)], dim=1)
        temporal = errors[:, 1] < errors[:, 0]
        if case.frames > 1 and case.places > 1:
            assert temporal.tolist() == [bool(h % 2) for h in range(case.heads)], errors
            assert (errors.max(1).values > 1.2 * errors.min(1).values).all(), errors

        # Attention with each head's pattern, [S, H·D] in sequence order; of a long one some rows and the sum of all.
        chosen = torch.stack([outputs[2 if temporal[h] else 1, h] for h in range(case.heads)])
        tensors = {"sampled_rows": sampled, "errors": errors, "is_temporal": temporal.int(),
                   "profile_full": rows[0], "profile_spatial": rows[1], "profile_temporal": rows[2],
                   "kept_pairs": torch.tensor([table.sum().item() for table in tables])}
        stored = torch.unique(torch.cat([torch.arange(0, case.length, 1 + case.length // 12),
                                         torch.tensor([0, case.video_start, case.text_start - 1, case.text_start,
                                                       case.text_start + case.valid, case.video_start + case.video - 1,
                                                       case.length - 1]).clamp(0, case.length - 1)]))
        tensors["output_rows"] = stored
        for name, values in (("dense", outputs[0]), ("sparse", chosen)):
            flat = values.transpose(0, 1).reshape(case.length, -1)
            tensors[f"output_{name}"] = flat[stored]
            tensors[f"output_{name}_sum"] = flat.sum(0)
        notes = {field.name: getattr(case, field.name) for field in dataclasses.fields(case)}
        if number == 0:
            tensors |= {"query": query, "key": key, "value": value}
        store.save(f"sparse-video-gen/{case.name}", tensors, seed=seed, **notes)
