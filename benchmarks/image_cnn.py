"""A small convolutional classifier of images: another accuracy, and features to compare images by.

Source of features from a classifier of the data at hand, for precision, recall and coverage where
networks trained on photographs say little: Naeem, Oh, Uh, Choi and Yoo, "Reliable Fidelity and
Diversity Metrics for Generative Models", ICML 2020, section 5.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

FEATURES = 128
_BATCH, _CHUNK, _RATE = 100, 2_000, 1e-3
# Three epochs of 1,437 digits are 45 updates, which is too few.
_LEAST_UPDATES = 300


class SmallCnn(nn.Module):
    """Two convolutions, each halved by its maxima, and a hidden layer.

    Args:
        image: (height, width).
        classes: number of classes.
    """

    def __init__(self, image: tuple[int, int], classes: int) -> None:
        super().__init__()
        height, width = image
        self.features = nn.Sequential(
            nn.Unflatten(1, (1, *image)),
            nn.Conv2d(1, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * (height // 4) * (width // 4), FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, pixels: Tensor) -> Tensor:
        """Map (n, height × width) to logits (n, classes)."""
        return self.head(self.features(pixels))


def train_cnn(images: np.ndarray, labels: np.ndarray, seed: int, epochs: int = 3) -> SmallCnn:
    """Train the network; torch's random state is left as it was.

    Args:
        images: pixels in [0, 1], shape (n, height, width).
        labels: whole numbers from 0 on, shape (n,).
        seed: of weights and batches.
        epochs: over the images, or more for 300 updates at least.
    """
    pixels, numbers = _flat(images), torch.as_tensor(labels, dtype=torch.int64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallCnn((images.shape[1], images.shape[2]), int(numbers.max()) + 1)
        optimiser = torch.optim.Adam(network.parameters(), _RATE)
        updates = 0
        while epochs > 0 or updates < _LEAST_UPDATES:
            epochs -= 1
            for chosen in torch.randperm(len(pixels)).split(_BATCH):
                loss = nn.functional.cross_entropy(network(pixels[chosen]), numbers[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                updates += 1
    return network.eval()


def cnn_accuracy(
    made_images: np.ndarray,
    made_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    seed: int,
    epochs: int = 3,
) -> float:
    """Return the accuracy on real images, 0 to 1, of the network trained on generated ones.

    Args:
        made_images: pixels in [0, 1], shape (n, height, width).
        made_labels: whole numbers from 0 on, shape (n,).
        test_images: pixels in [0, 1], shape (m, height, width).
        test_labels: shape (m,).
        seed: of weights and batches.
        epochs: over the generated images, or more for 300 updates at least.
    """
    network = train_cnn(made_images, made_labels, seed, epochs)
    with torch.no_grad():
        told = [network(some).argmax(dim=1) for some in _flat(test_images).split(_CHUNK)]
    return float(np.mean(torch.cat(told).numpy() == test_labels))


@torch.no_grad()
def cnn_features(network: SmallCnn, images: np.ndarray) -> np.ndarray:
    """Return the activations before the last layer, float32, shape (n, FEATURES).

    Args:
        network: trained on real images, so that features are the same for all that is compared.
        images: pixels in [0, 1], shape (n, height, width).
    """
    return torch.cat([network.features(some) for some in _flat(images).split(_CHUNK)]).numpy()


def _flat(images: np.ndarray) -> Tensor:
    return torch.as_tensor(images, dtype=torch.float32).flatten(1)
