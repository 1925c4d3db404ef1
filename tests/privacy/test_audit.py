"""The audit of a release: what an adversary who knows all other records can tell from it.

To know everything but one record and to project the release on the difference that the record
makes is the likelihood ratio test: standard normal against normal with mean μ. The μ that is seen
must not be above the claim, nor far below it, which would waste noise; and releases with planted
bugs must be caught. SKETCHLEARN_AUDIT=full draws twenty times as many.
"""

import math
import os

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.features import Projection
from sketchlearn.privacy import Ledger
from sketchlearn.privacy.accounting import gaussian_epsilon, gaussian_multiplier
from sketchlearn.sketches import release
from sketchlearn.sketches.release import ReleaseOptions

FULL = os.environ.get("SKETCHLEARN_AUDIT") == "full"
EPSILON, DELTA = 1.0, 1e-5
CLAIM = 1 / gaussian_multiplier(EPSILON, DELTA)
# one frequency sees records of one column; each class is a pair of data sets of its own, so that a
# release draws the noise of as many pairs as there are classes
CLASSES = 1_000
ROUNDS = 100 if FULL else 5
# of a one-sided bound that fails once in ten thousand
QUANTILE = 3.72

PLAN = sl.plan(
    (np.zeros((2, 1)), np.zeros(2, dtype=int)),
    origin="declared",
    bounds=(-5, 5),
    label="label",
    classes=range(CLASSES),
    size=1,
    scales=[0.1],
)
HALF_TURN = math.pi / float(PLAN.frequencies[0, 0])
SMALL = sl.plan(np.zeros((2, 2)), origin="declared", bounds=(-1, 1), size=8, scales=[1.0])


def sketch_of(places, classes, plan=PLAN):
    """Sketch records at encoded places, one column."""
    low, high = plan.schema.encoded_bounds
    assert (places >= low).all()
    assert (places <= high).all()
    center, spread = np.asarray(plan.schema.center), np.asarray(plan.schema.spread)
    return sl.Sketch(plan).update((places * spread + center, classes))


def pairs():
    """Two sketches that differ in one record of each class, by the most a wave can differ."""
    classes = np.arange(CLASSES)
    here, there = np.zeros((CLASSES, 1)), np.full((CLASSES, 1), HALF_TURN)
    return sketch_of(here, classes), sketch_of(there, classes)


def released(sketch, **options):
    """Release a sketch as if it had never been."""
    sketch.ledger = Ledger()
    asked = {"epsilon": EPSILON, "delta": DELTA, "moments": "drop"}
    return sketch.release(**{**asked, **options})


def seen_mu(first, second, project):
    """Return μ as seen from many releases of two neighbours, and its standard error."""
    before = np.concatenate([project(released(first)) for _ in range(ROUNDS)])
    after = np.concatenate([project(released(second)) for _ in range(ROUNDS)])
    spread = math.sqrt((before.var() + after.var()) / 2)
    mu = abs(after.mean() - before.mean()) / spread
    return mu, math.sqrt(2 / len(before) + mu**2 / (4 * len(before)))


def cosines(sketch):
    return sketch.sums[:, 0, 0].astype(float)


def of_neighbours_in_two_classes():
    """Two sketches of sixty records a class; in each pair of classes one record moves over."""
    classes = np.repeat(np.arange(CLASSES), 60)
    here = np.zeros((len(classes), 1))
    moved = classes.copy()
    moved[::120] += 1
    return sketch_of(here, classes), sketch_of(here, moved)


def in_two_classes(sketch):
    """Project on what a record that moves to the next class changes: two sums, two counts."""
    change = cosines(sketch)[1::2] - cosines(sketch)[::2]
    counts = sketch.counts[1::2] - sketch.counts[::2]
    noise = sketch.noise
    return change * 2.0**20 / noise["sums"] ** 2 + counts / noise["counts"] ** 2


def test_the_release_keeps_its_claim_and_wastes_no_noise():
    mu, error = seen_mu(*pairs(), cosines)
    lower, upper = mu - QUANTILE * error, mu + QUANTILE * error
    assert lower <= CLAIM <= upper
    assert gaussian_epsilon(1 / lower, DELTA) <= EPSILON
    if FULL:
        assert gaussian_epsilon(1 / lower, DELTA) >= 0.8
        print(f"empirical ε from {gaussian_epsilon(1 / lower, DELTA):.4f}")


def test_records_of_two_classes_are_hidden_as_well():
    mu, error = seen_mu(*of_neighbours_in_two_classes(), in_two_classes)
    assert mu - QUANTILE * error <= CLAIM <= mu + QUANTILE * error


@pytest.mark.parametrize("bug", ["half the noise", "sensitivity too small by the root of two"])
def test_too_little_noise_is_caught(bug, monkeypatch):
    if bug == "half the noise":
        honest = release.gaussian_noise
        monkeypatch.setattr(
            release, "gaussian_noise", lambda shape, scale: honest(shape, scale / 2)
        )
    else:
        square = Projection.record_square.fget
        monkeypatch.setattr(Projection, "record_square", property(lambda self: square(self) // 2))
    mu, error = seen_mu(*pairs(), cosines)
    assert mu - QUANTILE * error > CLAIM


def test_a_block_without_noise_is_caught(monkeypatch):
    honest = release.noise_scales

    def without(*arguments, **options):
        scales = honest(*arguments, **options)
        return scales | {"first_moments": 1e-6 * scales["first_moments"]}

    assert moments_mu() < 3 * CLAIM
    monkeypatch.setattr(release, "noise_scales", without)
    assert moments_mu() > 3 * CLAIM


def moments_mu():
    """μ of one record that moves from one corner to the other, told by all blocks together."""
    records = np.array([[0.0, 0.0]] * 50 + [[1.0, 1.0]])
    first, second = (sl.Sketch(SMALL).update(sign * records) for sign in (1, -1))
    exact = [one.totals.tensors() for one in (first, second)]
    noise = released(first, moments="keep").noise
    change = {name: (exact[1][name] - exact[0][name]).astype(float) for name in noise}

    def told(sketch):
        made = released(sketch, moments="keep").totals.tensors()
        return sum((made[n] * change[n]).sum() / noise[n] ** 2 for n in noise)

    before, after = (np.array([told(one) for _ in range(40)]) for one in (first, second))
    return abs(after.mean() - before.mean()) / math.sqrt((before.var() + after.var()) / 2)


def test_all_blocks_together_keep_the_claim():
    records = np.array([[0.0, 0.0]] * 50 + [[1.0, 1.0]])
    first, second = (sl.Sketch(SMALL).update(sign * records) for sign in (1, -1))
    noise = released(first, moments="keep").noise
    exact = [one.totals.tensors() for one in (first, second)]
    square = sum((((exact[1][n] - exact[0][n]) / noise[n]) ** 2).sum() for n in noise)
    assert math.sqrt(square) <= CLAIM


def reused(sketch):
    """Tell whether two releases share noise anywhere."""
    first, second = (released(sketch) for _ in range(2))
    return bool(np.isin(first.sums - sketch.sums, second.sums - sketch.sums).mean() > 0.01)


def test_reused_noise_is_caught(monkeypatch):
    sketch, _ = pairs()
    assert not reused(sketch)
    kept = {}
    honest = release.gaussian_noise

    def again(shape, scale):
        return kept.setdefault(shape, honest(shape, scale))

    monkeypatch.setattr(release, "gaussian_noise", again)
    assert reused(sketch)


def test_a_seed_that_reaches_the_noise_is_caught(monkeypatch):
    sketch, _ = pairs()

    def seeded(shape, scale):
        return np.rint(np.random.default_rng(PLAN.seed).normal(0, scale, shape)).astype(np.int64)

    monkeypatch.setattr(release, "gaussian_noise", seeded)
    assert reused(sketch)


def test_a_release_takes_no_seed():
    assert not {"seed", "rng", "random_state"} & set(ReleaseOptions.__dataclass_fields__)
    with pytest.raises(TypeError, match="seed"):
        pairs()[0].release(epsilon=1.0, delta=1e-5, seed=0)
