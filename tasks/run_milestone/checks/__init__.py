"""checks: WHAT IS RISKY; one file per check, one signature: Change → findings. No check decides anything."""
