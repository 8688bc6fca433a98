"""One run of a stage: how its process starts, interrupts, its lock, the manifest, the code it ran with."""
