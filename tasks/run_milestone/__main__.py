"""Runs the program: `python -m run_milestone`."""

from .door import main

raise SystemExit(main())
