"""A run of a milestone: its stages, tasks, gates and answers."""
