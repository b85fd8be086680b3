"""The noise schedule and the sampler, equal to diffusers' `CogVideoXDDIMScheduler` as configured here."""

from __future__ import annotations

import torch
from torch import Tensor


def alphas_cumprod(configuration: dict) -> Tensor:
    """`[1000]` float64: scaled-linear betas, shifted signal-to-noise ratio, rescaled to zero at the last step."""
    steps = configuration["num_train_timesteps"]
    betas = torch.linspace(configuration["beta_start"] ** 0.5, configuration["beta_end"] ** 0.5, steps,
                           dtype=torch.float64) ** 2
    alphas = torch.cumprod(1 - betas, dim=0)
    shift = configuration["snr_shift_scale"]
    root = (alphas / (shift + (1 - shift) * alphas)).sqrt()
    first, last = root[0].clone(), root[-1].clone()
    return ((root - last) * first / (first - last)) ** 2


def timesteps(steps: int, count: int = 1000) -> list[int]:
    """Trailing spacing: the first is the last training step, where nothing but noise is left."""
    return [int(round(count - i * count / steps)) - 1 for i in range(steps)]


@torch.no_grad()
def sample(denoiser, tokens: Tensor, empty: Tensor, noise: Tensor, alphas: Tensor, steps: int, guidance: float) -> Tensor:
    """Deterministic sampling with classifier-free guidance; `noise` `[B, T, C, H, W]`, tokens `[B, 32]`."""
    latents = noise.float()
    both = torch.cat([empty.expand_as(tokens), tokens])
    for t in timesteps(steps, len(alphas)):
        time = torch.full((2 * len(tokens),), t, device=noise.device)
        v = denoiser(torch.cat([latents, latents]), both, time).float()
        unconditional, conditional = v.chunk(2)
        v = unconditional + guidance * (conditional - unconditional)
        now, before = float(alphas[t]), t - len(alphas) // steps
        after = float(alphas[before]) if before >= 0 else 1.0
        clean = now**0.5 * latents - (1 - now) ** 0.5 * v
        keep = ((1 - after) / (1 - now)) ** 0.5
        latents = keep * latents + (after**0.5 - now**0.5 * keep) * clean
    return latents
