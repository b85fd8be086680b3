"""What both training scripts share: devices, averages of weights, learning-rate curve, checkpoints, logs."""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn


def prepare(seed: int) -> torch.device:
    """Seeds everything and sets the fast, still float32-accumulating, modes of the GPU."""
    torch.manual_seed(seed)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(device: torch.device):
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")


def learning_rate(progress: float, peak: float, warmup: float = 0.03, final: float = 0.02) -> float:
    """Linear warm-up, then half a cosine from `peak` to `final · peak`; `progress` runs from 0 to 1."""
    if progress < warmup:
        return peak * (progress / warmup)
    along = min((progress - warmup) / (1 - warmup), 1.0)
    return peak * (final + (1 - final) * 0.5 * (1 + math.cos(math.pi * along)))


class Average:
    """Exponential moving average of a module's parameters, warmed up so that it never lags a fresh start."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.count = decay, 0
        self.source = [p for p in module.parameters()]
        self.values = [p.detach().clone() for p in self.source]

    @torch.no_grad()
    def update(self) -> None:
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.source], 1 - decay)

    def swap(self) -> None:
        """Exchanges averaged and live weights; call again to go back."""
        for value, parameter in zip(self.values, self.source):
            kept = parameter.data.clone()
            parameter.data.copy_(value)
            value.copy_(kept)


def save_weights(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None,
                 dtype: torch.dtype | None = None) -> None:
    """Writes a flat safetensors file beside and renames it, so that a reader never sees half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.detach().to(dtype or v.dtype).cpu().contiguous().clone() for k, v in tensors.items()}
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, metadata or {})
    temporary.rename(path)


def load_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with safe_open(path, "pt") as file:
        return {key: file.get_tensor(key).float() for key in file.keys()}, file.metadata() or {}


class Log:
    """Rows of a training run, printed and kept in a CSV file."""

    def __init__(self, path: Path, columns: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists()
        self.file = path.open("a", newline="")
        self.writer = csv.writer(self.file)
        self.start = time.monotonic()
        if new:
            self.writer.writerow(["seconds", *columns])

    def row(self, *values) -> None:
        seconds = round(time.monotonic() - self.start, 1)
        shown = [f"{v:.5g}" if isinstance(v, float) else str(v) for v in values]
        self.writer.writerow([seconds, *shown])
        self.file.flush()
        print(f"{seconds:7.1f}s", *shown, flush=True)
