"""The networks that onnx_models.py exports: small versions of the families that people bring, as torch.nn modules.

NETWORKS maps a name to (what makes the module, the shape of one sample). Nothing here depends on a seed: onnx_models.py sets it, and
draws every parameter and every running statistic anew, so that no scale is 1 and no shift is 0.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def conv_bn(inputs, outputs, kernel=3, stride=1, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(conv_bn(inputs, outputs, stride=stride), nn.ReLU(), conv_bn(outputs, outputs))
        self.shortcut = nn.Identity() if inputs == outputs else conv_bn(inputs, outputs, 1, stride)

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet():
    return nn.Sequential(conv_bn(3, 8), nn.ReLU(), ResidualBlock(8, 8, 1), ResidualBlock(8, 16, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 5))


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeezed):
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))


class InvertedResidual(nn.Module):
    def __init__(self, channels, expanded):
        super().__init__()
        self.body = nn.Sequential(conv_bn(channels, expanded, 1), nn.ReLU6(), conv_bn(expanded, expanded, groups=expanded), nn.ReLU6(),
                                  SqueezeExcitation(expanded, 4), conv_bn(expanded, channels, 1))

    def forward(self, x):
        return x + self.body(x)


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(conv_bn(3, 8, stride=2), nn.Hardswish(), InvertedResidual(8, 24), conv_bn(8, 8, stride=2, groups=8),
                                      nn.ReLU6(), conv_bn(8, 12, 1), nn.Hardswish())
        self.classifier = nn.Linear(12, 5)

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm, self.conv = nn.BatchNorm2d(inputs), nn.Conv2d(inputs, growth, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv(F.relu(self.norm(x)))], 1)


def densenet():
    transition = nn.Sequential(nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 8, 1, bias=False), nn.AvgPool2d(2))
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), DenseLayer(8, 4), DenseLayer(12, 4), transition, DenseLayer(8, 4),
                         nn.BatchNorm2d(12), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5))


class Transformer(nn.Module):
    """Two encoder layers over a sequence of 6 tokens, and a classifier of their mean."""

    def __init__(self, norm_first):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 24, dropout=0.0, activation="gelu", batch_first=True, norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(16) if norm_first else None, enable_nested_tensor=False)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


class Attention(nn.Module):
    """Two heads by hand: queries, keys and values from one projection, softmax of the scaled products."""

    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (t.unflatten(-1, (self.heads, self.size)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(self.size), -1)
        return x + self.out((weights @ v).transpose(1, 2).flatten(2))


class ScaledDotProduct(nn.Module):
    """The same by torch's own scaled_dot_product_attention, with a causal mask."""

    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x):
        q, k, v = (t(x).view(x.shape[0], x.shape[1], self.heads, self.size).transpose(1, 2) for t in (self.q, self.k, self.v))
        return self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(x.shape))


class RootMeanSquareNorm(nn.Module):
    """As the language models write it, from elementary operators."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class GatedMLP(nn.Module):
    def __init__(self, norm=RootMeanSquareNorm):
        super().__init__()
        self.norm = norm(8)
        self.gate, self.up, self.down = nn.Linear(8, 12, bias=False), nn.Linear(8, 12, bias=False), nn.Linear(12, 8, bias=False)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        h = self.norm(x)
        return self.head(x + self.down(F.silu(self.gate(h)) * self.up(h)))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.bottom = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
        self.join2, self.grow = nn.Conv2d(16, 6, 3, padding=1), nn.Upsample(scale_factor=2, mode="nearest")
        self.odd = nn.ConvTranspose2d(6, 6, 3, stride=1, padding=1, groups=2)
        self.join1 = nn.Conv2d(12, 2, 1)

    def forward(self, x):
        a = F.silu(self.down1(x))
        b = F.silu(self.down2(F.max_pool2d(a, 2)))
        c = F.silu(self.bottom(F.max_pool2d(b, 2)))
        d = F.silu(self.join2(torch.cat([b, self.up(c)], 1)))
        return self.join1(torch.cat([a, self.odd(self.grow(d))], 1))


def signals():
    """One-dimensional convolutions; GroupNorm; InstanceNorm with and without scales."""
    return nn.Sequential(nn.Conv1d(2, 6, 5, stride=2, padding=2), nn.GroupNorm(3, 6), nn.ELU(), nn.MaxPool1d(2),
                         nn.Conv1d(6, 8, 3, dilation=2, padding=2), nn.InstanceNorm1d(8, affine=True), nn.Tanh(), nn.AvgPool1d(3, 2, 1),
                         nn.Conv1d(8, 4, 3), nn.InstanceNorm1d(4), nn.Sigmoid(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3))


class Pooling(nn.Module):
    """Every pooling that a network of today has, side by side over one convolution."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.pools = nn.ModuleList([
            nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((3, 2), (1, 2), dilation=(2, 1)), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.AvgPool2d(2), nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1, count_include_pad=False), nn.AvgPool2d((2, 5), (5, 1)),
            nn.AdaptiveAvgPool2d(5), nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1), nn.AdaptiveAvgPool2d((2, 1))])
        self.head = nn.Linear(self.pooled(torch.zeros(1, 2, 10, 10)).shape[1], 3)

    def pooled(self, x):
        h = torch.tanh(self.conv(x))
        return torch.cat([pool(h).flatten(1) for pool in self.pools] + [h.amax((2, 3)), h.sum((2, 3)), h.mean(1).flatten(1)], 1)

    def forward(self, x):
        return self.head(self.pooled(x))


class CeilingAveragePool(nn.Module):
    """Average pooling whose last window hangs over the edge: the divisor there is the point."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x):
        h = torch.tanh(self.conv(x))
        return torch.cat([F.avg_pool2d(h, 3, 2, ceil_mode=True).flatten(1),
                          F.avg_pool2d(h, 3, 2, 1, ceil_mode=True, count_include_pad=False).flatten(1)], 1)


class Shapes(nn.Module):
    """Padding, slices, splits, gathers, permutations, pixel shuffles, squeezes, expansions, stacks: all that moves numbers and changes none."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.shift = nn.Parameter(torch.zeros(4, 1, 1))
        self.head = nn.Linear(24, 3)

    def forward(self, x):
        h = self.conv(F.pad(x, (1, 0, 2, 1))) + self.shift
        a, b = h.split([1, 3], 1)
        p = F.pixel_shuffle(h, 2)[:, :, ::3, 1:7:2]
        s = torch.stack([h[:, 0, :3, -1], h[:, 2, -3:, 0]], 1).flatten(1)
        q = (b.permute(0, 2, 3, 1)[:, 1:3, 0] * a.squeeze(1)[:, 1:3, :3]).reshape(-1, 6)
        t = p.squeeze(1)[:, :2, :2].unsqueeze(-1).expand(-1, -1, -1, 3).flatten(1)
        return self.head(torch.cat([s, q, t], 1))


class PositionalTransformer(nn.Module):
    """A vision transformer's start: patches by a strided convolution, a class token, learned positions; then one encoder layer."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token, self.position = nn.Parameter(torch.zeros(1, 1, 8)), nn.Parameter(torch.zeros(1, 10, 8))
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x):
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(x.shape[0], -1, -1), tokens], 1) + self.position
        return self.head(self.norm(self.encoder(tokens)[:, 0]))


def mlp():
    return nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, 6), nn.Tanh(), nn.Linear(6, 3))


def prelu():
    """One slope for each channel, one for all, one for each feature."""
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.PReLU(4), nn.Conv2d(4, 3, 3, stride=2), nn.PReLU(), nn.Flatten(),
                         nn.Linear(12, 6), nn.PReLU(6), nn.Linear(6, 3))


def activated(activation, widened=1):
    """4-6-3 with the activation after the first layer; `widened` where it halves what it reads (GLU)."""
    return lambda: nn.Sequential(nn.Linear(4, 6 * widened), activation(), nn.Linear(6, 3))


ACTIVATIONS = {
    "identity": nn.Identity, "relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "elu": lambda: nn.ELU(0.5),
    "celu": lambda: nn.CELU(0.5), "selu": nn.SELU, "gelu": nn.GELU, "gelu_tanh": lambda: nn.GELU("tanh"), "silu": nn.SiLU,
    "mish": nn.Mish, "sigmoid": nn.Sigmoid, "log_sigmoid": nn.LogSigmoid, "hard_sigmoid": nn.Hardsigmoid, "hard_swish": nn.Hardswish,
    "hard_tanh": lambda: nn.Hardtanh(-0.5, 0.75), "relu6": nn.ReLU6, "softplus": nn.Softplus,
    "softplus_beta": lambda: nn.Softplus(2.0, 3.0), "softsign": nn.Softsign, "tanh": nn.Tanh, "tanhshrink": nn.Tanhshrink,
    "softshrink": lambda: nn.Softshrink(0.25), "hardshrink": lambda: nn.Hardshrink(0.25), "threshold": lambda: nn.Threshold(0.125, -0.25),
    "prelu": lambda: nn.PReLU(6, 0.2), "rrelu": nn.RReLU, "softmax": lambda: nn.Softmax(-1), "log_softmax": lambda: nn.LogSoftmax(-1),
    "softmin": lambda: nn.Softmin(-1),
}

NETWORKS = {
    "resnet": (resnet, (3, 16, 16)),
    "mobilenet": (MobileNet, (3, 16, 16)),
    "densenet": (densenet, (3, 12, 12)),
    "transformer_postnorm": (lambda: Transformer(False), (6, 16)),
    "transformer_prenorm": (lambda: Transformer(True), (6, 16)),
    "vision_transformer": (PositionalTransformer, (3, 12, 12)),
    "attention": (Attention, (5, 8)),
    "attention_causal": (ScaledDotProduct, (5, 8)),
    "gated_mlp": (GatedMLP, (8,)),
    "gated_mlp_rms_norm": (lambda: GatedMLP(lambda width: nn.RMSNorm(width, eps=1e-6)), (8,)),
    "unet": (UNet, (2, 8, 8)),
    "signals": (signals, (2, 32)),
    "pooling": (Pooling, (2, 10, 10)),
    "pooling_ceiling": (CeilingAveragePool, (1, 8, 8)),
    "shapes": (Shapes, (2, 5, 6)),
    "mlp": (mlp, (8,)),
    "prelu": (prelu, (2, 6, 6)),
    "activation_glu": (activated(lambda: nn.GLU(-1), 2), (4,)),
    **{f"activation_{name}": (activated(make), (4,)) for name, make in ACTIVATIONS.items()},
}
