"""What importing the package promises: it is light, and its names are there."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import sketchlearn as sl

HEAVY = ("torch", "sklearn", "pandas", "matplotlib")


def heavy_modules_after(code, *arguments):
    """Run code in a fresh interpreter; return which heavy libraries it has imported."""
    ending = f"\nimport sys; print('LOADED', [m for m in {HEAVY} if m in sys.modules])"
    command = [sys.executable, "-W", "error", "-c", code + ending, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.rsplit("LOADED", 1)[1].strip()


def test_the_probe_sees_a_heavy_import():
    assert heavy_modules_after("import torch") == "['torch']"


def test_importing_the_package_imports_nothing_heavy():
    assert heavy_modules_after("import sketchlearn") == "[]"


def test_the_help_text_needs_nothing_heavy():
    code = "from sketchlearn.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert heavy_modules_after(code) == "[]"


def test_planning_sketching_and_loading_a_sketch_import_no_torch(tmp_path):
    path = tmp_path / "a.sketch"
    code = (
        "import sys, numpy as np, sketchlearn as sl\n"
        "x = np.random.default_rng(0).normal(size=(50, 2))\n"
        "sl.sketch(x, size=20).save(sys.argv[1])\n"
        "assert sl.load(sys.argv[1]).count == 50"
    )
    assert heavy_modules_after(code, path) == "[]"


@pytest.mark.parametrize("name", sl.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(sl, name)
    assert value.__name__ == name
    assert inspect.getdoc(value)
    assert value.__module__.startswith("sketchlearn.")
    assert not value.__doc__.startswith(f"{name}(")  # a dataclass without a docstring


def test_the_public_names_are_what_dir_shows():
    assert dir(sl) == sorted(sl.__all__)


def test_the_room_of_inverse_problems_loads_on_use():
    assert heavy_modules_after("import sketchlearn as sl; sl.inverse.reconstruct") == "['torch']"
    for name in sl.inverse.__all__:
        assert inspect.getdoc(getattr(sl.inverse, name))


def test_an_unknown_name_is_an_attribute_error_that_says_it():
    with pytest.raises(AttributeError, match="no public name 'skecth'"):
        _ = sl.skecth
    with pytest.raises(ImportError):
        from sketchlearn import skecth  # noqa: F401


def test_the_functions_work_through_the_package():
    records = np.random.default_rng(0).normal(size=(50, 2))
    made = sl.plan(records, size=20)
    assert sl.sketch(records, made) == sl.Sketch(made).update(records)
