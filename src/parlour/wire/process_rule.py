"""How a document becomes passages, as requests say it and replies show it. Does not know how it is cut."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain.passages import ProcessRule, Segmentation

Rule = Literal["remove_stopwords", "remove_extra_spaces", "remove_urls_emails"]


class PreProcessingRule(Struct, frozen=True):
    """Something that is taken out of a text before it is cut."""

    id: Rule
    enabled: bool = True


class SegmentationBody(Struct, frozen=True):
    """Where texts are cut."""

    separator: str = "\n"
    max_tokens: Annotated[int, Meta(ge=1, le=1_000_000)] = 1024
    chunk_overlap: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class Rules(Struct, frozen=True):
    """What is taken out, and where is cut."""

    pre_processing_rules: tuple[PreProcessingRule, ...] = ()
    segmentation: SegmentationBody | None = None
    parent_mode: Literal["full-doc", "paragraph"] | None = None
    subchunk_segmentation: SegmentationBody | None = None


class ProcessRuleBody(Struct, frozen=True):
    """How a document becomes passages."""

    mode: Literal["automatic", "custom", "hierarchical"]
    rules: Rules | None = None


def rule_of(said: ProcessRuleBody | None) -> ProcessRule:
    if said is None or said.mode == "automatic":
        return ProcessRule()
    rules, usual = said.rules or Rules(), ProcessRule()
    enabled = {rule.id for rule in rules.pre_processing_rules if rule.enabled}
    return ProcessRule(
        mode=said.mode,
        remove_extra_spaces="remove_extra_spaces" in enabled,
        remove_urls_emails="remove_urls_emails" in enabled,
        remove_stopwords="remove_stopwords" in enabled,
        segmentation=_cut(rules.segmentation) if rules.segmentation else usual.segmentation,
        parent=rules.parent_mode or usual.parent,
        parts=_cut(rules.subchunk_segmentation) if rules.subchunk_segmentation else usual.parts,
    )


def shown(rule: ProcessRule) -> ProcessRuleBody:
    enabled: dict[Rule, bool] = {
        "remove_extra_spaces": rule.remove_extra_spaces,
        "remove_urls_emails": rule.remove_urls_emails,
        "remove_stopwords": rule.remove_stopwords,
    }
    hierarchical = rule.mode == "hierarchical"
    rules = Rules(
        pre_processing_rules=tuple(PreProcessingRule(name, on) for name, on in enabled.items()),
        segmentation=_shown(rule.segmentation),
        parent_mode=rule.parent if hierarchical else None,
        subchunk_segmentation=_shown(rule.parts) if hierarchical else None,
    )
    return ProcessRuleBody(rule.mode, rules)


def _cut(said: SegmentationBody) -> Segmentation:
    """A separator may come with its line breaks spelt out, as forms send it."""
    return Segmentation(said.separator.replace("\\n", "\n"), said.max_tokens, said.chunk_overlap)


def _shown(cut: Segmentation) -> SegmentationBody:
    return SegmentationBody(cut.separator, cut.max_tokens, cut.overlap)
