"""Replay historic changes of public projects through the product, as they were and with planted faults."""
