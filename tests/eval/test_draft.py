"""Drafted questions hold together, spread over the abstracts, and do not give their answers away."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from eval.draft import draft, keyword_question, llm_question
from eval.questions import parse, to_json
from rag.answer.scripted import ScriptedLLM
from rag.records import Abstract

MakeAssistant = Callable[..., Any]


def _abstracts(make_assistant: MakeAssistant) -> list[Abstract]:
    texts = {
        "fern": "Fern prunes large convolutional networks after training. It removes 40 percent of all weights in them.",
        "moss": "Moss is a new corpus of 12 long river recordings. Every recording has labels by 3 bird experts.",
    }
    return [Abstract(id_, text, id_) for id_, text in texts.items()]


def test_keywords_make_valid_questions_over_all_abstracts(make_assistant: MakeAssistant) -> None:
    """Every record passes the schema, each abstract has its turn, and the same seed drafts the same."""
    made = list(draft(_abstracts(make_assistant), 4, keyword_question))
    assert [parse(to_json(each)) for each in made] == made
    assert Counter(each.gold_abstract_ids[0] for each in made) == {"fern": 2, "moss": 2}
    assert made == list(draft(_abstracts(make_assistant), 4, keyword_question))


def test_key_facts_are_what_the_question_does_not_say(make_assistant: MakeAssistant) -> None:
    """Numbers and acronyms of the gold sentence, unless the question names them."""
    for each in draft(_abstracts(make_assistant), 4, keyword_question):
        for (fact,) in each.key_facts:
            assert fact in each.reference_answer
            assert fact.casefold() not in each.question.casefold()
    facts = [fact for each in draft(_abstracts(make_assistant), 4, keyword_question) for (fact,) in each.key_facts]
    assert sorted(facts) == ["12", "3", "40"]


def test_a_reply_that_is_no_question_is_dropped(make_assistant: MakeAssistant) -> None:
    """Chatter is not taken for a question; the first question of a reply is."""
    llm = ScriptedLLM(["Sure, here it is.", '"How many weights does Fern remove?" I hope it helps.', "No.", "Why not?"])
    made = list(draft(_abstracts(make_assistant), 4, llm_question(llm)))
    assert [each.question for each in made] == ["How many weights does Fern remove?"]
    assert made[0].type == "descriptive"
