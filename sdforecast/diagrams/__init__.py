"""Pictures of a model: stock-and-flow diagrams of its sectors and its causal loops, as SVG and as Vensim's views."""
