"""Tiny models with random weights in the shapes of the published CogVideoX checkpoints."""

import dataclasses
import shutil

import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
)
from transformers import AutoTokenizer, T5Config, T5EncoderModel

from . import tokenizer
from .store import seeded


@dataclasses.dataclass
class Variant:
    """A model directory and the sizes its goldens are computed at."""

    name: str
    seed: int
    transformer: dict
    vae: dict = dataclasses.field(default_factory=dict)
    scheduler: type = CogVideoXDPMScheduler
    snr_shift_scale: float = 1.0
    dtype: torch.dtype = torch.float32
    shard_size: str = "10GB"
    tokenizer: str = "published"
    # Frames, height and width in pixels: the size the positions are made for, and another.
    size: tuple = (9, 32, 48)
    other_size: tuple | None = (5, 48, 32)
    is_pipeline: bool = True
    takes_image: bool = False

    @property
    def text_length(self):
        return self.transformer["max_text_seq_length"]


BASE = dict(
    num_attention_heads=2,
    attention_head_dim=32,
    in_channels=4,
    out_channels=4,
    time_embed_dim=16,
    text_embed_dim=32,
    num_layers=2,
    sample_width=6,
    sample_height=4,
    sample_frames=9,
    max_text_seq_length=16,
)
ROTARY = dict(use_rotary_positional_embeddings=True)

VARIANTS = [
    # The 2B: sinusoidal positions, DDIM, float16; `spiece.model` and `tokenizer.json` side by side.
    Variant(
        "cogvideox-2b", 100, BASE | dict(num_layers=1), scheduler=CogVideoXDDIMScheduler, snr_shift_scale=3.0, dtype=torch.float16,
        tokenizer="both",
    ),
    # The 5B: rotary positions, bfloat16 in shards; every VAE block of another width.
    Variant(
        "cogvideox-5b", 200, BASE | ROTARY | dict(max_text_seq_length=20), vae=dict(block_out_channels=(4, 8, 8, 12)),
        dtype=torch.bfloat16, shard_size="90KB",
    ),
    # 1.5: patches two frames deep, the rotary grid sliced from a larger one, 3 latent frames padded to 4.
    Variant(
        "cogvideox-1.5", 300,
        BASE | ROTARY | dict(in_channels=16, out_channels=16, sample_width=10, sample_height=10, patch_size_t=2,
                             patch_bias=False, max_text_seq_length=12),
        vae=dict(latent_channels=16, layers_per_block=1, invert_scale_latents=True), tokenizer="modern",
        dtype=torch.bfloat16,
    ),
    # Learned positions beside the rotary ones: only at the size they were learned for. One head of 64; float32.
    Variant(
        "cogvideox-learned", 400,
        BASE | ROTARY | dict(num_attention_heads=1, attention_head_dim=64, num_layers=1,
                             use_learned_positional_embeddings=True),
        scheduler=CogVideoXDDIMScheduler, other_size=None,
    ),
    # The `ofs` embedding: no pipeline of diffusers passes it for text-to-video, so the transformer alone.
    Variant(
        "cogvideox-ofs", 500,
        BASE | ROTARY | dict(num_attention_heads=1, num_layers=1, ofs_embed_dim=16, in_channels=8, patch_size_t=2, sample_width=10,
                             sample_height=10),
        dtype=torch.bfloat16, size=(13, 32, 48), other_size=None, is_pipeline=False,
    ),
]

# Image to video: the image's latents are joined to the noisy ones, so twice as many channels go in as come out.
IMAGE_VARIANTS = [
    # 5B-I2V: learned positions beside the rotary ones.
    Variant(
        "cogvideox-5b-i2v", 600,
        BASE | ROTARY | dict(num_attention_heads=1, attention_head_dim=64, num_layers=1, in_channels=8,
                             use_learned_positional_embeddings=True),
        other_size=None, dtype=torch.bfloat16, takes_image=True,
    ),
    # 1.5-5B-I2V: the `ofs` embedding, patches two frames deep, image latents divided by the scaling factor.
    Variant(
        "cogvideox-1.5-i2v", 700,
        BASE | ROTARY | dict(num_attention_heads=1, num_layers=1, in_channels=8, ofs_embed_dim=16, patch_size_t=2,
                             patch_bias=False, sample_width=10, sample_height=10, max_text_seq_length=12),
        vae=dict(invert_scale_latents=True), tokenizer="modern", dtype=torch.bfloat16, takes_image=True,
    ),
]


def write(store):
    spiece = tokenizer.train()
    for variant in VARIANTS + IMAGE_VARIANTS:
        folder = store.model(variant.name)
        shutil.rmtree(folder, ignore_errors=True)
        parts = {"transformer": make_transformer(variant)}
        if variant.is_pipeline:
            parts["text_encoder"] = make_text_encoder(variant.seed + 1)
            parts["vae"] = make_vae(variant)
        for name, model in parts.items():
            model.to(variant.dtype).save_pretrained(folder / name, max_shard_size=variant.shard_size)
        if variant.is_pipeline:
            make_scheduler(variant).save_pretrained(folder / "scheduler")
            write_tokenizer(folder / "tokenizer", spiece, variant)
            write_index(folder, variant)


def write_index(folder, variant):
    def library(kind, name):
        return ["transformers" if kind in ("text_encoder", "tokenizer") else "diffusers", name]

    parts = {
        "scheduler": variant.scheduler.__name__,
        "text_encoder": "T5EncoderModel",
        "tokenizer": "T5Tokenizer",
        "transformer": "CogVideoXTransformer3DModel",
        "vae": "AutoencoderKLCogVideoX",
    }
    index = {"_class_name": pipeline_class(variant).__name__, "_diffusers_version": "0.42.1"}
    tokenizer.write_json(folder / "model_index.json", index | {k: library(k, v) for k, v in parts.items()})


def pipeline_class(variant):
    return CogVideoXImageToVideoPipeline if variant.takes_image else CogVideoXPipeline


def write_tokenizer(folder, spiece, variant):
    if variant.tokenizer in ("modern", "both"):
        tokenizer.modern_files(folder, spiece, variant.text_length)
    if variant.tokenizer in ("published", "both"):
        tokenizer.published_files(folder, spiece, variant.text_length)


def make_transformer(variant):
    return randomize(CogVideoXTransformer3DModel(**variant.transformer), variant.seed)


def make_text_encoder(seed):
    config = T5Config(
        vocab_size=192, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=32, relative_attention_max_distance=128, tie_word_embeddings=False,
        is_encoder_decoder=False, use_cache=False,
    )
    return randomize(T5EncoderModel(config), seed)


def make_vae(variant):
    config = dict(
        block_out_channels=(4, 4, 8, 8), latent_channels=4, layers_per_block=1, norm_num_groups=2, sample_height=32,
        sample_width=48, scaling_factor=0.7, down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
    )
    return randomize(AutoencoderKLCogVideoX(**(config | variant.vae)), variant.seed + 2)


def make_scheduler(variant):
    return variant.scheduler(
        clip_sample=False, prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
        snr_shift_scale=variant.snr_shift_scale,
    )


def randomize(model, seed):
    """Draws every weight, also those that start as ones and zeros, so that each of them shows in the output."""
    generator = seeded(seed)
    entries = dict(model.named_parameters()) | {k: v for k, v in model.named_buffers() if k in model.state_dict()}
    for name, weight in sorted(entries.items()):
        noise = torch.randn(weight.shape, generator=generator)
        if "pos_embedding" in name:
            # The rows of the text are zero in the sinusoidal table; learned ones need not be.
            value = 0.5 * noise
        elif name.endswith(".bias"):
            # `conv_y` scales the normalised activations: keep it around one.
            value = 0.1 * noise + (1.0 if "conv_y" in name else 0.0)
        elif weight.dim() == 1:
            value = 1.0 + 0.2 * noise
        elif "shared" in name or "embed_tokens" in name or "relative_attention_bias" in name:
            value = noise
        else:
            value = noise / weight[0].numel() ** 0.5
            if "SelfAttention.q" in name:
                # T5 does not divide the scores by the root of the head dimension.
                value = value * 0.3
        weight.copy_(value)
    return model.eval()


def load_transformer(store, variant, dtype=torch.float32):
    return CogVideoXTransformer3DModel.from_pretrained(
        store.model(variant.name) / "transformer", torch_dtype=dtype, local_files_only=True
    ).eval()


def load_vae(store, variant, dtype=torch.float32):
    return AutoencoderKLCogVideoX.from_pretrained(
        store.model(variant.name) / "vae", torch_dtype=dtype, local_files_only=True
    ).eval()


def load_text_encoder(store, variant, dtype=torch.float32):
    return T5EncoderModel.from_pretrained(
        store.model(variant.name) / "text_encoder", dtype=dtype, local_files_only=True
    ).eval()


def load_tokenizer(store, variant):
    return AutoTokenizer.from_pretrained(store.model(variant.name) / "tokenizer", local_files_only=True)


def load_pipeline(store, variant, dtype=torch.float32):
    pipeline = pipeline_class(variant)(
        load_tokenizer(store, variant),
        load_text_encoder(store, variant, dtype),
        load_vae(store, variant, dtype),
        load_transformer(store, variant, dtype),
        variant.scheduler.from_pretrained(store.model(variant.name) / "scheduler", local_files_only=True),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def pipelines():
    return [variant for variant in VARIANTS if variant.is_pipeline]
