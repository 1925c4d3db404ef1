"""Checkpoints of a pass: nothing lost, nothing counted twice, the same bits."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import sketchlearn as sl
from sketchlearn.engines import checkpoint as checkpoint_module
from sketchlearn.errors import CheckpointError, SourceError

RECORDS = np.random.default_rng(0).standard_normal((2000, 3))
PLAN = sl.plan(RECORDS, size=40)
WHOLE = sl.sketch(RECORDS, PLAN)


def failing(after):
    yield from np.array_split(RECORDS, 20)[:after]
    raise SourceError("The disk went away.")


@pytest.fixture
def always_due(monkeypatch):
    monkeypatch.setattr(checkpoint_module, "_INTERVAL", 0.0)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("after", [1, 7, 19])
def test_a_pass_whose_source_fails_goes_on_from_there(tmp_path, threads, after):
    path = tmp_path / "state"
    with pytest.raises(SourceError, match="went away"):
        sl.sketch(failing(after), PLAN, threads=threads, checkpoint=path)
    seen = []
    again = iter(np.array_split(RECORDS, 20))
    done = sl.sketch(again, PLAN, checkpoint=path, on_batch=lambda *now: seen.append(now[0]))
    assert done == WHOLE
    assert seen[0] == 100 * (after + 1)


def test_going_on_does_not_need_the_same_batches(tmp_path):
    path = tmp_path / "state"
    with pytest.raises(SourceError):
        sl.sketch(failing(7), PLAN, checkpoint=path)
    assert sl.sketch(iter(np.array_split(RECORDS, 3)), PLAN, checkpoint=path) == WHOLE


def test_writing_often_changes_nothing(tmp_path, always_due):
    parts = np.array_split(RECORDS, 20)
    assert sl.sketch(parts, PLAN, threads=2, checkpoint=tmp_path / "state") == WHOLE


def test_a_refused_batch_leaves_the_last_state(tmp_path, always_due):
    path = tmp_path / "state"
    parts = np.array_split(RECORDS.copy(), 20)
    spoilt = [*parts[:9], np.full((4, 3), np.nan), *parts[9:]]
    with pytest.raises(SourceError):
        sl.sketch(iter(spoilt), PLAN, threads=2, checkpoint=path)
    assert sl.sketch(iter(parts), PLAN, checkpoint=path) == WHOLE


@pytest.mark.parametrize(
    ("records", "plan"),
    [(RECORDS, sl.plan(RECORDS, size=41)), (RECORDS[:1999], PLAN)],
)
def test_the_state_of_another_plan_or_source_is_refused(tmp_path, records, plan, always_due):
    path = tmp_path / "state"
    sl.sketch(RECORDS, PLAN, checkpoint=path)
    assert path.exists()
    with pytest.raises(CheckpointError, match="another plan"):
        sl.sketch(records, plan, checkpoint=path)


def test_a_state_that_was_cut_short_is_refused(tmp_path, always_due):
    path = tmp_path / "state"
    sl.sketch(RECORDS, PLAN, checkpoint=path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="Remove it"):
        sl.sketch(RECORDS, PLAN, checkpoint=path)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_keeps_every_batch_that_was_read(tmp_path):
    path = tmp_path / "state"
    before = signal.getsignal(signal.SIGINT)

    def interrupted():
        for number, part in enumerate(np.array_split(RECORDS, 20)):
            if number == 8:
                os.kill(os.getpid(), signal.SIGINT)
            yield part

    with pytest.raises(KeyboardInterrupt):
        sl.sketch(interrupted(), PLAN, threads=2, checkpoint=path)
    seen = []
    again = iter(np.array_split(RECORDS, 20))
    done = sl.sketch(again, PLAN, checkpoint=path, on_batch=lambda *now: seen.append(now[0]))
    assert done == WHOLE
    assert seen[0] == 1000
    assert signal.getsignal(signal.SIGINT) is before


_KILLED = """
import sys, time
import numpy as np, sketchlearn as sl
from sketchlearn.engines import checkpoint
checkpoint._INTERVAL = 0.0
records = np.load(sys.argv[1])
def slowly():
    for part in np.array_split(records, 200):
        time.sleep(0.02)
        yield part
sl.sketch(slowly(), sl.load(sys.argv[2]), checkpoint=sys.argv[3])
"""


def test_a_killed_pass_goes_on_to_the_same_bits(tmp_path):
    data, plan, state = (tmp_path / name for name in ("data.npy", "plan", "state"))
    np.save(data, RECORDS)
    PLAN.save(plan)
    process = subprocess.Popen([sys.executable, "-c", _KILLED, data, plan, state])
    deadline = time.monotonic() + 60
    while not state.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    seen = []
    done = sl.sketch(
        iter(np.array_split(RECORDS, 200)),
        PLAN,
        checkpoint=state,
        on_batch=lambda *now: seen.append(now[0]),
    )
    assert done == WHOLE
    assert seen[0] > 10


def test_files_that_were_changed_are_refused(tmp_path, always_due):
    state, file = tmp_path / "state", tmp_path / "records.csv"
    rows = [f"{a},{b}" for a, b in RECORDS[:, :2]]
    file.write_text("\n".join(["a,b", *rows]))
    plan = sl.plan(file, size=20)
    sl.sketch(file, plan, checkpoint=state)
    file.write_text("\n".join(["a,b", *rows[:-1]]))
    with pytest.raises(CheckpointError, match="changed since"):
        sl.sketch(file, plan, checkpoint=state)
