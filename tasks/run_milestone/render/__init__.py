"""Renders every text that people read, from evidence: console, comments, pull requests, report."""
