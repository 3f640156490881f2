"""The outside: one door per program, each behind a small port."""
