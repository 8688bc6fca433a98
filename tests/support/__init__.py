"""What the tests share: ways to run a stage, drawn datasets, fixtures."""
