"""What tests stand on: worlds, plans, forges and agents to try the program with."""
