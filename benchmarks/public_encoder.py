"""Features from another, public set: the encoder of an autoencoder, frozen before the pass.

MNIST is seen as an autoencoder of Fashion-MNIST sees it, and the other way round, as DP-MERF and
its like do for images. Nothing of the set that is sketched enters.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks import image_sets

#: the public set for each other one
PUBLIC = {"mnist": "fashion_mnist", "fashion_mnist": "mnist"}

_PLANES = 16
_EPOCHS, _BATCH, _RATE = 2, 128, 2e-3


class Encoder(nn.Module):
    """Images with pixels from 0 to 255, (n, 28, 28), to _PLANES planes of 7 × 7."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1),
            nn.BatchNorm2d(16),
            nn.LeakyReLU(0.2),
            nn.Conv2d(16, 32, 4, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.LeakyReLU(0.2),
            nn.Conv2d(32, _PLANES, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return the code of each image, shape (n, _PLANES, 7, 7)."""
        return self.layers(images[:, None] / 255)


def public_encoder(name: str, folder: Path, seed: int = 0) -> Encoder:
    """Train an autoencoder on the set that is public to another, and return its encoder.

    Args:
        name: of the set that is to be sketched.
        folder: where the sets are.
        seed: of weights and batches.
    """
    images = torch.from_numpy(image_sets.load(PUBLIC[name], folder).train_images.astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder()
        decoder = nn.Sequential(
            nn.ConvTranspose2d(_PLANES, 32, 4, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1),
        )
        both = nn.ModuleList([encoder, decoder])
        optimiser = torch.optim.Adam(both.parameters(), _RATE)
        for _ in range(_EPOCHS):
            for chosen in torch.randperm(len(images)).split(_BATCH):
                code = encoder(images[chosen])
                # some noise, or the code might hide in scales that no kernel sees
                made = decoder(code + 0.1 * torch.randn_like(code))[:, 0]
                loss = (made - images[chosen] / 255).square().mean()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    return encoder.eval()
