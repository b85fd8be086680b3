"""Rotary tables as the pipeline computes them."""

import types

import torch
from diffusers import CogVideoXPipeline

from .models import VARIANTS

# The published sizes, of which rows are sampled: name, head dimension, patches, sample size, pixels, latent frames.
PUBLISHED = [
    ("5b-480x720", dict(attention_head_dim=64, patch_size=2, patch_size_t=None, sample_width=90, sample_height=60),
     (480, 720), 13),
    ("5b-352x640", dict(attention_head_dim=64, patch_size=2, patch_size_t=None, sample_width=90, sample_height=60),
     (352, 640), 13),
    ("1.5-768x1360", dict(attention_head_dim=64, patch_size=2, patch_size_t=2, sample_width=300, sample_height=300),
     (768, 1360), 22),
]
ROWS = 31


def write(store):
    tensors, notes = {}, {}
    for name, config, (height, width), frames in PUBLISHED:
        cos, sin = table(config, height, width, frames)
        rows = torch.linspace(0, cos.shape[0] - 1, ROWS).round().long()
        tensors |= {f"{name}/rows": rows, f"{name}/cos": cos[rows], f"{name}/sin": sin[rows],
                    f"{name}/cos_sum": cos.double().sum(0), f"{name}/sin_sum": sin.double().sum(0)}
        notes[name] = f"head_dim=64 height={height} width={width} latent_frames={frames} tokens={cos.shape[0]}"
    for variant in VARIANTS:
        if not variant.transformer.get("use_rotary_positional_embeddings"):
            continue
        for size in filter(None, (variant.size, variant.other_size, (1, 16, 64))):
            frames, height, width = size
            latent_frames = pad((frames - 1) // 4 + 1, variant)
            cos, sin = table(variant.transformer, height, width, latent_frames)
            name = f"{variant.name}/{frames}x{height}x{width}"
            tensors |= {f"{name}/cos": cos, f"{name}/sin": sin}
            notes[name] = f"latent_frames={latent_frames}"
    store.save("rotary", tensors, **notes)


def pad(latent_frames, variant):
    depth = variant.transformer.get("patch_size_t") or 1
    return -(-latent_frames // depth) * depth


def table(config, height, width, latent_frames):
    """[tokens, head dimension], each value twice in a row: cos and sin of the pairs (0, 1), (2, 3), …"""
    config = types.SimpleNamespace(**({"patch_size": 2, "patch_size_t": None} | config))
    owner = types.SimpleNamespace(vae_scale_factor_spatial=8, transformer=types.SimpleNamespace(config=config))
    return CogVideoXPipeline._prepare_rotary_positional_embeddings(owner, height, width, latent_frames, None)
