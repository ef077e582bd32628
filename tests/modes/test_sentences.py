"""What of an answer is read aloud, and where it is cut: the same text however it comes in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.modes.features.sentences import LONGEST, Sentences, whole
from tests.contract.requirements import requirement


def stretches(*pieces: str) -> list[str]:
    sentences = Sentences()
    found = [sentences.feed(piece) for piece in pieces]
    return [stretch for stretch in (*found, sentences.end()) if stretch]


@requirement("speech:text")
@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("One. Two! Three? Four", "One. Two! Three? Four"),
        ("It is 3.14 at example.com.", "It is 3.14 at example.com."),
        ("<think>\nHm. No.\n</think>Yes.", "Yes."),
        ("See [the page](https://example.com/a_b) **now**.", "See the page now."),
        ("![owl](https://x.y/z.png) An owl.", "An owl."),
        ("# Title\n\n- one\n- two\n", "Title one two"),
        ("So:\n```python\nprint('a. b')\n```\nDone.", "So: Done."),
        ("```never closed", ""),
        ("你好。再见！", "你好。再见！"),
        ("", ""),
    ],
)
def test_what_is_for_the_eye_only_is_not_read_aloud(text: str, heard: str) -> None:
    assert whole(text) == heard


@requirement("speech:stream")
@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        (["One. Two. ", "Three."], ["One. Two.", "Three."]),
        (["One", ".", " Tw", "o. "], ["One.", "Two."]),
        (["3", ".", "14 is", " pi"], ["3.14 is pi"]),
        (["你好。", "再"], ["你好。", "再"]),
        (['"Stop!" he', " said. "], ['"Stop!"', "he said."]),
        (["<thi", "nk>a. b. </th", "ink>c. "], ["c."]),
        (["```\na. b.\n", "c. ```\nd. "], ["d."]),
        (["So.\n```\n", "x = 1. \n" * 300, "y ``", "` Done. "], ["So.", "Done."]),
        (["So ```\n", "x = 1. " * 300, "``` done. "], ["So done."]),
        (["```\na. b```", " Done"], ["Done"]),
        (["```" + "x " * 600 + "```", " Done. "], ["Done."]),
    ],
)
def test_it_is_cut_where_a_sentence_ends(pieces: list[str], told: list[str]) -> None:
    assert stretches(*pieces) == told


def test_what_has_no_end_is_cut_at_a_blank() -> None:
    told = stretches("word " * 500)
    assert len(told) == 2
    assert all(len(stretch) <= LONGEST * 1.6 for stretch in told)
    assert " ".join(told) == " ".join(["word"] * 500)


def test_what_is_taken_back_is_not_read_aloud() -> None:
    sentences = Sentences()
    assert sentences.feed("Good. Bad") == "Good."
    sentences.take_back(3)
    assert sentences.feed("Well. ") == "Well."
    sentences.take_back(100)
    assert sentences.end() == ""


@given(st.lists(st.text("aB .!?\n。`*<think>/3", max_size=12), max_size=12))
def test_the_words_are_the_same_however_they_come(pieces: list[str]) -> None:
    """Marks may be cut in two; letters and their order are all there."""
    letters = [stretch.replace("*", "").replace("`", "") for stretch in stretches(*pieces)]
    text = "".join(pieces)
    if "`" not in text and "*" not in text:
        assert "".join("".join(letters).split()) == "".join(whole(text).split())
