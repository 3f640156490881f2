"""Keep a milestone's state on a ref of its remote, where it outlives a checkout and several machines can use it."""
