"""Three stock systems behind one small door each; every vendor is imported in its own class only."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.records import Abstract
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

SHOWN = 3
"""Abstracts each system puts before the language model: what fits a small model's prompt."""

PROMPT = (
    "Use only the numbered sources to answer, in at most three sentences. After each sentence give the number of its "
    "source in square brackets, like [2]. If the sources do not say, write that they do not.\n\n"
    "{context}\n\nQuestion: {question}\nAnswer:"
)
"""For the systems that have no citing prompt of their own."""


@dataclass(frozen=True, slots=True)
class Found:
    """The id of an abstract and its cosine with the query."""

    abstract_id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Written:
    """What a system wrote, and the abstracts it had numbered 1, 2, ... for the language model."""

    text: str
    shown: tuple[str, ...]


class Peer(Protocol):
    """A system that ingests abstracts, searches them and answers from them."""

    def ingest(self, abstracts: Sequence[Abstract]) -> None:
        """Take all the abstracts in."""
        ...

    def search(self, query: str, limit: int) -> list[Found]:
        """The best abstracts, each once, best first."""
        ...

    def answer(self, question: str) -> Written:
        """Answer in the system's own way."""
        ...


def embedder_folder(settings: Settings) -> str:
    """The sentence-transformers folder or name of the settings' embedder."""
    from rag.index.embed import BUNDLED, bundled_model_folder

    return str(bundled_model_folder()) if settings.embed_model == BUNDLED else settings.embed_model


class LlamaIndexPeer:
    """VectorStoreIndex on Chroma with HuggingFaceEmbedding, and the stock CitationQueryEngine on top."""

    def __init__(self, settings: Settings, llm: "LLM", folder: Path) -> None:
        from llama_index.core import StorageContext
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding
        from llama_index.vector_stores.chroma import ChromaVectorStore

        self._llm = llm
        self._embedding = HuggingFaceEmbedding(model_name=embedder_folder(settings))
        store = ChromaVectorStore.from_params("peer", persist_dir=str(folder))
        self._storage = StorageContext.from_defaults(vector_store=store)
        self._index: Any = None
        self._engine: Any = None

    def ingest(self, abstracts: Sequence[Abstract]) -> None:
        """One Document an abstract, through the default sentence splitter."""
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.query_engine import CitationQueryEngine

        documents = [
            Document(
                text=abstract.text,
                metadata={"abstract_id": abstract.id},
                excluded_embed_metadata_keys=["abstract_id"],
                excluded_llm_metadata_keys=["abstract_id"],
            )
            for abstract in abstracts
        ]
        self._index = VectorStoreIndex.from_documents(
            documents, storage_context=self._storage, embed_model=self._embedding
        )
        self._engine = CitationQueryEngine.from_args(self._index, llm=self._llm, similarity_top_k=SHOWN)

    def search(self, query: str, limit: int) -> list[Found]:
        """The index's own retriever; its score is exp(-distance), which ranks as the cosine does."""
        nodes = self._index.as_retriever(similarity_top_k=limit).retrieve(query)
        return _each_once([Found(node.node.metadata["abstract_id"], float(node.score or 0.0)) for node in nodes])

    def answer(self, question: str) -> Written:
        """The engine's text, and its source nodes in the order it numbered them."""
        response = self._engine.query(question)
        return Written(str(response), tuple(node.node.metadata["abstract_id"] for node in response.source_nodes))


class LangChainPeer:
    """A retrieval chain (retriever, prompt, model, parser) over langchain-chroma with HuggingFaceEmbeddings."""

    def __init__(self, settings: Settings, llm: "LLM", folder: Path) -> None:
        from langchain_chroma import Chroma
        from langchain_core.output_parsers import StrOutputParser
        from langchain_core.prompts import PromptTemplate
        from langchain_core.runnables import RunnableLambda
        from langchain_huggingface import HuggingFaceEmbeddings

        self._store = Chroma(
            collection_name="peer",
            embedding_function=HuggingFaceEmbeddings(model_name=embedder_folder(settings)),
            persist_directory=str(folder),
            collection_metadata={"hnsw:space": "cosine"},
        )
        model = RunnableLambda(lambda prompt: write(llm, prompt.to_string()))
        self._chain = PromptTemplate.from_template(PROMPT) | model | StrOutputParser()

    def ingest(self, abstracts: Sequence[Abstract]) -> None:
        """One text an abstract."""
        self._store.add_texts(
            [abstract.text for abstract in abstracts], [{"abstract_id": abstract.id} for abstract in abstracts]
        )

    def search(self, query: str, limit: int) -> list[Found]:
        """The store's search; its score is the cosine distance."""
        found = self._store.similarity_search_with_score(query, k=limit)
        return _each_once([Found(document.metadata["abstract_id"], 1.0 - float(score)) for document, score in found])

    def answer(self, question: str) -> Written:
        """The chain's text over the retriever's documents."""
        documents = self._store.as_retriever(search_kwargs={"k": SHOWN}).invoke(question)
        text = self._chain.invoke(
            {"context": numbered([each.page_content for each in documents]), "question": question}
        )
        return Written(text, tuple(each.metadata["abstract_id"] for each in documents))


class TxtaiPeer:
    """txtai Embeddings as a hybrid of dense vectors and BM25, and the answer prompted over its best matches."""

    def __init__(self, settings: Settings, llm: "LLM", folder: Path) -> None:
        # txtai imports litellm, which would fetch a price list from the network.
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        from txtai import Embeddings

        del folder  # kept in memory
        self._llm = llm
        self._embeddings = Embeddings(path=embedder_folder(settings), hybrid=True, content=True)

    def ingest(self, abstracts: Sequence[Abstract]) -> None:
        """One row an abstract."""
        self._embeddings.index((abstract.id, abstract.text, None) for abstract in abstracts)

    def search(self, query: str, limit: int) -> list[Found]:
        """Txtai's hybrid search; its score is between 0 and 1."""
        return _each_once([Found(row["id"], float(row["score"])) for row in self._embeddings.search(query, limit)])

    def answer(self, question: str) -> Written:
        """The model's text over the best rows."""
        rows = self._embeddings.search(question, SHOWN)
        prompt = PROMPT.format(context=numbered([row["text"] for row in rows]), question=question)
        return Written(write(self._llm, prompt), tuple(row["id"] for row in rows))


def write(llm: "LLM", prompt: str) -> str:
    """One reply of the language model to one user message."""
    from llama_index.core.llms import ChatMessage

    return llm.chat([ChatMessage(role="user", content=prompt)]).message.content or ""


def numbered(texts: Sequence[str]) -> str:
    """The texts as "[1] ...", "[2] ..."."""
    return "\n".join(f"[{number}] {text}" for number, text in enumerate(texts, start=1))


def _each_once(found: Sequence[Found]) -> list[Found]:
    best: dict[str, Found] = {}
    for each in found:
        best.setdefault(each.abstract_id, each)
    return list(best.values())
