"""Writes the trained parts as a diffusers directory that `CogVideoXPipeline.from_pretrained` loads unchanged.

    python export.py --vae vae.safetensors --transformer transformer.safetensors --output DIRECTORY
    python export.py --random --output DIRECTORY        # the same architecture, untrained

Weights are stored as bfloat16. The inputs are flat safetensors files with diffusers' own parameter names; the
transformer file also carries the text encoder under the prefix `text_encoder.`, and the VAE file its scaling factor
in the metadata.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKLCogVideoX, CogVideoXDDIMScheduler, CogVideoXPipeline, CogVideoXTransformer3DModel
from safetensors import safe_open
from transformers import T5Config, T5EncoderModel, T5Tokenizer

import configuration
import vocabulary
import world


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors (as float32) and metadata of a safetensors file."""
    with safe_open(path, "pt") as file:
        return {key: file.get_tensor(key).float() for key in file.keys()}, file.metadata() or {}


def assemble(vae_file: Path | None, transformer_file: Path | None, seed: int = 0) -> CogVideoXPipeline:
    """The pipeline in float32, trained where a file is given and random elsewhere."""
    torch.manual_seed(seed)
    vae_tensors, vae_metadata = read(vae_file) if vae_file else (None, {})
    scaling = float(vae_metadata.get("scaling_factor", 1.0))
    vae = AutoencoderKLCogVideoX(**configuration.VAE, scaling_factor=scaling)
    transformer = CogVideoXTransformer3DModel(**configuration.TRANSFORMER)
    text_encoder = T5EncoderModel(T5Config(**configuration.TEXT_ENCODER))
    if vae_tensors:
        vae.load_state_dict(vae_tensors)
    if transformer_file:
        tensors, _ = read(transformer_file)
        prefix = "text_encoder."
        text = {key[len(prefix):]: value for key, value in tensors.items() if key.startswith(prefix)}
        transformer.load_state_dict({key: value for key, value in tensors.items() if not key.startswith(prefix)})
        missing, unexpected = text_encoder.load_state_dict(text, strict=False)
        tied = {"shared.weight", "encoder.embed_tokens.weight"}
        if unexpected or not set(missing) < tied:
            raise ValueError(f"text encoder: missing {missing}, unexpected {unexpected}")
        text_encoder.shared.weight.data.copy_(text["shared.weight"])
        text_encoder.encoder.embed_tokens.weight = text_encoder.shared.weight
    with tempfile.TemporaryDirectory() as folder:
        vocabulary.write(Path(folder))
        tokenizer = T5Tokenizer.from_pretrained(folder)
    return CogVideoXPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder.eval(),
        vae=vae.eval(),
        transformer=transformer.eval(),
        scheduler=CogVideoXDDIMScheduler(**configuration.SCHEDULER),
    )


def save(pipeline: CogVideoXPipeline, output: Path) -> int:
    """Saves in bfloat16 with both tokenizer files; returns the bytes of all weights."""
    pipeline.to(torch.bfloat16).save_pretrained(output, safe_serialization=True)
    shutil.rmtree(output / "tokenizer")
    vocabulary.write(output / "tokenizer")
    (output / "generation_config.json").write_text(json.dumps(configuration.GENERATION, indent=2) + "\n")
    (output / "prompt_words.txt").write_text(world.words())
    return sum(path.stat().st_size for path in output.rglob("*.safetensors"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vae", type=Path)
    parser.add_argument("--transformer", type=Path)
    parser.add_argument("--random", action="store_true")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    if not arguments.random and not (arguments.vae and arguments.transformer):
        parser.error("give --vae and --transformer, or --random")
    size = save(assemble(arguments.vae, arguments.transformer), arguments.output)
    print(f"{arguments.output}: {size / 1e6:.2f} MB of weights")


if __name__ == "__main__":
    main()
