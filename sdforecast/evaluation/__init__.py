"""Scores of forecasts against what happened, and the simple methods to beat. Knows tables, nothing of the model."""
