"""Documents that mean harm, or are broken, through all of indexing.

Each ends in an error that says what to do, in little memory, and the dataset is of use afterwards.
"""

import http.client
import subprocess
import sys
from io import BytesIO
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tests.process.conftest import command, serving, until
from tests.process.test_files import MEGABYTE, peak
from tests.rag import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
MEASURED = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(child.pid, 0)
print("memory", used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Run in between: what a process had before it became another counts as the other's, and tests have much."""
MOST_MEMORY = 400 * MEGABYTE
KEY = "dataset-hostile"
SETTINGS = f'[knowledge]\nkeys = ["{KEY}"]\nembedding = "default/words"\n'
CONFIG = 'data = "data"\n[providers.default]\nkind = "scripted"\n[knowledge]\nembedding = "default/words"\n'
CORRUPT = samples.pdf("Staff get leave.")[:300]


def bomb(document: bytes) -> bytes:
    """The same document, which is small, and unpacks to 300 MB more."""
    out = BytesIO(document)
    with ZipFile(out, "a", ZIP_DEFLATED) as opened, opened.open("media/picture.bin", "w") as member:
        for _ in range(300):
            member.write(bytes(MEGABYTE))
    assert len(out.getvalue()) < MEGABYTE
    return out.getvalue()


def run(folder: Path, *words: str) -> tuple[int, str, int]:
    """The status of a command, what it said, and the most memory that it had."""
    asked = [sys.executable, "-c", MEASURED, *command(*words)]
    done = subprocess.run(asked, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said, _, memory = done.stdout.rpartition("memory ")
    return done.returncode, said, int(memory) * 1024


def test_a_folder_with_documents_that_mean_harm_becomes_a_dataset_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "parlour.toml").write_text(CONFIG)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "corrupt.pdf").write_bytes(CORRUPT)
    for name, document in (("a.docx", samples.docx()), ("b.xlsx", samples.xlsx()), ("c.epub", samples.epub())):
        (folder / name).write_bytes(bomb(document))
    (folder / "half.txt").write_bytes("Staff get leave.".encode("utf-16-le") * 9)
    (folder / "western.txt").write_bytes("Größe in Zürich.".encode("cp1252"))
    (folder / "chinese.txt").write_bytes("图书馆每天九点开门。".encode("gb18030"))
    (folder / "good.md").write_text("Staff get thirty days of leave.")
    with (folder / "huge.txt").open("wb") as huge:
        huge.write(b"It begins like a text.\n")
        huge.truncate(500 * MEGABYTE)  # sparse: it takes no room on the disk
    status, said, memory = run(tmp_path, "knowledge", "add", "Handbook", "files")
    assert (status, "3 of 9 documents can be found" in said) == (1, True), said
    for name, why, cure in (
        ("corrupt.pdf", "a broken one", "save it anew"),
        ("a.docx", "unpacks to more", "split it"),
        ("b.xlsx", "unpacks to more", "split it"),
        ("c.epub", "unpacks to more", "split it"),
        ("half.txt", "no text", "UTF-8"),
        ("huge.txt", "too large", "split it"),
    ):
        [line] = [line for line in said.splitlines() if name in line]
        assert why in line, said
        assert cure in line, said
    assert memory < MOST_MEMORY
    (tmp_path / "more.md").write_text("The library opens at nine.")
    status, said, _ = run(tmp_path, "knowledge", "add", "Handbook", "more.md")
    assert (status, "4 of 10 documents" in said) == (0, True), said


def upload(address: str, dataset: str, name: str, pieces: list[bytes]) -> tuple[int, bytes]:
    """Send a file; the answer, or nothing where the server would not hear it out."""
    head = (
        '--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
        '{"indexing_technique": "high_quality", "process_rule": {"mode": "automatic"}}\r\n'
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {guess_type(name)[0]}\r\n\r\n"
    ).encode()
    body = [head, *pieces, b"\r\n--x--\r\n"]
    connection = http.client.HTTPConnection(address.partition("//")[2], timeout=60)
    connection.putrequest("POST", f"/v1/datasets/{dataset}/document/create-by-file")
    connection.putheader("Authorization", f"Bearer {KEY}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(sum(map(len, body))))
    try:
        connection.endheaders()
        for piece in body:
            connection.send(piece)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except ConnectionError:
        return 0, b""
    finally:
        connection.close()


def test_a_server_tells_of_documents_that_mean_harm_and_finds_the_others(tmp_path: Path) -> None:
    with serving(tmp_path, settings=SETTINGS) as served:
        status, made = served.call("POST", "/v1/datasets", {"name": "Handbook"}, KEY)
        assert status == 200, made
        before, huge = peak(served), [b"a" * MEGABYTE] * 500
        assert upload(served.address, made["id"], "huge.txt", huge)[0] in {0, 413}
        assert peak(served) - before < 100
        for name, data in (("bad.pdf", CORRUPT), ("bad.docx", bomb(samples.docx())), ("good.txt", b"Staff get leave.")):
            assert upload(served.address, made["id"], name, [data])[0] == 200

        def documents() -> dict[str, Any]:
            _, page = served.call("GET", f"/v1/datasets/{made['id']}/documents", key=KEY)
            return {one["name"]: one for one in page["data"]}

        until(lambda: {one["indexing_status"] for one in documents().values()} == {"error", "completed"}, 60)
        found = documents()
        assert [found[name]["indexing_status"] for name in ("bad.pdf", "bad.docx", "good.txt")] == [
            "error",
            "error",
            "completed",
        ]
        assert "save it anew" in found["bad.pdf"]["error"]
        assert "split it" in found["bad.docx"]["error"]
        _, told = served.call("POST", f"/v1/datasets/{made['id']}/retrieve", {"query": "leave"}, KEY)
        assert [one["segment"]["content"] for one in told["records"]] == ["Staff get leave."]
