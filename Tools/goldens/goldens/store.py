"""Where fixtures go, and how a golden file is written."""

import importlib.metadata
import json
import pathlib

import torch

PACKAGES = ("torch", "diffusers", "transformers", "sentencepiece", "safetensors")


def versions():
    """The versions of everything that took part, for the metadata of each file."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


class Store:
    """The fixture folder: `Models/` holds model directories, `Goldens/` the tensors computed with them."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def model(self, name):
        return self.root / "Models" / name

    def save(self, name, tensors, /, **notes):
        """Writes `Goldens/<name>.safetensors`; floats as float32, whole numbers as int32, notes as metadata."""
        path = self.root / "Goldens" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = {}
        for key, value in tensors.items():
            value = torch.as_tensor(value).detach()
            plain[key] = value.to(torch.float32 if value.is_floating_point() else torch.int32).contiguous().clone()
        write_safetensors(path, plain, versions() | {key: str(value) for key, value in notes.items()})


def write_safetensors(path, tensors, metadata):
    """As the library does it, but with the metadata in order: the same bytes on every run."""
    header, data = {"__metadata__": dict(sorted(metadata.items()))}, []
    offset = 0
    for key, value in sorted(tensors.items()):
        data.append(value.numpy().tobytes())
        kind = {torch.float32: "F32", torch.int32: "I32"}[value.dtype]
        header[key] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [offset, offset + len(data[-1])]}
        offset += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))


def error(value, reference):
    """[relative L2, largest absolute]: what rounding to bfloat16 costs diffusers; ours may cost at most twice that."""
    difference = value.double() - reference.double()
    return torch.stack([difference.norm() / reference.double().norm(), difference.abs().max()])


def seeded(seed):
    """A generator of PyTorch's own on the processor."""
    return torch.Generator("cpu").manual_seed(seed)


def randn(seed, *shape):
    return torch.randn(*shape, generator=seeded(seed))
