"""A fit that is stopped goes on as if nothing had happened."""

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import sketchlearn as sl
from sketchlearn.errors import CheckpointError, StorageError
from sketchlearn.learners import training

OPTIONS = {"steps": 90, "batch": 32, "latent": 4, "patience": 99}
LEARNER = sl.GenerativeNetwork(**OPTIONS)  # evaluated at every second step


@pytest.fixture
def whole(gaussian):
    """The fit that nobody interrupts."""
    return LEARNER.fit(gaussian)


def interrupt_at(last):
    def on_step(step, _row):
        if step == last:
            raise KeyboardInterrupt

    return on_step


@pytest.mark.parametrize("step", [1, 2, 31, 90])
def test_a_fit_interrupted_between_steps_goes_on_to_the_same_model(
    gaussian, whole, same, tmp_path, step
):
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        LEARNER.fit(gaussian, checkpoint=path, on_step=interrupt_at(step))
    assert [p.name for p in tmp_path.iterdir()] == ["state"]
    steps = []
    fit = LEARNER.fit(gaussian, checkpoint=path, on_step=lambda step, _row: steps.append(step))
    assert steps == list(range(step + 1, 91))
    assert same(fit, whole)
    steps.clear()  # a finished fit is read back without another step
    again = LEARNER.fit(gaussian, checkpoint=path, on_step=lambda step, _row: steps.append(step))
    assert same(again, whole)
    assert not steps


def test_a_fit_can_be_interrupted_again_and_again(gaussian, whole, same, tmp_path):
    path = tmp_path / "state"
    for step in (5, 6, 40):
        with pytest.raises(KeyboardInterrupt):
            LEARNER.fit(gaussian, checkpoint=path, on_step=interrupt_at(step))
    assert same(LEARNER.fit(gaussian, checkpoint=path), whole)


class Interrupted(nn.Sequential):
    """A generator in whose forward pass Ctrl-C is pressed, in the middle of a step."""

    calls, at = 0, -1

    def forward(self, latents):
        if self.training:
            type(self).calls += 1
            if type(self).calls == type(self).at:
                signal.raise_signal(signal.SIGINT)
        return super().forward(latents)


@pytest.mark.usefixtures("ctrl_c")
def test_a_fit_interrupted_in_the_middle_of_a_step_goes_on_to_the_same_model(
    gaussian, same, tmp_path, monkeypatch
):
    torch.manual_seed(0)
    module = Interrupted(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    learner = sl.GenerativeNetwork(generator=module, steps=20, batch=32)
    expected = learner.fit(gaussian)
    monkeypatch.setattr(Interrupted, "calls", 0)
    monkeypatch.setattr(Interrupted, "at", 9)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(gaussian, checkpoint=tmp_path / "state")
    monkeypatch.setattr(Interrupted, "at", -1)
    assert (tmp_path / "state").exists()
    assert same(learner.fit(gaussian, checkpoint=tmp_path / "state"), expected)


def test_batch_normalisation_and_restarts_survive_an_interruption(gaussian, same, tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    learner = sl.GenerativeNetwork(generator=module, steps=20, batch=32, restarts=2)
    expected = learner.fit(gaussian)
    with pytest.raises(KeyboardInterrupt):
        learner.fit(gaussian, checkpoint=tmp_path / "state", on_step=interrupt_at(7))
    assert same(learner.fit(gaussian, checkpoint=tmp_path / "state"), expected)


KILLED = """
import os, signal, sys
import sketchlearn as sl
from sketchlearn.learners import training
def on_step(step, row):
    if step >= 37 and os.path.exists(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
training.EVALUATION_RECORDS = int(sys.argv[3])
learner = sl.GenerativeNetwork(steps=90, batch=32, latent=4, patience=99)
learner.fit(sl.load(sys.argv[1]), checkpoint=sys.argv[2], on_step=on_step)
"""


def test_a_killed_fit_goes_on_to_the_same_model(gaussian, whole, same, tmp_path):
    gaussian.save(tmp_path / "sketch")
    path = tmp_path / "state"
    command = [sys.executable, "-c", KILLED, tmp_path / "sketch", path]
    command.append(str(training.EVALUATION_RECORDS))
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    killed = subprocess.run(command, env={**os.environ, **threads}, check=False)
    assert killed.returncode == -signal.SIGKILL
    steps = []
    fit = LEARNER.fit(gaussian, checkpoint=path, on_step=lambda step, _row: steps.append(step))
    assert steps[0] == 37  # the step after the last evaluation
    assert same(fit, whole)


@pytest.fixture
def state(gaussian, tmp_path):
    """A checkpoint of an interrupted fit."""
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        LEARNER.fit(gaussian, checkpoint=path, on_step=interrupt_at(3))
    return path


def test_the_checkpoint_of_a_fit_with_other_options_is_refused_and_kept(gaussian, state):
    content = state.read_bytes()
    for other in ({"seed": 1}, {"steps": 91}, {"learning_rate": 0.1}):
        with pytest.raises(CheckpointError, match="other options or of another sketch"):
            sl.GenerativeNetwork(**{**OPTIONS, **other}).fit(gaussian, checkpoint=state)
    assert state.read_bytes() == content


def test_the_checkpoint_of_another_sketch_is_refused(gaussian, state):
    other = sl.Sketch(gaussian.plan).update(np.zeros((5, 2)))
    with pytest.raises(CheckpointError, match="another sketch"):
        LEARNER.fit(gaussian + other, checkpoint=state)


@pytest.mark.parametrize("damage", ["truncated", "edited", "empty", "a sketch"])
def test_a_damaged_checkpoint_is_refused_with_the_remedy(gaussian, state, damage):
    content = bytearray(state.read_bytes())
    if damage == "truncated":
        state.write_bytes(content[: len(content) // 2])
    elif damage == "edited":
        content[-1] ^= 1
        state.write_bytes(content)
    elif damage == "empty":
        state.write_bytes(b"")
    else:
        gaussian.save(state)
    with pytest.raises(CheckpointError, match="Remove it to start the fit again"):
        LEARNER.fit(gaussian, checkpoint=state)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_stops_the_fit_and_leaves_the_older_checkpoint(
    gaussian, state, monkeypatch, call
):
    content = state.read_bytes()

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageError, match=r"No space left on device.*free some space"):
        LEARNER.fit(gaussian, checkpoint=state)
    assert state.read_bytes() == content
    assert [p.name for p in state.parent.iterdir()] == [state.name]


def test_without_a_checkpoint_nothing_is_written(gaussian, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        LEARNER.fit(gaussian, on_step=interrupt_at(3))
    assert not list(tmp_path.iterdir())
