"""The VAE's decoder: odd and even numbers of latent frames, tiles that blend, what happens inside."""

import torch

from .models import load_vae, pipelines
from .store import error, randn

# Tiles of 32 × 16 pixels (4 × 2 latents) over 40 × 48 pixels: the last row of tiles is cut short, every column overlaps.
TILES = dict(tile_sample_min_height=32, tile_sample_min_width=16, tile_overlap_factor_height=0.25,
             tile_overlap_factor_width=0.5)


def write(store):
    for variant in pipelines():
        if variant.name == "cogvideox-learned":
            # The decoder has the shape of the 2B variant's.
            continue
        model, half = load_vae(store, variant), load_vae(store, variant, torch.bfloat16)
        channels = model.config.latent_channels
        seed = variant.seed + 20
        tensors = {}
        # The 5B variant has every case, the others one each.
        complete = variant.name == "cogvideox-5b"
        for frames in (1, 2, 3, 5) if complete else (3,):
            latents = randn(seed + frames, 1, channels, frames, 2, 3)
            tensors[f"frames{frames}/latents"] = latents
            tensors[f"frames{frames}/output"] = model.decode(latents).sample
        latents = tensors["frames3/latents"]
        rough = half.decode(latents.bfloat16()).sample
        tensors["frames3/output_bfloat16_error"] = error(rough, tensors["frames3/output"])
        assert 0.05 < tensors["frames3/output"].abs().mean() < 3
        if complete:
            tensors |= inside(model, tensors["frames3/latents"])
            tensors |= tiled(model, randn(seed + 10, 1, channels, 3, 5, 6))
        store.save(f"{variant.name}/vae", tensors, tile_frames="0,4,8", **TILES)


def inside(model, latents):
    """The outputs of the decoder's parts while it decodes three latent frames at once: [1, C, frames, h, w]."""
    seen, handles = {}, []

    def on(module, name):
        def hook(_, given, result):
            seen.setdefault(f"inside/{name}", result[0].clone())

        handles.append(module.register_forward_hook(hook))

    decoder = model.decoder
    on(decoder.conv_in, "conv_in")
    on(decoder.mid_block.resnets[0], "mid_block_resnet0")
    on(decoder.mid_block, "mid_block")
    for index, block in enumerate(decoder.up_blocks):
        on(block, f"up_block{index}")
    model.decode(latents)
    for handle in handles:
        handle.remove()
    # Of the larger ones every fourth frame will do.
    return {name: value if value.shape[2] == 3 else value[:, :, ::4] for name, value in seen.items()}


def tiled(model, latents):
    """Three of the nine frames, decoded in tiles; the seams make them differ from those decoded in one piece."""
    whole = model.decode(latents).sample
    model.enable_tiling(**TILES)
    pieces = model.decode(latents).sample
    model.disable_tiling()
    assert (pieces - whole).abs().max() > 1e-3
    return {"tiled/latents": latents, "tiled/output": pieces[:, :, ::4]}
