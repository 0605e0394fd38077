"""LocalChat's server: `create_app` puts the parts together, and nothing else."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from backend.config import Config
    from backend.services import Services
    from backend.services.one_document import OneDocument
    from backend.stores.database import Database

VERSION: Final = "0.1.0"


def create_app(config: Config) -> Flask:
    """The app over one data folder. Raises StorageError (NewerData, ReadOnlyData, …) when the folder cannot be used.

    `app.extensions["localchat"]` is its `Services`; whoever made the app calls `close` on it.
    """
    from backend.api.front import front

    app = open_data(config)()
    app.wsgi_app = front(app.wsgi_app, config.page, config.token)  # type: ignore[method-assign]
    return app


def open_data(config: Config) -> Callable[[], Flask]:
    """The first step: quick, and it writes, so that all a data folder can refuse is refused here. Raises StorageError.

    Answers that were being written when the last run ended are marked as interrupted, conversations that were put away
    are deleted. Returns the second step, which imports Flask and makes the API alone, with no guard:
    `backend.api.front.front` must stand before it.
    """
    from backend.allocator import bound_arenas
    from backend.errors import from_storage
    from backend.stores.conversations import Conversations

    bound_arenas()
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_storage(error) or error from error
    database = _open_database(config.data)
    conversations = Conversations(database)
    conversations.delete_put_away()
    conversations.interrupt_unfinished()
    return lambda: _create_api(config, database)


def _open_database(data: Path) -> Database:
    """The database, after the data of a backup has taken its place where one waits for that. Raises StorageError."""
    from backend.errors import DamagedData, NewerData
    from backend.stores.database import Database
    from backend.stores.swap import Swap

    swap = Swap(data)
    path = data / "localchat.db"
    if not (swap.pending and swap.advance()):
        return Database(path)
    try:
        database = Database(path)
    except (DamagedData, NewerData):
        import logging

        logging.getLogger(__name__).exception("the restored data cannot be opened; the old data is taken back")
        swap.roll_back()
        return Database(path)
    swap.settle()
    return database


def _create_api(config: Config, database: Database) -> Flask:
    from flask import Flask

    from backend.api import routes

    services = _services(config, database)
    app = Flask(__name__, static_folder=None)
    routes.install(app, services)
    services.library.start()
    services.folders.start()
    services.embedders.start()
    services.asking.start()
    return app


def _services(config: Config, database: Database) -> Services:
    from backend.engines.builtin import FILE, BuiltinEngine
    from backend.engines.embedder import Embedder
    from backend.engines.ollama_program import OllamaProgram
    from backend.services import Services
    from backend.services.asking import Asking
    from backend.services.backup import Backup
    from backend.services.chat import Chat
    from backend.services.checking import Checking
    from backend.services.child import command, environment
    from backend.services.documents import Library
    from backend.services.embedders import Embedders
    from backend.services.folders import WatchedFolders
    from backend.services.held import quoted
    from backend.services.models import Models
    from backend.services.restore import Restore
    from backend.stores.collections import Collections
    from backend.stores.conversation_search import ConversationSearch
    from backend.stores.conversations import Conversations
    from backend.stores.documents import Documents
    from backend.stores.folders import Folders
    from backend.stores.imports import Imports
    from backend.stores.pictures import Pictures
    from backend.stores.presets import Presets
    from backend.stores.questions import Questions
    from backend.stores.settings import Settings

    settings = Settings(database)
    conversations = Conversations(database)
    documents = Documents(database)
    presets = Presets(database)
    pictures = Pictures(database)
    collections = Collections(database)
    embedder = Embedder(config.models)
    folders = Folders(database)
    builtin = BuiltinEngine(config.models / FILE, command("builtin-engine"), environment())
    program = OllamaProgram(config.data / "logs" / "ollama.log")
    models = Models(settings, builtin, config.ollama_host, program)
    quoter = partial(quoted, embed=embedder.embed)
    embedders = Embedders(config.data / "passages.lance", settings, documents, models, builtin=embedder, quoter=quoter)
    library = Library(config, documents, embedders.tables, embedder, folders=folders, embedding=embedders.embedding)
    chat = Chat(
        conversations,
        models,
        embedders.search,
        settings.get,
        config.max_message,
        presets=presets,
        pictures=pictures,
        collections=collections,
        embed=embedder.embed,
    )

    @cache
    def one_document() -> OneDocument:
        from backend.services.one_document import OneDocument

        return OneDocument(library, embedders.search, embedder.embed)

    asking = Asking(
        Questions(database),
        collections,
        documents,
        models,
        one_document,
        busy=lambda: chat.answering,
        limit=config.max_message,
    )
    imports = Imports(database)
    return Services(
        config,
        database,
        settings,
        conversations,
        ConversationSearch(database),
        documents,
        presets,
        collections,
        library,
        WatchedFolders(library, folders, config.data),
        embedders,
        models,
        chat,
        asking,
        Checking(conversations, models, embedder.embed, busy=lambda: chat.answering),
        Backup(config, database, library, VERSION),
        Restore(config.data),
        imports,
        pictures,
    )
