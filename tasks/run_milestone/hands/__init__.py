"""hands: THE OUTSIDE; one door per outside program, each behind a small port."""
