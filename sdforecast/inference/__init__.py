"""Estimating constants, latent series and discrepancies from the history."""

from sdforecast.inference.into_model import with_constants
from sdforecast.inference.posterior import Posterior
from sdforecast.inference.posterior_files import load, write

__all__ = ["Posterior", "load", "with_constants", "write"]
