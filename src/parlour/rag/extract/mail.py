"""Mails: who wrote to whom of what, and the text; not what is attached. Knows no mailbox."""

from email import message_from_bytes, policy

from parlour.rag.extract import Unreadable, html_text


def text(data: bytes) -> str:
    message = message_from_bytes(data, policy=policy.default)
    head = [f"{name}: {message[name]}" for name in ("From", "To", "Cc", "Date", "Subject") if message[name]]
    if not head:
        raise Unreadable("It is no mail.")
    body = message.get_body(("plain", "html"))
    content = str(body.get_content()) if body is not None else ""
    if body is not None and body.get_content_subtype() == "html":
        content = html_text.words(content)
    return "\n".join([*head, "", content.replace("\r\n", "\n").strip()]).strip()
