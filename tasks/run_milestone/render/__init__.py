"""show: WHAT IS SAID, from evidence alone; every text passes redaction on its way out."""
