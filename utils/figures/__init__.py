"""The look of the figures, their file formats, and UpSet plots."""
