"""The few tools that every room uses: errors, files, text, schemas, units."""
