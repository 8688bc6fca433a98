"""Computes, as the notebook of somebody who installed the package would: prints values of a folder of masks as JSON."""

import json
import sys
from pathlib import Path

import imaplusplus
from imaplusplus.agreement.image_tasks import agreement_of_image
from imaplusplus.data import load_mask
from imaplusplus.masks.consensus import majority_vote, staple
from imaplusplus.masks.vote_patterns import paint, vote_patterns
from imaplusplus.metrics import pairwise_agreement
from imaplusplus.workers.result_cache import result_key

masks = [load_mask(path) for path in sorted(Path(sys.argv[1]).iterdir())]
patterns = vote_patterns(masks)
estimate = staple(patterns)
consensus = [paint(patterns, foreground) for foreground in (estimate.foreground, majority_vote(patterns))]
values = {
    "installed_in": str(Path(imaplusplus.__file__).parent),
    "shapes": [mask.shape for mask in masks],
    "pixels": [int(mask.sum()) for mask in [*masks, *consensus]],
    "sensitivity": estimate.sensitivity.tolist(),
    "specificity": estimate.specificity.tolist(),
    "agreement": pairwise_agreement([*masks, *consensus]),
    # Of a result in the cache: code, packages and settings.
    "key": result_key(agreement_of_image, {}, ["0" * 32]),
}
if __name__ == "__main__":
    print(json.dumps(values))
