"""Every expected failure, with the code and status that clients know it by.

Inside, a failure is one of these exceptions; the rim renders it. Does not know how it is rendered, and holds no
wording beyond a default. The tree (codes and statuses: contract 1.5)::

    Problem
    ├── 400  InvalidParam  BadRequest  AppUnavailable  NotChatApp  NotCompletionApp  NotWorkflowApp
    │        ConversationCompleted  ProviderNotInitialized  ProviderQuotaExceeded  ModelNotSupported
    │        CompletionRequestFailed  ModerationFailed  WorkflowNotFound  DraftWorkflow  MalformedWorkflowId
    │        NoAudioUploaded  SpeechToTextDisabled  NoSpeechToText
    │        NoFileUploaded  TooManyFiles  FilenameNotExists  FetchFailed  CodeFailed
    │        DocumentUnreadable  ContentUnavailable  ToolFailed  InvalidFormData
    │        DatasetNotInitialized  InvalidAction  InvalidMetadata
    ├── 401  Unauthorized
    ├── 403  Forbidden  FileAccessDenied  ArchivedDocumentImmutable
    ├── 404  NotFound (FirstMessageNotExists  LastConversationNotExists)  ConversationNotExists
    │        EndUserNotFound  FileNotFound
    ├── 405  MethodNotAllowed
    ├── 409  AlreadyBegun  DatasetNameDuplicate
    ├── 412  FormSubmitted  FormExpired
    ├── 413  BodyTooLarge  FileTooLarge  AudioTooLarge
    ├── 415  UnsupportedMediaType  UnsupportedFileType  UnsupportedAudioType
    ├── 416  RangeNotSatisfiable
    ├── 429  TooManyRequests  RateLimited
    ├── 500  InternalError
    └── 503  ShuttingDown  StoreUnavailable
"""

from typing import ClassVar, Literal

FetchFault = Literal["address", "refused", "unreachable", "slow", "redirects", "too_large", "broken"]
"""`refused`: by this house, before anything was sent; `broken`: in the middle of the answer."""


class Problem(Exception):
    """An expected failure: `code` and `status` as clients know them, `str(problem)` says what to do about it."""

    code: ClassVar[str]
    status: ClassVar[int]
    default: ClassVar[str] = ""

    def __init__(self, message: str = "", *, params: str | None = None) -> None:
        super().__init__(message or self.default)
        self.params = params
        """The request field at fault, if it is one."""

    @property
    def message(self) -> str:
        return str(self)


class InvalidParam(Problem):
    code, status = "invalid_param", 400


class RunFailed(Problem):
    """A run of a graph failed; `reason` is what the node at fault said, `cause` the code of a failure that is not its
    own: a provider's."""

    code, status = "invalid_param", 400

    def __init__(self, message: str = "", *, reason: str = "", cause: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.cause = cause


class BadRequest(Problem):
    code, status = "bad_request", 400


class AppUnavailable(Problem):
    code, status, default = "app_unavailable", 400, "App unavailable, please check its configuration."


class NotChatApp(Problem):
    code, status = "not_chat_app", 400
    default = "Please check if your app mode matches the right API route."


class NotCompletionApp(Problem):
    code, status = "app_unavailable", 400
    default = "Please check if your app mode matches the right API route."


class NotWorkflowApp(Problem):
    code, status = "not_workflow_app", 400
    default = "Please check if your app mode matches the right API route."


class ConversationCompleted(Problem):
    code, status, default = (
        "conversation_completed",
        400,
        "The conversation has ended. Please start a new conversation.",
    )


class ProviderNotInitialized(Problem):
    code, status = "provider_not_initialize", 400


class ProviderQuotaExceeded(Problem):
    code, status = "provider_quota_exceeded", 400


class ModelNotSupported(Problem):
    code, status = "model_currently_not_support", 400


class CompletionRequestFailed(Problem):
    code, status = "completion_request_error", 400


class ModerationFailed(Problem):
    """Who is asked whether a text is let through does not say."""

    code, status = "completion_request_error", 400


class WorkflowNotFound(Problem):
    code, status = "workflow_not_found", 400


class DraftWorkflow(Problem):
    code, status = "draft_workflow_error", 400


class MalformedWorkflowId(Problem):
    code, status = "workflow_id_format_error", 400


class Unauthorized(Problem):
    code, status = "unauthorized", 401
    default = "Authorization header must be provided and start with 'Bearer'"


class Forbidden(Problem):
    code, status = "forbidden", 403


class InvalidFormData(Problem):
    """What was sent with a form that a run waits for does not fit it."""

    code, status = "invalid_form_data", 400


class NotFound(Problem):
    code, status = "not_found", 404


class FirstMessageNotExists(NotFound):
    default = "First Message Not Exists. Pass an id from the page before, or none to start over."


class LastConversationNotExists(NotFound):
    default = "Last Conversation Not Exists. Pass an id from the page before, or none to start over."


class ConversationNotExists(Problem):
    code, status, default = "conversation_not_exists", 404, "Conversation Not Exists."


class EndUserNotFound(Problem):
    code, status, default = "end_user_not_found", 404, "End user not found."


class MethodNotAllowed(Problem):
    code, status, default = "method_not_allowed", 405, "The method is not allowed for the requested URL."


class AlreadyBegun(Problem):
    code, status = "conflict", 409
    default = (
        "This Idempotency-Key has begun a message whose end is not known here. Look for it in the conversation's"
        " messages, or ask again with a new key."
    )


class DatasetNameDuplicate(Problem):
    code, status = "dataset_name_duplicate", 409
    default = "The dataset name already exists. Please choose another one."


class DatasetNotInitialized(Problem):
    code, status = "dataset_not_initialized", 400
    default = "The dataset is still being initialized or indexing. Please wait a moment."


class InvalidAction(Problem):
    code, status, default = "invalid_action", 400, "Invalid action."


class InvalidMetadata(Problem):
    code, status = "invalid_metadata", 400


class ArchivedDocumentImmutable(Problem):
    code, status, default = "archived_document_immutable", 403, "The archived document is not editable."


class FormSubmitted(Problem):
    code, status = "human_input_form_submitted", 412


class FormExpired(Problem):
    code, status = "human_input_form_expired", 412


class BodyTooLarge(Problem):
    code, status = "request_entity_too_large", 413


class UnsupportedMediaType(Problem):
    code, status = "unsupported_media_type", 415


class TooManyRequests(Problem):
    code, status = "too_many_requests", 429


class RateLimited(Problem):
    code, status, default = "rate_limit_error", 429, "Too many requests."

    def __init__(self, message: str = "", *, params: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, params=params)
        self.retry_after = retry_after
        """Seconds."""


class InternalError(Problem):
    code, status = "internal_server_error", 500
    default = "The server encountered an internal error and was unable to complete your request."


class NoFileUploaded(Problem):
    code, status = "no_file_uploaded", 400
    default = "Please upload your file: one part named `file`, in a body of type multipart/form-data."


class TooManyFiles(Problem):
    code, status, default = "too_many_files", 400, "Only one file is allowed: send each in a request of its own."


class FilenameNotExists(Problem):
    code, status, default = "filename_not_exists_error", 400, "The specified filename does not exist: name the file."


class FetchFailed(Problem):
    """Something outside could not be had over http."""

    code, status = "bad_request", 400

    def __init__(self, message: str, why: FetchFault = "broken") -> None:
        super().__init__(message)
        self.why: FetchFault = why


class DocumentUnreadable(Problem):
    """No text can be had of a document; the message does not name it."""

    code, status = "invalid_param", 400


class CodeFailed(Problem):
    """Code of an app did not come to a result: by its own mistake, by a limit, or because nothing here can run it."""

    code, status = "invalid_param", 400


class ContentUnavailable(Problem):
    """What is in a file cannot be had, or cannot be used; the message does not name it."""

    code, status = "invalid_param", 400


class ToolFailed(Problem):
    """A tool did not do what was asked; the message is for the model that asked."""

    code, status = "invalid_param", 400


class FileTooLarge(Problem):
    code, status = "file_too_large", 413


class UnsupportedFileType(Problem):
    code, status = "unsupported_file_type", 415
    default = "File type not allowed: send the file's part with a Content-Type, such as image/png."


class NoAudioUploaded(Problem):
    code, status = "no_audio_uploaded", 400
    default = "Please upload your audio: one part named `file`, in a body of type multipart/form-data."


class SpeechToTextDisabled(Problem):
    code, status = "speech_to_text_disabled", 400
    default = "Speech to text is not enabled. Turn on speech_to_text in the app's file."


class NoSpeechToText(Problem):
    code, status = "provider_not_support_speech_to_text", 400


class AudioTooLarge(Problem):
    code, status = "audio_too_large", 413


class UnsupportedAudioType(Problem):
    code, status = "unsupported_audio_type", 415
    default = "Audio type not allowed: send the file's part with a Content-Type, such as audio/mpeg."


class RangeNotSatisfiable(Problem):
    code, status, default = "range_not_satisfiable", 416, "The file ends before the part that was asked for."

    def __init__(self, message: str = "", *, params: str | None = None, size: int = 0) -> None:
        super().__init__(message, params=params)
        self.size = size
        """Bytes of the file."""


class FileNotFound(Problem):
    code, status, default = "file_not_found", 404, "The requested file was not found."


class FileAccessDenied(Problem):
    code, status, default = "file_access_denied", 403, "Access to the requested file is denied."


class ShuttingDown(Problem):
    code, status, default = "service_unavailable", 503, "The server is shutting down. Please try again shortly."


class StoreUnavailable(Problem):
    code, status, default = "service_unavailable", 503, "The database does not answer."
