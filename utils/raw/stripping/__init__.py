"""Personal data taken out of image files byte by byte, one module a format; see raw.shipped_bytes."""
