"""Follow-ups: which questions lean on the conversation, and what is filled in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.chat import leans_on_history, standalone
from rag.answer.scripted import ScriptedLLM

ACTS = [("What does ACTS measure?", "ACTS measures the robustness of classifiers to shifts in the data. [1]")]
RANK = [
    (
        "Is there a way to order the neurons of a trained classifier by how much they matter?",
        "We propose NeuroRank, which scores each neuron without retraining. [1]",
    )
]
SLEEP = [("How does sleep deprivation affect memory consolidation?", "It impairs recall the next day. [1]")]

LEANING = [
    "and on which datasets?",
    "And for images?",
    "On ImageNet?",
    "What about text?",
    "How about GPT-2?",
    "How does it work?",
    "How fast is it?",
    "Does it need labels?",
    "Is it better than the others?",
    "What are its limitations?",
    "Which datasets was it tested on?",
    "What do they conclude?",
    "Who wrote it?",
    "Why?",
    "Why not?",
    "how so?",
    "How many parameters does it have?",
    "What does this mean in practice?",
    "Why is that?",
    "How is that measured?",
    "Does this method scale?",
    "What were the results?",
    "Which datasets were used?",
    "How was it evaluated?",
    "How was the evaluation done?",
    "What accuracy did the model reach on ImageNet?",
    "Does the approach generalise?",
    "How does the method handle missing data?",
    "What did the authors conclude?",
    "Which languages are covered?",
    "Which loss function does the method use?",
    "What else?",
    "Are there any others?",
    "Which one is faster?",
    "Is there a cheaper one?",
    "Can you explain this in simpler words?",
    "Does dropout improve it?",
    "How do these models compare?",
    "and who funded this?",
    "Does it use transformers and attention?",
    "But does it work with noisy labels?",
    "What is the main contribution?",
    "Can you give an example?",
    "By how much?",
    "Compared to what?",
    "Is the code published?",
    "Is it expensive to compute?",
    "Is it computationally expensive to run?",
    "Is it hard to train?",
    "Is it likely to overfit?",
]

INDEPENDENT = [
    "What is ACTS?",
    "How does sleep affect memory?",
    "Which datasets does GraphSAGE use?",
    "What is the method of moments?",
    "Is it possible to train a network without labels?",
    "Is it possible to train on CPUs?",
    "Is it possible to overfit?",
    "Is it expensive to train transformers on graphs?",
    "Is it hard to train networks?",
    "Is it true that dropout prevents overfitting?",
    "How long does it take to train a GAN?",
    "When BERT is fine-tuned, does it forget what it knew?",
    "How does GraphSAGE generate its embeddings?",
    "Why do transformers need positional encodings and how do they work?",
    "Which papers are about evaluation?",
    "Which abstracts mention graph neural networks?",
    "What causes hallucinations in language models?",
    "Are there methods that learn from noisy labels?",
    "What is a benchmark?",
    "graph neural networks oversmoothing",
    "Does the model of Vaswani use recurrence?",
    "How do doctors treat patients that have diabetes?",
    "What evidence is there that sleep helps memory?",
    "In which year was BERT published?",
    "And what is GraphSAGE?",
    "How does one-shot learning work?",
    "How do people with diabetes manage their diet?",
    "Why does dropout help the model generalise?",
    "What are the limitations of large language models?",
    "How is fairness measured in recommender systems?",
    "Do those who sleep less forget more?",
    "What does the paper that introduces ACTS conclude about shifts?",
    "Is sleep deprivation worse than that of nutrition?",
    "How many participants with insomnia were in the trial?",
]


@pytest.mark.parametrize("question", LEANING)
def test_a_question_that_leaves_something_out_leans_on_the_history(question: str) -> None:
    """Pronouns, fragments and questions without a subject need what was said before."""
    assert leans_on_history(question, ACTS)
    assert standalone(question, ACTS) != question


@pytest.mark.parametrize("question", INDEPENDENT)
def test_an_independent_question_is_left_alone(question: str) -> None:
    """A new question, however long the conversation before it, is searched for as it is."""
    assert standalone(question, [*SLEEP, *ACTS]) == question


@pytest.mark.parametrize("question", LEANING)
def test_without_a_history_no_question_is_changed(question: str) -> None:
    """The first question of a conversation has nothing to lean on."""
    assert standalone(question, []) == question


DECLINED = [("How long do snails sleep?", "The abstracts do not say. I looked for: X. Nearest: Large models (LVLMs).")]
FRIDO = [("What is Frido?", "We present Frido, a feature pyramid diffusion model. [1]")]
MAGVIT = [("What is MAGVIT-v2?", "We introduce MAGVIT-v2, a video tokenizer. [1]")]
NOT_SAID = "The abstracts do not say."
FILLED_IN = [
    ("How does it work?", ACTS, "How does ACTS work?"),
    ("What are its limitations?", ACTS, "What are ACTS's limitations?"),
    ("Does the proposed method scale?", ACTS, "Does ACTS scale?"),
    ("How fast is this approach?", ACTS, "How fast is ACTS?"),
    ("and on which datasets?", ACTS, "and on which datasets (ACTS)?"),
    ("What were the results?", ACTS, "What were the results (ACTS)?"),
    ("And for images?", ACTS, "What does ACTS measure, and for images?"),
    ("What about CLEVER?", ACTS, "What does CLEVER measure?"),
    ("And CLEVER?", ACTS, "What does CLEVER measure?"),
    ("What about text?", ACTS, "What does ACTS measure, and what about text?"),
    ("How fast is it?", RANK, "How fast is it (NeuroRank order neurons classifier)?"),
    ("Why is that?", SLEEP, "Why is that (sleep deprivation affect memory consolidation)?"),
    ("How fast is it?", [("What is it?", "NeuroRank scores neurons.")], "How fast is NeuroRank?"),
    ("Does it scale?", [*ACTS, ("and on which datasets?", "On ImageNet-C. [1]")], "Does ACTS scale?"),
    ("Why does it vary?", DECLINED, "Why does it vary (snails sleep)?"),
    ("What about NeuroRank?", [*ACTS, ("How does it work?", "By counting. [1]")], "How does NeuroRank work?"),
    (
        "Which datasets does it use?",
        [*FRIDO, ("What learning rate does it use?", NOT_SAID)],
        "Which datasets does Frido use?",
    ),
    (
        "Which benchmarks were used for it?",
        [*MAGVIT, ("What is its compression quality?", "It is comparable to VCC. [1]")],
        "Which benchmarks were used for MAGVIT-v2?",
    ),
    (
        "Which benchmarks were used for it?",
        [("What is MAGVIT-v2's compression quality?", "It is comparable to VCC. [1]")],
        "Which benchmarks were used for it (MAGVIT-v2 compression quality)?",
    ),
    ("and since when?", [*FRIDO, ("What learning rate does it use?", NOT_SAID)], "and since when (Frido)?"),
    ("Is it expensive to compute?", ACTS, "Is ACTS expensive to compute?"),
    ("Is it fast?", [*FRIDO, *DECLINED], "Is it fast (snails sleep)?"),
    ("Which one is older?", [*FRIDO, ("Does it beat GPT-2?", "No. [1]")], "Which one is older (Frido GPT-2)?"),
    ("How good is it?", [*FRIDO, ("cool", "DNNs are cool. [1]"), ("Ok, thank you!", NOT_SAID)], "How good is Frido?"),
]


@pytest.mark.parametrize(("question", "history", "expected"), FILLED_IN)
def test_the_rules_fill_in_what_the_conversation_is_about(
    question: str, history: list[tuple[str, str]], expected: str
) -> None:
    """A name takes the place of what stands for it; else the words of the last question are added."""
    assert standalone(question, history) == expected


def test_a_conversation_may_be_long() -> None:
    """However many follow-ups came before; the topic is that of the last one that can still be told."""
    follow_ups = [("How fast is it?", "Very fast. [1]")] * 600
    assert standalone("Does it scale?", [*ACTS, *follow_ups, *FRIDO, *follow_ups[:15]]) == "Does Frido scale?"
    assert standalone("Does it scale?", [*ACTS, *follow_ups])


def test_a_model_may_rewrite_a_follow_up() -> None:
    """A rewriting that keeps the question's words and uses those of the conversation is taken, quotes and label off."""
    llm = ScriptedLLM(['Rewritten question: "On which datasets does ACTS measure the robustness of classifiers?"'])
    asked = "On which datasets does ACTS measure the robustness of classifiers?"
    assert standalone("and on which datasets?", ACTS, llm) == asked
    assert "What does ACTS measure?" in llm.prompts[0]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "I cannot help with that.",
        "How does it work with noisy labels?",
        "What does ACTS measure?",
        "How does BERT work with noisy labels?",
        "ACTS works with noisy labels.",
        "How does ACTS work with noisy labels? " * 20,
    ],
)
def test_a_rewriting_that_cannot_be_trusted_gives_way_to_the_rules(written: str) -> None:
    """Empty, an answer, still leaning, without the question's words, with a made-up name, or endless: not taken."""
    assert standalone("How does it work with noisy labels?", ACTS, ScriptedLLM([written])) == (
        "How does ACTS work with noisy labels?"
    )


def test_a_model_that_fails_gives_way_to_the_rules() -> None:
    """Whoever composes the answer asks the model next and reports that it failed."""
    assert standalone("How does it work?", ACTS, ScriptedLLM([ConnectionError("gone")])) == "How does ACTS work?"


def test_an_independent_question_costs_no_call_of_a_model() -> None:
    """The rules alone decide whether a question leans on the history."""
    llm = ScriptedLLM([])
    assert standalone("How is fairness measured in recommender systems?", ACTS, llm).startswith("How is fairness")
    assert llm.prompts == []


@given(st.text(max_size=80), st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=2))
def test_any_question_can_be_resolved(question: str, history: list[tuple[str, str]]) -> None:
    """Whatever is typed, the result keeps every word of an independent question, and nothing breaks."""
    resolved = standalone(question, history)
    assert resolved == question or leans_on_history(question, history)
