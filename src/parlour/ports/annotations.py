"""Annotations of apps, kept. Does not know in what; every call is one whole transaction.

Every look-up goes by app: what is another's reads as what is not there.
"""

from typing import Protocol

from parlour.domain.annotation import Annotation, AnnotationsPage


class Annotations(Protocol):
    async def create(self, annotation: Annotation) -> None: ...

    async def update(self, app_id: str, annotation_id: str, question: str, answer: str) -> Annotation | None:
        """Give it another question and answer; None if it is not this app's."""
        ...

    async def delete(self, app_id: str, annotation_id: str) -> bool:
        """Delete it; False if it is not this app's."""
        ...

    async def page(self, app_id: str, keyword: str, page: int, limit: int) -> AnnotationsPage:
        """The `page`th part (from 1) of those that hold the keyword in whatever case, newest first."""
        ...
