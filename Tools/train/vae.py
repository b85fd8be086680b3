"""A training-speed copy of diffusers' `AutoencoderKLCogVideoX`: same parameters, same names, same numbers.

diffusers encodes 8 frames and decodes 2 latent frames at a time (the first piece takes the odd frame along) and hands
the last two frames of every convolution to the next piece. All of that equals one pass over the whole clip, except
that group normalization takes its statistics per piece. So this copy runs whole clips and only averages the
statistics over the frames of a piece: many times faster in training, and equal to rounding.

Tensors are `[B, C, T, H, W]` in `channels_last_3d` memory order.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

def piece_average(frames: int, piece: int, like: Tensor) -> Tensor:
    """`[T, T]` matrix that replaces every frame's value by the mean over its piece; the first piece has one more."""
    index = (torch.arange(frames, device=like.device) - 1).clamp(min=0) // piece
    same = (index[:, None] == index[None]).float()
    return same / same.sum(1, keepdim=True)


class GroupNorm(nn.GroupNorm):
    """Group normalization with statistics per piece of `piece` frames."""

    def forward(self, x: Tensor, piece: int) -> Tensor:
        b, c, t, h, w = x.shape
        g = self.num_groups
        grouped = x.float().view(b, g, c // g, t, h, w)
        average = piece_average(t, piece, x)
        # Elementwise, not as a matrix product, which autocast would round to bfloat16.
        over_piece = (lambda v: (v[:, :, None] * average).sum(-1))
        variance, mean = torch.var_mean(grouped, dim=(2, 4, 5), correction=0)
        center = over_piece(mean)
        scale = (over_piece(variance + (mean - center) ** 2) + self.eps).rsqrt()
        spread = (lambda v: v[:, :, None, :, None, None])
        y = ((grouped - spread(center)) * spread(scale)).view(b, c, t, h, w)
        return y * self.weight[:, None, None, None] + self.bias[:, None, None, None]


class CausalConv(nn.Module):
    """Convolution that sees the present and two earlier frames; before the clip its first frame is repeated."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, padding=(0, kernel // 2, kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        if self.conv.kernel_size[0] == 1:
            return self.conv(x)
        first = x[:, :, :1]
        return self.conv(torch.cat([first, first, x], dim=2))

    def of_normalized(self, norm: nn.Module, x: Tensor, piece: int, *z: Tensor) -> Tensor:
        """This convolution of SiLU(norm(x)); on a GPU the norm, SiLU and the padding are one kernel."""
        if not x.is_cuda:
            return self(F.silu(norm(x, piece, *z)))
        from fused_norm import FusedNorm

        last = (lambda v: v.permute(0, 2, 3, 4, 1))
        core, scale, shift = norm, None, None
        if z:
            core = norm.norm_layer
            scale, shift = last(norm.conv_y(*z)), last(norm.conv_b(*z))
        y = FusedNorm.apply(last(x), core.weight, core.bias, scale, shift, core.num_groups, piece, core.eps)
        return self.conv(y.permute(0, 4, 1, 2, 3))


def enlarge(z: Tensor, like: Tensor) -> Tensor:
    """Nearest-neighbour enlargement of the latent to the size of `like`; the first frame stays single."""
    frames, scale = like.shape[2], like.shape[3] // z.shape[3]
    step = (frames - 1) // max(z.shape[2] - 1, 1)
    index = (torch.arange(frames, device=z.device) + step - 1) // step
    z = z[:, :, index] if step > 1 else z
    b, c, t, h, w = z.shape
    return z[:, :, :, :, None, :, None].expand(b, c, t, h, scale, w, scale).reshape(b, c, t, h * scale, w * scale)


class SpatialNorm(nn.Module):
    """Group normalization whose scale and shift are read from the latent."""

    def __init__(self, channels: int, latent: int, groups: int, eps: float) -> None:
        super().__init__()
        self.norm_layer = GroupNorm(groups, channels, eps)
        self.conv_y = CausalConv(latent, channels, 1)
        self.conv_b = CausalConv(latent, channels, 1)

    def forward(self, x: Tensor, piece: int, z: Tensor) -> Tensor:
        # A 1×1 convolution commutes with nearest-neighbour enlargement: do it where it is cheap.
        return self.norm_layer(x, piece) * enlarge(self.conv_y(z), x) + enlarge(self.conv_b(z), x)


class ResnetBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, groups: int, eps: float, latent: int | None) -> None:
        super().__init__()
        norm = (lambda c: GroupNorm(groups, c, eps)) if latent is None else (
            lambda c: SpatialNorm(c, latent, groups, 1e-6))
        self.norm1, self.norm2 = norm(inputs), norm(outputs)
        self.conv1, self.conv2 = CausalConv(inputs, outputs), CausalConv(outputs, outputs)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv3d(inputs, outputs, 1)

    def forward(self, x: Tensor, piece: int, *z: Tensor) -> Tensor:
        h = self.conv1.of_normalized(self.norm1, x, piece, *z)
        h = self.conv2.of_normalized(self.norm2, h, piece, *z)
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


def per_frame(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """Applies a 2-D convolution to every frame."""
    b, _, t = x.shape[:3]
    y = conv(x.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last))
    return y.view(b, t, *y.shape[1:]).transpose(1, 2)


class HalveTime(torch.autograd.Function):
    """Keeps the first frame and averages the others in pairs, without the copies of sliced gradients."""

    @staticmethod
    def forward(context, x: Tensor) -> Tensor:
        b, c, t, h, w = x.shape
        out = torch.empty(b, (t + 1) // 2, h, w, c, device=x.device, dtype=x.dtype).permute(0, 4, 1, 2, 3)
        out[:, :, 0] = x[:, :, 0]
        torch.add(x[:, :, 1::2], x[:, :, 2::2], out=out[:, :, 1:]).mul_(0.5)
        return out

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:
        b, c, t, h, w = gradient.shape
        dx = torch.empty(b, 2 * t - 1, h, w, c, device=gradient.device, dtype=gradient.dtype).permute(0, 4, 1, 2, 3)
        dx[:, :, 0] = gradient[:, :, 0]
        half = gradient[:, :, 1:] * 0.5
        dx[:, :, 1::2] = half
        dx[:, :, 2::2] = half
        return dx


class Downsample(nn.Module):
    def __init__(self, channels: int, time: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)
        self.time = time

    def forward(self, x: Tensor) -> Tensor:
        return per_frame(self.conv, F.pad(HalveTime.apply(x) if self.time else x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels: int, time: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.time = time

    def forward(self, x: Tensor) -> Tensor:
        if self.time:
            rest = x[:, :, 1:]
            twice = rest.unsqueeze(3).expand(-1, -1, -1, 2, -1, -1).flatten(2, 3)
            x = torch.cat([x[:, :, :1], twice], dim=2)
        b, _, t = x.shape[:3]
        frames = x.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        y = self.conv(F.interpolate(frames, scale_factor=2.0))
        return y.view(b, t, *y.shape[1:]).transpose(1, 2)


class Block(nn.Module):
    """Residual blocks and, but for the last one of a network, a change of resolution."""

    def __init__(self, inputs: int, outputs: int, layers: int, groups: int, eps: float, latent: int | None,
                 change: str | None, time: bool) -> None:
        super().__init__()
        self.resnets = nn.ModuleList(
            ResnetBlock(inputs if i == 0 else outputs, outputs, groups, eps, latent) for i in range(layers))
        if change == "down":
            self.downsamplers = nn.ModuleList([Downsample(outputs, time)])
        elif change == "up":
            self.upsamplers = nn.ModuleList([Upsample(outputs, time)])

    def forward(self, x: Tensor, piece: int, *z: Tensor) -> Tensor:
        for resnet in self.resnets:
            x = resnet(x, piece, *z)
        for change in getattr(self, "downsamplers", getattr(self, "upsamplers", ())):
            x = change(x)
        return x


class Encoder(nn.Module):
    def __init__(self, channels, latent: int, layers: int, groups: int, eps: float) -> None:
        super().__init__()
        last = len(channels) - 1
        self.conv_in = CausalConv(3, channels[0])
        self.down_blocks = nn.ModuleList(
            Block(channels[max(i - 1, 0)], c, layers, groups, eps, None, "down" if i < last else None, i < 2)
            for i, c in enumerate(channels))
        self.mid_block = Block(channels[-1], channels[-1], 2, groups, eps, None, None, False)
        self.norm_out = GroupNorm(groups, channels[-1], 1e-6)
        self.conv_out = CausalConv(channels[-1], 2 * latent)

    def forward(self, x: Tensor) -> Tensor:
        x, piece = self.conv_in(x), 8
        for i, block in enumerate(self.down_blocks):
            x = block(x, piece)
            piece //= 2 if i < 2 else 1
        x = self.mid_block(x, piece)
        return self.conv_out.of_normalized(self.norm_out, x, piece)


class Decoder(nn.Module):
    def __init__(self, channels, latent: int, layers: int, groups: int, eps: float) -> None:
        super().__init__()
        channels = tuple(reversed(channels))
        last = len(channels) - 1
        self.conv_in = CausalConv(latent, channels[0])
        self.mid_block = Block(channels[0], channels[0], 2, groups, eps, latent, None, False)
        self.up_blocks = nn.ModuleList(
            Block(channels[max(i - 1, 0)], c, layers + 1, groups, eps, latent, "up" if i < last else None, i < 2)
            for i, c in enumerate(channels))
        self.norm_out = SpatialNorm(channels[-1], latent, groups, 1e-6)
        self.conv_out = CausalConv(channels[-1], 3)

    def forward(self, z: Tensor) -> Tensor:
        x, piece = self.conv_in(z), 2
        x = self.mid_block(x, piece, z)
        for i, block in enumerate(self.up_blocks):
            x = block(x, piece, z)
            piece *= 2 if i < 2 else 1
        return self.conv_out.of_normalized(self.norm_out, x, piece, z)


class Autoencoder(nn.Module):
    """`encode` gives the mean of the latent (unscaled); `decode` takes it back."""

    def __init__(self, configuration: dict) -> None:
        super().__init__()
        self.latent = configuration["latent_channels"]
        arguments = (configuration["block_out_channels"], self.latent, configuration["layers_per_block"],
                     configuration["norm_num_groups"], configuration["norm_eps"])
        self.encoder = Encoder(*arguments)
        self.decoder = Decoder(*arguments)
        self.initialize()

    @torch.no_grad()
    def initialize(self, quiet: bool = False) -> None:
        """PyTorch's own initialization with a nearly noiseless posterior; `quiet` starts the latent-read norms plain."""
        self.encoder.conv_out.conv.weight[self.latent:].zero_()
        self.encoder.conv_out.conv.bias[self.latent:].fill_(-6.0)
        for module in self.modules():
            if quiet and isinstance(module, SpatialNorm):
                module.conv_y.conv.weight.mul_(0.3)
                module.conv_y.conv.bias.fill_(1.0)
                module.conv_b.conv.bias.zero_()

    def encode(self, x: Tensor) -> Tensor:
        return self.encoder(x)[:, : self.latent]

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)
