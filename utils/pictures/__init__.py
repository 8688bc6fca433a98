"""Image files as bytes and pixels: sizes and pages from headers, decoders, and the limit on what is decoded."""
