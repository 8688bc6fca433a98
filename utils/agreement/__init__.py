"""Consensus and agreement of whole images and of the dataset: tasks, audit, statistics, failures."""
