"""Compares a clip that `svgen` generated with the one `CogVideoXPipeline` generates from the same seed.

    svgen generate --prompt "a red circle moving right" --seed 7 --attention dense --dtype f32 --save-latents ours.safetensors
    python Tools/check_against_diffusers.py --model Sources/SparseVideoGen/BundledModel --prompt "a red circle moving right" --seed 7 \
        --latents ours.safetensors [--frames ours.npy] [--minimum 40]

The latents file holds one tensor, `[T, C, H, W]` or `[1, T, C, H, W]`, before the division by the scaling factor.
Both latents are decoded by diffusers' autoencoder and compared as frames; with `--frames` (`.npy`, uint8
`[T, H, W, 3]`, or `.y4m`) the frames `svgen` decoded are compared as well. Ends with status 1 below `--minimum` dB.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import CogVideoXPipeline
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parent / "train"))


def psnr(a: np.ndarray, b: np.ndarray, peak: float) -> float:
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)


def read_latents(path: Path) -> torch.Tensor:
    """The only tensor of the file, or the one named `latents`, as `[1, T, C, H, W]` float32."""
    tensors = load_file(path)
    if len(tensors) > 1 and "latents" not in tensors:
        raise SystemExit(f"{path} holds {sorted(tensors)}; expected one tensor, or one named 'latents'")
    value = tensors.get("latents", next(iter(tensors.values()))).float()
    return value if value.ndim == 5 else value[None]


def read_frames(path: Path) -> np.ndarray:
    if path.suffix == ".npy":
        return np.load(path)
    from score import read_y4m

    return read_y4m(path)


def decode(pipeline: CogVideoXPipeline, latents: torch.Tensor) -> np.ndarray:
    """Frames `[T, H, W, 3]` in 0…1."""
    with torch.no_grad():
        return pipeline.video_processor.postprocess_video(pipeline.decode_latents(latents), output_type="np")[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--negative-prompt", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--frame-count", type=int, default=49)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--frames", type=Path)
    parser.add_argument("--save-reference", type=Path, help="keep diffusers' latents (.npy) for another comparison")
    parser.add_argument("--minimum", type=float, default=40.0, help="PSNR in dB that the frames must reach")
    arguments = parser.parse_args()

    ours = read_latents(arguments.latents)
    pipeline = CogVideoXPipeline.from_pretrained(arguments.model, dtype=torch.float32)
    reference = pipeline(
        arguments.prompt, negative_prompt=arguments.negative_prompt, height=arguments.size, width=arguments.size,
        num_frames=arguments.frame_count, num_inference_steps=arguments.steps, guidance_scale=arguments.guidance,
        max_sequence_length=pipeline.transformer.config.max_text_seq_length,
        generator=torch.Generator().manual_seed(arguments.seed), output_type="latent",
    ).frames
    if arguments.save_reference:
        np.save(arguments.save_reference, reference.numpy())
    if ours.shape != reference.shape:
        raise SystemExit(f"latents: {tuple(ours.shape)} against {tuple(reference.shape)} from diffusers")
    difference = (ours - reference).abs()
    spread = float(reference.max() - reference.min())
    expected = decode(pipeline, reference)
    results = {"latents": psnr(ours.numpy(), reference.numpy(), spread), "frames": psnr(decode(pipeline, ours), expected, 1)}
    if arguments.frames:
        frames = read_frames(arguments.frames)
        results["frames decoded by svgen"] = psnr(frames, (expected * 255).round(), 255)
    print(f"largest difference of the latents: {float(difference.max()):.2e} (their range: {spread:.2f})")
    for name, value in results.items():
        print(f"{name}: {value:.2f} dB")
    worst = min(value for name, value in results.items() if name != "latents")
    return 0 if worst >= arguments.minimum else 1


if __name__ == "__main__":
    sys.exit(main())
