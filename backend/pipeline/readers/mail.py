"""Mail: what its reader sees of the headers, the body, and its attachments as files of their own.

.eml through the standard library, .msg through python-oxmsg.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from backend.errors import EncryptedDocument, TooLarge
from backend.pipeline.readers import html
from backend.pipeline.readers.blocks import Attachment, Batch, Block, HeadingPath, batches
from backend.pipeline.readers.formats import Format, damaged
from backend.pipeline.readers.text import ITEM, decode, tidy

MAX_MAIL: Final = 200 * 1024**2
SHOWN: Final = ("From", "To", "Cc", "Date", "Subject")
SEALED: Final = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
QUOTE = re.compile(r"^(?:> ?)+", re.MULTILINE)
INLINE_PICTURE: Final = 64 * 1024
"""Bytes below which a picture in the text is a logo or a smiley, and not worth a document of its own."""


@dataclass(slots=True)
class Mail:
    headers: list[tuple[str, str]] = field(default_factory=list)
    page: str = ""
    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def subject(self) -> str:
        return next((value for name, value in self.headers if name == "Subject"), "")


def read(path: Path, filename: str, format_: Format, _password: str | None) -> Iterator[Batch]:
    """The last batch has the attachments. Raises DamagedDocument, EncryptedDocument, TooLarge."""
    if path.stat().st_size > MAX_MAIL:
        raise TooLarge(f"{filename} is larger than LocalChat opens. Save its attachments and add those.")
    mail = _msg(path, filename) if format_ is Format.MSG else _eml(path, filename)
    if not mail.headers and not mail.text.strip() and not mail.page:
        raise damaged(filename)
    blocks = list(_blocks(mail, filename))
    yield from batches(blocks, title=mail.subject or None)
    if mail.attachments:
        yield Batch((), len(blocks), len(blocks), attachments=tuple(mail.attachments), title=mail.subject or None)


def _blocks(mail: Mail, filename: str) -> Iterator[Block]:
    path = HeadingPath()
    if mail.subject:
        yield Block(mail.subject, "heading", heading=path.enter(-1, mail.subject))
    lines = [f"{name}: {value}" for name, value in mail.headers if name != "Subject"]
    if lines:
        yield Block("\n".join(lines), "paragraph", heading=path.path)
    body = list(html.html_blocks(html.parse(mail.page, filename), path)) if mail.page.strip() else []
    yield from body or _plain(mail.text, path)
    for name in mail.names:
        yield Block(name, "caption", heading=path.path)


def _plain(text: str, path: HeadingPath) -> Iterator[Block]:
    for part in re.split(r"\n[^\S\n]*\n\s*", QUOTE.sub("", tidy(text))):
        held: list[str] = []
        for line in part.split("\n"):
            bullet = bool(ITEM.match(line))
            if held and (bullet or ITEM.match(held[0])) and (bullet or not line.startswith(" ")):
                yield _paragraph(held, path)
                held = []
            held.append(line.rstrip())
        if any(line.strip() for line in held):
            yield _paragraph(held, path)


def _paragraph(lines: list[str], path: HeadingPath) -> Block:
    text = "\n".join(lines).strip()
    return Block(text, "list" if ITEM.match(text) else "paragraph", heading=path.path)


def _eml(path: Path, filename: str) -> Mail:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    mail = Mail()
    for name in SHOWN:
        value = _header(message, name)
        if value:
            mail.headers.append((name, value))
    for part in message.walk():
        kind = part.get_content_type()
        if kind in SEALED and "signed" not in str(part.get_param("smime-type") or ""):
            raise _encrypted(filename)
        if part.is_multipart() and kind != "message/rfc822":
            continue
        _part(part, kind, mail, message)
    return mail


def _part(part: Any, kind: str, mail: Mail, message: Any) -> None:
    name = _name(part)
    if kind == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else None
        if inner is not None:
            title = name or f"{_header(inner, 'Subject') or 'message'}.eml"
            mail.names.append(title)
            mail.attachments.append(Attachment(title, inner.as_bytes()))
        return
    if any(parent is part for parent in _inside_messages(message)):
        return
    data = part.get_payload(decode=True) or b""
    attached = part.get_content_disposition() == "attachment" or (name and not kind.startswith("text/"))
    if not attached and kind in ("text/html", "text/plain"):
        text = _decoded(data, part.get_content_charset())
        if kind == "text/html":
            mail.page += text
        else:
            mail.text += ("\n\n" if mail.text else "") + text
        return
    if name:
        mail.names.append(name)
        inline = part.get("Content-ID") is not None and kind.startswith("image/")
        if data and not (inline and len(data) < INLINE_PICTURE):
            mail.attachments.append(Attachment(name, data))


def _inside_messages(message: Any) -> list[Any]:
    """Parts of messages within this one: they are read with their own message."""
    return [
        part
        for inner in message.walk()
        if inner.get_content_type() == "message/rfc822"
        for part in inner.walk()
        if part is not inner
    ]


def _header(message: Any, name: str) -> str:
    try:
        value = message.get(name)
    except Exception:  # noqa: BLE001 - the library's parser of addresses fails in its own ways on broken ones
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    text = str(value or "").encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.replace("\x00", "").split())


def _name(part: Any) -> str:
    try:
        name = part.get_filename() or ""
    except Exception:  # noqa: BLE001 - as above
        return ""
    return " ".join(str(name).encode("utf-8", "replace").decode("utf-8").split())


def _decoded(data: bytes, charset: str | None) -> str:
    """By what the mail says of itself, unless that is plainly wrong."""
    if charset and charset.lower() not in ("us-ascii", "ascii"):
        try:
            return data.decode("cp1252" if charset.lower() in ("iso-8859-1", "latin1") else charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def _encrypted(filename: str) -> EncryptedDocument:
    return EncryptedDocument(
        f"{filename} is encrypted for its receiver. Open it in your mail program, save it without encryption "
        "and add that.",
        "mail_locked",
        filename=filename,
    )


def _msg(path: Path, filename: str) -> Mail:
    from oxmsg import Message

    mail = Mail()
    try:
        message = Message.load(str(path))
        kind = (message.message_class or "").lower()
        names = [(item.file_name or "") for item in message.attachments]
        headers = {name.lower(): value for name, value in (message.message_headers or {}).items()}
        locked = any(name.lower().endswith((".rpmsg", "encrypted")) for name in names)
        locked = locked or "multipart/encrypted" in headers.get("content-type", "").lower()
        if locked or ("smime" in kind and "signed" not in kind):
            raise _encrypted(filename)
        sent = message.sent_date
        fields = {
            "From": message.sender,
            "To": ", ".join(_recipient(item) for item in message.recipients),
            "Date": sent.isoformat(" ", "minutes") if sent else "",
            "Subject": message.subject,
        }
        mail.headers = [(name, " ".join(str(fields[name]).split())) for name in SHOWN if fields.get(name)]
        mail.page, mail.text = message.html_body or "", message.body or ""
        for item in message.attachments:
            name = " ".join((item.file_name or "attachment").replace("\x00", "").split())
            mail.names.append(name)
            data = item.file_bytes
            if data:
                mail.attachments.append(Attachment(name, data))
    except EncryptedDocument:
        raise
    except Exception as error:
        # OLE structures break in many ways: KeyError, OSError, struct.error, ValueError.
        raise damaged(filename) from error
    return mail


def _recipient(item: Any) -> str:
    name, address = (item.name or "").strip(), (item.email_address or "").strip()
    return f"{name} <{address}>" if name and address and name != address else name or address
