"""HunyuanVideo: a tiny random model, and what diffusers computes with it stage by stage."""

import shutil

import torch
from diffusers import (
    AutoencoderKLHunyuanVideo,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
)
from transformers import CLIPTextConfig, LlamaConfig

from .models import randomize
from .store import error, randn, seeded
from .tokenizer import write_json

NAME = "hunyuan-video"
SEED = 700
TRANSFORMER = dict(
    num_attention_heads=2, attention_head_dim=32, in_channels=4, out_channels=4, num_layers=1, num_single_layers=2,
    num_refiner_layers=1, mlp_ratio=2.0, text_embed_dim=32, pooled_projection_dim=24, rope_axes_dim=(8, 12, 12), guidance_embeds=True,
)
VAE = dict(block_out_channels=(4, 8, 8, 12), latent_channels=4, layers_per_block=1, norm_num_groups=2,
           scaling_factor=0.476986)
# The widths of the text are those of `hunyuan_text`. Text tokens, and how many of them are real in each of two samples.
TOKENS, VALID = 12, (7, 12)
# The transformer is told a thousand times the guidance. 8000 is a bfloat16 and the published 6000 is none: it would become
# 6016, and the error of diffusers in bfloat16 would be that of another number, not that of rounding.
TIMESTEP, GUIDANCE = 876.543, 8.0
# Frames, height and width in pixels.
SIZE, OTHER_SIZE = (9, 32, 48), (5, 48, 32)
# Tiles of 32 × 16 pixels (4 × 2 latents) that begin every 24 × 8 pixels.
TILES = dict(tile_sample_min_height=32, tile_sample_min_width=16, tile_sample_stride_height=24,
             tile_sample_stride_width=8)
STEPS, TRUE_SCALE = 4, 2.5


def write(store):
    folder = store.model(NAME)
    shutil.rmtree(folder, ignore_errors=True)
    transformer = randomize(HunyuanVideoTransformer3DModel(**TRANSFORMER), SEED).bfloat16()
    transformer.save_pretrained(folder / "transformer")
    randomize(AutoencoderKLHunyuanVideo(**VAE), SEED + 1).bfloat16().save_pretrained(folder / "vae")
    FlowMatchEulerDiscreteScheduler(shift=7.0).save_pretrained(folder / "scheduler")
    write_text_configurations(folder)
    write_index(folder)
    write_transformer(store)
    write_vae(store)
    write_generation(store)


def write_text_configurations(folder):
    """Configurations only: the text encoders have goldens of their own."""
    llama = LlamaConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=2,
                        num_key_value_heads=1, vocab_size=64)
    clip = CLIPTextConfig(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                          projection_dim=24, vocab_size=64)
    for name, config in (("text_encoder", llama), ("text_encoder_2", clip)):
        config.save_pretrained(folder / name)


def write_index(folder):
    parts = {
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "LlamaModel"],
        "text_encoder_2": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "LlamaTokenizerFast"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "transformer": ["diffusers", "HunyuanVideoTransformer3DModel"],
        "vae": ["diffusers", "AutoencoderKLHunyuanVideo"],
    }
    index = {"_class_name": "HunyuanVideoPipeline", "_diffusers_version": "0.42.1"}
    write_json(folder / "model_index.json", index | parts)


def load(store, kind, name, dtype=torch.float32):
    return kind.from_pretrained(store.model(NAME) / name, torch_dtype=dtype, local_files_only=True).eval()


def inputs(size, seed, valid):
    """Latents [1, C, F', h, w], states [1, T, C] whose padding is not zero, their mask, and the pooled vector."""
    frames, height, width = size
    latents = randn(seed, 1, 4, (frames - 1) // 4 + 1, height // 8, width // 8)
    text = randn(seed + 1, 1, TOKENS, TRANSFORMER["text_embed_dim"])
    mask = (torch.arange(TOKENS) < valid).int()[None]
    return latents, text, mask, randn(seed + 2, 1, TRANSFORMER["pooled_projection_dim"])


def forward(model, latents, text, mask, pooled, dtype=torch.float32):
    return model(
        hidden_states=latents.to(dtype), timestep=torch.tensor([TIMESTEP]), encoder_hidden_states=text.to(dtype),
        encoder_attention_mask=mask.to(dtype), pooled_projections=pooled.to(dtype),
        guidance=torch.tensor([GUIDANCE], dtype=dtype) * 1000.0, return_dict=False,
    )[0]


def write_transformer(store):
    model = load(store, HunyuanVideoTransformer3DModel, "transformer")
    half = load(store, HunyuanVideoTransformer3DModel, "transformer", torch.bfloat16)
    tensors = {}
    for name, size, valid, seed in (("one", SIZE, VALID[0], 710), ("full", SIZE, VALID[1], 720),
                                    ("other", OTHER_SIZE, 1, 730)):
        given = inputs(size, seed, valid)
        seen = watch(model)
        output = forward(model, *given)
        for handle in model.golden_handles:
            handle.remove()
        tensors |= {f"{name}/latents": given[0].transpose(1, 2), f"{name}/text": given[1], f"{name}/pooled": given[3],
                    f"{name}/valid": torch.tensor([valid]), f"{name}/output": output.transpose(1, 2)}
        assert 0.1 < output.abs().mean() < 10
        if name != "other":
            rough = forward(half, *given, torch.bfloat16)
            tensors[f"{name}/output_bfloat16_error"] = error(rough, output)
        if name == "one":
            # Rows of padding text are left out: nothing real sees them, and we compute others.
            count = valid - TOKENS
            tensors["one/refined"] = seen["refined"][:, :valid]
            tensors |= {f"one/{key}": seen[key][:, :count]
                        for key in ("dual0_heads", "dual0_output", "single0_heads", "single0_output")}
            cosine, sine = model.rope(given[0])
            tensors |= {"one/cos": cosine, "one/sin": sine, "one/step_embedding": seen["step_embedding"]}
    # The published rotation at a size that is not square.
    rope = type(model.rope)(2, 1, [16, 56, 56], 256.0)
    cosine, sine = rope(torch.zeros(1, 1, 5, 22, 40))
    rows = torch.tensor([0, 1, 19, 20, 219, 220, 1099])
    tensors |= {"published/rows": rows, "published/cos": cosine[rows], "published/sin": sine[rows]}
    store.save(f"{NAME}/transformer", tensors, timestep=TIMESTEP, guidance=GUIDANCE)


def watch(model):
    """Collects what the modules return; video rows first, then the text."""
    seen, handles = {}, []

    def on(module, name, pick):
        def hook(_, given, result):
            seen.setdefault(name, pick(given, result).clone())

        handles.append(module.register_forward_hook(hook))

    dual, single = model.transformer_blocks[0], model.single_transformer_blocks[0]
    on(model.context_embedder, "refined", lambda given, result: result)
    on(model.time_text_embed, "step_embedding", lambda given, result: result[0])
    on(dual.attn.to_out[0], "dual0_video_heads", lambda given, result: given[0])
    on(dual.attn.to_add_out, "dual0_text_heads", lambda given, result: given[0])
    on(dual.attn, "dual0_heads", lambda given, result: torch.cat([seen["dual0_video_heads"], seen["dual0_text_heads"]], 1))
    on(dual, "dual0_output", lambda given, result: torch.cat(result, dim=1))
    on(single.attn, "single0_heads", lambda given, result: torch.cat(result, dim=1))
    on(single, "single0_output", lambda given, result: torch.cat(result, dim=1))
    model.golden_handles = handles
    return seen


def write_vae(store):
    model = load(store, AutoencoderKLHunyuanVideo, "vae")
    half = load(store, AutoencoderKLHunyuanVideo, "vae", torch.bfloat16)
    tensors = {}
    # Up to 4 latent frames are decoded at once; 5 and 7 in pieces of time, 7 with a last piece that shows nothing.
    for frames in (1, 2, 4, 5, 7):
        latents = randn(740 + frames, 1, 4, frames, 2, 3)
        tensors[f"frames{frames}/latents"] = latents
        tensors[f"frames{frames}/output"] = model.decode(latents).sample
    for frames in (2, 5):
        rough = half.decode(tensors[f"frames{frames}/latents"].bfloat16()).sample
        tensors[f"frames{frames}/output_bfloat16_error"] = error(rough, tensors[f"frames{frames}/output"])
    assert 0.05 < tensors["frames2/output"].abs().mean() < 3
    tensors |= inside(model, tensors["frames2/latents"])
    # Pieces of time and tiles of frames together; every fourth frame is stored.
    latents = randn(750, 1, 4, 5, 5, 3)
    whole = model.decode(latents).sample
    model.enable_tiling(**TILES)
    pieces = model.decode(latents).sample
    assert (pieces - whole).abs().max() > 1e-3
    tensors |= {"tiled/latents": latents, "tiled/output": pieces[:, :, ::4]}
    store.save(f"{NAME}/vae", tensors, tile_frames="0,4,8,12,16", **TILES)


def inside(model, latents):
    """The outputs of the decoder's parts: [C, frames, h, w]."""
    seen, handles = {}, []
    decoder = model.decoder
    parts = {"conv_in": decoder.conv_in, "mid_attention": decoder.mid_block.attentions[0],
             "mid_block": decoder.mid_block, "up_block0": decoder.up_blocks[0], "up_block1": decoder.up_blocks[1]}

    def on(module, name):
        def hook(_, given, result):
            seen.setdefault(f"inside/{name}", result[0].clone())

        handles.append(module.register_forward_hook(hook))

    for name, module in parts.items():
        on(module, name)
    model.decode(latents)
    for handle in handles:
        handle.remove()
    return seen


def write_generation(store):
    """From given text states to latents and frames: the text encoders have goldens of their own."""
    _, text, mask, pooled = inputs(SIZE, 760, VALID[0])
    _, negative, negative_mask, negative_pooled = inputs(SIZE, 770, 2)
    frames, height, width = SIZE
    tensors = {"prompt/text": text, "prompt/pooled": pooled, "prompt/valid": mask.sum()[None],
               "negative/text": negative, "negative/pooled": negative_pooled, "negative/valid": negative_mask.sum()[None]}
    given = (text, mask, pooled), (negative, negative_mask, negative_pooled)
    exact = generations(store, *given, torch.float32)
    assert (exact["true/latents"] - exact["plain/latents"]).abs().max() > 1e-2
    assert 0.01 < exact["plain/frames"].std()
    tensors |= exact
    for key, rough in generations(store, *given, torch.bfloat16).items():
        # Colors are compared with middle gray, so that their mean hides no error.
        gray = 0.5 if key.endswith("frames") else 0
        tensors[f"{key}_bfloat16_error"] = error(rough - gray, exact[key] - gray)
    store.save(f"{NAME}/generation", tensors, seed=42, steps=STEPS, guidance=GUIDANCE, true_scale=TRUE_SCALE,
               frames=frames, height=height, width=width)


def generations(store, prompt, negative, dtype):
    """Latents of each step and frames with embedded guidance alone, and latents with classifier-free guidance too."""
    pipeline = HunyuanVideoPipeline(
        text_encoder=None, tokenizer=None, text_encoder_2=None, tokenizer_2=None,
        transformer=load(store, HunyuanVideoTransformer3DModel, "transformer", dtype),
        vae=load(store, AutoencoderKLHunyuanVideo, "vae", dtype),
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(store.model(NAME) / "scheduler"),
    )
    pipeline.set_progress_bar_config(disable=True)

    def exact_timestep(_, given, options):
        # The pipeline rounds timesteps to the type of the latents. Then the error in bfloat16 would mostly be that of other
        # timesteps, not that of rounding numbers; see GUIDANCE.
        steps = pipeline.scheduler.timesteps
        nearest = steps[(steps - options["timestep"].float()).abs().argmin()]
        return given, options | {"timestep": nearest.expand_as(options["timestep"])}

    pipeline.transformer.register_forward_pre_hook(exact_timestep, with_kwargs=True)
    text, mask, pooled = prompt
    frames, height, width = SIZE
    tensors, trajectory = {}, []

    def remember(_, step, timestep, values):
        trajectory.append(values["latents"].clone())
        return values

    def generate(output, **options):
        return pipeline(
            prompt_embeds=text.to(dtype), pooled_prompt_embeds=pooled.to(dtype), prompt_attention_mask=mask,
            height=height, width=width, num_frames=frames, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=seeded(42),
            output_type=output, **options,
        ).frames

    tensors["plain/latents"] = generate("latent", callback_on_step_end=remember).transpose(1, 2)
    for index, latents in enumerate(trajectory):
        tensors[f"plain/step{index}"] = latents.transpose(1, 2)
    tensors["true/latents"] = generate(
        "latent", true_cfg_scale=TRUE_SCALE, negative_prompt_embeds=negative[0].to(dtype),
        negative_prompt_attention_mask=negative[1], negative_pooled_prompt_embeds=negative[2].to(dtype),
    ).transpose(1, 2)
    tensors["plain/frames"] = torch.as_tensor(generate("np")[0])
    return tensors
