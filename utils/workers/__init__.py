"""One function over many images, serial, in processes or on a Dask cluster; results kept for later runs."""
