"""From the rows of a packed QKV linear to Q and K: normalisation of each head, then rotation of the video tokens."""

import torch
from diffusers.models.embeddings import apply_rotary_emb

from .rotary import table
from .store import randn

EPSILON = 1e-6
# name, norm, heads, head dimension, text rows, text first
CASES = [
    ("layernorm-d32", "layer", 2, 32, 5, True),
    ("layernorm-d64", "layer", 2, 64, 4, True),
    ("rmsnorm-d128", "rms", 2, 128, 6, False),
    ("rmsnorm-d64", "rms", 2, 64, 0, True),
    ("none-d64", "none", 1, 64, 3, True),
]
FRAMES, HEIGHT, WIDTH = 2, 16, 48


def write(store):
    tensors, notes = {}, {}
    for number, (name, norm, heads, dimension, text, text_first) in enumerate(CASES):
        seed = 9000 + 100 * number
        config = dict(attention_head_dim=dimension, sample_width=6, sample_height=4)
        cos, sin = table(config, HEIGHT, WIDTH, FRAMES)
        tensors |= {f"{name}/cos": cos, f"{name}/sin": sin}
        rows = {"text": text, "video": cos.shape[0]}
        prepared = {}
        for offset, segment in enumerate(rows):
            # A row holds q of every head, then k of every head, then v of every head.
            packed = randn(seed + offset, rows[segment], 3 * heads * dimension) * 2
            tensors[f"{name}/{segment}_qkv"] = packed
            for index, kind in enumerate(("query", "key")):
                states = packed.reshape(-1, 3, heads, dimension)[:, index].transpose(0, 1)
                # Text and video may have weights of their own (HunyuanVideo) or share them (CogVideoX).
                weight = 1 + 0.3 * randn(seed + 10 + 2 * offset + index, dimension)
                bias = 0.3 * randn(seed + 20 + 2 * offset + index, dimension)
                states = normalize(states, norm, weight, bias)
                if norm != "none":
                    tensors[f"{name}/{segment}_{kind}_weight"] = weight
                if norm == "layer":
                    tensors[f"{name}/{segment}_{kind}_bias"] = bias
                if segment == "video":
                    states = apply_rotary_emb(states[None], (cos, sin))[0]
                prepared[segment, kind] = states
        order = ("text", "video") if text_first else ("video", "text")
        for kind in ("query", "key"):
            # [H, S, D], sequence order, frame-major.
            tensors[f"{name}/{kind}"] = torch.cat([prepared[segment, kind] for segment in order], dim=1)
        notes[name] = f"norm={norm} heads={heads} dimension={dimension} text={text} text_first={text_first}"
    store.save("prepare", {k: v for k, v in tensors.items() if v.numel()}, epsilon=EPSILON,
               frames=FRAMES, places=(HEIGHT // 16) * (WIDTH // 16), **notes)


def normalize(states, norm, weight, bias):
    if norm == "layer":
        return torch.nn.functional.layer_norm(states, (states.shape[-1],), weight, bias, EPSILON)
    if norm == "rms":
        return torch.nn.functional.rms_norm(states, (states.shape[-1],), weight, EPSILON)
    return states
