"""What `parlour knowledge` does with files, beside nobody. The models are scripted."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CONFIG = """
data = "data"
[providers.default]
kind = "scripted"
[knowledge]
embedding = "default/words"
[datasets."abc=="]
name = "Handbook"
"""
APP = """
app: {mode: chat, name: Look}
kind: app
version: 0.3.0
model_config:
  model: {provider: openai, name: gpt-4o-mini, mode: chat, completion_params: {}}
  dataset_configs:
    retrieval_model: multiple
    datasets: {datasets: [{dataset: {enabled: true, id: "abc=="}}, {dataset: {enabled: true, id: lost}}]}
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "parlour", *arguments)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50, check=False)


def test_files_and_folders_become_a_dataset_and_replace_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text(CONFIG)
    (tmp_path / "app.yml").write_text(APP)
    lacking = run(tmp_path, "check", "app.yml")
    assert "dataset abc==: is not here" in lacking.stdout
    folder = tmp_path / "files"
    (folder / "deep").mkdir(parents=True)
    (folder / ".hidden").write_text("no")
    (folder / "leave.md").write_text("Staff get thirty days of leave.")
    (folder / "deep" / "图书馆.html").write_text("<p>图书馆每天九点开门。</p>")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing of the kind")
    added = run(tmp_path, "knowledge", "add", "Handbook", "files")
    assert added.returncode == 1, added.stderr
    assert "2 of 3 documents can be found" in added.stdout
    assert "broken.pdf: It is no PDF" in added.stdout
    (folder / "broken.pdf").unlink()
    again = run(tmp_path, "knowledge", "add", "Handbook", "files/leave.md")
    assert (again.returncode, "2 of 3 documents" in again.stdout) == (0, True), again.stderr
    listed = run(tmp_path, "knowledge", "list").stdout.splitlines()
    assert listed[0].split() == ["NAME", "ID", "DOCUMENTS"]
    assert (listed[1].split()[0], listed[1].split()[2]) == ("Handbook", "2/3")
    checked = run(tmp_path, "check", "app.yml")
    assert "dataset abc==" not in checked.stdout.replace("supported: dataset abc==", "")
    assert "dataset lost: is not here" in checked.stdout
    assert checked.returncode == 0


def test_files_of_one_name_in_several_folders_are_documents_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text(CONFIG)
    for folder, text in (("en", "Staff get thirty days."), ("de", "Dreißig Tage Urlaub."), (".", "Nothing.")):
        (tmp_path / "files" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "files" / folder / "leave.md").write_text(text)
    for _ in range(2):
        added = run(tmp_path, "knowledge", "add", "Handbook", "files")
        assert (added.returncode, "3 of 3 documents" in added.stdout) == (0, True), added.stderr
    refused = run(tmp_path, "knowledge", "add", "Handbook", "files/en", "files/de")
    assert refused.returncode == 1
    assert "would be one document, leave.md" in refused.stderr


def test_knowledge_elsewhere_is_not_missed(tmp_path: Path) -> None:
    stands = '[datasets.lost]\nexternal = "https://wiki.example.com"\n'
    (tmp_path / "app.yml").write_text(APP)
    for written, lost in ((CONFIG, True), (CONFIG + stands, False)):
        (tmp_path / "parlour.toml").write_text(written)
        checked = run(tmp_path, "check", "app.yml")
        assert checked.returncode == 0, checked.stderr
        assert ("dataset lost: is not here" in checked.stdout) == lost
        assert "dataset abc==: is not here" in checked.stdout
    (tmp_path / "parlour.toml").write_text(CONFIG + "[datasets.empty]\n")
    refused = run(tmp_path, "serve", "app.yml", "--port", "0")
    assert refused.returncode == 1
    assert 'datasets."empty": say `name`' in refused.stderr


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    refused = run(tmp_path, "knowledge", "add", "Handbook", str(tmp_path))
    assert "there is no file in" in refused.stderr
    assert refused.returncode == 1
