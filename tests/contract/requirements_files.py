"""What is owed around files: uploads, addresses, what a model is given of them, and how they are read back.

Knows no test.
"""

from tests.contract.owed import Requirement

R = Requirement

FILES = {
    "files:inputs": R("5.3, 4.3", "A file in the inputs is shown as a file object, an upload with a signed address."),
    "files:message": R(
        "2.4", "Files of a message, by address or by upload, are given to the model and shown in history."
    ),
    "files:owner": R(
        "2.4, 6.1, 8.13",
        "An upload is its user's in its app; for all others it is not there.",
        divergence="The original looks at the tenant only; its documentation says the user.",
    ),
    "files:upload": R("5.7", "An upload answers 201 with exactly the documented members; its user may be left out."),
    "files:preview": R("5.7", "A file can be read through the app whose message shows it; pages are only saved."),
    "files:made": R(
        "5.7",
        "A file that a tool or a node made is at /files/tools/{id}.{extension}, signed; changed or expired it is 403.",
    ),
    "files:signed": R("5.7", "A signed address opens without a key for 300 s; after that, or changed, it is 404."),
    "files:range": R(
        "5.7",
        "A part of a file is 206 with Content-Range, one beyond its end 416; sound and film say so in Accept-Ranges.",
        divergence="Every file takes them; a part beyond the end is told in the envelope.",
    ),
    "files:caching": R(
        "5.7",
        "A client that has a file is told so by 304.",
        divergence="The original names no edition (ETag, Last-Modified): clients fetch again.",
    ),
    "files:remote": R(
        "2.4",
        "A file named by its address is looked up by a HEAD request (name, type, size), and read for the model.",
        divergence="An address that does not answer is 400; the original goes on without knowing the file. A model is "
        "given a picture's content and never its address.",
    ),
    "files:remote-inside": R("2.4, 8", "No address inside the house is asked, however it is written: 400."),
    "files:documents": R(
        "2.4, dsl 6.17",
        "A document is given to the model as text; one that cannot be read is 400, with its name.",
        divergence="The original gives documents to chat apps only where the model itself can read them.",
    ),
    "files:again": R(
        "dsl 8.3",
        "Later messages of a conversation show the model the files of earlier ones again.",
        divergence="What cannot be read any more is left out; all of them have 10 s, and 20 MB in one question.",
    ),
    "files:held": R(
        "ours, 5.7", "An upload that is only in the inputs of a message is kept and can be read as those it shows."
    ),
    "files:content": R(
        "2.4, 5.7",
        "What a file is for, its content decides: a picture that is none is 400, and a preview that its content "
        "contradicts is only saved.",
        divergence="The original goes by what the sender says.",
    ),
    "life:silent-body": R("ours", "A body that stops coming for a minute is 400: others may wait for its place."),
}
