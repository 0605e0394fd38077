"""The OpenAPI document, made from what each endpoint declares; `python -m backend.api.openapi` prints it.

The page's TypeScript types come from it, so no key of the wire is written twice.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue

from backend import VERSION
from backend.api.endpoint import Contract
from backend.api.schemas.base import ErrorResponse
from backend.errors import REASONS, codes
from backend.services.health import CODES, VALUES

if TYPE_CHECKING:
    from flask import Flask

REF: Final = "#/components/schemas/{model}"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def document(app: Flask) -> dict[str, Any]:
    """OpenAPI 3.1 of every endpoint under /api that declares a contract."""
    endpoints: list[tuple[str, str, Contract, str]] = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        contract: Contract | None = getattr(view, "contract", None)
        if contract is not None:
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            endpoints.extend((rule.rule, method.lower(), contract, view.__doc__ or "") for method in methods)
    refs, schemas = _schemas([contract for _, _, contract, _ in endpoints])
    paths: dict[str, Any] = {}
    for rule_text, method, contract, doc in endpoints:
        path = PARAMETER.sub(r"{\1}", rule_text)
        paths.setdefault(path, {})[method] = _operation(rule_text, contract, doc, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "LocalChat", "version": VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
        # What a catalogue of another language must have words for.
        "x-sentences": {"codes": codes(), "reasons": REASONS, "checks": {code: VALUES.get(code, ()) for code in CODES}},
    }


def page(described: dict[str, Any]) -> str:
    """The document as plain HTML: works offline, under the strict policy, with no script."""
    rows = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            rows.append(
                f"<h2><code>{method.upper()} {html.escape(path)}</code></h2><p>{html.escape(operation['summary'])}</p>"
            )
            rows.extend(
                f"<h3>{title}</h3><pre>{html.escape(json.dumps(operation[key], indent=2))}</pre>"
                for title, key in (("Parameters", "parameters"), ("Body", "requestBody"), ("Answers", "responses"))
                if operation.get(key)
            )
    schemas = html.escape(json.dumps(described["components"]["schemas"], indent=2))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>LocalChat API</title>"
        f"<h1>LocalChat API {html.escape(described['info']['version'])}</h1>"
        + "".join(rows)
        + f"<h2>Schemas</h2><pre>{schemas}</pre></html>"
    )


def _schemas(contracts: list[Contract]) -> tuple[dict[tuple[Any, JsonSchemaMode], JsonSchemaValue], dict[str, Any]]:
    """References by (type, mode) and the definitions that they point to."""
    inputs: list[tuple[Any, JsonSchemaMode]] = [(ErrorResponse, "serialization")]
    for contract in contracts:
        inputs += [(kind, "validation") for kind in (contract.body, contract.query) if kind]
        inputs += [(kind, "serialization") for kind in (contract.returns, contract.events) if kind]
    adapters = list({(kind, mode): (kind, mode, TypeAdapter(kind)) for kind, mode in inputs}.values())
    refs, definitions = TypeAdapter.json_schemas(adapters, ref_template=REF)
    return refs, definitions.get("$defs", {})


def _operation(rule: str, contract: Contract, doc: str, refs: dict[Any, JsonSchemaValue]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": " ".join(doc.split())}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in PARAMETER.findall(rule)
    ]
    if contract.query:
        schema = contract.query.model_json_schema()
        required = schema.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": value}
            for name, value in schema["properties"].items()
        ]
    if parameters:
        operation["parameters"] = parameters
    if contract.body:
        content = {"application/json": {"schema": refs[contract.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if contract.files:
        files = {"type": "array", "items": {"type": "string", "format": "binary"}}
        schema = {"type": "object", "properties": {"files": files}, "required": ["files"]}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    operation["responses"] = {
        "200": {"description": "OK", "content": _answer(contract, refs)},
        "default": {
            "description": "What happened and what to do",
            "content": {"application/json": {"schema": refs[ErrorResponse, "serialization"]}},
        },
    }
    return operation


def _answer(contract: Contract, refs: dict[Any, JsonSchemaValue]) -> dict[str, Any]:
    if contract.events:
        return {"text/event-stream": {"schema": refs[contract.events, "serialization"]}}
    if contract.returns:
        return {"application/json": {"schema": refs[contract.returns, "serialization"]}}
    return {"application/octet-stream": {}}


def main() -> None:
    import tempfile
    from pathlib import Path

    from backend import create_app
    from backend.config import Config

    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder)
        app = create_app(Config(data=empty / "data", models=empty, page=empty))
        try:
            print(json.dumps(document(app), indent=2, sort_keys=True))
        finally:
            app.extensions["localchat"].close()


if __name__ == "__main__":
    main()
