"""A small raw set in raw ISIC form, with one of each thing that the stages treat."""

from __future__ import annotations

from pathlib import Path

from support.drawing import box, write_png

# ISIC_id, creator, mskObjectID, source, skill, mask. One of each thing that the stages treat.
SMALL_ROWS = (
    ("IMG_01", "Nora Zeta", "5841e138", "manual pointlist", "expert", box(4, 4, 14, 20)),
    ("IMG_01", "Ola Psi", "001", "autofill", "novice", box(6, 4, 16, 20)),
    ("IMG_01", "Pia Chi", "NA", "", "expert", box(4, 6, 14, 24)),
    ("IMG 02 ü", "Ola Psi", "b2", "autofill", "novice", box(0, 0, 8, 8)),
    ("IMG 02 ü", "Nora Zeta", "b1", "manual pointlist", "expert", box(12, 16, 20, 30)),
    ("no_metadata", "Quin Phi", "c1", "", "expert", box(1, 1, 3, 3)),
    ("IMG_03", "Nora Zeta", "d1", "manual pointlist", "expert", box(0, 0, 24, 32)),
    ("IMG_04", "Ola Psi", "e1", "autofill", "novice", box(0, 0, 0, 0)),
    ("IMG_05", "Nora Zeta", "f1", "autofill", "expert", box(0, 0, 0, 0)),
    ("IMG_05", "Pia Chi", "f2", "", "expert", box(2, 2, 8, 8) | box(14, 14, 20, 20)),
    ("IMG_05", "Ola Psi", "f3", "autofill", "novice", box(2, 2, 9, 9)),
)
SMALL_CREATORS = ("Nora Zeta", "Ola Psi", "Pia Chi", "Quin Phi")


def make_small_raw_set(folder: Path) -> Path:
    """Draw a raw set of five images in raw ISIC form, and return its folder."""
    from PIL import Image

    folder.mkdir(exist_ok=True)
    lines = ["ISIC_id,creator,mskObjectID,filename,source,skill,comment"]
    for isic_id, creator, object_id, source, skill, mask in SMALL_ROWS:
        write_png(folder / "segs" / f"raw_{object_id}.png", mask)
        lines.append(f"{isic_id},{creator},{object_id},raw_{object_id}.png,{source},{skill},extra")
    (folder / "raw_ISIC_segmasks_metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "images").mkdir()
    ids = [row[0] for row in SMALL_ROWS if row[0] != "no_metadata"]
    rows = ["isic_id,diagnosis_1,note"]
    for number, isic_id in enumerate(dict.fromkeys(ids)):
        Image.new("RGB", (32, 24), (200, 150 + number, 120)).save(folder / "images" / f"{isic_id}.jpg")
        rows.append(f'{isic_id},{"Malignant" if number % 2 else "Benign"},"a, ""b"" NA"')
    rows.append("IMG_without_mask,Benign,")
    (folder / "raw_ISIC_images_metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
