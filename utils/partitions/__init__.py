"""Partitions for training, validation and test: made so that no patient or lesion is in two, and judged."""
