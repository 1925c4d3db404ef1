"""Learners as scikit-learn estimators.

An estimator keeps a sketch in place of the records: `partial_fit` adds a batch to it in one pass,
and the model is learnt when something is first asked of it. `fit_sketch` takes a sketch that was
made anywhere. Names of options are scikit-learn's; what they mean is said by the learner.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Generic, Literal, TypeVar, final

import numpy as np
import pyarrow as pa

import sketchlearn as sl
from sketchlearn.encoding import VectorSchema
from sketchlearn.errors import FitError, MissingExtraError
from sketchlearn.learners.fit import Fit, Status
from sketchlearn.models import (
    Centroids,
    GaussianMixtureModel,
    Mixing,
    Model,
    StableMixtureModel,
    Subspace,
)
from sketchlearn.sketches import Plan, Sketch

try:
    from sklearn.base import (
        BaseEstimator,
        ClassNamePrefixFeaturesOutMixin,
        ClusterMixin,
        DensityMixin,
        TransformerMixin,
    )
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError.needs("scikit-learn", "eval", "sketchlearn.sklearn") from error

ModelT = TypeVar("ModelT", bound=Model[Any])

# As in numpy: seeds that `check_random_state` draws.
_SEEDS = 2**31 - 1


class SketchEstimator(BaseEstimator, Generic[ModelT]):
    """An estimator that learns from a sketch of what it is given.

    Attributes:
        sketch_: what is kept of the records.
        n_features_in_: columns of the records.
    """

    random_state: Any

    @abstractmethod
    def _learn(self, sketch: Sketch, seed: int) -> Fit[ModelT]:
        """Learn the model from a sketch."""

    @abstractmethod
    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        """Plan how to sketch records like these."""

    def fit(self, X: Any, y: Any = None) -> SketchEstimator[ModelT]:  # noqa: ARG002
        """Sketch records and learn from the sketch.

        Args:
            X: records, shape (n, d).
            y: ignored.
        """
        records = self._records(X, reset=True)
        self._begin(records)
        self._learnt()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> SketchEstimator[ModelT]:  # noqa: ARG002
        """Add records to the sketch; the first ones also decide how to sketch.

        The model is learnt anew when it is next asked for something.

        Args:
            X: records, shape (n, d); a few hundred at first.
            y: ignored.
        """
        records = self._records(X, reset=not hasattr(self, "sketch_"))
        if hasattr(self, "sketch_"):
            schema = self.sketch_.plan.schema
            named = dict(zip(schema.columns, records.T, strict=True))
            self._settle(self.sketch_ + sl.sketch(pa.table(named), self.sketch_.plan))
        else:
            self._begin(records)
        return self

    def fit_sketch(self, sketch: Sketch) -> SketchEstimator[ModelT]:
        """Learn from a sketch that was made anywhere, of numeric columns.

        Args:
            sketch: it is not changed.
        """
        if not isinstance(sketch, Sketch):
            raise FitError(f"fit_sketch was given a {type(sketch).__name__}, and takes a sketch.")
        schema = sketch.plan.schema
        if not isinstance(schema, VectorSchema):
            raise FitError(
                "The sketch is one of a table's rows; numeric columns were expected. Sketch again "
                "with encoding='vector' and the numeric columns."
            )
        self._settle(Sketch(sketch.plan, sketch.totals, sketch.ledger, sketch.noise))
        self.n_features_in_ = schema.dimension
        self.feature_names_in_ = np.array(schema.columns, dtype=object)
        if all(name == f"x{number}" for number, name in enumerate(schema.columns)):
            del self.feature_names_in_  # those of an array
        self._learnt()
        return self

    @property
    def model_(self) -> ModelT:
        """The model of the records so far."""
        return self._learnt().model

    @property
    def status_(self) -> Status:
        """How well the model describes the sketch, in words."""
        return self._learnt().status

    def _begin(self, records: np.ndarray) -> None:
        seed = _seed_of(self.random_state)
        plan = self._plan(records, seed)
        self._settle(sl.sketch(records, plan))

    def _settle(self, sketch: Sketch) -> None:
        self.sketch_ = sketch
        vars(self).pop("labels_", None)  # of other records
        self._fit: Fit[ModelT] | None = None

    def _learnt(self) -> Fit[ModelT]:
        check_is_fitted(self, "sketch_")
        if self._fit is None:
            self._fit = self._learn(self.sketch_, _seed_of(self.random_state))
        return self._fit

    def _records(self, records: Any, *, reset: bool) -> np.ndarray:
        found = validate_data(
            self, records, reset=reset, dtype=np.float64, ensure_min_samples=2 if reset else 1
        )
        assert isinstance(found, np.ndarray)
        return found

    def _given(self, records: Any) -> np.ndarray:
        """Return records that something is asked about, as the model takes them."""
        check_is_fitted(self, "sketch_")
        return self._records(records, reset=False)


class _Transformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SketchEstimator[ModelT]):
    def transform(self, X: Any) -> np.ndarray:
        """Return what the model makes of records (n, d), shape (n, k)."""
        records = self._given(X)
        return self.model_.transform(records)  # type: ignore[attr-defined]

    @property
    @abstractmethod
    def _n_features_out(self) -> int:
        """Number of columns of `transform`, by which scikit-learn names them."""


@final
class KMeans(ClusterMixin, _Transformer[Centroids]):
    """`sketchlearn.KMeans` as an estimator.

    Args:
        n_clusters: number of clusters, k.
        size: number of frequencies; 10 k d are enough.
        random_state: seed of frequencies and of the search.
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        size: int | Literal["auto"] = "auto",
        random_state: Any = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.size = size
        self.random_state = random_state

    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        return sl.plan(records, size=self.size, seed=seed, encoding="vector")

    def _learn(self, sketch: Sketch, seed: int) -> Fit[Centroids]:
        return sl.KMeans(self.n_clusters, seed).fit(sketch)

    @property
    def cluster_centers_(self) -> np.ndarray:
        """Centers of the clusters, heaviest first, shape (k, d)."""
        return self.model_.centers

    @property
    def _n_features_out(self) -> int:
        return len(self.model_.centers)

    def fit(self, X: Any, y: Any = None) -> KMeans:
        """Sketch records, learn from the sketch, and label the records.

        Args:
            X: records, shape (n, d).
            y: ignored.
        """
        super().fit(X, y)
        self.labels_ = self.predict(X)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of the nearest center of each record, shape (n,)."""
        return self.model_.predict(self._given(X))

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Return minus the sum of squared distances of records to their nearest centers."""
        return -self.model_.inertia(self._given(X))


class _Mixture(DensityMixin, SketchEstimator[ModelT]):
    @property
    def weights_(self) -> np.ndarray:
        """Weights of the components, heaviest first, shape (k,)."""
        return self.model_.weights  # type: ignore[attr-defined]

    def predict(self, X: Any) -> np.ndarray:
        """Return the number of the most probable component of each record, shape (n,)."""
        return self.model_.predict(self._given(X))  # type: ignore[attr-defined]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each component for each record, shape (n, k)."""
        return self.model_.predict_proba(self._given(X))  # type: ignore[attr-defined]

    def score_samples(self, X: Any) -> np.ndarray:
        """Return the log-density of each record, shape (n,)."""
        return self.model_.score_samples(self._given(X))  # type: ignore[attr-defined]

    def score(  # pyright: ignore[reportIncompatibleMethodOverride] (declared without a value)
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
    ) -> float:
        """Return the mean log-density of records."""
        return float(self.score_samples(X).mean())


@final
class GaussianMixture(_Mixture[GaussianMixtureModel]):
    """`sketchlearn.GaussianMixture` as an estimator.

    Args:
        n_components: number of components, k.
        covariance_type: "full", "diagonal" or "spherical".
        size: number of frequencies.
        random_state: seed of frequencies and of the search.
    """

    covariance_type: Literal["full", "diagonal", "spherical"]

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: Literal["full", "diagonal", "spherical"] = "full",
        size: int | Literal["auto"] = "auto",
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.size = size
        self.random_state = random_state

    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        return sl.plan(records, size=self.size, seed=seed, encoding="vector")

    def _learn(self, sketch: Sketch, seed: int) -> Fit[GaussianMixtureModel]:
        return sl.GaussianMixture(self.n_components, self.covariance_type, seed).fit(sketch)

    @property
    def means_(self) -> np.ndarray:
        """Means of the components, shape (k, d)."""
        return self.model_.means

    @property
    def covariances_(self) -> np.ndarray:
        """Covariances of the components, shape (k, d, d)."""
        return self.model_.covariances


@final
class StableMixture(_Mixture[StableMixtureModel]):
    """`sketchlearn.StableMixture` as an estimator.

    Args:
        n_components: number of components, k.
        size: number of frequencies.
        random_state: seed of frequencies and of the search.
    """

    def __init__(
        self,
        n_components: int = 1,
        *,
        size: int | Literal["auto"] = "auto",
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.size = size
        self.random_state = random_state

    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        return sl.plan(records, size=self.size, seed=seed, encoding="vector")

    def _learn(self, sketch: Sketch, seed: int) -> Fit[StableMixtureModel]:
        return sl.StableMixture(self.n_components, seed).fit(sketch)


class _Linear(_Transformer[ModelT]):
    """A transformer whose plan keeps statistics, and no waves."""

    n_components: int | None

    @property
    def _n_features_out(self) -> int:
        return self.n_features_in_ if self.n_components is None else self.n_components

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the records of components (n, k), shape (n, d)."""
        return self.model_.inverse_transform(X)  # type: ignore[attr-defined]


@final
class PCA(_Linear[Subspace]):
    """`sketchlearn.PCA` as an estimator, of columns divided by their common deviation.

    Args:
        n_components: number of components; by default as many as columns.
        random_state: seed of the directions.
    """

    def __init__(self, n_components: int | None = None, *, random_state: Any = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        columns, kept = records.shape[1], self._n_features_out
        many = 10 * kept > columns  # a matrix of moments is then no larger than the directions
        return sl.plan(
            records,
            features="quadratic",
            directions="auto" if many else 5 * max(1, kept) * columns,
            moments="full" if many else "auto",
            standardise="common",
            seed=seed,
            encoding="vector",
        )

    def _learn(self, sketch: Sketch, seed: int) -> Fit[Subspace]:  # noqa: ARG002
        return sl.PCA(self._n_features_out).fit(sketch)

    @property
    def components_(self) -> np.ndarray:
        """Directions of widest spread, shape (k, d)."""
        return self.model_.components

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """Share of the variance along each, shape (k,)."""
        return self.model_.explained_variance_ratio


@final
class ICA(_Linear[Mixing]):
    """`sketchlearn.ICA` as an estimator.

    Args:
        n_components: number of sources; by default as many as columns.
        random_state: seed of the axes' search in the first records.
    """

    def __init__(self, n_components: int | None = None, *, random_state: Any = 0) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def _plan(self, records: np.ndarray, seed: int) -> Plan:
        return sl.plan(records, features="contrasts", seed=seed, encoding="vector")

    def _learn(self, sketch: Sketch, seed: int) -> Fit[Mixing]:  # noqa: ARG002
        return sl.ICA(self.n_components).fit(sketch)

    @property
    def components_(self) -> np.ndarray:
        """From centered records to sources, shape (k, d)."""
        return self.model_.unmixing

    @property
    def mixing_(self) -> np.ndarray:
        """From sources to centered records, shape (d, k)."""
        return self.model_.mixing


def _seed_of(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(_SEEDS))
