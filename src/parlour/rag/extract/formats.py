"""Which format a document has: by its MIME type, and where that says nothing, by its extension (dsl 6.17).

Does not know what is in the document.
"""

BY_TYPE = {
    "text/html": "html_text",
    "application/xhtml+xml": "html_text",
    "text/csv": "csv_table",
    "text/tab-separated-values": "csv_table",
    "text/vtt": "vtt",
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "message/rfc822": "mail",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/json": "plain",
    "application/xml": "plain",
    "application/yaml": "plain",
    "application/x-yaml": "plain",
    "application/toml": "plain",
    "application/javascript": "plain",
    "application/x-sh": "plain",
    "application/sql": "plain",
}
BY_EXTENSION = {
    "html": "html_text",
    "htm": "html_text",
    "xhtml": "html_text",
    "csv": "csv_table",
    "tsv": "csv_table",
    "vtt": "vtt",
    "pdf": "pdf",
    "epub": "epub",
    "eml": "mail",
    "docx": "docx",
    "xlsx": "xlsx",
    "pptx": "pptx",
}
PLAIN_WORDS = (
    "txt text md mdx markdown rst log json jsonl xml yaml yml ini toml cfg conf env properties srt tex sql sh "
    "bash bat ps1 py js jsx ts tsx java kt kts scala go rs c h cc cpp hpp cs php rb pl lua r swift m dart css "
    "scss less vue svelte graphql proto dockerfile makefile gradle groovy diff patch"
)
PLAIN = frozenset(PLAIN_WORDS.split())
NOTHING = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/zip"})
"""Types that say nothing: what a sender says who does not know."""


def format_of(name: str, mime_type: str) -> str:
    """The name of the module that reads it; empty if none does."""
    kind = mime_type.partition(";")[0].strip().lower()
    extension = name.rpartition(".")[2].lower()
    by_extension = BY_EXTENSION.get(extension) or ("plain" if extension in PLAIN else "")
    if found := BY_TYPE.get(kind):
        return found
    if kind.startswith("text/"):
        return "plain"
    return by_extension if kind in NOTHING or kind.startswith("application/") else ""
