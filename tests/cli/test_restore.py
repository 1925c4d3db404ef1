"""The verb `restore`."""

import numpy as np
import pytest
from matplotlib import image

import sketchlearn as sl
from sketchlearn.inverse import motion_kernels

SQUARES = np.kron(np.eye(2), np.ones((4, 4)))


@pytest.fixture(scope="module")
def records():
    """Images of two squares, of contrast 100 to 200 on black."""
    rng = np.random.default_rng(0)
    return SQUARES * rng.uniform(100, 200, (400, 1, 1)) + rng.normal(0, 5, (400, 8, 8))


@pytest.fixture(scope="module")
def models(records, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    sketch = sl.sketch(records, size=300)
    sketch.save(folder / "images.sketch")
    sl.GenerativeNetwork(latent=2, steps=600, batch=64).fit(sketch).save(folder / "model")
    kernels = sl.sketch(motion_kernels(300, 5), size=100)
    sl.GenerativeNetwork(latent=2, steps=5, batch=16).fit(kernels).save(folder / "kernels")
    return folder


@pytest.fixture
def noisy(records, tmp_path):
    folder = tmp_path / "noisy"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(3):
        one = np.clip(records[number] + rng.normal(0, 30, (8, 8)), 0, 255)
        image.imsave(folder / f"{number}.png", one, cmap="gray", vmin=0, vmax=255)
    return folder


def described(tmp_path, text):
    path = tmp_path / "degradation.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("prior", ["model", "images.sketch"])
@pytest.mark.parametrize(
    "told",
    [
        ('kind = "noise"\nnoise = 30.0', []),
        ('kind = "mask"\nhidden = [0, 0, 2, 2]\nnoise = 30.0', ["--mean"]),
        ('kind = "blur"\ngaussian = 0.3\nnoise = 30.0', ["--steps", 40, "--tau", 5.0]),
    ],
)
def test_pictures_are_restored(run, models, records, noisy, tmp_path, prior, told):
    out, (text, words) = tmp_path / "restored", told
    words = words if prior == "model" else []
    code, said, error = run(
        "restore", noisy, "--model", models / prior, "--degradation", described(tmp_path, text),
        "--out", out, *words,
    )  # fmt: skip
    assert code == 0, error
    assert "Restored 3 images in" in said
    assert "ms each" in said
    made = np.stack([image.imread(out / f"{number}.png")[..., 0] * 255 for number in range(3)])
    assert made.shape == (3, 8, 8)
    assert np.mean((made - records[:3]) ** 2) < 0.6 * 30**2
    assert image.imread(out / "before-after.png").shape[:2] == (20, 30)


def test_arrays_of_measurements_are_restored_from_a_matrix(run, models, records, tmp_path):
    folder = tmp_path / "measured"
    folder.mkdir()
    matrix = np.random.default_rng(0).normal(size=(6, 64))
    np.save(tmp_path / "matrix.npy", matrix)
    np.save(folder / "a.npy", matrix @ records[0].ravel())
    told = described(tmp_path, 'kind = "matrix"\nfile = "matrix.npy"\nnoise = 10')
    out = tmp_path / "restored"
    code, _, error = run(
        "restore", folder, "--model", models / "model", "--degradation", told, "--out", out
    )
    assert code == 0, error
    assert np.load(out / "a.npy").shape == (8, 8)
    assert np.mean((np.load(out / "a.npy") - records[0]) ** 2) < 30**2


def test_unknown_blur_takes_a_generator_of_kernels(run, models, noisy, tmp_path):
    text = f'kind = "unknown blur"\nkernels = "{models / "kernels"}"\nnoise = 30'
    code, said, error = run(
        "restore", noisy, "--model", models / "model",
        "--degradation", described(tmp_path, text), "--out", tmp_path / "restored",
    )  # fmt: skip
    assert code == 0, error
    assert "Restored 3 images" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind = noise", "is no TOML file"),
        ('kind = "fog"\nnoise = 1', "kind='fog'"),
        ('kind = "noise"', "needs noise"),
        ('kind = "noise"\nnoise = 0', "positive"),
        ('kind = "noise"\nnoise = "much"', "cannot be used"),
        ('kind = "noise"\nnoise = 1\nfactor = 2', "['factor']"),
        ('kind = "mask"\nnoise = 1', "file or hidden"),
        ('kind = "mask"\nnoise = 1\nhidden = [1, 2]', "cannot be used"),
        ('kind = "mask"\nnoise = 1\nhidden = [0, 0, 1.5, 2]', "no whole numbers"),
        ('kind = "mask"\nnoise = 1\nhidden = [-1, 0, 2, 2]', "no box within"),
        ('kind = "mask"\nnoise = 1\nhidden = [7, 7, 2, 2]', "no box within"),
        ('kind = "noise"\nnoise = true', "is no number"),
        ('kind = "noise"\nnoise = 1\nwhite = 0', "not positive"),
        ('kind = "blur"\nnoise = 1\ngaussian = inf', "not positive and finite"),
        ('kind = "blur"\nnoise = 1\ngaussian = 0', "not positive and finite"),
        ('kind = "mask"\nnoise = 1\nfile = "none.npy"', "none.npy"),
        ('kind = "blur"\nnoise = 1\ngaussian = 9', "larger than"),
        ('kind = "downsampling"\nnoise = 1\nfactor = 3', "do not fill"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused(run, models, noisy, tmp_path, text, says):
    code, _, error = run(
        "restore", noisy, "--model", models / "model",
        "--degradation", described(tmp_path, text), "--out", tmp_path / "restored",
    )  # fmt: skip
    assert code == 1
    assert says in error


def test_folders_without_images_and_models_of_none_are_refused(run, models, noisy, table, tmp_path):
    told, out = described(tmp_path, 'kind = "noise"\nnoise = 1'), tmp_path / "restored"
    words = ("--degradation", told, "--out", out)
    (tmp_path / "empty").mkdir()
    code, _, error = run("restore", tmp_path / "empty", "--model", models / "model", *words)
    assert (code, "holds no .png" in error) == (1, True)
    run("sketch", table, "--label", "kind", "--size", 40, "--out", tmp_path / "table.sketch")
    code, _, error = run("restore", noisy, "--model", tmp_path / "table.sketch", *words)
    assert (code, "none of images" in error) == (1, True)
    np.save(noisy / "small.npy", np.ones((4, 4)))
    code, _, error = run("restore", noisy, "--model", models / "model", *words)
    assert (code, "differ in size" in error) == (1, True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b""), ("a.png", b"no picture"), ("a.npy", b""), ("a.npy", b"no array"),
        ("a.npy", np.array(["word"])), ("a.npy", np.ones((8, 8), dtype=complex)),
    ],
)  # fmt: skip
def test_files_that_hold_no_image_are_named(run, models, tmp_path, name, content):
    folder = tmp_path / "broken"
    folder.mkdir()
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        np.save(folder / name, content)
    told = described(tmp_path, 'kind = "noise"\nnoise = 1')
    code, _, error = run(
        "restore", folder, "--model", models / "model", "--degradation", told,
        "--out", tmp_path / "restored",
    )  # fmt: skip
    assert code == 1
    assert name in error
    assert not (tmp_path / "restored").exists()


def test_no_image_is_overwritten(run, models, noisy, tmp_path):
    words = ("--model", models / "model")
    words += ("--degradation", described(tmp_path, 'kind = "noise"\nnoise = 30'))
    before = {path.name: path.read_bytes() for path in noisy.iterdir()}
    code, _, error = run("restore", noisy, *words, "--out", noisy)
    assert (code, "would be overwritten" in error) == (1, True)
    assert {path.name: path.read_bytes() for path in noisy.iterdir()} == before
    code, _, error = run("restore", noisy, *words, "--out", noisy / "0.png")
    assert (code, "is no folder" in error) == (1, True)
    (noisy / "0.png").rename(noisy / "before-after.png")
    code, _, error = run("restore", noisy, *words, "--out", tmp_path / "restored")
    assert (code, "Rename it" in error) == (1, True)


def test_names_in_capitals_are_read_too(run, models, noisy, tmp_path):
    (noisy / "0.png").rename(noisy / "0.PNG")
    out = tmp_path / "restored"
    code, said, error = run(
        "restore", noisy, "--model", models / "model",
        "--degradation", described(tmp_path, 'kind = "noise"\nnoise = 30'), "--out", out,
    )  # fmt: skip
    assert code == 0, error
    assert "Restored 3 images" in said
    assert (out / "0.PNG").exists()


def test_options_that_a_prior_does_not_have_are_refused(run, models, noisy, tmp_path):
    told = described(tmp_path, 'kind = "noise"\nnoise = 30')
    words = ("--degradation", told, "--out", tmp_path / "restored")
    for option in (("--tau", 5.0), ("--mean",), ("--steps", 5)):
        code, _, error = run("restore", noisy, "--model", models / "images.sketch", *words, *option)
        assert (code, "closed form" in error) == (1, True)
    code, _, error = run(
        "restore", noisy, "--model", models / "model", *words, "--mean", "--steps", 5
    )
    assert (code, "--draws and --seed" in error) == (1, True)


def test_every_image_may_have_a_kernel_of_its_own(run, models, records, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(66):
        np.save(folder / f"{number:03}.npy", records[number])
    kernels = np.zeros((66, 3, 3))
    kernels[:, 1, 1] = 1
    np.save(tmp_path / "kernels.npy", kernels)
    told = described(tmp_path, 'kind = "blur"\nfile = "kernels.npy"\nnoise = 5')
    words = ("--model", models / "images.sketch", "--degradation", told)
    code, said, error = run("restore", folder, *words, "--out", tmp_path / "restored")
    assert code == 0, error
    assert "Restored 66 images" in said
    (folder / "000.npy").unlink()
    code, _, error = run("restore", folder, *words, "--out", tmp_path / "restored")
    assert (code, "describes 66 images" in error) == (1, True)


def test_help_has_examples(run):
    code, said, _ = run("restore", "--help")
    assert code == 0
    assert "sketchlearn restore blurred --model digits" in said
    assert "--restarts" in said
