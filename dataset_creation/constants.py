"""How raw ISIC values are written in the anonymised metadata."""

# Segmentation tools: T1 manual pointlist, T2 unknown (the raw table has no source), T3 autofill.
SOURCE_TO_TOOL = {"manual pointlist": "T1", "": "T2", "autofill": "T3"}

# Annotator skill levels: S1 expert, S2 novice.
SKILL_TO_LEVEL = {"expert": "S1", "novice": "S2"}

RAW_SEG_COLUMNS = ("ISIC_id", "creator", "mskObjectID", "filename", "source", "skill")
RAW_IMG_COLUMNS = ("isic_id",)
