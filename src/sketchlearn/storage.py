"""Files that are written whole or not at all, and read with suspicion.

Tensors travel as safetensors with one JSON document in the metadata and a SHA-256
digest over both. Nothing here, or anywhere in the library, reads or writes a pickle.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as deserialise
from safetensors.numpy import save as serialise

from sketchlearn.errors import FileFormatError, StorageError

FORMAT_VERSION = 1
_KEY = "sketchlearn"


def write_whole(path: str | Path, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, then rename it over `path`.

    Raises:
        StorageError: the folder is missing or not writable, or the disk is full; whatever
            stood at `path` before is untouched.
    """
    path = Path(path).resolve()  # a link stays a link to the new content
    temporary: str | None = None
    try:
        _require_file(path)
        handle, temporary = _temporary(path)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # who could not read what stands there cannot read what comes in its place
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError as error:
        raise StorageError(
            f"Could not write {path}: {error.strerror or error}. Nothing was left half-written; "
            "free some space or choose another folder, then save again."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def require_writable(path: str | Path) -> None:
    """Raise StorageError unless `write_whole` could write at `path` now; for before long work."""
    path = Path(path).resolve()
    try:
        _require_file(path)
        handle, temporary = _temporary(path)
        os.close(handle)
        os.unlink(temporary)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place."
        ) from error


@contextlib.contextmanager
def folder_alone(path: str | Path) -> Iterator[None]:
    """Wait until no other process is in here for the folder of `path`, where the system can.

    For what reads a file and writes it again; no file stays that says so.
    """
    try:
        import fcntl

        folder = os.open(Path(path).resolve().parent, os.O_RDONLY)
    except (ImportError, OSError):  # no such system, or no such folder, as reading will say
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _require_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise StorageError(
            f"{path} is a folder or a device, which is never replaced. Choose another place."
        )


def _temporary(path: Path) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def digest_of(document: Any, tensors: Mapping[str, np.ndarray] | None = None) -> str:
    """Return the SHA-256 of a JSON document and named arrays, independent of key order."""
    sha = hashlib.sha256(json.dumps(document, sort_keys=True).encode())
    for name in sorted(tensors or {}):
        array = np.ascontiguousarray((tensors or {})[name])
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def require_replaceable(path: str | Path, marker: str, kind: str, names: Collection[str]) -> None:
    """Raise StorageError unless a folder of this kind may be written at `path`.

    It may where there is nothing, an empty folder, or an older folder of the same kind: one whose
    file `marker` is of `kind`, and that holds no file but `names`.
    """
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    strangers = [entry.name for entry in path.iterdir()] if path.is_dir() else [path.name]
    strangers = [name for name in strangers if name not in names]
    if strangers or not _is_kind(path / marker, kind):
        seen = f"it holds {strangers[0]!r}" if strangers else f"its {marker} is of another kind"
        raise StorageError(
            f"{path} exists and is not a {kind} of sketchlearn alone ({seen}). "
            "Choose another place, or move it away yourself."
        )


def _is_kind(path: Path, kind: str) -> bool:
    try:
        return kind_of(path) == kind
    except (StorageError, FileFormatError):
        return False


def write_folder(path: str | Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files whole: into a temporary folder beside it, then renamed.

    Ask `require_replaceable` first: what stood at `path` is replaced.

    Raises:
        StorageError: the place cannot be written.
    """
    path = Path(path)
    temporary = path.parent / f".{path.name}.{os.getpid()}.new"
    retired = path.parent / f".{path.name}.{os.getpid()}.old"
    try:
        for name, content in files.items():
            write_whole(temporary / name, content)
        if path.exists():
            os.replace(path, retired)
        os.replace(temporary, path)
    except OSError as error:
        raise StorageError(f"Could not write {path}: {error.strerror or error}.") from error
    finally:
        if retired.exists() and not path.exists():
            os.replace(retired, path)
        for leftover in (temporary, retired):
            shutil.rmtree(leftover, ignore_errors=True)


def write_tensors(
    path: str | Path, kind: str, document: dict[str, Any], tensors: Mapping[str, np.ndarray]
) -> None:
    """Write one artefact to one file, whole or not at all; see `tensor_bytes`."""
    write_whole(path, tensor_bytes(kind, document, tensors))


def tensor_bytes(kind: str, document: dict[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """Serialise one artefact: arrays as safetensors, `document` and its digest as metadata."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    header = {
        "kind": kind,
        "format_version": FORMAT_VERSION,
        "document": document,
        "digest": digest_of(document, arrays),
    }
    return serialise(arrays, metadata={_KEY: json.dumps(header, sort_keys=True)})


def read_tensors(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_tensors` wrote; return (document, arrays).

    Raises:
        StorageError: there is no such file.
        FileFormatError: the file is of another kind, of a newer version, cut short or edited.
    """
    header, tensors = _open(Path(path))
    return _checked(header, tensors, kind, str(path))


def tensors_of(
    content: bytes, kind: str, where: str = "The content"
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `tensor_bytes` made, with the checks of a file; return (document, arrays).

    Args:
        content: the bytes.
        kind: the kind of artefact they must hold.
        where: what error messages call them.

    Raises:
        FileFormatError: they hold another kind, a newer version, were cut short or edited.
    """
    try:
        tensors = deserialise(content)
        # safetensors checked it just now: eight bytes of length, then that much JSON
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__")
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _foreign(where, error) from error
    return _checked(_header(where, metadata), tensors, kind, where)


def _checked(
    header: dict[str, Any], tensors: dict[str, np.ndarray], kind: str, where: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    if header.get("kind") != kind:
        raise FileFormatError(
            f"{where} is a {header.get('kind')!r} file, but a {kind!r} file was expected."
        )
    _check_version(where, header)
    document = header.get("document")
    if header.get("digest") != digest_of(document, tensors):
        raise FileFormatError(
            f"{where} was changed after it was written: its digest does not match its content. "
            "Take the original again, or make it anew from the data."
        )
    if not isinstance(document, dict):
        raise FileFormatError(f"{where} carries a document that sketchlearn did not write.")
    return document, tensors


def kind_of(path: str | Path) -> str:
    """Return the kind of artefact a tensor file declares, without reading its arrays."""
    try:
        with safe_open(path, framework="numpy") as file:
            return str(_header(str(path), file.metadata()).get("kind"))
    except (SafetensorError, OSError) as error:
        raise _unreadable(Path(path), error) from error


def _open(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with safe_open(path, framework="numpy") as file:
            header = _header(str(path), file.metadata())
            # the file's numpy type is read from its header; unknown ones are refused there
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error


def _header(where: str, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    try:
        header = json.loads((metadata or {})[_KEY])
    except (KeyError, ValueError) as error:
        raise FileFormatError(
            f"{where} is a safetensors file, but sketchlearn did not write it."
        ) from error
    if not isinstance(header, dict):
        raise FileFormatError(f"{where} carries a header that sketchlearn did not write.")
    return header


def _unreadable(path: Path, error: Exception) -> StorageError | FileFormatError:
    if not path.exists():
        return StorageError(f"There is no file {path}. Check the path.")
    if isinstance(error, OSError):
        return StorageError(f"Could not read {path}: {error.strerror or error}.")
    return _foreign(str(path), error)


def _foreign(where: str, error: Exception) -> FileFormatError:
    return FileFormatError(
        f"{where} is not a sketchlearn file, or it was cut short ({error}). Pickles and other "
        "formats are never read; take the original again, or make it anew from the data. If these "
        "are the data, sketch them first."
    )


def _check_version(where: str, header: Mapping[str, Any]) -> None:
    version = header.get("format_version")
    if not isinstance(version, int) or not 1 <= version <= FORMAT_VERSION:
        raise FileFormatError(
            f"{where} has format version {version!r}; this release reads 1 to {FORMAT_VERSION}. "
            "Upgrade sketchlearn to read newer files."
        )
