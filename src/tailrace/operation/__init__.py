"""Looking after a home: is it fit to serve, what are its figures, is it whole, is there a copy."""
