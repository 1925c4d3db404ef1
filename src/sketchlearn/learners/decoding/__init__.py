"""The decoder: weighted elliptical laws whose expected features equal a sketch's.

Atoms grow at peaks of the residual, are merged down to as many as asked, and exchanged while that
brings them nearer to the sketch; all of them move together by Levenberg and Marquardt's descent.
"""

from sketchlearn.learners.decoding.empirical import Empirical
from sketchlearn.learners.decoding.search import decode

__all__ = ["Empirical", "decode"]
