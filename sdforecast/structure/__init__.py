"""The structure of a model: its causal graph, the sign of each link, feedback loops, units, and what is amiss."""

from sdforecast.structure.checking import Finding, check
from sdforecast.structure.graph import CausalGraph, Flow, Variable, causal_graph
from sdforecast.structure.loops import FeedbackLoop, Loops, feedback_loops
from sdforecast.structure.polarity import polarities

__all__ = [
    "CausalGraph",
    "FeedbackLoop",
    "Finding",
    "Flow",
    "Loops",
    "Variable",
    "causal_graph",
    "check",
    "feedback_loops",
    "polarities",
]
