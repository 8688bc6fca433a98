"""What is wrong with a mask, and where unusable masks go."""
