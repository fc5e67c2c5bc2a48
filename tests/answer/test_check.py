"""The check of a drafted sentence against evidence: exact rules with a toy embedder, the fitted score with the real one."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answer.check import Check, Checker
from rag.answer.numbers import quantities
from rag.answer.statement import names
from rag.index.embed import load
from rag.settings import Settings
from rag.text import normalise, split_sentences
from tests.doubles import ToyEmbedder

FRIDO = "More specifically, we achieved state-of-the-art FID scores on five benchmarks, namely two on COCO."
SPEED = "The co-design approach can result in up to 88.7x speedup with a minimal performance degradation by 6.6%."
PROBE = "The probability of misclassifying human images decreased, but it does not require any labels on 1,000 samples."
ACTS = "We propose the Adversarial Converging Time Score (ACTS), a metric that quantifies the robustness of a DNN."
MODELS = "We evaluate 14 models trained on the LAION400-M and LAION-2B datasets, scaled from 400M to 2B samples."
FAILS = "Although it is fast, the baseline fails to improve the accuracy on ImageNet, and it needs large labelled data."
EVIDENCE = (FRIDO, SPEED, PROBE, ACTS, MODELS, FAILS)


def check(claim: str, *evidence: str) -> Check:
    """The check with the toy embedder, against all the evidence unless some is named."""
    return Checker(ToyEmbedder()).check(claim, evidence or EVIDENCE)


@pytest.mark.parametrize(
    "claim",
    [
        FRIDO,
        SPEED.rstrip("."),
        "We achieved state-of-the-art FID scores on five benchmarks.",
        "The probability of misclassifying human images decreased.",
        "The baseline fails to improve the accuracy on ImageNet.",
        "1. It needs large labelled data.",
        "We evaluate 14 models, scaled from 400M to 2B samples.",
    ],
)
def test_copies_are_supported(claim: str) -> None:
    """A sentence, its clauses, and its clauses without those between are supported, whatever the embedder says."""
    assert check(claim).verdict == "supported"
    assert check(claim).reason == ""


@pytest.mark.parametrize(
    ("claim", "wrong"),
    [
        ("The answer is 12.", "12"),
        ("We achieved state-of-the-art FID scores on twelve benchmarks.", "twelve"),
        ("We achieved state-of-the-art FID scores on 14 benchmarks.", "14"),  # 14 models, not 14 benchmarks
        ("The speedup is up to 88.8x with a performance degradation by 6.6%.", "88.8x"),
        ("The performance degradation is 66 percent.", "66 percent"),
        ("It does not require any labels on 10,000 samples.", "10,000"),
        ("The models are scaled from 400M to 3B samples.", "3B"),
    ],
)
def test_numbers_the_evidence_does_not_give(claim: str, wrong: str) -> None:
    """A number that stands nowhere in the evidence, or counts something else there, is named and never supported."""
    found = check(claim)
    assert found.verdict == "unsupported"
    assert found.reason == f"says {wrong}, the evidence does not"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 models", "five models"),
        ("1,000 models", "1000 models"),
        ("10k models", "ten thousand models"),
        ("6.6%", "6.6 percent"),
        ("an accuracy of 0.91", "an accuracy of 91%"),
        ("400 million", "400M"),
        ("the 3rd", "the third"),
        ("2x", "twice"),
        ("twofold", "a 2-fold gain"),
        ("nearly 7%", "6.6%"),
        ("twenty-five", "25"),
        ("one hundred and five", "105"),
    ],
)
def test_numbers_that_are_the_same(one: str, other: str) -> None:
    """Digits, words, separators, suffixes, percent signs and multiples are compared by value."""
    (first,), (second,) = quantities(one), quantities(other)
    assert first.equals(second)


@pytest.mark.parametrize(
    ("text", "values"),
    [("between two and four weeks", [2, 4]), ("two three-layer networks", [2, 3]), ("a hundred and two mice", [102])],
)
def test_neighbouring_number_words(text: str, values: list[float]) -> None:
    """They are one number only where one is said so."""
    assert [number.value for number in quantities(text)] == values


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Accuracy rose by 15% on ImageNet.", "Accuracy rose by 1.5% on ImageNet."),
        ("The difference was significant at p < 0.05 overall.", "The difference was significant at p > 0.05 overall."),
        ("The difference was significant at p < 0.05.", "The difference was significant at p > 0.05 overall."),
    ],
)
def test_no_copy_has_other_figures(claim: str, evidence: str) -> None:
    """Points and bounds count, though the words are the same."""
    assert check(claim, evidence).verdict == "unsupported"


def test_a_clause_with_one_of_two_bounds_is_a_copy() -> None:
    """Each bound of the claim stands in the sentence; the sentence may have more."""
    evidence = "The difference was significant at p < 0.05 in all of the trials with n > 30 patients."
    assert check("The difference was significant at p < 0.05.", evidence).score == 1


def test_a_lost_minus_makes_no_copy() -> None:
    """It is left to the comparison of the words."""
    assert check("The temperature changed by 5 degrees.", "The temperature changed by -5 degrees.").score < 1


@pytest.mark.parametrize(
    "text", ["GPT-4 and ResNet50", "the one that wins", "several hundred", "word2vec", "of the two."]
)
def test_what_is_no_number(text: str) -> None:
    """Digits in names, pronouns and vague counts are no numbers."""
    assert quantities(text) == ()


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The CLEVER metric quantifies the robustness of a DNN.", "unsupported"),
        ("The metric by Google quantifies the robustness of a DNN.", "unsupported"),
        ("We evaluate models trained on ImageNet21k.", "unsupported"),
        (
            "The adversarial converging time score quantifies the robustness of a deep neural network (DNN).",
            "supported",
        ),
        ("ACTS quantifies the robustness of DNNs.", "supported"),
    ],
)
def test_names(claim: str, verdict: str) -> None:
    """A name that the evidence does not have is not supported; an acronym and its expansion are one name."""
    assert check(claim, ACTS, MODELS).verdict == verdict


def test_context_explains_a_name_but_supports_nothing() -> None:
    """What a sentence calls "it" may be named by its claim when the abstract names it."""
    sentence = "The proposed metric measures the converging time as adversarial robustness."
    claim = "ACTS measures the converging time as adversarial robustness."
    checker = Checker(ToyEmbedder())
    assert checker.check(claim, [sentence]).reason == "names ACTS, the evidence does not"
    assert checker.check(claim, [sentence], context=[ACTS]).verdict == "supported"
    assert checker.check("It cooks rice.", [sentence], context=["It cooks rice."]).verdict == "unsupported"


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The method does not improve accuracy.", "The method improves the accuracy."),
        ("The method improves the accuracy.", "The method fails to improve the accuracy."),
        ("It improves the accuracy on ImageNet.", FAILS),
        ("The probability of misclassifying human images increased.", PROBE),
        ("It requires labels on 1,000 samples.", "It does not require any labels on 1,000 samples."),
        ("It reaches a higher latency.", "It reaches a lower latency and a higher accuracy."),
        ("An unsupervised method is used for parsing.", "A supervised method is used for parsing."),
        ("Dropout increases overfitting of the network.", "Dropout reduces overfitting of the network."),
        ("The network never converges.", "The network always converges."),
    ],
)
def test_the_opposite_is_contradicted(claim: str, evidence: str) -> None:
    """High overlap with turned polarity is a contradiction, and says on which word."""
    found = check(claim, evidence)
    assert found.verdict == "contradicted"
    assert "opposite" in found.reason


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Accuracy is not improved by the method.", "The method does not improve accuracy."),
        ("It reaches accuracy without labels.", "Although it does not use labels, it reaches high accuracy."),
        ("No comprehensive study exists.", "A comprehensive study remains absent to this day."),
        ("It reaches a higher accuracy.", "It reaches a lower latency and a higher accuracy."),
        ("It is important for health.", "It is not only important for health, but also for work."),
        ("Nonlinear models are used here.", "Non-linear models are used here."),
    ],
)
def test_the_same_in_other_words_is_not_contradicted(claim: str, evidence: str) -> None:
    """Negation in another place or another form is no contradiction."""
    assert check(claim, evidence).verdict != "contradicted"


@pytest.mark.parametrize("claim", ["It improves the accuracy on ImageNet.", "Improve the accuracy on ImageNet."])
def test_a_clause_without_its_denial_is_no_copy(claim: str) -> None:
    """Cutting "fails to" away leaves the opposite."""
    assert check(claim, FAILS).verdict != "supported"


@pytest.mark.parametrize(("claim", "evidence"), [("It works.", ()), (" ", (FRIDO,)), ("?!", (FRIDO,))])
def test_nothing_to_check(claim: str, evidence: tuple[str, ...]) -> None:
    """Without evidence, or without a claim, nothing is supported."""
    found = Checker(ToyEmbedder()).check(claim, evidence)
    assert found.verdict == "unsupported"
    assert found.reason


def test_best_names_the_sentences_that_carry_a_claim() -> None:
    """The carrying sentences come best first, and two are named when it takes two."""
    assert check(SPEED).best == (1,)
    found = check("FID scores on five benchmarks, and a metric that quantifies the robustness of a DNN.")
    assert set(found.best[:2]) == {0, 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ImageNet and GPT-4 of Google", ["ImageNet", "GPT-4", "Google"]),
        ("Models like k-NN, BERT-based ones, F1 and top-1", ["NN", "BERT", "F1", "top-1"]),
        ("Results: We use 2-player games and 400mg.", []),
    ],
)
def test_names_are_told_from_words(text: str, expected: list[str]) -> None:
    """Capitals that a sentence start explains, and counted things, are no names."""
    assert [name.written for name in names(text)] == expected


@given(st.sampled_from(EVIDENCE), st.permutations(EVIDENCE))
def test_a_verbatim_sentence_is_always_supported(claim: str, evidence: list[str]) -> None:
    """Whatever stands around it."""
    found = Checker(ToyEmbedder()).check(claim, evidence)
    assert found == Check("supported", 1.0, (evidence.index(claim),), "")


@given(st.text(max_size=200), st.lists(st.text(max_size=200), max_size=4))
def test_any_text_gets_a_verdict(claim: str, evidence: list[str]) -> None:
    """Any characters at all: a verdict, a score between 0 and 1, indices of the evidence, a reason unless supported."""
    found = Checker(ToyEmbedder()).check(claim, evidence)
    assert 0 <= found.score <= 1
    assert all(0 <= each < len(evidence) for each in found.best)
    assert (found.verdict == "supported") == (not found.reason)


@given(
    st.integers(0, 10**7),
    st.integers(0, 10**7),
    st.sampled_from(["{} models", "{}%", "a gain of {}", "{} large models"]),
)
def test_an_altered_number_is_never_supported(value: int, other: int, phrase: str) -> None:
    """Any other number in the same sentence fails, and the same one passes however it is grouped."""
    evidence = f"The experiments on image data show {phrase.format(value)} in all the settings."
    grouped = f"The experiments on image data show {phrase.format(f'{value:,}')} in all settings."
    claim = f"The experiments on image data show {phrase.format(other)} in all the settings."
    assert check(grouped, evidence).verdict == "supported"
    assert (check(claim, evidence).verdict == "supported") == (value == other)


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    """A checker with the embedder that comes with the package."""
    return Checker(load(Settings(cache=tmp_path_factory.mktemp("cache"))))


@pytest.mark.model
@pytest.mark.parametrize(
    "claim",
    [
        "The best FID scores were reached on 5 benchmarks.",
        "The speedup is as high as 88.7 times, at a cost of 6.6 percent in performance.",
        "The authors propose ACTS, which measures how robust a DNN is.",
        "The baseline does not improve accuracy on ImageNet.",
    ],
)
def test_a_fair_paraphrase_is_supported(checker: Checker, claim: str) -> None:
    """Other words for the same are supported, with all the evidence offered."""
    assert checker.check(claim, EVIDENCE).verdict == "supported"


@pytest.mark.model
@pytest.mark.parametrize(
    "claim",
    [
        "The answer is 12.",
        "Frido was trained by OpenAI on ImageNet.",
        "The baseline improves the accuracy on ImageNet.",
        "Bananas are rich in potassium and taste sweet.",
        "The authors recommend further clinical trials in children.",
    ],
)
def test_inventions_are_refused(checker: Checker, claim: str) -> None:
    """What a small model makes up is not supported by any of the evidence."""
    assert checker.check(claim, EVIDENCE).verdict != "supported"


@pytest.mark.model
def test_seed_sentences_are_supported_by_themselves_and_not_when_denied(checker: Checker, seeds: Path) -> None:
    """Every sentence of the seeds passes; with "is" or "are" denied, none does."""
    texts = [line for path in sorted(seeds.glob("*.txt")) for line in path.read_text().splitlines() if line]
    for text in texts:
        sentences = [sentence.text for sentence in split_sentences(normalise(text))]
        for sentence in sentences:
            assert checker.check(sentence, sentences).verdict == "supported"
            denied, count = re.subn(r"\b(is|are)\b(?! (?:not|no)\b)", r"\1 not", sentence, count=1)
            if count:
                assert checker.check(denied, sentences).verdict != "supported", denied
