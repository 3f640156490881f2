"""Pure decisions: stops, gates, the graph, stacking, budget, naming."""
