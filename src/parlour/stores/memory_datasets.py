"""Datasets, tags and fields in the memory of one process. Does not know how a passage is found."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, structs

from parlour.domain.dataset import Dataset, DatasetQuery, DatasetsPage, MetadataField, Place, Tag
from parlour.domain.passages import ChildChunk, Document, MetadataValue, Node, Segment
from parlour.domain.problems import DatasetNameDuplicate, InvalidParam

TAKEN = "Tag name already exists"


class Paper(Struct):
    """A document with all that was made of it."""

    document: Document
    segments: dict[str, Segment] = {}
    children: dict[str, ChildChunk] = {}
    nodes: dict[str, Node] = {}
    worker: str = ""
    held_until: float = 0.0
    undone: bool = True
    """Whether it is still to be indexed."""


class Shelf(Struct):
    """A dataset with all that is in it."""

    dataset: Dataset
    papers: dict[str, Paper] = {}
    fields: dict[str, MetadataField] = {}
    tags: set[str] = set()


class KnowledgeRows(Struct):
    """What is kept."""

    shelves: dict[str, Shelf] = {}
    tags: dict[str, Tag] = {}

    def shelf(self, place: Place) -> Shelf | None:
        found = self.shelves.get(place.dataset_id)
        return found if found and found.dataset.tenant == place.tenant else None

    def papers(self, place: Place) -> dict[str, Paper]:
        found = self.shelf(place)
        return found.papers if found else {}


class MemoryDatasets:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def create(self, dataset: Dataset) -> None:
        self._refuse_twice(dataset)
        self._rows.shelves[dataset.id] = Shelf(dataset)

    async def find(self, place: Place) -> Dataset | None:
        found = self._rows.shelf(place)
        return found.dataset if found else None

    async def page(self, tenant: str, query: DatasetQuery, page: int, limit: int) -> DatasetsPage:
        wanted = query.keyword.casefold()
        own = [
            shelf.dataset
            for shelf in reversed(self._rows.shelves.values())
            if shelf.dataset.tenant == tenant
            and wanted in shelf.dataset.name.casefold()
            and query.name in {"", shelf.dataset.name}
            and (not query.tags or shelf.tags & set(query.tags))
        ]
        newest_first = sorted(own, key=lambda one: -one.created_at)
        return DatasetsPage(tuple(newest_first[(page - 1) * limit : page * limit]), len(own))

    async def update(self, dataset: Dataset) -> bool:
        found = self._rows.shelf(dataset.place)
        if found is None:
            return False
        self._refuse_twice(dataset)
        found.dataset = dataset
        return True

    async def delete(self, place: Place) -> tuple[str, ...] | None:
        found = self._rows.shelf(place)
        if found is None:
            return None
        del self._rows.shelves[place.dataset_id]
        return tuple(paper.document.source.blob for paper in found.papers.values() if paper.document.source.blob)

    def _refuse_twice(self, dataset: Dataset) -> None:
        own = (shelf.dataset for shelf in self._rows.shelves.values() if shelf.dataset.tenant == dataset.tenant)
        if any(one.name == dataset.name and one.id != dataset.id for one in own):
            raise DatasetNameDuplicate


class MemoryTags:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def create(self, tag: Tag) -> None:
        self._refuse_twice(tag)
        self._rows.tags[tag.id] = tag

    async def all(self, tenant: str) -> tuple[Tag, ...]:
        own = [self._counted(tag) for tag in reversed(self._rows.tags.values()) if tag.tenant == tenant]
        return tuple(sorted(own, key=lambda tag: -tag.created_at))

    async def rename(self, tenant: str, tag_id: str, name: str) -> Tag | None:
        found = self._own(tenant, tag_id)
        if found is None:
            return None
        renamed = structs.replace(found, name=name)
        self._refuse_twice(renamed)
        self._rows.tags[tag_id] = renamed
        return self._counted(renamed)

    async def delete(self, tenant: str, tag_id: str) -> bool:
        if self._own(tenant, tag_id) is None:
            return False
        del self._rows.tags[tag_id]
        for shelf in self._rows.shelves.values():
            shelf.tags.discard(tag_id)
        return True

    def _own(self, tenant: str, tag_id: str) -> Tag | None:
        found = self._rows.tags.get(tag_id)
        return found if found and found.tenant == tenant else None

    def _refuse_twice(self, tag: Tag) -> None:
        own = (one for one in self._rows.tags.values() if one.tenant == tag.tenant)
        if any(one.name == tag.name and one.id != tag.id for one in own):
            raise InvalidParam(TAKEN, params="name")

    def _counted(self, tag: Tag) -> Tag:
        return structs.replace(tag, datasets=sum(tag.id in shelf.tags for shelf in self._rows.shelves.values()))


class MemoryTagBindings:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def bind(self, place: Place, tag_ids: Sequence[str], *, bound: bool) -> bool:
        shelf = self._rows.shelf(place)
        if shelf is None:
            return False
        if not bound:
            shelf.tags.difference_update(tag_ids)
            return True
        if any(one not in self._rows.tags or self._rows.tags[one].tenant != place.tenant for one in tag_ids):
            return False
        shelf.tags.update(tag_ids)
        return True

    async def of(self, tenant: str, dataset_ids: Sequence[str]) -> Mapping[str, tuple[Tag, ...]]:
        found: dict[str, tuple[Tag, ...]] = {}
        for one in dataset_ids:
            shelf = self._rows.shelf(Place(tenant, one))
            if shelf is not None and shelf.tags:
                own = [tag for tag in self._rows.tags.values() if tag.id in shelf.tags]
                found[one] = tuple(sorted(own, key=lambda tag: tag.name))
        return found


class MemoryMetadataFields:
    def __init__(self, rows: KnowledgeRows) -> None:
        self._rows = rows

    async def create(self, place: Place, field: MetadataField) -> bool:
        shelf = self._rows.shelf(place)
        if shelf is None:
            return False
        refuse_twice(shelf, field.id, field.name)
        shelf.fields[field.id] = field
        return True

    async def all(self, place: Place, *, counted: bool = False) -> tuple[MetadataField, ...]:
        shelf = self._rows.shelf(place)
        if shelf is None:
            return ()
        return tuple(with_count(shelf, field) if counted else field for field in shelf.fields.values())

    async def rename(self, place: Place, field_id: str, name: str) -> MetadataField | None:
        shelf = self._rows.shelf(place)
        if shelf is None or field_id not in shelf.fields:
            return None
        refuse_twice(shelf, field_id, name)
        was = shelf.fields[field_id]
        shelf.fields[field_id] = structs.replace(was, name=name)
        for paper in shelf.papers.values():
            values = {name if key == was.name else key: value for key, value in paper.document.metadata.items()}
            paper.document = structs.replace(paper.document, metadata=values)
        return with_count(shelf, shelf.fields[field_id])

    async def delete(self, place: Place, field_id: str) -> MetadataField | None:
        shelf = self._rows.shelf(place)
        if shelf is None or field_id not in shelf.fields:
            return None
        was = with_count(shelf, shelf.fields[field_id])
        del shelf.fields[field_id]
        for paper in shelf.papers.values():
            values = {key: value for key, value in paper.document.metadata.items() if key != was.name}
            paper.document = structs.replace(paper.document, metadata=values)
        return was

    async def fill(
        self, place: Place, values: Mapping[str, Mapping[str, MetadataValue]], kept: Collection[str] = ()
    ) -> bool:
        papers = self._rows.papers(place)
        if any(one not in papers for one in values):
            return False
        for one, given in values.items():
            known = papers[one].document.metadata if one in kept else {}
            papers[one].document = structs.replace(papers[one].document, metadata=known | dict(given))
        return True


def with_count(shelf: Shelf, field: MetadataField) -> MetadataField:
    filled = sum(field.name in paper.document.metadata for paper in shelf.papers.values())
    return structs.replace(field, documents=filled)


def refuse_twice(shelf: Shelf, field_id: str, name: str) -> None:
    if any(field.name == name and field.id != field_id for field in shelf.fields.values()):
        raise InvalidParam(f"Metadata name already exists: {name}.")
