"""Every store over one database. Does not know which kind it is, nor who asks."""

from parlour.ports.knowledge import KnowledgeStore
from parlour.stores.sqlite.annotations import SqliteAnnotations
from parlour.stores.sqlite.catalogue import SqliteKeys, SqliteVersions
from parlour.stores.sqlite.claims import SqliteClaims
from parlour.stores.sqlite.conversations import SqliteConversations
from parlour.stores.sqlite.database import Database
from parlour.stores.sqlite.dataset_documents import SqliteDatasetDocuments, SqliteDocumentCounts
from parlour.stores.sqlite.dataset_tags import SqliteTagBindings, SqliteTags
from parlour.stores.sqlite.datasets import SqliteDatasets
from parlour.stores.sqlite.executions import SqliteExecutions
from parlour.stores.sqlite.feedback import SqliteFeedbacks
from parlour.stores.sqlite.forms import SqliteForms, SqlitePauses
from parlour.stores.sqlite.history import SqliteHistory
from parlour.stores.sqlite.index import SqliteIndex
from parlour.stores.sqlite.indexing import SqliteIndexing
from parlour.stores.sqlite.messages import SqliteMessages
from parlour.stores.sqlite.metadata_fields import SqliteMetadataFields
from parlour.stores.sqlite.people import SqlitePeople
from parlour.stores.sqlite.retention import SqliteRetention
from parlour.stores.sqlite.segments import SqliteChildren, SqliteSegments
from parlour.stores.sqlite.uploads import SqliteUploads
from parlour.stores.sqlite.variables import SqliteVariables
from parlour.stores.sqlite.workflows import SqliteWorkflows


class Stores:
    """See the module's text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.claims = SqliteClaims(database)
        self.messages = SqliteMessages(database)
        self.conversations = SqliteConversations(database)
        self.uploads = SqliteUploads(database)
        self.history = SqliteHistory(database)
        self.feedbacks = SqliteFeedbacks(database)
        self.annotations = SqliteAnnotations(database)
        self.people = SqlitePeople(database)
        self.retention = SqliteRetention(database)
        self.workflows = SqliteWorkflows(database)
        self.pauses = SqlitePauses(database)
        self.forms = SqliteForms(database)
        self.executions = SqliteExecutions(database)
        self.variables = SqliteVariables(database)
        self.knowledge = KnowledgeStore(
            datasets=SqliteDatasets(database),
            tags=SqliteTags(database),
            bindings=SqliteTagBindings(database),
            fields=SqliteMetadataFields(database),
            documents=SqliteDatasetDocuments(database),
            counts=SqliteDocumentCounts(database),
            segments=SqliteSegments(database),
            children=SqliteChildren(database),
            index=SqliteIndex(database),
            indexing=SqliteIndexing(database),
        )
        self.keys = SqliteKeys(database)
        self.versions = SqliteVersions(database)

    async def changed(self) -> bool:
        """Whether another process (a command) has written since this was last asked; cheap enough for every second."""
        return await self._database.changed()

    async def check(self) -> None:
        """Return if it can be used.

        Raises:
            StoreUnavailable, ShuttingDown: it cannot.
        """
        await self._database.check()

    async def close(self) -> None:
        """Write what is queued, then let go of the database. Idempotent."""
        await self._database.close()
