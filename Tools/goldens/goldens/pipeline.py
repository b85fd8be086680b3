"""Whole generations: from a prompt and a seed to latents and to frames."""

from .models import load_pipeline, pipelines
from .store import seeded
from .text import PROMPTS

STEPS = 4
GUIDANCE = 6.0
SEED = 42
NEGATIVE = "an old ship"


def write(store):
    for variant in pipelines():
        pipeline = load_pipeline(store, variant)
        tensors = {}
        frames, height, width = variant.size

        def generate(output, **options):
            return pipeline(
                prompt=PROMPTS[0], height=height, width=width, num_frames=frames, num_inference_steps=STEPS,
                guidance_scale=GUIDANCE, max_sequence_length=variant.text_length, generator=seeded(SEED),
                output_type=output,
                **options,
            ).frames

        trajectory = []

        def remember(_, step, timestep, values):
            trajectory.append(values["latents"].clone())
            return values

        # Latents [1, F', C, h, w], padding frames of 1.5 included; frames [F, height, width, 3] in 0…1, without.
        tensors["plain/latents"] = generate("latent", callback_on_step_end=remember)
        for index, latents in enumerate(trajectory):
            tensors[f"plain/step{index}"] = latents
        tensors["dynamic/latents"] = generate("latent", use_dynamic_cfg=True)
        tensors["negative/latents"] = generate("latent", negative_prompt=NEGATIVE)
        video = generate("np")[0]
        # Every frame of one variant; of the others the first, one inside and the last.
        complete = variant.name == "cogvideox-5b"
        tensors["plain/frames"] = video if complete else video[[0, 4, 8]]
        assert 0.01 < tensors["plain/frames"].std()
        tensors["unguided/latents"] = pipeline(
            prompt=PROMPTS[0], height=height, width=width, num_frames=frames, num_inference_steps=STEPS,
            guidance_scale=1.0, max_sequence_length=variant.text_length, generator=seeded(SEED), output_type="latent",
        ).frames
        store.save(f"{variant.name}/generation", tensors, prompt=PROMPTS[0], negative_prompt=NEGATIVE, seed=SEED,
                   steps=STEPS, guidance=GUIDANCE, frames=frames, height=height, width=width,
                   stored_frames="all" if complete else "0,4,8")
