"""Two hundred documents in every format, English and Chinese, and questions whose answers are known. All is made here.

A hundred are about one thing with a name of its own, each, and say six things of it in words that others use, too: who
asks names the thing. A hundred are short texts, two of each subject (`paraphrased.txt`): who asks uses other words, and
the other text of the subject is no answer.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Literal

import openpyxl
from docx import Document as Docx
from msgspec import Struct

from tests.rag import samples

NAMES = (
    "Aldergate Brightwater Cloverfield Dunmore Eastholm Farrowdale Greystone Hollybank Ironbridge Juniper".split()  # noqa: SIM905
)
THINGS = (
    ("kettle", "It boils two litres of water", "How much water does the {} kettle hold?"),
    ("bicycle", "Its frame weighs eleven kilograms", "How heavy is the frame of the {} bicycle?"),
    ("library", "It lends out ten books to each visitor", "How many books may I borrow from the {} library?"),
    (
        "clinic",
        "Patients are seen without an appointment on Mondays",
        "When can I see a doctor at the {} clinic without booking?",
    ),
    (
        "insurance",
        "Claims have to reach us within thirty days of the damage",
        "By when must I report damage to the {} insurance?",
    ),
)
CHINESE_NAMES = "晨光 青松 白鹭 红叶 金穗 银杏 蓝海 紫竹 墨兰 云溪".split()  # noqa: SIM905
CHINESE_THINGS = (
    ("电水壶", "一次可以烧开两升水", "{}电水壶一次能烧多少水？"),
    ("自行车", "车架重十一公斤", "{}自行车的车架有多重？"),
    ("图书馆", "每位读者最多可以借十本书", "在{}图书馆一次能借几本书？"),
    ("诊所", "星期一看病不需要预约", "{}诊所哪一天不用预约？"),
    ("保险", "损失发生后三十天内必须提出理赔", "{}保险要在多久之内申请理赔？"),
)
MORE = (
    "The {name} {thing} was first presented in the spring of 2019. People who know it praise how simple it is to use. "
    "{fact}. Whoever has a question writes to the office, which answers within two working days. In winter it is "
    "looked after by the same people as in summer, and nothing about it has to be paid in advance."
)
CHINESE_MORE = (
    "{name}{thing}于二〇一九年春天推出。熟悉它的人都称赞它使用简单。{fact}。有问题的人可以写信给办公室，两个工作日之内会得到答复。"
    "冬天和夏天由同样的人照看，一切费用都不需要提前支付。"
)


Kind = Literal["by name", "in other words"]
Language = Literal["English", "Chinese"]


class Made(Struct, frozen=True):
    name: str
    mime_type: str
    data: bytes


class Question(Struct, frozen=True):
    text: str
    answer: str
    """The document that answers it."""
    kind: Kind
    language: Language


def docx(title: str, text: str) -> bytes:
    document = Docx()
    document.add_heading(title, 1)
    document.add_paragraph(text)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx(title: str, text: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["about", "text"])
    sheet.append([title, text])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def html(title: str, text: str) -> bytes:
    return f"<html><head><meta charset='utf-8'></head><body><h1>{title}</h1><p>{text}</p></body></html>".encode()


def epub(title: str, text: str) -> bytes:
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><h1>{title}</h1><p>{text}</p></body></html>"
    package = (
        "<package xmlns='http://www.idpf.org/2007/opf'><manifest><item id='one' href='one.xhtml' "
        "media-type='application/xhtml+xml'/></manifest><spine><itemref idref='one'/></spine></package>"
    )
    container = (
        "<container xmlns='urn:oasis:names:tc:opendocument:xmlns:container'><rootfiles>"
        "<rootfile full-path='book.opf'/></rootfiles></container>"
    )
    return samples.zipped({"META-INF/container.xml": container, "book.opf": package, "one.xhtml": page})


def pptx(title: str, text: str) -> bytes:
    return samples.slides(samples.slide(text), samples.slide(title))


def pdf(title: str, text: str) -> bytes:
    """A line on each page: a line that leaves its page is not read."""
    words, lines = f"{title}. {text}".split(), [""]
    for word in words:
        lines[-1] = f"{lines[-1]} {word}".strip()
        if len(lines[-1]) > 35:
            lines.append("")
    return samples.pdf(*(line.replace("(", "").replace(")", "") for line in lines if line))


FORMATS: dict[str, tuple[str, Callable[[str, str], bytes]]] = {
    "txt": ("text/plain", lambda title, text: f"{title}\n\n{text}".encode()),
    "md": ("text/markdown", lambda title, text: f"# {title}\n\n{text}\n".encode()),
    "html": ("text/html", html),
    "csv": ("text/csv", lambda title, text: f'about,text\n"{title}","{text}"\n'.encode()),
    "docx": (samples.DOCX, docx),
    "xlsx": (samples.XLSX, xlsx),
    "epub": ("application/epub+zip", epub),
    "pptx": (samples.PPTX, pptx),
    "pdf": ("application/pdf", pdf),
}


def documents() -> tuple[list[Made], list[Question]]:
    """The documents, and a question for each."""
    made: list[Made] = []
    asked: list[Question] = []

    def add(title: str, text: str, question: str, kind: Kind, language: Language) -> None:
        formats = [one for one in FORMATS if language == "English" or one != "pdf"]  # its font has no ideographs
        extension = formats[len(made) % len(formats)]
        mime_type, make = FORMATS[extension]
        made.append(Made(f"{title}.{extension}", mime_type, make(title, text)))
        asked.append(Question(question, made[-1].name, kind, language))

    for name in NAMES:
        for thing, fact, question in THINGS:
            text = MORE.format(name=name, thing=thing, fact=fact)
            add(f"{name} {thing}", text, question.format(name), "by name", "English")
    for name in CHINESE_NAMES:
        for thing, fact, question in CHINESE_THINGS:
            text = CHINESE_MORE.format(name=name, thing=thing, fact=fact)
            add(f"{name}{thing}", text, question.format(name), "by name", "Chinese")
    for line in (Path(__file__).parent / "paraphrased.txt").read_text("utf-8").splitlines():
        language, title, text, question = line.split(" | ")
        add(title, text, question, "in other words", "English" if language == "English" else "Chinese")
    return made, asked
