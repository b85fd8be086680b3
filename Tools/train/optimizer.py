"""Muon for the hidden matrices, AdamW for everything else, as one optimizer.

Muon replaces a matrix's momentum by the nearest orthogonal matrix (five Newton-Schulz steps), so that every direction
learns at the same pace; with the factor 0.2 · √(longer side) one learning rate serves both kinds
(K. Jordan, 2024; J. Liu et al., arXiv 2502.16982). Matrices of one shape are orthogonalized together.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def orthogonalize(matrices: Tensor, steps: int = 5) -> Tensor:
    """The orthogonal polar factor, roughly, of each of `[K, M, N]`; singular values end near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)


class Optimizer:
    """`step(rate)` applies one update; matrices named in `is_hidden_matrix` go through Muon."""

    def __init__(self, module: nn.Module, muon: bool, decay: float = 0.02, momentum: float = 0.95) -> None:
        self.decay, self.momentum = decay, momentum
        hidden, rest = [], []
        for name, parameter in module.named_parameters():
            (hidden if muon and self.is_hidden_matrix(name) else rest).append(parameter)
        self.groups: dict[tuple[int, ...], list[Tensor]] = {}
        for parameter in hidden:
            self.groups.setdefault(tuple(parameter.shape), []).append(parameter)
        self.buffers = {shape: torch.zeros(len(group), *shape, device=group[0].device)
                        for shape, group in self.groups.items()}
        fused = next(module.parameters()).is_cuda
        matrices = [p for p in rest if p.ndim > 1]
        vectors = [p for p in rest if p.ndim <= 1]
        self.adam = torch.optim.AdamW(
            [dict(params=matrices, weight_decay=decay), dict(params=vectors, weight_decay=0.0)],
            lr=1e-3, betas=(0.9, 0.98), fused=fused)
        self.parameters = hidden + rest

    @staticmethod
    def is_hidden_matrix(name: str) -> bool:
        video = ("to_q.weight", "to_k.weight", "to_v.weight", "to_out.0.weight", "proj.weight", "net.2.weight")
        text = (".q.weight", ".k.weight", ".v.weight", ".o.weight", "wi_0.weight", "wi_1.weight", "wo.weight")
        return name.endswith(video if "transformer_blocks" in name else text if "encoder.block" in name else ("\0",))

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for shape, group in self.groups.items():
            gradient = torch.stack([p.grad for p in group])
            buffer = self.buffers[shape]
            buffer.lerp_(gradient, 1 - self.momentum)
            update = orthogonalize(torch.lerp(gradient, buffer, self.momentum))
            scale = 0.2 * max(shape) ** 0.5 * rate
            torch._foreach_mul_(group, 1 - rate * self.decay)
            torch._foreach_add_(group, list(update.unbind(0)), alpha=-scale)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        for parameter in self.parameters:
            parameter.grad = None
