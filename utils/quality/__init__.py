"""What is wrong with a mask, and where masks go that cannot be used."""
