"""Pictures in chat on the page: pasted, dropped, picked, refused by a model that cannot see, and shown."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Begin, Kind
from tests.e2e.pages import ask, drop, fetch, go, last_answer, wait_until_written
from tests.e2e.test_accessibility import violations
from tests.ollama_script import SMOLLM2, VISION
from tests.ollama_stand_in import StandIn
from tests.pictures import noise, picture
from tests.pipeline.test_pictures import SVG

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def seeing(ollama_stand_in: StandIn) -> StandIn:
    """Of two models the first that can chat answers: the one that sees."""
    ollama_stand_in.models = {VISION.name: VISION, SMOLLM2.name: SMOLLM2}
    return ollama_stand_in


def paste(page: Page, *files: tuple[str, str, bytes], text: str = "") -> None:
    """Into the message, as the clipboard of a screenshot or of a file manager gives it: (name, type, bytes)."""
    page.get_by_role("textbox", name="Message").focus()
    page.evaluate(
        """([files, text]) => {
            const clipboardData = new DataTransfer();
            for (const [name, type, data] of files)
                clipboardData.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name, {type}));
            if (text) clipboardData.setData("text/plain", text);
            const how = {clipboardData, bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        [[[name, kind, base64.b64encode(data).decode()] for name, kind, data in files], text],
    )


def drop_on_conversation(page: Page, *files: tuple[str, bytes]) -> None:
    page.evaluate(
        """files => {
            const transfer = new DataTransfer();
            for (const [name, data] of files)
                transfer.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
            const box = document.querySelector("#content").getBoundingClientRect();
            const how = {dataTransfer: transfer, bubbles: true, cancelable: true,
                         clientX: box.x + box.width / 2, clientY: box.y + box.height / 2};
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, how));
        }""",
        [[name, base64.b64encode(data).decode()] for name, data in files],
    )


def composer(page: Page) -> Locator:
    return page.get_by_role("form", name="Your message")


def sent(stand_in: StandIn) -> list[Image.Image]:
    """The pictures of the last question, as the model's eyes got them."""
    images = stand_in.chats()[-1]["messages"][-1].get("images", [])
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in images]


def drawn(images: Locator) -> None:
    """Each of them is there and has pixels."""
    expect(images.first).to_be_visible()
    assert (
        images.evaluate_all(
            "all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth > 0, () => false)))"
        )
        == [True] * images.count()
    )


@pytest.mark.parametrize("kind", ["chromium", "window"])
def test_a_pasted_picture_is_shown_to_the_model_and_stays_in_the_turn(
    begin: Begin, kind: Kind, seeing: StandIn
) -> None:
    with begin(kind, OLLAMA_HOST=seeing.host) as session:
        page = session.page
        paste(page, ("image.png", "image/png", picture(colour="red")))
        thumbnail = composer(page).get_by_role("img", name="Picture")
        drawn(thumbnail)
        ask(page, "Which colour is this?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        [shown] = sent(seeing)
        assert (shown.format, shown.size, shown.convert("RGB").getpixel((5, 5))) == ("PNG", (64, 48), (255, 0, 0))
        expect(composer(page).get_by_role("img")).to_have_count(0)

        # From the server, in another look at it.
        page.reload()
        question = page.get_by_role("article").first
        drawn(question.get_by_role("img", name="Picture"))
        question.get_by_role("button", name="Picture").click()
        dialog = page.get_by_role("dialog", name="Picture")
        drawn(dialog.get_by_role("img", name="Picture"))
        expect(dialog).to_contain_text("64 × 48 pixels")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(question.get_by_role("button", name="Picture")).to_be_focused()

        # Written again, and edited: the picture goes along.
        page.get_by_role("button", name="Write again").click()
        expect(page.get_by_text("2 / 2")).to_be_visible()
        assert len(sent(seeing)) == 1
        page.get_by_role("button", name="Edit question").click()
        page.get_by_role("textbox", name="Edit question").fill("What shade is it?")
        page.keyboard.press("Enter")
        expect(page.get_by_role("article").first).to_contain_text("What shade is it?")
        wait_until_written(page)
        assert len(sent(seeing)) == 1
        drawn(page.get_by_role("article").first.get_by_role("img", name="Picture"))
        # And without it, by the same words: that is another question.
        page.get_by_role("button", name="Edit question").click()
        page.get_by_role("button", name="Remove picture 1").click()
        page.get_by_role("textbox", name="Edit question").press("Enter")
        wait_until_written(page)
        expect(page.get_by_text("3 / 3")).to_be_visible()
        assert sent(seeing) == []


def test_pictures_are_dropped_on_the_conversation_and_other_files_become_documents(
    begin: Begin, seeing: StandIn, tmp_path: Path
) -> None:
    with begin("chromium", OLLAMA_HOST=seeing.host) as session:
        page = session.page
        drop_on_conversation(
            page, ("a.png", picture(colour="red")), ("b.jpg", noise("JPEG")), ("rent.txt", b"The rent is 900.")
        )
        thumbnails = composer(page).get_by_role("img")
        expect(thumbnails).to_have_count(2)
        drawn(thumbnails)
        composer(page).get_by_role("button", name="Remove picture 1").click()
        expect(thumbnails).to_have_count(1)
        ask(page, "What is this?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        assert [one.format for one in sent(seeing)] == ["JPEG"]
        # Over the sidebar a picture is a document too.
        (tmp_path / "scan.png").write_bytes(picture())
        drop(page, tmp_path / "scan.png")
        go(page, "#/documents")
        expect(page.get_by_role("region", name="List of documents")).to_contain_text("rent.txt", timeout=60_000)
        expect(page.get_by_role("region", name="List of documents")).to_contain_text("scan.png", timeout=60_000)


def test_the_attach_button_takes_pictures_and_large_ones_are_scaled_down(
    begin: Begin, seeing: StandIn, tmp_path: Path
) -> None:
    large = Image.effect_noise((3000, 2000), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # taken upright: to be turned by a quarter
    exif[0x010F] = "Camera"
    large.save(tmp_path / "large.jpg", exif=exif, quality=95)
    picture_of_two = [Image.new("RGB", (40, 30), colour) for colour in ("green", "blue")]
    picture_of_two[0].save(tmp_path / "moving.gif", save_all=True, append_images=picture_of_two[1:])
    (tmp_path / "seen.webp").write_bytes(picture("WEBP"))
    with begin("chromium", OLLAMA_HOST=seeing.host) as session:
        page = session.page
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Attach files").click()
        chooser.value.set_files([tmp_path / name for name in ("large.jpg", "moving.gif", "seen.webp")])
        expect(composer(page).get_by_role("img")).to_have_count(3)
        # The meter counts them before they are sent.
        expect(page.get_by_text(re.compile(r"^[34],\d{3} of 8,192 tokens"))).to_be_visible()
        ask(page, "What are these?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        photograph, moving, web = sent(seeing)
        assert (photograph.format, photograph.size) == ("JPEG", (1024, 1536))
        assert dict(photograph.getexif()) == {}
        assert (moving.format, moving.size, moving.convert("RGB").getpixel((5, 5))) == ("PNG", (40, 30), (0, 128, 0))
        assert web.format == "PNG"


def test_a_model_that_cannot_see_says_so_and_offers_the_documents(begin: Begin, ollama_stand_in: StandIn) -> None:
    ollama_stand_in.models = {SMOLLM2.name: SMOLLM2, VISION.name: VISION}
    with begin("chromium", OLLAMA_HOST=ollama_stand_in.host) as session:
        page = session.page
        scan = ("scan.png", "image/png", picture())
        paste(page, scan)
        banner = page.get_by_role("status").filter(has_text="cannot see pictures")
        expect(banner).to_contain_text("smollm2:135m cannot see pictures.")
        expect(composer(page).get_by_role("img")).to_have_count(0)
        # Another model takes it.
        page.get_by_role("button", name=re.compile("^Model:")).click()
        page.get_by_role("menuitemcheckbox", name=re.compile("vision")).click()
        expect(composer(page).get_by_role("img", name="Picture")).to_be_visible()
        expect(banner).to_have_count(0)
        ask(page, "What is this?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        # Back at the first, the history's picture is not sent, which is said.
        page.get_by_role("button", name=re.compile("^Model:")).click()
        page.get_by_role("menuitemcheckbox", name=re.compile("135m")).click()
        ask(page, "And now?")
        expect(page.get_by_text("It answered without the picture of this conversation.")).to_be_visible()
        assert all("images" not in message for message in ollama_stand_in.chats()[-1]["messages"])
        paste(page, scan)
        page.get_by_role("button", name="Add to documents instead").click()
        expect(banner).to_have_count(0)
        go(page, "#/documents")
        expect(page.get_by_role("region", name="List of documents")).to_contain_text("scan.png", timeout=60_000)


def test_a_picture_stays_with_the_draft_of_its_conversation_even_when_the_page_is_loaded_again(
    begin: Begin, seeing: StandIn
) -> None:
    with begin("chromium", OLLAMA_HOST=seeing.host) as session:
        page = session.page
        ask(page, "Hello")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        paste(page, ("image.png", "image/png", picture()))
        expect(composer(page).get_by_role("img")).to_have_count(1)
        page.get_by_role("button", name="New conversation").click()
        expect(composer(page).get_by_role("img")).to_have_count(0)
        page.get_by_role("link", name="Hello").click()
        drawn(composer(page).get_by_role("img"))
        page.reload()
        drawn(composer(page).get_by_role("img"))
        ask(page, "What is this?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        assert len(sent(seeing)) == 1
        page.reload()
        expect(last_answer(page)).to_contain_text("The sky is blue.")
        expect(composer(page).get_by_role("img")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 420])
def test_pictures_pass_axe_wherever_they_stand(
    begin: Begin, seeing: StandIn, theme: Literal["light", "dark"], width: int
) -> None:
    with begin("chromium", theme=theme, width=width, OLLAMA_HOST=seeing.host) as session:
        page = session.page
        paste(page, ("a.png", "image/png", picture()), ("b.png", "image/png", picture(colour="red")))
        expect(composer(page).get_by_role("img")).to_have_count(2)
        found = violations(page)
        ask(page, "What are these?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        page.get_by_role("article").first.get_by_role("button", name="Picture 2 of 2").click()
        drawn(page.get_by_role("dialog").get_by_role("img"))
        found += violations(page)
        page.keyboard.press("Escape")
        fetch(page, "/api/models/active", {"model": SMOLLM2.name}, method="PUT")
        page.reload()
        paste(page, ("a.png", "image/png", picture()))
        expect(page.get_by_text("cannot see pictures")).to_be_visible()
        assert found + violations(page) == []


def test_a_question_that_is_refused_gets_its_picture_back(begin: Begin, seeing: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=seeing.host) as session:
        page = session.page
        page.route(
            "**/api/chat", lambda route: route.fulfill(status=413, json={"error": "TooLarge", "message": "Too large."})
        )
        paste(page, ("image.png", "image/png", picture()))
        ask(page, "What is this?")
        expect(page.get_by_role("alert")).to_contain_text("Too large.")
        drawn(composer(page).get_by_role("img"))
        expect(page.get_by_role("textbox", name="Message")).to_have_value("What is this?")
        session.complaints.clear()


def test_what_only_looks_like_a_picture_is_never_shown_as_one(begin: Begin, seeing: StandIn) -> None:
    with begin("chromium", OLLAMA_HOST=seeing.host) as session:
        page = session.page
        # An SVG under another name is a file like any other; a picture without an end is none.
        drop_on_conversation(page, ("evil.png", SVG), ("cut.png", noise("PNG", 400, 300)[:200]))
        expect(page.get_by_text("cut.png cannot be shown as a picture.")).to_be_visible()
        expect(composer(page).get_by_role("img")).to_have_count(0)
        # Text that a word processor copies has a picture of itself beside it.
        paste(page, ("image.png", "image/png", picture()), text="Some words")
        expect(composer(page).get_by_role("img")).to_have_count(0)
        # A thousand at once.
        one = base64.b64encode(picture()).decode()
        page.evaluate(
            """data => {
                const clipboardData = new DataTransfer();
                const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
                for (let n = 0; n < 1000; n++)
                    clipboardData.items.add(new File([bytes], `${n}.png`, {type: "image/png"}));
                const how = {clipboardData, bubbles: true, cancelable: true};
                document.querySelector("#message").dispatchEvent(new ClipboardEvent("paste", how));
            }""",
            one,
        )
        expect(page.get_by_text("A question carries up to 8 pictures.")).to_be_visible()
        expect(composer(page).get_by_role("img")).to_have_count(8)
        ask(page, "What are these?")
        expect(last_answer(page)).to_contain_text("The sky is blue.", timeout=30_000)
        assert len(sent(seeing)) == 8
        digest = hashlib.sha256(base64.b64decode(seeing.chats()[-1]["messages"][-1]["images"][0])).hexdigest()
        served: dict[str, Any] = page.evaluate(
            "async id => { const r = await fetch('/api/pictures/' + id); return {type: r.headers.get('content-type'),"
            " sniff: r.headers.get('x-content-type-options')} }",
            digest,
        )
        assert served == {"type": "image/png", "sniff": "nosniff"}
