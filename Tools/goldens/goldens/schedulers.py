"""Trajectories of all schedulers over predictions that no network made."""

import numpy as np
import torch
from diffusers import CogVideoXDDIMScheduler, CogVideoXDPMScheduler, FlowMatchEulerDiscreteScheduler

from .store import randn, seeded
from .tokenizer import write_json

SHAPE = (1, 2, 2, 3, 4)
STEPS = (1, 7, 50)
PUBLISHED = dict(clip_sample=False, prediction_type="v_prediction", rescale_betas_zero_snr=True,
                 timestep_spacing="trailing")
# name, class, configuration
CASES = [
    ("ddim-2b", CogVideoXDDIMScheduler, PUBLISHED | dict(snr_shift_scale=3.0)),
    ("ddim-5b", CogVideoXDDIMScheduler, PUBLISHED | dict(snr_shift_scale=1.0)),
    ("dpm-5b", CogVideoXDPMScheduler, PUBLISHED | dict(snr_shift_scale=1.0)),
    ("dpm-2b", CogVideoXDPMScheduler, PUBLISHED | dict(snr_shift_scale=3.0)),
    ("ddim-epsilon-leading", CogVideoXDDIMScheduler,
     dict(prediction_type="epsilon", timestep_spacing="leading", steps_offset=1, set_alpha_to_one=False,
          beta_schedule="linear", snr_shift_scale=1.0)),
    ("ddim-sample-linspace", CogVideoXDDIMScheduler,
     dict(prediction_type="sample", timestep_spacing="linspace", beta_schedule="squaredcos_cap_v2")),
    ("dpm-epsilon-leading", CogVideoXDPMScheduler,
     dict(prediction_type="epsilon", timestep_spacing="leading", beta_schedule="linear", set_alpha_to_one=False)),
    ("dpm-trained-betas", CogVideoXDPMScheduler,
     dict(prediction_type="sample", trained_betas=[0.001 * (i + 1) for i in range(20)], num_train_timesteps=20,
          timestep_spacing="trailing")),
]

# HunyuanVideo, and what diffusers assumes.
FLOW_CASES = [("flow-hunyuan-video", dict(shift=7.0)), ("flow-default", {})]


def write(store):
    for name, kind, config in CASES:
        scheduler = kind(**config)
        tensors = {"alphas_cumprod": scheduler.alphas_cumprod,
                   "final_alpha_cumprod": scheduler.final_alpha_cumprod.reshape(1)}
        for steps in STEPS:
            run(scheduler, steps, tensors)
        store.save(f"schedulers/{name}", tensors, shape=",".join(map(str, SHAPE)), steps=",".join(map(str, STEPS)),
                   start_seed=1, prediction_seed=2, noise_seed=3)
        write_configuration(store, name, scheduler)
    for name, config in FLOW_CASES:
        write_flow(store, name, FlowMatchEulerDiscreteScheduler(**config))


def write_configuration(store, name, scheduler):
    folder = store.root / "Goldens" / "schedulers"
    public = {key: value for key, value in scheduler.config.items() if not key.startswith("_")}
    write_json(folder / f"{name}.json", {"_class_name": type(scheduler).__name__} | public)


def write_flow(store, name, scheduler):
    """As HunyuanVideoPipeline sets it up: even noise levels from 1, 0 left out."""
    tensors = {}
    for steps in STEPS:
        scheduler.set_timesteps(sigmas=np.linspace(1.0, 0.0, steps + 1)[:-1])
        latents, predictions = randn(1, *SHAPE), seeded(2)
        trajectory, all_predictions = [], []
        for timestep in scheduler.timesteps:
            all_predictions.append(torch.randn(SHAPE, generator=predictions))
            latents = scheduler.step(all_predictions[-1], timestep, latents, return_dict=False)[0]
            trajectory.append(latents)
        tensors |= {f"{steps}/timesteps": scheduler.timesteps, f"{steps}/levels": scheduler.sigmas,
                    f"{steps}/start": randn(1, *SHAPE), f"{steps}/predictions": torch.stack(all_predictions),
                    f"{steps}/latents": torch.stack(trajectory)}
    store.save(f"schedulers/{name}", tensors, shape=",".join(map(str, SHAPE)), steps=",".join(map(str, STEPS)),
               start_seed=1, prediction_seed=2)
    write_configuration(store, name, scheduler)


def run(scheduler, steps, tensors):
    """Starts from `randn` of seed 1; predictions of seed 2, drawn step by step; DPM's noise of seed 3."""
    if steps > scheduler.config.num_train_timesteps:
        return
    scheduler.set_timesteps(steps)
    latents, predictions, noise = randn(1, *SHAPE), seeded(2), seeded(3)
    old, trajectory, all_predictions = None, [], []
    for index, timestep in enumerate(scheduler.timesteps):
        prediction = torch.randn(SHAPE, generator=predictions)
        all_predictions.append(prediction)
        if isinstance(scheduler, CogVideoXDPMScheduler):
            back = scheduler.timesteps[index - 1] if index > 0 else None
            latents, old = scheduler.step(prediction, old, timestep, back, latents, generator=noise,
                                          return_dict=False)
        else:
            latents = scheduler.step(prediction, timestep, latents, return_dict=False)[0]
        latents = latents.float()
        trajectory.append(latents)
    tensors[f"{steps}/timesteps"] = scheduler.timesteps
    tensors[f"{steps}/start"] = randn(1, *SHAPE)
    tensors[f"{steps}/predictions"] = torch.stack(all_predictions)
    tensors[f"{steps}/latents"] = torch.stack(trajectory)
    if isinstance(scheduler, CogVideoXDPMScheduler) and steps < 50:
        # What the scheduler drew from seed 3: one draw in the first step and in steps without a look back, two in
        # the others, of which the second is used.
        again = seeded(3)
        draws = []
        for index, timestep in enumerate(scheduler.timesteps):
            last = timestep - scheduler.config.num_train_timesteps // steps < 0
            draws += [torch.randn(SHAPE, generator=again) for _ in range(1 if index == 0 or last else 2)]
        assert torch.equal(torch.randn(3, generator=again), torch.randn(3, generator=noise))
        tensors[f"{steps}/noise"] = torch.stack(draws)
