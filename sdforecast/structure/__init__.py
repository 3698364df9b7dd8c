"""The structure of a model: its causal graph, the sign of each link, feedback loops, units, and what is amiss."""

from sdforecast.structure.graph import CausalGraph, Flow, Variable, causal_graph

__all__ = ["CausalGraph", "Flow", "Variable", "causal_graph"]
