"""The LlamaIndex faces: a retriever and a query engine that other LlamaIndex pieces can be composed with."""

from typing import TYPE_CHECKING, Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import RESPONSE_TYPE, Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from rag.records import Abstract

if TYPE_CHECKING:
    from rag.assistant import Assistant


class FootnoteRetriever(BaseRetriever):
    """Finds abstracts as ``Assistant.search`` does: one node a hit, the fused score as its score."""

    def __init__(self, assistant: "Assistant", limit: int = 10) -> None:
        self._assistant = assistant
        self._limit = limit
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._assistant.search(query_bundle.query_str, limit=self._limit)
        return [NodeWithScore(node=_node(hit.abstract), score=hit.score) for hit in hits]


class FootnoteQueryEngine(BaseQueryEngine):
    """Answers as ``Assistant.ask`` does.

    ``str(response)`` is the text with its markers; ``source_nodes`` are the cited abstracts in marker order;
    ``metadata`` is the answer's ``to_dict()``.
    """

    def __init__(self, assistant: "Assistant") -> None:
        self._assistant = assistant
        super().__init__(callback_manager=CallbackManager([]))

    def _query(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        answer = self._assistant.ask(query_bundle.query_str)
        best: dict[str, float] = {}
        for sentence in answer.sentences:
            for citation in sentence.citations:
                best[citation.abstract_id] = max(best.get(citation.abstract_id, citation.score), citation.score)
        nodes = [NodeWithScore(node=_node(abstract), score=best[abstract.id]) for abstract in answer.sources]
        return Response(response=answer.text, source_nodes=nodes, metadata=answer.to_dict())

    async def _aquery(self, query_bundle: QueryBundle) -> RESPONSE_TYPE:
        import asyncio

        return await asyncio.to_thread(self._query, query_bundle)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def _node(abstract: Abstract) -> TextNode:
    metadata: dict[str, Any] = {
        "title": abstract.title,
        "authors": ", ".join(abstract.authors),
        "year": abstract.year,
        "venue": abstract.venue,
        "doi": abstract.doi,
        "url": abstract.url,
    }
    known = {name: value for name, value in metadata.items() if value}
    return TextNode(id_=abstract.id, text=abstract.text, metadata=known)
