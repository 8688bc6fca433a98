"""Masks of one's own: what their file names say, one form for all, raw input made from them."""
