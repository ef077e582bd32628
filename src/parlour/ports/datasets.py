"""Datasets, their tags and the fields of their documents, kept. Does not know in what; every call is one whole
transaction.

Every look-up goes by tenant: what is another's reads as what is not there.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from parlour.domain.dataset import Dataset, DatasetQuery, DatasetsPage, MetadataField, Place, Tag
from parlour.domain.passages import MetadataValue


class Datasets(Protocol):
    async def create(self, dataset: Dataset) -> None:
        """
        Raises:
            DatasetNameDuplicate: its tenant has one of that name.
        """
        ...

    async def find(self, place: Place) -> Dataset | None: ...

    async def page(self, tenant: str, query: DatasetQuery, page: int, limit: int) -> DatasetsPage:
        """The `page`th part (from 1) of those that the query means, newest first."""
        ...

    async def update(self, dataset: Dataset) -> bool:
        """Write all of it anew; False if it is not there.

        Raises:
            DatasetNameDuplicate: its tenant has another of that name.
        """
        ...

    async def delete(self, place: Place) -> tuple[str, ...] | None:
        """Delete it and all that is in it. The blobs that nobody needs any more; None if it is not there."""
        ...


class Tags(Protocol):
    async def create(self, tag: Tag) -> None:
        """
        Raises:
            InvalidParam: its tenant has one of that name.
        """
        ...

    async def all(self, tenant: str) -> tuple[Tag, ...]:
        """Newest first."""
        ...

    async def rename(self, tenant: str, tag_id: str, name: str) -> Tag | None:
        """None if it is not there. Raises: as `create`, of another."""
        ...

    async def delete(self, tenant: str, tag_id: str) -> bool: ...


class TagBindings(Protocol):
    async def bind(self, place: Place, tag_ids: Sequence[str], *, bound: bool) -> bool:
        """Bind them to the dataset, or no longer, whatever was; False, and nothing is done, if the dataset or, of
        those to be bound, one is not there."""
        ...

    async def of(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, tuple[Tag, ...]]:
        """The tags of each of these datasets that has some, by name."""
        ...


class MetadataFields(Protocol):
    async def create(self, place: Place, field: MetadataField) -> bool:
        """False if the dataset is not there.

        Raises:
            InvalidParam: it has a field of that name.
        """
        ...

    async def all(self, place: Place, *, counted: bool = False) -> tuple[MetadataField, ...]:
        """Oldest first; `counted`: with how many documents have a value for each, which all have to be read for."""
        ...

    async def rename(self, place: Place, field_id: str, name: str) -> MetadataField | None:
        """In the documents as well; None if the field is not there.

        Raises:
            InvalidParam: the dataset has another field of that name.
        """
        ...

    async def delete(self, place: Place, field_id: str) -> MetadataField | None:
        """In the documents as well; what it was, None if it is not there."""
        ...

    async def fill(
        self, place: Place, values: Mapping[str, Mapping[str, MetadataValue]], kept: Collection[str] = ()
    ) -> bool:
        """Give documents (by id) values (by the name of their field); of those in `kept`, what is not named stays.

        False, and nothing is done, if one of the documents is not there.
        """
        ...
