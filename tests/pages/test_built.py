"""What is shipped of the pages is what `web/` makes."""

from pathlib import Path

import pytest

from tests.pages.building import BUILT, build, packages


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("pages")
def test_the_pages_that_are_shipped_are_made_from_the_sources(tmp_path: Path) -> None:
    packages()
    build(tmp_path / "built")
    made = {path.name: path.read_bytes() for path in (tmp_path / "built").iterdir()}
    shipped = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert shipped.keys() == made.keys(), "run `make web`"
    assert [name for name in made if made[name] != shipped[name]] == [], "run `make web`"
