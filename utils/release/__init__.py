"""A released dataset: its archive and tables, and the comparison with what its masks give."""
