"""A training-speed copy of diffusers' `CogVideoXTransformer3DModel`: same parameters, same names, same numbers.

Latents are `[B, T, C, H, W]`, text states `[B, 32, C]`; text tokens come first in the joint sequence and are never
masked, as `CogVideoXPipeline` runs the model. `Denoiser` adds the T5 text encoder, which is trained along.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def rotary_table(frames: int, height: int, width: int, base: int, dimension: int = 64, device=None):
    """Cosines and sines `[T·H·W, D]`; a grid of any size spans the coordinates 0…base of the trained one."""
    def axis(positions: Tensor, size: int) -> Tensor:
        frequency = 1.0 / 10000 ** (torch.arange(0, size, 2, dtype=torch.float32, device=device) / size)
        return torch.outer(positions, frequency).repeat_interleave(2, dim=1)

    def grid(size: int) -> Tensor:
        return torch.linspace(0, base * (size - 1) / size, size, dtype=torch.float32, device=device)

    time = torch.arange(frames, dtype=torch.float32, device=device)
    t = axis(time, dimension // 4)[:, None, None].expand(-1, height, width, -1)
    h = axis(grid(height), dimension // 8 * 3)[None, :, None].expand(frames, -1, width, -1)
    w = axis(grid(width), dimension // 8 * 3)[None, None].expand(frames, height, -1, -1)
    angles = torch.cat([t, h, w], dim=-1).flatten(0, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates neighbouring pairs of `x` `[B, H, S, D]`."""
    pairs = x.float().unflatten(-1, (-1, 2))
    turned = torch.stack([-pairs[..., 1], pairs[..., 0]], dim=-1).flatten(-2)
    return (x.float() * cos + turned * sin).to(x.dtype)


class ModulatedNorm(nn.Module):
    """Layer norm with shift, scale and gate from the time embedding, separate for video and text."""

    def __init__(self, condition: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(condition, 6 * width)
        self.norm = nn.LayerNorm(width, eps=1e-5)

    def forward(self, video: Tensor, text: Tensor, time: Tensor):
        shift, scale, gate, text_shift, text_scale, text_gate = self.linear(F.silu(time))[:, None].chunk(6, dim=-1)
        joint = torch.cat([self.norm(text) * (1 + text_scale) + text_shift, self.norm(video) * (1 + scale) + shift], 1)
        return joint, gate, text_gate


class Attention(nn.Module):
    def __init__(self, heads: int, dimension: int) -> None:
        super().__init__()
        width = heads * dimension
        self.heads = heads
        self.norm_q, self.norm_k = nn.LayerNorm(dimension, eps=1e-6), nn.LayerNorm(dimension, eps=1e-6)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x: Tensor, text_length: int, cos: Tensor, sin: Tensor) -> Tensor:
        weight = torch.cat([self.to_q.weight, self.to_k.weight, self.to_v.weight])
        bias = torch.cat([self.to_q.bias, self.to_k.bias, self.to_v.bias])
        q, k, v = F.linear(x, weight, bias).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = self.norm_q(q).to(v.dtype), self.norm_k(k).to(v.dtype)
        q = torch.cat([q[:, :, :text_length], rotate(q[:, :, text_length:], cos, sin)], dim=2)
        k = torch.cat([k[:, :, :text_length], rotate(k[:, :, text_length:], cos, sin)], dim=2)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.to_out[0](y.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        entry = nn.Module()
        entry.proj = nn.Linear(width, 4 * width)
        self.net = nn.ModuleList([entry, nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x: Tensor) -> Tensor:
        return self.net[2](F.gelu(self.net[0].proj(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, heads: int, dimension: int, condition: int) -> None:
        super().__init__()
        width = heads * dimension
        self.norm1, self.norm2 = ModulatedNorm(condition, width), ModulatedNorm(condition, width)
        self.attn1 = Attention(heads, dimension)
        self.ff = FeedForward(width)

    def forward(self, video: Tensor, text: Tensor, time: Tensor, cos: Tensor, sin: Tensor):
        length = text.shape[1]
        joint, gate, text_gate = self.norm1(video, text, time)
        y = self.attn1(joint, length, cos, sin)
        video, text = video + gate * y[:, length:], text + text_gate * y[:, :length]
        joint, gate, text_gate = self.norm2(video, text, time)
        y = self.ff(joint)
        return video + gate * y[:, length:], text + text_gate * y[:, :length]


class Transformer(nn.Module):
    def __init__(self, configuration: dict) -> None:
        super().__init__()
        heads, dimension = configuration["num_attention_heads"], configuration["attention_head_dim"]
        width, condition = heads * dimension, configuration["time_embed_dim"]
        self.width, self.dimension, self.patch = width, dimension, configuration["patch_size"]
        self.base = configuration["sample_width"] // self.patch
        channels = configuration["in_channels"]
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(channels, width, self.patch, stride=self.patch)
        self.patch_embed.text_proj = nn.Linear(configuration["text_embed_dim"], width)
        self.time_embedding = nn.Module()
        self.time_embedding.linear_1 = nn.Linear(width, condition)
        self.time_embedding.linear_2 = nn.Linear(condition, condition)
        self.transformer_blocks = nn.ModuleList(
            Block(heads, dimension, condition) for _ in range(configuration["num_layers"]))
        self.norm_final = nn.LayerNorm(width, eps=1e-5)
        self.norm_out = nn.Module()
        self.norm_out.linear = nn.Linear(condition, 2 * width)
        self.norm_out.norm = nn.LayerNorm(width, eps=1e-5)
        self.proj_out = nn.Linear(width, self.patch**2 * channels)
        self.tables: dict = {}
        self.initialize()

    @torch.no_grad()
    def initialize(self) -> None:
        """Every block starts as the identity (gates closed) and the output as zero."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        for block in self.transformer_blocks:
            nn.init.zeros_(block.norm1.linear.weight)
            nn.init.zeros_(block.norm2.linear.weight)
        for layer in (self.norm_out.linear, self.proj_out):
            nn.init.zeros_(layer.weight)
        for layer in (self.time_embedding.linear_1, self.time_embedding.linear_2):
            nn.init.normal_(layer.weight, std=0.02)

    def time_states(self, timestep: Tensor) -> Tensor:
        half = self.width // 2
        frequency = torch.exp(-math.log(10000) * torch.arange(half, device=timestep.device).float() / half)
        angle = timestep[:, None].float() * frequency
        embedding = torch.cat([angle.cos(), angle.sin()], dim=-1)
        return self.time_embedding.linear_2(F.silu(self.time_embedding.linear_1(embedding)))

    def rotary(self, frames: int, height: int, width: int, device):
        key = (frames, height, width, device)
        if key not in self.tables:
            self.tables[key] = rotary_table(frames, height, width, self.base, self.dimension, device)
        return self.tables[key]

    def forward(self, latents: Tensor, text: Tensor, timestep: Tensor) -> Tensor:
        b, t, c, h, w = latents.shape
        p = self.patch
        cos, sin = self.rotary(t, h // p, w // p, latents.device)
        time = self.time_states(timestep)
        patches = latents.view(b, t, c, h // p, p, w // p, p).permute(0, 1, 3, 5, 2, 4, 6).flatten(4).flatten(1, 3)
        video = F.linear(patches, self.patch_embed.proj.weight.flatten(1), self.patch_embed.proj.bias)
        text = self.patch_embed.text_proj(text)
        for block in self.transformer_blocks:
            video, text = block(video, text, time, cos, sin)
        shift, scale = self.norm_out.linear(F.silu(time))[:, None].chunk(2, dim=-1)
        video = self.norm_out.norm(self.norm_final(video)) * (1 + scale) + shift
        out = self.proj_out(video).view(b, t, h // p, w // p, c, p, p)
        return out.permute(0, 1, 4, 2, 5, 3, 6).reshape(b, t, c, h, w)


class Denoiser(nn.Module):
    """The transformer with its text encoder: what the second training stage trains."""

    def __init__(self, transformer: dict, text_encoder: dict) -> None:
        super().__init__()
        from transformers import T5Config, T5EncoderModel

        self.transformer = Transformer(transformer)
        self.text_encoder = T5EncoderModel(T5Config(**text_encoder))
        with torch.no_grad():
            self.text_encoder.shared.weight.normal_(std=0.5)
        self.look_at_neighbors()

    @torch.no_grad()
    def look_at_neighbors(self, strength: float = 5.0) -> None:
        """Starts each text head looking at one neighbor: the next word, the one before, two ahead, two back.

        Only the text encoder knows the order of words, through T5's position bias, and that bias grows too slowly from
        T5's own start: without this a caption stays a bag of words, and object and background swap colors.
        """
        bias = self.text_encoder.encoder.block[0].layer[0].SelfAttention.relative_attention_bias.weight
        half = bias.shape[0] // 2  # buckets of words ahead follow those of words behind
        bias.zero_()
        for head in range(bias.shape[1]):
            offset = head // 2 % 2 + 1
            bias[half + offset if head % 2 == 0 else offset, head] = strength

    def forward(self, latents: Tensor, tokens: Tensor, timestep: Tensor) -> Tensor:
        return self.transformer(latents, self.text_encoder(input_ids=tokens).last_hidden_state, timestep)

    def export(self) -> dict[str, Tensor]:
        """Flat tensors for `export.py`: transformer names as they are, text encoder under its prefix."""
        tensors = dict(self.transformer.state_dict())
        for name, value in self.text_encoder.state_dict().items():
            if name != "encoder.embed_tokens.weight":
                tensors[f"text_encoder.{name}"] = value
        return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
