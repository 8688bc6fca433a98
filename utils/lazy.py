"""Libraries that take long to import, loaded when first used, so that a stage's --help does not wait for them."""

import lazy_loader

cv2 = lazy_loader.load("cv2")
imagecodecs = lazy_loader.load("imagecodecs")
kornia_rs = lazy_loader.load("kornia_rs")
pd = lazy_loader.load("pandas")
