"""Exports as ChatGPT and Open WebUI write them, for tests: small, with every kind of node that real ones have."""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]


def node(identity: str, parent: str | None, children: list[str], message: Item | None) -> Item:
    return {"id": identity, "message": message, "parent": parent, "children": children}


def message(identity: str, role: str, content: Item, time: float | None, **more: Any) -> Item:
    """A message of ChatGPT's with all the keys that they have."""
    return {
        "id": identity,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": time,
        "update_time": None,
        "content": content,
        "status": "finished_successfully",
        "end_turn": True if role == "assistant" else None,
        "weight": 1.0,
        "metadata": {},
        "recipient": "all",
        "channel": None,
        **more,
    }


def text(*parts: Any) -> Item:
    return {"content_type": "text", "parts": list(parts)}


def chatgpt_item(identity: str = "67a1c0de-0000-8001-9000-000000000001", title: str = "Towers of the world") -> Item:
    """A question with a picture, an answer that thought and called a tool, and its second version, which is shown."""
    system = message(f"{identity}-s", "system", text(""), None, metadata={"is_visually_hidden_from_conversation": True})
    question = message(
        f"{identity}-q",
        "user",
        {
            "content_type": "multimodal_text",
            "parts": [
                {
                    "content_type": "image_asset_pointer",
                    "asset_pointer": "file-service://file-1",
                    "width": 800,
                    "height": 600,
                },
                "Which tower is this?",
            ],
        },
        1_700_000_000.25,
    )
    slug = {"model_slug": "gpt-4o"}
    thinks = message(
        f"{identity}-t",
        "assistant",
        {"content_type": "thoughts", "thoughts": [{"summary": "Looking", "content": "It is made of iron."}]},
        1_700_000_001.0,
        metadata=slug,
    )
    calls = message(
        f"{identity}-c",
        "assistant",
        {"content_type": "code", "language": "python", "text": "measure(1)"},
        1_700_000_002.0,
        recipient="python",
    )
    output = message(f"{identity}-o", "tool", {"content_type": "execution_output", "text": "330"}, 1_700_000_003.0)
    answer = message(
        f"{identity}-a",
        "assistant",
        text("The **Eiffel Tower**, 330 m high.\ue200cite\ue202turn0search0\ue201"),
        1_700_000_004.0,
        metadata=slug,
    )
    other = message(f"{identity}-b", "assistant", text("That is the Eiffel Tower."), 1_700_000_010.0, metadata=slug)
    return {
        "title": title,
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_010.5,
        "mapping": {
            f"{identity}-root": node(f"{identity}-root", None, [f"{identity}-s"], None),
            f"{identity}-s": node(f"{identity}-s", f"{identity}-root", [f"{identity}-q"], system),
            f"{identity}-q": node(f"{identity}-q", f"{identity}-s", [f"{identity}-t", f"{identity}-b"], question),
            f"{identity}-t": node(f"{identity}-t", f"{identity}-q", [f"{identity}-c"], thinks),
            f"{identity}-c": node(f"{identity}-c", f"{identity}-t", [f"{identity}-o"], calls),
            f"{identity}-o": node(f"{identity}-o", f"{identity}-c", [f"{identity}-a"], output),
            f"{identity}-a": node(f"{identity}-a", f"{identity}-o", [], answer),
            f"{identity}-b": node(f"{identity}-b", f"{identity}-q", [], other),
        },
        "moderation_results": [],
        "current_node": f"{identity}-b",
        "plugin_ids": None,
        "conversation_id": identity,
        "conversation_template_id": None,
        "gizmo_id": None,
        "is_archived": False,
        "safe_urls": [],
        "default_model_slug": "gpt-4o",
        "id": identity,
    }


def simple_chatgpt_item(identity: str, question: str, answer: str, **more: Any) -> Item:
    mapping = {
        "r": node("r", None, ["q"], None),
        "q": node("q", "r", ["a"], message("q", "user", text(question), 1_700_000_000.0)),
        "a": node("a", "q", [], message("a", "assistant", text(answer), 1_700_000_001.0)),
    }
    return {
        "title": f"About {identity}",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_001.0,
        "mapping": mapping,
        "current_node": "a",
        "id": identity,
        **more,
    }


def open_webui_item(identity: str = "5f0c1d2e-0000-4000-8000-000000000001") -> Item:
    """A question, its answer with reasoning, and a second version of the answer by another model."""
    messages = {
        "u1": {
            "id": "u1",
            "parentId": None,
            "childrenIds": ["a1", "a2"],
            "role": "user",
            "content": "How high is it?",
            "timestamp": 1_700_000_000,
            "models": ["llama3.2:1b"],
        },
        "a1": {
            "id": "a1",
            "parentId": "u1",
            "childrenIds": [],
            "role": "assistant",
            "content": '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n'
            "&gt; It is &lt;tall&gt;.\n&gt; Very.\n</details>\n330 metres.".replace("&gt; ", "> "),
            "model": "llama3.2:1b",
            "modelName": "Llama 3.2",
            "timestamp": 1_700_000_002,
            "done": True,
        },
        "a2": {
            "id": "a2",
            "parentId": "u1",
            "childrenIds": [],
            "role": "assistant",
            "content": "About 330 m.",
            "model": "qwen3:8b",
            "timestamp": 1_700_000_005,
            "done": False,
        },
    }
    return {
        "id": identity,
        "user_id": "user",
        "title": "Height",
        "chat": {
            "id": "",
            "title": "Height",
            "models": ["llama3.2:1b"],
            "params": {},
            "history": {"messages": messages, "currentId": "a1"},
            "messages": [messages["u1"], messages["a1"]],
            "tags": [],
            "timestamp": 1_700_000_000_123,
            "files": [],
        },
        "updated_at": 1_700_000_005,
        "created_at": 1_700_000_000,
        "share_id": None,
        "archived": False,
        "pinned": False,
        "meta": {},
        "folder_id": None,
    }
