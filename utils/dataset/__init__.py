"""A finished run as one object for notebooks and training: its tables joined by id, and its images, masks, targets."""
