"""Trains the autoencoder on clips drawn on the fly.

    python train_vae.py --seconds 270 --output runs/vae.safetensors
    python train_vae.py --seconds 60 --resume runs/vae.safetensors --decoder-only --output runs/vae.safetensors

The length of a run is given in seconds, the learning rate follows the share of them that has passed. Clips are small
pictures first; larger ones join in `PHASES`. Every run ends with the reconstruction quality per resolution and the
latents' statistics, and stores 1 / (their standard deviation) as the scaling factor.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

import common
import configuration
import world
from vae import Autoencoder

FRAMES = 17
"""Two pieces of the causal autoencoder (9 + 8 frames): every later piece works like the second."""

PHASES = ((0.0, {64: 1.0}), (0.4, {64: 0.2, 128: 0.3, 256: 0.5}), (0.75, {64: 0.05, 128: 0.2, 256: 0.75}))
"""From which share of the run on which resolutions are drawn, and how often."""

LATENT_NOISE = 0.06
"""Mean spread of the noise added to latents in training: neighbours in latent space must look alike."""

LATENT_PENALTY = 1e-3
"""Weight of the latents' mean square; against the noise it settles the scale, more spread where it matters more."""


def clips(scenes: world.Scenes, resolution: int) -> torch.Tensor:
    """`FRAMES` consecutive frames from a random start, `[N, 3, T, H, W]` channels last."""
    start = int(torch.randint(0, world.FRAMES - FRAMES + 1, (1,)))
    x = world.draw(scenes, resolution, slice(start, start + FRAMES))
    return x.permute(0, 4, 1, 2, 3)


def differences(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean distance of the spatial gradients."""
    e = y - x
    return (e[..., 1:] - e[..., :-1]).abs().mean() + (e[..., 1:, :] - e[..., :-1, :]).abs().mean()


def objective(model: Autoencoder, x: torch.Tensor, noise: torch.Tensor, sigma: torch.Tensor):
    z = model.encode(x).float()
    y = model.decode(z + noise * sigma).float()
    error = y - x
    square = (error * error).mean()
    coarse = F.avg_pool3d(error, (1, 4, 4)).abs().mean()
    loss = error.abs().mean() + 2 * square + differences(x, y) + coarse + LATENT_PENALTY * (z * z).mean()
    return loss, square.detach()


class Step:
    """One optimizer step at one resolution; on a GPU recorded once and replayed, so that launching costs nothing."""

    def __init__(self, model: Autoencoder, optimizer: torch.optim.Optimizer, trained: list, record: bool) -> None:
        self.model, self.optimizer, self.trained, self.record = model, optimizer, trained, record
        self.graph: torch.cuda.CUDAGraph | None = None
        self.calls = 0

    def compute(self, x, noise, sigma):
        with torch.autocast(x.device.type, torch.bfloat16, enabled=x.is_cuda, cache_enabled=not self.record):
            loss, square = objective(self.model, x, noise, sigma)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        if x.is_cuda:
            self.optimizer.found_inf = (~torch.isfinite(norm)).float()  # a step without finite gradient is left out
        self.optimizer.step()
        return loss.detach(), square

    def __call__(self, x, noise, sigma):
        self.calls += 1
        if not self.record or self.calls <= 3:
            self.optimizer.zero_grad(set_to_none=True)
            if not self.record:
                return self.compute(x, noise, sigma)
            side = torch.cuda.Stream()
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                result = self.compute(x, noise, sigma)
            torch.cuda.current_stream().wait_stream(side)
            return result
        if self.graph is None:
            self.inputs = [value.clone() for value in (x, noise, sigma)]
            self.optimizer.zero_grad(set_to_none=True)
            torch.cuda.synchronize()
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph):
                self.result = self.compute(*self.inputs)
        for kept, value in zip(self.inputs, (x, noise, sigma)):
            kept.copy_(value)
        self.graph.replay()
        return tuple(value.clone() for value in self.result)


def psnr(square: float) -> float:
    return 10 * math.log10(4.0 / max(square, 1e-12))


def weights_of_phase(progress: float) -> dict[int, float]:
    return [weights for start, weights in PHASES if progress >= start][-1]


@torch.no_grad()
def evaluate(model: Autoencoder, device: torch.device, plan: dict[int, int]) -> tuple[dict, torch.Tensor, torch.Tensor]:
    """PSNR per resolution on whole 49-frame clips, and per-channel mean and spread of the largest one's latents."""
    result = {}
    for resolution, count in plan.items():
        scenes = world.sample_scenes(count, torch.Generator().manual_seed(77)).to(device)
        errors, latents = [], []
        for i in range(0, count, 4):
            x = world.draw(scenes[slice(i, i + 4)], resolution).permute(0, 4, 1, 2, 3)
            with common.autocast(device):
                z = model.encode(x)
                y = model.decode(z).float().clamp(-1, 1)
            errors += ((y - x) ** 2).mean((1, 2, 3, 4)).tolist()
            latents.append(z.float())
        z = torch.cat(latents)
        result[resolution] = sum(map(psnr, errors)) / len(errors)
    return result, z.mean((0, 2, 3, 4)), z.std((0, 2, 3, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=270)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--decoder-only", action="store_true", help="keep the latents as they are")
    parser.add_argument("--voxels", type=int, default=24 * FRAMES * 64 * 64, help="pixels × frames a step")
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--begin", type=float, default=0.0, help="start at this share of the schedule")
    parser.add_argument("--noise", type=float, default=LATENT_NOISE)
    parser.add_argument("--resolution", type=int, help="only this resolution, instead of the phases")
    parser.add_argument("--groups", type=int, help="instead of the configured number of normalization groups")
    parser.add_argument("--quiet", action="store_true", help="start the latent-read norms as plain ones")
    parser.add_argument("--record", action=argparse.BooleanOptionalAction, default=True, help="replay recorded steps")
    parser.add_argument("--skip-evaluation", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--max-steps", type=int, default=10**9)
    arguments = parser.parse_args()

    device = common.prepare(arguments.seed)
    model = Autoencoder(configuration.VAE | (dict(norm_num_groups=arguments.groups) if arguments.groups else {}))
    if arguments.quiet:
        model.initialize(quiet=True)
    resumed: dict[str, str] = {}
    if arguments.resume:
        tensors, resumed = common.load_weights(arguments.resume)
        model.load_state_dict(tensors)
    model.to(device)
    if arguments.decoder_only:
        model.encoder.requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.0, **(
        dict(fused=True, capturable=True) if device.type == "cuda" else {}))
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(0.0, device=device) if device.type == "cuda" else 0.0
    steps: dict[int, Step] = {}
    average = common.Average(model, 0.995)
    generator = torch.Generator(device=device).manual_seed(arguments.seed + 1)
    choices = torch.Generator().manual_seed(arguments.seed + 2)
    pool = world.sample_scenes(20000 if device.type == "cuda" else 400, generator)
    log = common.Log(arguments.output.with_suffix(".csv"), ["step", "resolution", "loss", "psnr", "rate"])

    start, step, spent = time.monotonic(), 0, 0.0
    sums: dict[int, list] = {}
    seen: dict[int, int] = {}
    while spent < arguments.seconds and step < arguments.max_steps:
        began = time.monotonic()
        progress = arguments.begin + (1 - arguments.begin) * max(
            spent / arguments.seconds, step / arguments.max_steps)
        table = {arguments.resolution: 1.0} if arguments.resolution else weights_of_phase(progress)
        pick = int(torch.multinomial(torch.tensor(list(table.values())), 1, generator=choices))
        resolution = list(table)[pick]
        count = math.ceil(arguments.voxels / (FRAMES * resolution**2))
        index = torch.randint(len(pool), (count,), generator=generator, device=device)
        with torch.no_grad():
            x = clips(pool[index], resolution).contiguous(memory_format=torch.channels_last_3d)
        shape = (count, model.latent, (FRAMES - 1) // 4 + 1, resolution // 8, resolution // 8)
        noise = torch.randn(shape, generator=generator, device=device)
        sigma = torch.rand(count, 1, 1, 1, 1, generator=generator, device=device) * 2 * arguments.noise
        rate = common.learning_rate(progress, arguments.rate)
        rate *= min(1.0, (step + 1) / 60)
        for group in optimizer.param_groups:
            if device.type == "cuda":
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        if resolution not in steps:
            steps[resolution] = Step(model, optimizer, trained, arguments.record and device.type == "cuda")
        loss, square = steps[resolution](x, noise, sigma)
        average.update()
        step += 1
        sums.setdefault(resolution, []).append((loss, square))
        if step % arguments.log_every == 0:
            for key, values in sums.items():
                losses, squares = zip(*values)
                if not torch.isfinite(torch.stack(losses)).any():
                    raise SystemExit("the loss is not finite any more")
                log.row(step, key, float(torch.stack(losses).mean()), psnr(float(torch.stack(squares).mean())), rate)
            sums.clear()
        seen[resolution] = seen.get(resolution, 0) + 1
        if device.type == "cuda" and (step % 10 == 0 or seen[resolution] <= 4):
            torch.cuda.synchronize()
        if seen[resolution] <= 4:
            start += time.monotonic() - began  # choosing kernels does not count
        spent = time.monotonic() - start
    if arguments.skip_evaluation:
        return
    average.swap()
    plan = {64: 16, 128: 8, 256: 16} if device.type == "cuda" else {32: 8, 64: 4}
    quality, mean, spread = evaluate(model, device, plan)
    overall = float((spread**2 + (mean - mean.mean()) ** 2).mean().sqrt())
    print("steps", step, "PSNR", {k: round(v, 2) for k, v in quality.items()})
    print("latent mean", [round(v, 3) for v in mean.tolist()], "spread", [round(v, 3) for v in spread.tolist()])
    # A transformer that was trained on these latents knows them at the scale that they had.
    scaling = resumed["scaling_factor"] if arguments.decoder_only else f"{1 / overall:.6f}"
    common.save_weights(arguments.output, model.state_dict(), {"scaling_factor": scaling})


if __name__ == "__main__":
    main()
