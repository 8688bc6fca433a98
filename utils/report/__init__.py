"""The report: a folder of pages, data and pictures that a browser opens without a server."""
