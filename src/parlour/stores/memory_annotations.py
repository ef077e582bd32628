"""Annotations in the memory of one process: the port `Annotations`. Does not know when one is given as an answer."""

from msgspec import structs

from parlour.domain.annotation import Annotation, AnnotationsPage, searched


class MemoryAnnotations:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Annotation] = {}
        """By app and id."""

    async def create(self, annotation: Annotation) -> None:
        self._kept[annotation.app_id, annotation.id] = annotation

    async def update(self, app_id: str, annotation_id: str, question: str, answer: str) -> Annotation | None:
        known = self._kept.get((app_id, annotation_id))
        if known is None:
            return None
        self._kept[app_id, annotation_id] = changed = structs.replace(known, question=question, answer=answer)
        return changed

    async def delete(self, app_id: str, annotation_id: str) -> bool:
        return self._kept.pop((app_id, annotation_id), None) is not None

    async def page(self, app_id: str, keyword: str, page: int, limit: int) -> AnnotationsPage:
        wanted = keyword.casefold()
        own = [one for one in reversed(self._kept.values()) if one.app_id == app_id and wanted in searched(one)]
        newest_first = sorted(own, key=lambda one: -one.created_at)
        return AnnotationsPage(tuple(newest_first[(page - 1) * limit : page * limit]), len(own))
