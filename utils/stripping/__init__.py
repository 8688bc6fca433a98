"""Personal data taken out of image files byte by byte, one module a format; see utils.shipped_bytes."""
