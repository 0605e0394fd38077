"""LocalChat's server: `create_app` puts the parts together, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flask import Flask

    from backend.config import Config

VERSION: Final = "0.1.0"


def create_app(config: Config) -> Flask:
    """The app over one data folder. Raises StorageError (NewerData, ReadOnlyData, …) when the folder cannot be used.

    `app.extensions["localchat"]` is its `Services`; whoever made the app calls `close` on it.
    """
    from flask import Flask

    from backend import api

    services = _services(config)
    app = Flask(__name__, static_folder=None)
    app.extensions["localchat"] = services
    api.install(app, services)
    services.library.start()
    return app


def _services(config: Config) -> Services:
    from backend.engines.builtin import FILE, BuiltinEngine
    from backend.engines.embedder import Embedder
    from backend.errors import from_storage
    from backend.services import Services
    from backend.services.chat import Chat
    from backend.services.child import command, environment
    from backend.services.documents import Library
    from backend.services.models import Models
    from backend.services.search import Search
    from backend.stores.conversations import Conversations
    from backend.stores.database import Database
    from backend.stores.documents import Documents
    from backend.stores.settings import Settings
    from backend.stores.vectors import Vectors

    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_storage(error) or error from error
    database = Database(config.data / "localchat.db")
    settings = Settings(database)
    conversations = Conversations(database)
    conversations.interrupt_unfinished()
    documents = Documents(database)
    vectors = Vectors(config.data / "passages.lance")
    embedder = Embedder(config.models)
    library = Library(config, documents, vectors, embedder)
    search = Search(documents, vectors, embedder)
    builtin = BuiltinEngine(config.models / FILE, command("builtin-engine"), environment())
    models = Models(settings, builtin, config.ollama_host)
    chat = Chat(conversations, models, search, settings.get, config.max_message)
    return Services(config, database, settings, conversations, documents, library, search, models, chat)


if TYPE_CHECKING:
    from backend.services import Services
