"""steps: HOW; one short function per step, (Job) → evidence."""
