"""The three stock systems with the real embedder and a scripted language model."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.peers.contest import PEERS, PeerAssistant
from eval.questions import Question
from eval.runner import ask
from eval.scoring import score
from rag.answer.scripted import ScriptedLLM
from rag.errors import NotFoundError
from rag.records import Verdict
from rag.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def _verdict(_claim: str, _evidence: Sequence[str]) -> Verdict:
    return "supported"


@pytest.mark.parametrize("system", PEERS)
def test_a_system_ingests_searches_and_answers(
    system: str, questions: list[Question], make_assistant: type, tmp_path: Path
) -> None:
    """The right abstract is found first and cited; a marker without a source makes a citation that does not hold."""
    from tests.eval.conftest import TEXTS

    llm = ScriptedLLM(lambda _prompt: "It removes 40 percent [1]. It also flies [9].")
    peer = PEERS[system](Settings(), llm, tmp_path / "store")
    abstracts = [make_assistant().get(id_) for id_ in TEXTS]
    peer.ingest(abstracts)
    assistant = PeerAssistant(system, peer, abstracts, _verdict)
    result = ask(questions[0], assistant)
    (found,) = score([result])
    ids = [hit.abstract_id for hit in result.abstracts]
    assert len(set(ids)) == len(ids) > 1
    assert result.abstracts[0].abstract_id == "fern"
    assert 0 < result.answer.confidence <= 1
    assert found.values["cited_first"] == 1.0
    assert found.values["key_facts"] == 1.0
    assert found.values["citation_valid"] == 0.5
    assert [sentence.verdict for sentence in result.answer.sentences] == ["supported", "unsupported"]
    assert "How many percent of all weights are removed?" in llm.prompts[-1]
    with pytest.raises(NotFoundError):
        assistant.get("oak")
