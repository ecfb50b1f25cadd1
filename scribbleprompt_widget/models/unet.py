"""ScribblePrompt-UNet, the paper's network (Wong et al., ECCV 2024, arXiv:2312.07381, appendix on architectures).

Its modules carry the names that the published checkpoint has, so that it loads strictly.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

__all__ = ["IN_CHANNELS", "RESOLUTION", "ScribblePromptUNet"]

IN_CHANNELS: Final = 5
"""Image in [0, 1], box, positive, negative, previous logits: in this order."""
RESOLUTION: Final = 128
"""Side of the square that the published network was trained on."""
FEATURES: Final = 192
DEPTH: Final = 4


class ConvBlock(nn.Module):
    """A convolution and its PReLU with one weight for all features; no PReLU in the output layer."""

    def __init__(self, features_in: int, features_out: int, *, kernel: int = 3, activation: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(features_in, features_out, kernel, padding=kernel // 2)]
        if activation:
            layers.append(nn.PReLU())
        self.conv = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class ScribblePromptUNet(nn.Module):
    """The paper's UNet: B 5 H W -> B 1 H W logits; H and W multiples of 16 (trained at 128).

    Parameters
    ----------
    features
        Width of every layer; 192 in the published network.
    """

    def __init__(self, features: int = FEATURES) -> None:
        super().__init__()
        first = ConvBlock(IN_CHANNELS, features)
        self.downs = nn.ModuleList([first, *(ConvBlock(features, features) for _ in range(DEPTH - 1))])
        self.pool = nn.MaxPool2d(2)
        self.bottleneck = ConvBlock(features, features)
        # Upsampling and convolution alternate in one list: the published names count both.
        ups: list[nn.Module] = []
        for _ in range(DEPTH):
            ups += [nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), ConvBlock(2 * features, features)]
        self.ups = nn.ModuleList(ups)
        self.final_conv = ConvBlock(features, 1, kernel=1, activation=False)

    def forward(self, x: Tensor) -> Tensor:
        """Logits B 1 H W for channels B 5 H W."""
        skips = []
        for down in self.downs:
            x = down(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for upsample, convolve in zip(self.ups[::2], self.ups[1::2], strict=True):
            x = convolve(torch.cat([skips.pop(), upsample(x)], dim=1))
        logits: Tensor = self.final_conv(x)
        return logits
