"""What the house needs from outside, as Protocols. Does not know which part stands behind any of them."""

from msgspec import Struct

from parlour.domain.ids import Clock, NewId
from parlour.ports.annotations import AnnotationReplies
from parlour.ports.contents import Contents
from parlour.ports.documents import Documents
from parlour.ports.files import FlowFiles
from parlour.ports.history import History
from parlour.ports.knowledge import Knowledge
from parlour.ports.messages import Conversations, Messages
from parlour.ports.models import Models, Prices, Tokens
from parlour.ports.moderation import Moderation
from parlour.ports.pauses import Forms, Pauses
from parlour.ports.sandbox import Sandbox
from parlour.ports.tools import Tools
from parlour.ports.voice import Voice
from parlour.ports.web import Web
from parlour.ports.workflows import Executions, Variables, Workflows


class Ports(Struct, frozen=True):
    """All that a run may reach for."""

    models: Models
    prices: Prices
    tokens: Tokens
    messages: Messages
    conversations: Conversations
    history: History
    workflows: Workflows
    pauses: Pauses
    forms: Forms
    executions: Executions
    variables: Variables
    web: Web
    sandbox: Sandbox
    tools: Tools
    files: FlowFiles
    documents: Documents
    contents: Contents
    moderation: Moderation
    knowledge: Knowledge
    replies: AnnotationReplies
    voice: Voice
    now: Clock
    new_id: NewId
