"""HunyuanVideo's text encoders: tiny random directories, and what `HunyuanVideoPipeline` makes of prompts with them."""

import json
import shutil

import byte_pairs
import torch
from diffusers import HunyuanVideoPipeline
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel, CLIPTokenizer, LlamaConfig, LlamaModel

from .models import randomize
from .store import error
from .tokenizer import write_json

PROMPTS = (
    "A cat walks on the grass, realistic style.",
    "",
    "Два больших круга\n движутся  вправо 🐈 <|eot_id|> it's 1234!",
    "the camera follows a small blue star. " * 60,
)
LLAMA = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=512, rms_norm_eps=1e-5)
CLIP = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3)
SCALED = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)

# `published` has the files of the published model: RoPE as one number, shards, CLIP's old names and wrong end token.
# `modern` has what transformers 5 saves.
VARIANTS = ("published", "modern")


def name(variant):
    return f"hunyuanvideo-text-{variant}"


def write(store):
    for index, variant in enumerate(VARIANTS):
        folder = store.model(name(variant))
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("tokenizer", "tokenizer_2", "text_encoder", "text_encoder_2"):
            (folder / part).mkdir(parents=True)
        rows = write_tokenizers(folder, variant)
        write_models(folder, variant, rows, 700 + 10 * index)
        write_json(folder / "model_index.json", {
            "_class_name": "HunyuanVideoPipeline", "_diffusers_version": "0.42.1",
            "text_encoder": ["transformers", "LlamaModel"], "text_encoder_2": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "LlamaTokenizerFast"], "tokenizer_2": ["transformers", "CLIPTokenizer"],
        })
        write_goldens(store, variant)


def write_tokenizers(folder, variant):
    llama, _ = byte_pairs.llama(folder / "tokenizer")
    clip, _ = byte_pairs.clip(folder / "tokenizer_2")
    if variant == "modern":
        shutil.rmtree(folder / "tokenizer_2")
        clip.save_pretrained(folder / "tokenizer_2")
    return len(llama), len(clip)


def write_models(folder, variant, rows, seed):
    modern = variant == "modern"
    rotation = SCALED if modern else dict(rope_type="default", rope_theta=500000.0)
    llama = randomize(LlamaModel(LlamaConfig(vocab_size=rows[0] + 3, rope_parameters=rotation, **LLAMA)), seed)
    clip = randomize(CLIPTextModel(CLIPTextConfig(
        vocab_size=rows[1], hidden_act="gelu" if modern else "quick_gelu", bos_token_id=rows[1] - 2 if modern else 0,
        eos_token_id=rows[1] - 1 if modern else 2, **CLIP)), seed + 1)
    llama.to(torch.bfloat16).save_pretrained(folder / "text_encoder", max_shard_size="10GB" if modern else "60KB")
    clip.to(torch.bfloat16).save_pretrained(folder / "text_encoder_2")
    if not modern:
        path = folder / "text_encoder" / "config.json"
        settings = json.loads(path.read_text())
        settings |= {"rope_theta": settings.pop("rope_parameters")["rope_theta"], "rope_scaling": None}
        del settings["head_dim"]
        write_json(path, settings)
        path = folder / "text_encoder_2" / "model.safetensors"
        save_file({f"text_model.{key}": value for key, value in load_file(path).items()}, path, {"format": "pt"})


def pipeline(store, variant, dtype):
    folder = store.model(name(variant))
    return HunyuanVideoPipeline(
        text_encoder=LlamaModel.from_pretrained(folder / "text_encoder", dtype=dtype),
        text_encoder_2=CLIPTextModel.from_pretrained(folder / "text_encoder_2", dtype=dtype),
        tokenizer=AutoTokenizer.from_pretrained(folder / "tokenizer"),
        tokenizer_2=CLIPTokenizer.from_pretrained(folder / "tokenizer_2"), transformer=None, vae=None, scheduler=None)


def write_goldens(store, variant):
    states, pooled, mask = pipeline(store, variant, torch.float32).encode_prompt(list(PROMPTS), device="cpu")
    rough, rough_pooled, _ = pipeline(store, variant, torch.bfloat16).encode_prompt(list(PROMPTS), device="cpu")
    valid = mask.sum(1)
    assert valid[-1] == 256 and all(mask[i, :n].all() for i, n in enumerate(valid))
    tensors = {"pooled": pooled, "pooled_bfloat16_error": error(rough_pooled, pooled)}
    for index, count in enumerate(valid):
        # What stands behind is padding, which the transformer does not see.
        tensors[f"states/{index}"] = states[index, :count]
    keep = mask.bool()
    tensors["states_bfloat16_error"] = error(rough[keep], states[keep])
    print(" ", name(variant), "valid tokens", valid.tolist(), "norms", states[keep].norm().item(), pooled.norm().item())
    store.save(f"{name(variant)}/text", tensors, prompts=json.dumps(PROMPTS))
