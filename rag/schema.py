"""The JSON Schema of ``Answer.to_dict()``, which every surface returns. Published as docs/answer.schema.json."""

from typing import Any

from pydantic import TypeAdapter

from rag.records import Answer


def answer_schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12), derived from the records, with the property ``text`` that ``to_dict`` adds."""
    schema = TypeAdapter(Answer).json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["text"] = {
        "title": "Text",
        "type": "string",
        "description": "Plain text with [1] markers; when the answer abstains, the message that says so.",
    }
    # ``to_dict`` writes every field, also those that a constructor may leave out.
    for part in (schema, *schema["$defs"].values()):
        part["required"] = list(part["properties"])
        part["additionalProperties"] = False
    return schema
