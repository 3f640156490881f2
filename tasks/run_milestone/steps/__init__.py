"""The steps of an issue and the tasks of a milestone, one module each, in one registry."""
