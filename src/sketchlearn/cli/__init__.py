"""The command line: parse, call one public function, print.

Verbs load on use, so `sketchlearn --help` imports neither numpy nor torch.
"""

from __future__ import annotations

import importlib
import os
import sys
import tomllib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cyclopts import App, Parameter
from cyclopts.config import Toml

from sketchlearn.errors import PlanWarning, PrivacyWarning, SketchlearnError

_VERBS = {
    "plan": "Decide from a pilot how to sketch; writes a plan to share.",
    "sketch": "Read a source once and write its sketch.",
    "merge": "Add sketches of one plan.",
    "forget": "Take the records of one sketch out of another.",
    "release": "Write a sketch with noise that hides any one record.",
    "fit": "Learn a generative network from a sketch alone.",
    "kmeans": "Learn centroids from a sketch alone.",
    "gaussian-mixture": "Learn a mixture of Gaussian laws from a sketch alone.",
    "stable-mixture": "Learn a mixture of heavy-tailed laws from a sketch alone.",
    "pca": "Learn principal components from a sketch alone.",
    "ica": "Learn independent components from a sketch alone.",
    "sample": "Draw records from a model.",
    "evaluate": "Judge a model against held-out records.",
    "restore": "Restore degraded images with a learnt model as the prior.",
    "ask": "Ask a sketch for histograms and counts of its records.",
    "drift": "Say whether two sketches may be of one law.",
    "info": "Say what a plan, sketch or model is.",
    "demo": "Run the whole path on real handwritten digits.",
}

_HELP = """Learn from data that is read once.

One pass turns a source of any size into a sketch; models are learnt from the sketch alone.

Example: sketchlearn sketch "trips/*.parquet" --out trips.sketch
         sketchlearn fit trips.sketch --out model
         sketchlearn sample model --count 1000 --out synthetic.parquet

Options can stand in a TOML file, one table per verb: sketchlearn --config options.toml fit ...
"""


def build_app(wanted: str | None = None, config: str | None = None) -> App:
    """Return the application with all its verbs, of which only the wanted one is loaded.

    Args:
        wanted: the verb that will run.
        config: a TOML file to read options from.
    """
    app = App(
        name="sketchlearn",
        help=_HELP,
        help_format="plaintext",
        config=[Toml(config, must_exist=True)] if config else [],
        suppress_keyboard_interrupt=False,
        default_parameter=Parameter(consume_multiple=True),  # --columns a b c
    )
    for verb, summary in _VERBS.items():
        where = f"sketchlearn.cli.{_module(verb)}"
        if verb == wanted:
            app.command(getattr(importlib.import_module(where), _function(verb)), name=verb)
        else:
            app.command(f"{where}:{_function(verb)}", name=verb, help=summary)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit 0 when done, 1 on an error, 2 on bad usage, 130 on Ctrl-C."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    config = _take_config(words)
    if config is not None and not Path(config).is_file():
        _fail(f"There is no options file {config}. Check the path given to --config.", 2)
    if config is not None:
        _refuse_unknown_tables(config)
    try:
        with _plain_warnings():
            app = build_app(words[0] if words else None, config)
            app(words, exit_on_error=False, print_error=True)
    except SketchlearnError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail(f"Interrupted. {_after_interrupt(words[0] if words else '')}", 130)
    except MemoryError as error:
        _fail(f"Memory ran out ({error}). Ask for fewer records, or a smaller size.", 1)
    except BrokenPipeError:
        # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. Check the path and its permissions.", 1)
    except Exception as error:
        from cyclopts import CycloptsError

        if isinstance(error, CycloptsError):
            sys.exit(2)
        raise


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print the library's own warnings as sentences, without the line of code they come from."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if issubclass(category, PlanWarning | PrivacyWarning):
                print(f"Warning: {message}", file=sys.stderr)
            else:
                usual(message, category, *where)

        warnings.showwarning = show
        yield


def _take_config(words: list[str]) -> str | None:
    """Take `--config FILE` or `--config=FILE` out of the words, and return the file."""
    for where, word in enumerate(words):
        if word.startswith("--config="):
            return words.pop(where).removeprefix("--config=")
        if word == "--config" and where + 1 < len(words):
            del words[where]
            return words.pop(where)
    return None


def _refuse_unknown_tables(config: str) -> None:
    try:
        tables = tomllib.loads(Path(config).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        _fail(f"{config} is no TOML file: {error}.", 2)
        return
    for name in tables:
        if name not in _VERBS:
            _fail(f"{config} has a table [{name}], but no verb is called so: {list(_VERBS)}.", 2)


def _function(verb: str) -> str:
    return verb.replace("-", "_")


def _module(verb: str) -> str:
    if verb in ("fit", "sample", "evaluate"):
        return "model_verbs"
    if verb in ("kmeans", "gaussian-mixture", "stable-mixture", "pca", "ica"):
        return "learner_verbs"
    if verb in ("ask", "drift"):
        return "question_verbs"
    if verb in ("release", "restore"):
        return f"{verb}_verb"
    return "demo" if verb == "demo" else "data_verbs"


def _after_interrupt(verb: str) -> str:
    if verb in ("sketch", "fit"):
        return "The same command goes on where its last checkpoint stands."
    return "The same command starts again." if verb == "demo" else "Nothing was written."


def _fail(message: str, code: int) -> None:
    print(message if code == 130 else f"Error: {message}", file=sys.stderr)
    sys.exit(code)
