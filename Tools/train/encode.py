"""Draws clips and encodes them for `train_transformer.py --latents`, on another device or ahead of time.

    python encode.py --vae runs/vae.safetensors --stages 64:65536 128:24576 256:10240 --output runs/latents

Writes one file for each resolution, in the order that is given: latents `[N, T, C, H, W]` in bfloat16, already scaled,
and token ids `[N, 32]`. A file appears when it is complete, so that training can wait for it.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

import common
import configuration
import vocabulary
import world
from vae import Autoencoder

VOXELS = 64 * 64 * 64
"""Pixels of a frame times clips that are encoded at once."""


def load_autoencoder(path: Path, device) -> tuple[Autoencoder, float]:
    """The autoencoder and its scaling factor."""
    tensors, metadata = common.load_weights(path)
    vae = Autoencoder(configuration.VAE).to(device).eval().requires_grad_(False)
    vae.load_state_dict(tensors)
    return vae, float(metadata["scaling_factor"])


@torch.no_grad()
def encode_clips(vae: Autoencoder, scaling: float, resolution: int, clips: int, seed: int, device):
    """Scaled latents `[N, T, C, H, W]` in bfloat16 and tokens `[N, 32]`."""
    generator = torch.Generator(device=device).manual_seed(seed)
    ids = vocabulary.word_ids()
    batch = max(1, VOXELS // resolution**2)
    latents, tokens = [], []
    for start in range(0, clips, 4096):
        scenes = world.sample_scenes(min(4096, clips - start), generator)
        tokens += [vocabulary.encode(text, ids) for text in world.captions(scenes, generator)]
        for i in range(0, len(scenes), batch):
            x = world.draw(scenes[slice(i, i + batch)], resolution).permute(0, 4, 1, 2, 3)
            with common.autocast(device):
                z = vae.encode(x)
            latents.append((z.float() * scaling).transpose(1, 2).to(torch.bfloat16).contiguous())
    return torch.cat(latents), torch.tensor(tokens, device=device)


def latents_file(folder: Path, resolution: int) -> Path:
    return folder / f"{resolution}.safetensors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    parser.add_argument("--stages", nargs="+", required=True, help="resolution:clips")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    device = common.prepare(arguments.seed)
    vae, scaling = load_autoencoder(arguments.vae, device)
    for number, stage in enumerate(arguments.stages):
        resolution, clips = map(int, stage.split(":"))
        began = time.monotonic()
        latents, tokens = encode_clips(vae, scaling, resolution, clips, 1000 + 10 * arguments.seed + number, device)
        common.save_weights(latents_file(arguments.output, resolution), {"latents": latents, "tokens": tokens})
        print(f"{clips} clips at {resolution} in {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main()
