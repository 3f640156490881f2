"""sharing: the state of a milestone on a ref of its remote, which outlives a checkout and which several can work on."""
