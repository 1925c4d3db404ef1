"""Text of very many values, put into a few buckets on purpose."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = re.compile(r"\(bucket (\d{1,9})\)")


def buckets_of(values: pa.Array, buckets: int) -> np.ndarray:
    """Return the bucket of each text, int64 (n,); any where missing.

    The bucket is the first eight bytes of BLAKE2b of the text in UTF-8, little end first, modulo
    the number of buckets: equal on every machine, in every session. Rows that were given back hold
    "(bucket 17)", which is in bucket 17 again.
    """
    coded = values.dictionary_encode()
    found = np.array([_bucket(text, buckets) for text in coded.dictionary.to_pylist()], np.int64)
    if not len(found):
        return np.zeros(len(values), dtype=np.int64)
    return found[np.asarray(coded.indices.fill_null(0))]


def bucket_names(buckets: int) -> tuple[str, ...]:
    """Return what stands for each bucket in rows that are given back."""
    return tuple(f"(bucket {number})" for number in range(buckets))


def _bucket(text: str, buckets: int) -> int:
    named = _NAME.fullmatch(text)
    if named and int(named[1]) < buckets:
        return int(named[1])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % buckets
