"""Group normalization per piece, latent modulation, SiLU and the causal padding of the next convolution, fused.

The autoencoder's channels are few, so its training is bound by memory traffic; run operation by operation the norms
take most of the time. These Triton kernels read the activation once for the statistics and once to apply them, and
twice more in the backward pass. Nothing is kept but the input.

Activations are channels-last: `[B, T, H, W, C]`, C a power of two. The output has two more frames, the first one
repeated, as the causal convolution wants it. All sums are float32.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def statistics_kernel(x, partial, strips, ROWS: tl.constexpr, W: tl.constexpr, C: tl.constexpr):
    """Sum and sum of squares of every channel over one strip of `ROWS` picture rows of one frame."""
    frame, strip = tl.program_id(0).to(tl.int64), tl.program_id(1)
    at = tl.arange(0, W)[:, None] * C + tl.arange(0, C)[None]
    total = tl.zeros([C], tl.float32)
    square = tl.zeros([C], tl.float32)
    base = x + (frame * strips + strip) * ROWS * W * C
    for row in range(ROWS):
        value = tl.load(base + row * W * C + at).to(tl.float32)
        total += tl.sum(value, axis=0)
        square += tl.sum(value * value, axis=0)
    out = partial + (frame * strips + strip) * 2 * C + tl.arange(0, C)
    tl.store(out, total)
    tl.store(out + C, square)


@triton.jit
def activate(x, a, d, y_latent, b_latent, MODULATED: tl.constexpr):
    """The normalized value and what SiLU gets."""
    t = x * a + d
    if MODULATED:
        return t, t * y_latent + b_latent
    else:
        return t, t


@triton.jit
def apply_kernel(x, a, d, scale, shift, out, T, ZT, STEP, strips, ROWS: tl.constexpr, S: tl.constexpr, W: tl.constexpr,
                 C: tl.constexpr, MODULATED: tl.constexpr):
    """Writes one strip of the padded output; `S` is the enlargement of the latent, `STEP` its frames."""
    frame, strip = tl.program_id(0).to(tl.int64), tl.program_id(1)
    batch, time = frame // T, frame % T
    column, channel = tl.arange(0, W)[:, None], tl.arange(0, C)[None]
    at = column * C + channel
    a_ = tl.load(a + frame * C + channel)
    d_ = tl.load(d + frame * C + channel)
    latent_frame = batch * ZT + (time + STEP - 1) // STEP
    for row in range(ROWS):
        line = strip * ROWS + row
        value = tl.load(x + (frame * strips * ROWS + line) * W * C + at).to(tl.float32)
        y_, b_ = value, value
        if MODULATED:
            z = ((latent_frame * (strips * ROWS // S) + line // S) * (W // S) + column // S) * C + channel
            y_ = tl.load(scale + z).to(tl.float32)
            b_ = tl.load(shift + z).to(tl.float32)
        t, u = activate(value, a_, d_, y_, b_, MODULATED)
        result = (u * tl.sigmoid(u)).to(out.dtype.element_ty)
        target = ((batch * (T + 2) + time + 2) * strips * ROWS + line) * W * C + at
        tl.store(out + target, result)
        if time == 0:
            tl.store(out + target - strips * ROWS * W * C, result)
            tl.store(out + target - 2 * strips * ROWS * W * C, result)


@triton.jit
def gradient_at(gradient, offset, time, plane):
    """The gradient of one row; the first frame collects those of its two copies."""
    g = tl.load(gradient + offset).to(tl.float32)
    if time == 0:
        g += tl.load(gradient + offset - plane).to(tl.float32)
        g += tl.load(gradient + offset - 2 * plane).to(tl.float32)
    return g


@triton.jit
def backward_sums_kernel(x, a, d, scale, shift, gradient, partial, d_scale, d_shift, T, ZT, STEP, strips,
                         ROWS: tl.constexpr, S: tl.constexpr, W: tl.constexpr, C: tl.constexpr,
                         MODULATED: tl.constexpr):
    """Per strip: sums of dt and dt·x per channel, and the modulation's gradient per latent cell and frame."""
    frame, strip = tl.program_id(0).to(tl.int64), tl.program_id(1)
    batch, time = frame // T, frame % T
    column, channel = tl.arange(0, W)[:, None], tl.arange(0, C)[None]
    at = column * C + channel
    a_ = tl.load(a + frame * C + channel)
    d_ = tl.load(d + frame * C + channel)
    latent_frame = batch * ZT + (time + STEP - 1) // STEP
    first = tl.zeros([C], tl.float32)
    second = tl.zeros([C], tl.float32)
    height = strips * ROWS
    for part in range(ROWS // S):
        sum_y = tl.zeros([W // S, C], tl.float32)
        sum_b = tl.zeros([W // S, C], tl.float32)
        for inner in range(S):
            line = strip * ROWS + part * S + inner
            value = tl.load(x + (frame * height + line) * W * C + at).to(tl.float32)
            y_, b_ = value, value
            if MODULATED:
                z = ((latent_frame * (height // S) + line // S) * (W // S) + column // S) * C + channel
                y_ = tl.load(scale + z).to(tl.float32)
                b_ = tl.load(shift + z).to(tl.float32)
            t, u = activate(value, a_, d_, y_, b_, MODULATED)
            target = ((batch * (T + 2) + time + 2) * height + line) * W * C + at
            g = gradient_at(gradient, target, time, height * W * C)
            s = tl.sigmoid(u)
            du = g * s * (1 + u * (1 - s))
            dt = du
            if MODULATED:
                dt = du * y_
                sum_y += tl.sum(tl.reshape(du * t, [W // S, S, C]), axis=1)
                sum_b += tl.sum(tl.reshape(du, [W // S, S, C]), axis=1)
            first += tl.sum(dt, axis=0)
            second += tl.sum(dt * value, axis=0)
        if MODULATED:
            cell = (frame * (height // S) + (strip * ROWS) // S + part) * (W // S)
            to = (cell + tl.arange(0, W // S)[:, None]) * C + channel
            tl.store(d_scale + to, sum_y)
            tl.store(d_shift + to, sum_b)
    out = partial + (frame * strips + strip) * 2 * C + tl.arange(0, C)
    tl.store(out, first)
    tl.store(out + C, second)


@triton.jit
def backward_apply_kernel(x, a, d, e, f, scale, shift, gradient, out, T, ZT, STEP, strips, ROWS: tl.constexpr,
                          S: tl.constexpr, W: tl.constexpr, C: tl.constexpr, MODULATED: tl.constexpr):
    """dx = a·dt + e·x + f."""
    frame, strip = tl.program_id(0).to(tl.int64), tl.program_id(1)
    batch, time = frame // T, frame % T
    column, channel = tl.arange(0, W)[:, None], tl.arange(0, C)[None]
    at = column * C + channel
    a_ = tl.load(a + frame * C + channel)
    d_ = tl.load(d + frame * C + channel)
    e_ = tl.load(e + frame * C + channel)
    f_ = tl.load(f + frame * C + channel)
    latent_frame = batch * ZT + (time + STEP - 1) // STEP
    height = strips * ROWS
    for row in range(ROWS):
        line = strip * ROWS + row
        value = tl.load(x + (frame * height + line) * W * C + at).to(tl.float32)
        y_, b_ = value, value
        if MODULATED:
            z = ((latent_frame * (height // S) + line // S) * (W // S) + column // S) * C + channel
            y_ = tl.load(scale + z).to(tl.float32)
            b_ = tl.load(shift + z).to(tl.float32)
        t, u = activate(value, a_, d_, y_, b_, MODULATED)
        target = ((batch * (T + 2) + time + 2) * height + line) * W * C + at
        g = gradient_at(gradient, target, time, height * W * C)
        s = tl.sigmoid(u)
        dt = g * s * (1 + u * (1 - s))
        if MODULATED:
            dt = dt * y_
        result = a_ * dt + e_ * value + f_
        tl.store(out + (frame * height + line) * W * C + at, result.to(out.dtype.element_ty))


def piece_index(frames: int, piece: int, device) -> Tensor:
    return (torch.arange(frames, device=device) - 1).clamp(min=0) // piece


TABLES: dict = {}


def piece_mean_matrix(frames: int, piece: int, device) -> Tensor:
    """`[T, T]`: averages over the frames of a piece (kept; there are few)."""
    key = (frames, piece, device)
    if key not in TABLES:
        index = piece_index(frames, piece, device)
        same = (index[:, None] == index[None]).float()
        TABLES[key] = same / same.sum(1, keepdim=True)
    return TABLES[key]


def piece_mean(values: Tensor, groups: int, piece: int) -> Tensor:
    """Means of per-channel values `[B, T, C]` over groups of channels and pieces of frames, back at `[B, T, C]`."""
    b, t, c = values.shape
    grouped = values.view(b, t, groups, c // groups).mean(-1)
    matrix = piece_mean_matrix(t, piece, values.device)
    mean = (matrix[None, :, :, None] * grouped[:, None]).sum(2)  # no matrix product: it would round to TF32
    return mean[..., None].expand(b, t, groups, c // groups).reshape(b, t, c)


class FusedNorm(torch.autograd.Function):
    """See the module; `scale` and `shift` are `[B, T', h, w, C]` at the latent's size, or None."""

    @staticmethod
    def forward(context, x, weight, bias, scale, shift, groups, piece, eps):
        b, t, h, w, c = x.shape
        x = x.contiguous()
        modulated = scale is not None
        s = h // scale.shape[2] if modulated else 1
        zt = scale.shape[1] if modulated else 1
        step = (t - 1) // max(zt - 1, 1)
        rows = max(s, min(8, h))
        strips = h // rows
        if modulated:
            scale, shift = scale.contiguous(), shift.contiguous()
        partial = torch.empty(b * t, strips, 2, c, device=x.device)
        warps = 4 if w * c <= 2048 else 8
        statistics_kernel[(b * t, strips)](x, partial, strips, rows, w, c, num_warps=warps)
        sums = partial.sum(1).view(b, t, 2, c) / (h * w)
        mean = piece_mean(sums[:, :, 0], groups, piece)
        square = piece_mean(sums[:, :, 1], groups, piece)
        inverse = ((square - mean * mean).clamp(min=0) + eps).rsqrt()
        a = (inverse * weight).contiguous()
        d = (bias - mean * a).contiguous()
        out = torch.empty(b, t + 2, h, w, c, device=x.device, dtype=x.dtype)
        apply_kernel[(b * t, strips)](x, a, d, scale, shift, out, t, zt, step, strips, rows, s, w, c, modulated,
                                      num_warps=warps)
        context.save_for_backward(x, weight, scale, shift, a, d, mean, inverse)
        context.numbers = (groups, piece, s, zt, step, rows, strips, warps)
        return out

    @staticmethod
    def backward(context, gradient):
        x, weight, scale, shift, a, d, mean, inverse = context.saved_tensors
        groups, piece, s, zt, step, rows, strips, warps = context.numbers
        b, t, h, w, c = x.shape
        modulated = scale is not None
        gradient = gradient.contiguous()
        partial = torch.empty(b * t, strips, 2, c, device=x.device)
        d_scale = d_shift = None
        if modulated:
            d_scale = torch.empty(b, t, h // s, w // s, c, device=x.device)
            d_shift = torch.empty_like(d_scale)
        backward_sums_kernel[(b * t, strips)](x, a, d, scale, shift, gradient, partial, d_scale, d_shift, t, zt, step,
                                              strips, rows, s, w, c, modulated, num_warps=warps)
        sums = partial.sum(1).view(b, t, 2, c)
        first = sums[:, :, 0]
        second = (sums[:, :, 1] - mean * first) * inverse  # Σ dt · x̂
        mean_first = piece_mean(first * weight, groups, piece) / (h * w)
        mean_second = piece_mean(second * weight, groups, piece) / (h * w)
        e = (-inverse * inverse * mean_second).contiguous()
        f = (-inverse * mean_first - mean * e).contiguous()
        dx = torch.empty_like(x)
        backward_apply_kernel[(b * t, strips)](x, a, d, e, f, scale, shift, gradient, dx, t, zt, step, strips, rows, s,
                                               w, c, modulated, num_warps=warps)
        if modulated:
            d_scale, d_shift = (
                torch.cat([v[:, :1], v[:, 1:].unflatten(1, (zt - 1, step)).sum(2)], dim=1).to(scale.dtype)
                for v in (d_scale, d_shift))
        return dx, second.sum((0, 1)), first.sum((0, 1)), d_scale, d_shift, None, None, None
