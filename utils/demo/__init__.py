"""The embedded demo: images, outlines and raw tables, drawn from a seed."""
