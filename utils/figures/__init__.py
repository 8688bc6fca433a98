"""The look of the figures, their file formats, and how forests, heatmaps, networks, outlines and sets are drawn."""
