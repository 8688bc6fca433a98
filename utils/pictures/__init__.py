"""Image files as bytes and pixels: sizes from headers, decoders, and the limit on what is decoded."""
