"""Words of model files: their suffixes, and the variables that say when a run begins, ends, steps and saves."""

VENSIM = (".mdl",)
XMILE = (".xmile", ".xml", ".stmx")
CONTROL = ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")
