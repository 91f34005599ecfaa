"""The tree of models that a plan is: which fields may stand at a path, for messages and for the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from ci_orchestrator.plan.builder import Path
from ci_orchestrator.plan.fields import Model
from ci_orchestrator.plan.models import Plan

KEY_NAMED = "name"  # a suite's or runner class's name is its key, never a field in a file


def fields_of(model: type[Model]) -> dict[str, FieldInfo]:
    """The fields of a model as a plan file spells them."""
    fields = {info.alias or name: info for name, info in model.model_fields.items()}
    return {name: info for name, info in fields.items() if not (name == KEY_NAMED and info.exclude)}


def model_in(annotation: object) -> type[Model] | None:
    """The model that a field holds, itself or in a mapping or list, or None."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((model for argument in get_args(annotation) if (model := model_in(argument))), None)


def is_mapping(annotation: object) -> bool:
    """Whether a field is a mapping with keys of the user's choice, or none at all."""
    return get_origin(annotation) is dict or any(get_origin(option) is dict for option in get_args(annotation))


def model_at(path: Path) -> type[Model]:
    """The model of the innermost mapping with fixed fields on the way to `path`."""
    model: type[Model] = Plan
    steps = iter(path)
    for step in steps:
        info = fields_of(model).get(str(step))
        if info is None:
            continue
        model = model_in(info.annotation) or model
        if is_mapping(info.annotation):
            next(steps, None)
    return model


def models() -> Iterator[type[Model]]:
    """All models, each once, outermost first."""
    seen: list[type[Model]] = [Plan]
    for model in seen:
        yield model
        for info in fields_of(model).values():
            inner = model_in(info.annotation)
            if inner and inner not in seen:
                seen.append(inner)
