"""Estimators with scikit-learn's interface, for pipelines and habits."""

from sketchlearn.adapters.scikit_learn import ICA, PCA, GaussianMixture, KMeans, StableMixture

__all__ = ["ICA", "PCA", "GaussianMixture", "KMeans", "StableMixture"]
