"""ci: a milestone on GitHub Actions: the workflow that runs it, the events that wake it, what its jobs do and say."""
