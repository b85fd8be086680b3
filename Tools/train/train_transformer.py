"""Trains the transformer and its text encoder on latents of drawn clips, from small pictures to the full size.

    python train_transformer.py --vae runs/vae.safetensors --output runs/transformer.safetensors

Each stage of `STAGES` draws and encodes its own clips once, keeps them on the device and trains on them for a share
of the run. The rotary grid spans the same coordinates at every resolution, so weights carry over as they are.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file

import common
import configuration
import diffusion
import encode
import vocabulary
from optimizer import Optimizer
from transformer import Denoiser

CAPTION_DROP = 0.1
"""Share of samples trained with the empty caption, which guidance needs."""


@dataclass
class Stage:
    resolution: int
    share: float  # of the run's seconds, drawing and encoding included
    batch: int
    clips: int

    @staticmethod
    def parse(text: str) -> "Stage":
        resolution, share, batch, clips = text.split(":")
        return Stage(int(resolution), float(share), int(batch), int(clips))


STAGES = ("64:0.28:320:24576", "128:0.34:96:7168", "256:0.38:28:2560")


def stage_data(stage: Stage, number: int, folder: Path | None, vae, seed: int, device):
    """Latents and tokens of a stage: from the files of `encode.py`, waiting for them, or drawn and encoded here."""
    if not folder:
        return encode.encode_clips(*vae, stage.resolution, stage.clips, 1000 + 10 * seed + number, device)
    path = encode.latents_file(folder, stage.resolution)
    while not path.exists():
        time.sleep(0.2)
    tensors = load_file(path, device=str(device))
    return tensors["latents"], tensors["tokens"]


def step_loss(denoiser: Denoiser, clean, tokens, noise, alphas, timestep):
    """Mean square error of the velocity, per sample."""
    signal = alphas[timestep].sqrt()[:, None, None, None, None]
    spread = (1 - alphas[timestep]).sqrt()[:, None, None, None, None]
    noisy = signal * clean + spread * noise
    velocity = signal * noise - spread * clean
    return (denoiser(noisy, tokens, timestep).float() - velocity).square().mean((1, 2, 3, 4))


def warm_up(denoiser: Denoiser, stage: Stage, alphas, device) -> None:
    """One step on noise at a stage's shapes, so that compiling is over before the clock starts."""
    size = stage.resolution // 8
    latents = torch.randn(stage.batch, configuration.LATENT_FRAMES, configuration.LATENT_CHANNELS, size, size, device=device)
    tokens = torch.zeros(stage.batch, vocabulary.MAX_TOKENS, dtype=torch.long, device=device)
    timestep = torch.zeros(stage.batch, dtype=torch.long, device=device)
    with common.autocast(device):
        losses = step_loss(denoiser, latents, tokens, torch.randn_like(latents), alphas, timestep)
    losses.mean().backward()
    denoiser.zero_grad(set_to_none=True)


def run_stage(stage: Stage, data, training, span, log, arguments, device) -> None:
    """Trains one stage until its end; `span` is (begin, end) as shares of the learning-rate schedule."""
    latents, tokens = data
    denoiser, optimizer, average, alphas, generator, counts, deadline = training
    empty = torch.tensor(vocabulary.encode(""), device=device)
    start, step, history = time.monotonic(), 0, []
    while (now := time.monotonic()) < deadline and step < arguments.max_steps:
        along = max((now - start) / max(deadline - start, 1e-9), step / arguments.max_steps)
        rate = common.learning_rate(span[0] + (span[1] - span[0]) * along, arguments.rate, warmup=0.02)
        index = torch.randint(len(latents), (stage.batch,), generator=generator, device=device)
        clean = latents[index].float()
        noise = torch.randn(clean.shape, generator=generator, device=device)
        # One time step from each of `batch` equal slices: every step sees the whole range.
        offset = torch.rand(stage.batch, generator=generator, device=device)
        slots = torch.randperm(stage.batch, generator=generator, device=device)
        timestep = ((slots + offset) / stage.batch * len(alphas)).long().clamp(max=len(alphas) - 1)
        drop = torch.rand(stage.batch, 1, generator=generator, device=device) < CAPTION_DROP
        with common.autocast(device):
            losses = step_loss(denoiser, clean, torch.where(drop, empty, tokens[index]), noise, alphas, timestep)
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step(rate)
        average.update()
        history.append((losses.detach(), timestep))
        step += 1
        counts["steps"] += 1
        counts["samples"] += stage.batch
        if step % arguments.log_every == 0:
            loss, when = (torch.cat(column) for column in zip(*history))
            if not torch.isfinite(loss).any():
                raise SystemExit("the loss is not finite any more")
            parts = [float(loss[(when >= low) & (when < low + 250)].mean()) for low in range(0, 1000, 250)]
            log.row(counts["steps"], counts["samples"], stage.resolution, float(loss.mean()), *parts, rate)
            history.clear()
        if device.type == "cuda" and step % 4 == 0:
            torch.cuda.synchronize()
    spent = time.monotonic() - start
    print(f"stage {stage.resolution}: {step} steps, {step * stage.batch / spent:.0f} samples/s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--vae", type=Path, help="waits for this file if it is not there yet")
    source.add_argument("--latents", type=Path, help="a folder of encode.py, instead of encoding here; waits for files")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--resume", type=Path, help="weights to start from")
    parser.add_argument("--look-at-neighbors", action="store_true", help="reset the resumed text encoder's bias")
    parser.add_argument("--seconds", type=float, default=300, help="of the whole run, once the VAE is there")
    parser.add_argument("--until", type=float, help="end at this time of the clock (seconds since 1970) instead")
    parser.add_argument("--stages", nargs="+", default=list(STAGES), help="resolution:share:batch:clips")
    parser.add_argument("--begin", type=float, default=0.0, help="start at this share of the rate schedule")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--muon", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--max-steps", type=int, default=10**9, help="per stage")
    arguments = parser.parse_args()

    device = common.prepare(arguments.seed)
    denoiser = Denoiser(configuration.TRANSFORMER, configuration.TEXT_ENCODER)
    if arguments.resume:
        load(denoiser, arguments.resume)
        if arguments.look_at_neighbors:
            denoiser.look_at_neighbors()
    denoiser.to(device)
    optimizer = Optimizer(denoiser, arguments.muon)
    average = common.Average(denoiser, 0.997)
    alphas = diffusion.alphas_cumprod(configuration.SCHEDULER).float().to(device)
    stages = [Stage.parse(text) for text in arguments.stages]
    if arguments.compile:
        torch._dynamo.config.cache_size_limit = 64
        for block in denoiser.transformer.transformer_blocks:
            block.compile(dynamic=False)
        for stage in stages:
            began = time.monotonic()
            warm_up(denoiser, stage, alphas, device)
            print(f"compiled {stage.resolution} in {time.monotonic() - began:.0f} s", flush=True)
    vae = None
    if not arguments.latents:
        while not arguments.vae.exists():
            time.sleep(0.2)
        vae = encode.load_autoencoder(arguments.vae, device)
    log = common.Log(arguments.output.with_suffix(".csv"), [
        "step", "samples", "resolution", "loss", "loss_t<250", "loss_t<500", "loss_t<750", "loss_t<1000", "rate"])
    generator = torch.Generator(device=device).manual_seed(arguments.seed + 7)
    counts = dict(steps=0, samples=0)
    start = time.monotonic()
    total = arguments.until - time.time() if arguments.until else arguments.seconds
    shares = 0.0
    for number, stage in enumerate(stages):
        began = time.monotonic()
        data = stage_data(stage, number, arguments.latents, vae, arguments.seed, device)
        print(f"stage {stage.resolution}: {len(data[0])} clips in {time.monotonic() - began:.1f} s, "
              f"spread {data[0][:256].float().std():.3f}", flush=True)
        span = tuple(arguments.begin + (1 - arguments.begin) * s for s in (shares, shares + stage.share))
        shares += stage.share
        training = (denoiser, optimizer, average, alphas, generator, counts, start + total * shares)
        run_stage(stage, data, training, span, log, arguments, device)
        del data
        average.swap()
        path = arguments.output if number + 1 == len(stages) else arguments.output.with_suffix(f".{stage.resolution}.safetensors")
        common.save_weights(path, denoiser.export(), {"resolution": str(stage.resolution)})
        average.swap()


def load(denoiser: Denoiser, path: Path) -> None:
    """Weights written by `Denoiser.export`."""
    tensors, _ = common.load_weights(path)
    prefix = "text_encoder."
    denoiser.transformer.load_state_dict({k: v for k, v in tensors.items() if not k.startswith(prefix)})
    denoiser.text_encoder.load_state_dict({k[len(prefix):]: v for k, v in tensors.items() if k.startswith(prefix)},
                                          strict=False)


if __name__ == "__main__":
    main()
