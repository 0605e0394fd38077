"""What the app does. `Services` holds every part of one running app, put together once by `backend.create_app`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.config import Config
    from backend.services.asking import Asking
    from backend.services.backup import Backup
    from backend.services.chat import Chat
    from backend.services.checking import Checking
    from backend.services.desktop import Desktop
    from backend.services.documents import Library
    from backend.services.embedders import Embedders
    from backend.services.evaluate import Evaluation
    from backend.services.folders import WatchedFolders
    from backend.services.models import Models
    from backend.services.restore import Restore
    from backend.services.search import Search
    from backend.services.transfer.export import Exporter
    from backend.stores.collections import Collections
    from backend.stores.conversation_search import ConversationSearch
    from backend.stores.conversations import Conversations
    from backend.stores.database import Database
    from backend.stores.documents import Documents
    from backend.stores.imports import Imports
    from backend.stores.pictures import Pictures
    from backend.stores.presets import Presets
    from backend.stores.settings import Settings


@dataclass
class Services:
    """`desktop` is set by the window when there is one."""

    config: Config
    database: Database
    settings: Settings
    conversations: Conversations
    conversation_search: ConversationSearch
    documents: Documents
    presets: Presets
    collections: Collections
    library: Library
    folders: WatchedFolders
    embedders: Embedders
    models: Models
    chat: Chat
    asking: Asking
    checking: Checking
    backup: Backup
    restore: Restore
    imports: Imports
    pictures: Pictures
    desktop: Desktop | None = None
    closed: bool = False

    @property
    def search(self) -> Search:
        """Over the embedder that answers now."""
        return self.embedders.search()

    @property
    def evaluation(self) -> Evaluation:
        """Of the search as it is now."""
        return self.embedders.evaluation()

    @property
    def exporter(self) -> Exporter:
        from backend.services.transfer.export import Exporter

        return Exporter(self.conversations, self.imports, self.pictures)

    def close(self) -> None:
        """Ends answers, pulls, imports and the built-in engine within a second. Idempotent."""
        if not self.closed:
            self.closed = True
            self.chat.close()
            self.checking.close()
            self.asking.close()
            self.models.close()
            self.folders.close()
            self.embedders.close()
            self.library.close()
            self.database.close()
