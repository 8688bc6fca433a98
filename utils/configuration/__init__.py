"""Sources of a configuration: files and arguments, as they were written and checked for what may stand in them."""
