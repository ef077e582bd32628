"""Every store over one database. Does not know which kind it is, nor who asks."""

from parlour.ports.annotations import ReplyStore
from parlour.ports.knowledge import KnowledgeStore
from parlour.stores.scan import Scans
from parlour.stores.sql.annotation_replies import SqlAnnotationAnswers, SqlReplyJobs, SqlReplyWork
from parlour.stores.sql.annotations import SqlAnnotations
from parlour.stores.sql.catalogue import SqlKeys, SqlVersions
from parlour.stores.sql.claims import SqlClaims
from parlour.stores.sql.conversations import SqlConversations
from parlour.stores.sql.database import Database
from parlour.stores.sql.dataset_documents import SqlDatasetDocuments, SqlDocumentCounts
from parlour.stores.sql.dataset_tags import SqlTagBindings, SqlTags
from parlour.stores.sql.datasets import SqlDatasets
from parlour.stores.sql.erasure import SqlErasure
from parlour.stores.sql.executions import SqlExecutions
from parlour.stores.sql.feedback import SqlFeedbacks
from parlour.stores.sql.forms import SqlForms, SqlPauses
from parlour.stores.sql.history import SqlHistory
from parlour.stores.sql.index import SqlIndex
from parlour.stores.sql.indexing import SqlIndexing
from parlour.stores.sql.messages import SqlMessages
from parlour.stores.sql.metadata_fields import SqlMetadataFields
from parlour.stores.sql.oversight import SqlOversight
from parlour.stores.sql.people import SqlPeople
from parlour.stores.sql.replicas import SqlReplicas
from parlour.stores.sql.retention import SqlRetention
from parlour.stores.sql.secrets import SqlSecrets
from parlour.stores.sql.segments import SqlChildren, SqlSegments
from parlour.stores.sql.uploads import SqlUploads
from parlour.stores.sql.variables import SqlVariables
from parlour.stores.sql.webhooks import SqlWebhooks
from parlour.stores.sql.workflows import SqlWorkflows


class Stores:
    """See the module's text."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.claims = SqlClaims(database)
        self.messages = SqlMessages(database)
        self.conversations = SqlConversations(database)
        self.uploads = SqlUploads(database)
        self.history = SqlHistory(database)
        self.feedbacks = SqlFeedbacks(database)
        self.annotations = SqlAnnotations(database)
        scans = Scans()
        self.replies = ReplyStore(SqlAnnotationAnswers(database, scans), SqlReplyJobs(database), SqlReplyWork(database))
        self.people = SqlPeople(database)
        self.retention = SqlRetention(database)
        self.oversight = SqlOversight(database)
        self.erasure = SqlErasure(database)
        self.workflows = SqlWorkflows(database)
        self.pauses = SqlPauses(database)
        self.forms = SqlForms(database)
        self.executions = SqlExecutions(database)
        self.variables = SqlVariables(database)
        self.knowledge = KnowledgeStore(
            datasets=SqlDatasets(database),
            tags=SqlTags(database),
            bindings=SqlTagBindings(database),
            fields=SqlMetadataFields(database),
            documents=SqlDatasetDocuments(database),
            counts=SqlDocumentCounts(database),
            segments=SqlSegments(database),
            children=SqlChildren(database),
            index=SqlIndex(database, scans),
            indexing=SqlIndexing(database),
        )
        self.webhooks = SqlWebhooks(database)
        self.replicas = SqlReplicas(database)
        self.secrets = SqlSecrets(database)
        self.keys = SqlKeys(database)
        self.versions = SqlVersions(database)

    def queued(self) -> int:
        """About how many writes wait."""
        return self._database.queued

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
