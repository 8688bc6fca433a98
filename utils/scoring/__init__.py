"""Predictions of a model beside the human level: reading them, scores of an image, their averages, models compared."""
