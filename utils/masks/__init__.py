"""Masks of one image as arrays: vote patterns, consensus, borders and their distances, outlines, signs of odd ones."""
