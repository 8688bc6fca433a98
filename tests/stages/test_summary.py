"""The closing lines of a run: agreement between two people, one person twice, what was left out, the report."""

from __future__ import annotations

from support.run import succeed

from utils.running.run_manifest import read_manifest, write_manifest


def lines_of(text: str) -> dict[str, str]:
    return dict(line.strip().split("  ", 1) for line in text.splitlines() if line.startswith("  "))


def test_they_are_the_last_lines_and_end_with_the_report(rerun):
    (rerun / "report").mkdir()
    (rerun / "report" / "index.html").touch()
    text = succeed("summarise_run", rerun)
    assert text.rstrip().splitlines()[-1].split() == ["report", str(rerun / "report" / "index.html")]
    found = lines_of(text)
    assert found["images"].strip() == "4" and found["masks quarantined"].strip() == "2"
    assert "over 5 pairs" in found["mean Dice between annotators"]
    assert not {"one annotator twice", "files withdrawn", "images failed", "report "} & {*found}


def test_pairs_by_one_annotator_are_told_apart(rerun):
    table = rerun / "metadata" / "IMAplusplus_multiannotator_subset_IAA_metrics.csv"
    head, first, *rest = table.read_text(encoding="utf-8").splitlines(keepends=True)
    cells = first.split(",")
    names = head.strip().split(",")
    cells[names.index("annotator2")] = cells[names.index("annotator1")]
    cells[names.index("dice_score")] = "0.25"
    table.write_text("".join([head, ",".join(cells), *rest]), encoding="utf-8")
    found = lines_of(succeed("summarise_run", rerun))
    assert found["one annotator twice"].strip() == "0.2500 over 1 pair"
    assert "over 4 pairs" in found["mean Dice between annotators"]


def test_withdrawn_files_and_failed_images_are_told(rerun):
    withdrawn = rerun / "quarantine" / "withdrawn"
    withdrawn.mkdir(parents=True)
    (withdrawn / "a.png").touch()
    manifest = read_manifest(rerun)
    manifest["stages"]["move_dataset"]["outputs"]["quarantine/withdrawn/a.png"] = "0" * 32
    write_manifest(rerun, manifest)
    failures = rerun / "metadata" / "IMAplusplus_multiannotator_subset_failures.csv"
    failures.write_text("stage,img_id,reason\nx,a.JPG,broken\ny,a.JPG,broken\n", encoding="utf-8")
    found = lines_of(succeed("summarise_run", rerun))
    assert found["files withdrawn"].strip().startswith("1 (in ") and found["images failed"].strip().startswith("1 (")
