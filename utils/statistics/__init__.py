"""What the agreement says of the dataset: clusters, intervals, annotators, groups and diagnoses, from tables alone."""
