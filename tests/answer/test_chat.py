"""Follow-ups: which questions lean on the conversation, and what is filled in."""

import pytest

from rag.answer.chat import leans_on_history, standalone

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
]

INDEPENDENT = [
    "What is ACTS?",
    "How does sleep affect memory?",
    "Which datasets does GraphSAGE use?",
    "What is the method of moments?",
    "Is it possible to train a network without labels?",
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
