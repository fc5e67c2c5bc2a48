"""huggingface/PATH with a tiny model made on the spot: loading, streaming, cancelling, failing."""

import threading
from pathlib import Path

import pytest

from rag import Settings
from rag.answer.llm import connect, draft, preflight
from rag.answer.prompts import Prompt
from rag.errors import LLMSetupError, LLMUnavailableError

pytestmark = pytest.mark.model
ASK = Prompt("Be brief.", "the cat sat")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-layer model with random weights and a vocabulary of words, saved as the library saves its models."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model")
    words = ["<unk>", "<s>", "</s>", *"the cat sat on a mat be brief system user assistant :".split()]
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    fast.chat_template = (
        "{% for message in messages %}{{ message['role'] }} : {{ message['content'] }} {% endfor %}assistant :"
    )
    fast.save_pretrained(path)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=4096, bos_token_id=1, eos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.mark.filterwarnings("ignore")
def test_a_local_model_streams_and_can_be_cancelled(folder: Path) -> None:
    """Drafts are repeatable and bounded; closing one ends the thread that generates."""
    settings = Settings(llm=f"huggingface/{folder}", llm_max_tokens=12)
    preflight(settings)
    llm = connect(settings)
    text = "".join(draft(llm, ASK))
    assert 0 < len(text.split()) <= 12
    assert "".join(draft(llm, ASK)) == text
    threads = threading.active_count()
    long = connect(settings.model_copy(update={"llm_max_tokens": 3000}))
    stream = draft(long, ASK)
    next(stream)
    stream.close()
    assert threading.active_count() == threads


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_fails_while_it_writes_is_an_error_not_a_hang(folder: Path) -> None:
    """What the generating thread raises comes out of the stream."""
    llm = connect(Settings(llm=f"huggingface/{folder}", llm_max_tokens=12))
    llm.generate_kwargs["num_beams"] = 0  # type: ignore[attr-defined]
    with pytest.raises(LLMUnavailableError, match="failed"):
        list(draft(llm, ASK))


@pytest.mark.filterwarnings("ignore")
def test_a_folder_without_weights_is_a_setup_error(folder: Path, tmp_path: Path) -> None:
    """A folder that is no model says so when it is loaded."""
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    with pytest.raises(LLMSetupError, match="transformers cannot load the model"):
        connect(Settings(llm=f"huggingface/{tmp_path}"))
