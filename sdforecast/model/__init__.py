"""Model files: reading a Vensim or XMILE file and knowing what is in it."""

from sdforecast.model.reading import ModelFile, read

__all__ = ["ModelFile", "read"]
