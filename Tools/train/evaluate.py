"""Generates the held-out prompts with the training modules and scores them: the fast way, on a GPU.

    python evaluate.py --vae runs/vae.safetensors --transformer runs/transformer.safetensors --output scores/ \
        --guidance 2 4 --steps 30

Every guidance gets `scores-<guidance>.json` and a contact sheet. Prompt number i starts from noise of seed i, drawn on
the CPU as `torch.randn` draws it, so a clip can be compared with one generated elsewhere.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import common
import configuration
import diffusion
import encode
import score
import vocabulary
import world
from train_transformer import load
from transformer import Denoiser


def noise_of(seed: int, size: int) -> torch.Tensor:
    shape = (1, configuration.LATENT_FRAMES, configuration.LATENT_CHANNELS, size, size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def generate(denoiser, vae, scaling, prompts: list[str], arguments, guidance: float, device) -> list[np.ndarray]:
    """One uint8 clip `[49, H, W, 3]` a prompt."""
    alphas = diffusion.alphas_cumprod(configuration.SCHEDULER)
    tokens = torch.tensor([vocabulary.encode(prompt) for prompt in prompts], device=device)
    empty = torch.tensor([vocabulary.encode("")], device=device)
    clips = []
    for start in range(0, len(prompts), arguments.batch):
        part = tokens[start:start + arguments.batch]
        noise = torch.cat([noise_of(start + i, arguments.resolution // 8) for i in range(len(part))]).to(device)
        with common.autocast(device):
            latents = diffusion.sample(denoiser, part, empty, noise, alphas, arguments.steps, guidance)
            for z in latents.transpose(1, 2).split(5):
                frames = vae.decode((z / scaling).contiguous(memory_format=torch.channels_last_3d))
                frames = ((frames.float().clamp(-1, 1) + 1) * 127.5).round().byte()
                clips += list(frames.permute(0, 2, 3, 4, 1).cpu().numpy())
    return clips


@torch.no_grad()
def ceiling(vae, count: int, device) -> list:
    """Tasks for `score.judge`: true clips that went through the autoencoder, what a perfect transformer would reach."""
    scenes = world.sample_scenes(count, torch.Generator().manual_seed(5), held_out=None)
    tasks = []
    for i, item in enumerate(world.describe(scenes)):
        x = world.draw(scenes[i:i + 1].to(device), configuration.RESOLUTION).permute(0, 4, 1, 2, 3)
        with common.autocast(device):
            frames = vae.decode(vae.encode(x)).float().clamp(-1, 1)
        clip = ((frames[0].permute(1, 2, 3, 0) + 1) * 127.5).round().byte().cpu().numpy()
        tasks.append((dict(item, prompt=world.caption(item)), clip))
    return tasks


def contact_sheet(clips: list[np.ndarray], path: Path, columns: int = 6, size: int = 128) -> None:
    """Rows of frames spread over the clip, two clips a row."""
    step = max(clips[0].shape[1] // size, 1)
    frames = np.linspace(0, len(clips[0]) - 1, columns).round().astype(int)
    rows = [np.concatenate(list(clip[frames][:, ::step, ::step]), axis=1) for clip in clips]
    rows += [np.zeros_like(rows[0])] * (len(rows) % 2)
    Image.fromarray(np.concatenate([np.concatenate(rows[i:i + 2], axis=1) for i in range(0, len(rows), 2)])).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vae", type=Path, required=True)
    parser.add_argument("--transformer", type=Path, required=True, help="waits for both files")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--guidance", type=float, nargs="+", default=[3.0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--resolution", type=int, default=configuration.RESOLUTION)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--workers", type=int, default=15)
    parser.add_argument("--ceiling", action="store_true", help="also score true clips after the autoencoder alone")
    arguments = parser.parse_args()

    expected = world.test_prompts()[: arguments.count]
    pool = ProcessPoolExecutor(arguments.workers)
    list(pool.map(abs, range(4 * arguments.workers)))  # the workers start before the GPU is touched
    while not (arguments.vae.exists() and arguments.transformer.exists()):
        time.sleep(0.2)
    device = common.prepare(0)
    torch.backends.cudnn.benchmark = False
    vae, scaling = encode.load_autoencoder(arguments.vae, device)
    denoiser = Denoiser(configuration.TRANSFORMER, configuration.TEXT_ENCODER).eval()
    load(denoiser, arguments.transformer)
    denoiser.to(device)
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.ceiling:
        judged = list(pool.map(score.judge, ceiling(vae, arguments.count, device)))
        print(f"autoencoder alone: {json.dumps(score.summarize([result for _, result in judged]))}", flush=True)
    waiting = []
    for guidance in arguments.guidance:
        began = time.monotonic()
        prompts = [item["prompt"] for item in expected]
        clips = generate(denoiser, vae, scaling, prompts, arguments, guidance, device)
        print(f"guidance {guidance}: generated in {time.monotonic() - began:.1f} s", flush=True)
        contact_sheet(clips[:32], arguments.output / f"sheet-{guidance:g}.png")
        waiting.append((guidance, [pool.submit(score.judge, task) for task in zip(expected, clips)]))
    for guidance, futures in waiting:
        judged = [future.result() for future in futures]
        summary = score.summarize([result for _, result in judged])
        records = [dict(prompt=item["prompt"], seen=seen, wrong=[f for f in score.FIELDS if not all(result[f])])
                   for item, (seen, result) in zip(expected, judged)]
        report = dict(steps=arguments.steps, guidance=guidance, summary=summary, clips=records)
        (arguments.output / f"scores-{guidance:g}.json").write_text(json.dumps(report, indent=1) + "\n")
        print(f"guidance {guidance}: {json.dumps(summary)}", flush=True)


if __name__ == "__main__":
    main()
