"""The transformer of every variant: intermediate tensors of one forward pass, and whole outputs."""

import torch

from .models import VARIANTS, load_transformer
from .rotary import pad, table
from .store import error, randn

TIMESTEP = 537
OFS = 2.0


def inputs(variant, size, batch, seed):
    """Latents [B, F', C, h, w] and text states [B, T, C] from `randn`, seeds `seed` and `seed + 1`."""
    frames, height, width = size
    config = variant.transformer
    latent_frames = pad((frames - 1) // 4 + 1, variant)
    latents = randn(seed, batch, latent_frames, config["in_channels"], height // 8, width // 8)
    text = randn(seed + 1, batch, config["max_text_seq_length"], config["text_embed_dim"])
    return latents, text


def forward(model, variant, latents, text, dtype=torch.float32):
    rotary = None
    if variant.transformer.get("use_rotary_positional_embeddings"):
        height, width = latents.shape[-2] * 8, latents.shape[-1] * 8
        rotary = table(variant.transformer, height, width, latents.shape[1])
    ofs = torch.full((1,), OFS, dtype=dtype) if variant.transformer.get("ofs_embed_dim") else None
    return model(
        hidden_states=latents.to(dtype), encoder_hidden_states=text.to(dtype),
        timestep=torch.full((latents.shape[0],), TIMESTEP), ofs=ofs, image_rotary_emb=rotary, return_dict=False,
    )[0]


def write(store):
    for variant in VARIANTS:
        model, half = load_transformer(store, variant), load_transformer(store, variant, torch.bfloat16)
        tensors = {}

        # One sample at the size the positions were made for, with what happens inside.
        latents, text = inputs(variant, variant.size, 1, variant.seed + 10)
        seen = watch(model)
        tensors |= {"one/latents": latents, "one/text": text}
        tensors["one/output"] = forward(model, variant, latents, text)
        tensors |= {f"one/{name}": value for name, value in seen.items()}
        rough = forward(half, variant, latents, text, torch.bfloat16)
        tensors["one/output_bfloat16_error"] = error(rough, tensors["one/output"])
        unwatch(model)

        # Two samples, as guidance needs them, and another size, for which positions are computed anew.
        latents, text = inputs(variant, variant.size, 2, variant.seed + 12)
        tensors |= {"two/latents": latents, "two/text": text, "two/output": forward(model, variant, latents, text)}
        if variant.other_size:
            latents, text = inputs(variant, variant.other_size, 1, variant.seed + 14)
            seen = watch(model)
            tensors |= {"other/latents": latents, "other/text": text}
            tensors["other/output"] = forward(model, variant, latents, text)
            tensors["other/patch_embedding"] = seen["patch_embedding"]
            unwatch(model)

        assert 0.1 < tensors["one/output"].abs().mean() < 10
        store.save(f"{variant.name}/transformer", tensors, timestep=TIMESTEP, ofs=OFS)


def watch(model):
    """Collects what the modules return; text rows first wherever a tensor holds both kinds."""
    seen, handles = {}, []

    def on(module, name, pick):
        def hook(_, given, result):
            seen.setdefault(name, pick(given, result).clone())

        handles.append(module.register_forward_hook(hook))

    block = model.transformer_blocks[0]
    on(model.patch_embed, "patch_embedding", lambda given, result: result)
    on(model.time_embedding, "time_embedding", lambda given, result: result)
    if model.ofs_embedding is not None:
        on(model.ofs_embedding, "ofs_embedding", lambda given, result: result)
    # The attention module returns (video, text); before its output linear the heads lie side by side.
    on(block.attn1.to_out[0], "block0_attention_heads", lambda given, result: given[0])
    on(block.attn1, "block0_attention", lambda given, result: torch.cat([result[1], result[0]], dim=1))
    on(block, "block0_output", lambda given, result: torch.cat([result[1], result[0]], dim=1))
    model.golden_handles = handles
    return seen


def unwatch(model):
    for handle in model.golden_handles:
        handle.remove()
