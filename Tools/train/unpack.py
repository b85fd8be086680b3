"""Takes a model that `export.py` wrote apart again, so that training can go on from it.

    python unpack.py ../../Sources/SparseVideoGen/BundledModel --output runs

Writes `vae.safetensors` and `transformer.safetensors` as the training scripts' `--resume` and `--vae` take them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import common


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    arguments = parser.parse_args()
    model = arguments.model
    scaling = json.loads((model / "vae/config.json").read_text())["scaling_factor"]
    tensors, _ = common.load_weights(model / "vae/diffusion_pytorch_model.safetensors")
    common.save_weights(arguments.output / "vae.safetensors", tensors, {"scaling_factor": f"{scaling:.6f}"})
    tensors, _ = common.load_weights(model / "transformer/diffusion_pytorch_model.safetensors")
    text, _ = common.load_weights(model / "text_encoder/model.safetensors")
    tensors |= {f"text_encoder.{name}": value for name, value in text.items()}
    common.save_weights(arguments.output / "transformer.safetensors", tensors)


if __name__ == "__main__":
    main()
