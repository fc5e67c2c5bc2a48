"""The LlamaIndex faces behave as LlamaIndex's own pieces do."""

import asyncio
from pathlib import Path

import pytest
from llama_index.core.base.response.schema import Response
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore

from rag import Assistant, UsageError
from rag.answer.scripted import ScriptedLLM


def test_the_retriever_gives_scored_nodes(assistant: Assistant, seeds: Path) -> None:
    """One node an abstract, best first, with the fused score and the metadata that is known."""
    assistant.ingest([seeds])
    nodes = assistant.as_retriever(limit=3).retrieve("adversarial robustness metric converging time")
    assert len(nodes) == 3
    assert all(isinstance(node, NodeWithScore) for node in nodes)
    assert [node.score for node in nodes] == sorted((node.score or 0 for node in nodes), reverse=True)
    assert "ACTS" in nodes[0].node.get_content()


def test_fewer_hits_than_none_are_refused(assistant: Assistant, seeds: Path) -> None:
    """A negative limit is no way to count from the end; none at all is."""
    assistant.ingest([seeds])
    for limit in (-1, -5):
        with pytest.raises(UsageError, match=str(limit)):
            assistant.search("metric", limit=limit)
        with pytest.raises(UsageError, match=str(limit)):
            assistant.as_retriever(limit).retrieve("metric")
    assert assistant.search("metric", limit=0) == []
    assert assistant.as_retriever(0).retrieve("metric") == []


def test_the_query_engine_answers_with_sources(assistant: Assistant, seeds: Path) -> None:
    """The response is the answer's text; its nodes are the cited abstracts in marker order, sync and async."""
    assistant.ingest([seeds])
    engine = assistant.as_query_engine()
    response = engine.query("What does ACTS measure?")
    assert isinstance(response, Response)
    assert response.metadata is not None
    assert [node.node_id for node in response.source_nodes] == [each["id"] for each in response.metadata["sources"]]
    assert str(asyncio.run(engine.aquery("What does ACTS measure?"))) == str(response)


def test_the_retriever_composes_with_others(assistant: Assistant, seeds: Path) -> None:
    """A stock RetrieverQueryEngine runs over it."""
    assistant.ingest([seeds])
    engine = RetrieverQueryEngine.from_args(assistant.as_retriever(limit=2), llm=ScriptedLLM(["It measures time."]))
    assert str(engine.query("What does ACTS measure?")) == "It measures time."
