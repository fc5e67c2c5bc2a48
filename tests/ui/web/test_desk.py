"""What the page does, over the real engine with a toy embedder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant, Settings
from rag.answer.scripted import ScriptedLLM
from rag.errors import LLMUnavailableError
from tests.doubles import ToyEmbedder
from ui.web.choices import Choices
from ui.web.conversation import from_json
from ui.web.desk import NOT_EDITING, Desk, View
from ui.web.shelves import Shelves

QUESTION = "What does the Adversarial Converging Time Score measure?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A corpus of the test's own that always answers: the toy embedder has no calibrated confidence."""
    return Settings(home=tmp_path / "home", corpus="test", min_confidence=0)


@pytest.fixture
def desk(assistant: Assistant, seeds: Path) -> Desk:
    """A desk over the seeds."""
    assistant.ingest([seeds])
    return Desk(assistant)


def asked(desk: Desk, question: str = QUESTION, store: object = None, editing: int = NOT_EDITING) -> View:
    """The last view of an answered question."""
    *_, last = desk.ask(store, question, Choices(), editing)
    return last


def test_an_answer_is_kept_in_the_store_alone(desk: Desk) -> None:
    """The desk holds no conversation: what a browser does not send is not there for it, nor for another one."""
    view = asked(desk)
    assert from_json(view.store).current.turns[0].question == QUESTION
    assert "turn-0-source-1" in (view.transcript or "")
    assert "<mark" in (view.evidence or "")
    assert QUESTION not in (desk.shown(None).transcript or "")


def test_showing_the_page_cannot_lose_an_answer(desk: Desk) -> None:
    """A page that loads slowly, on a cold start, may be shown after a first question was asked and answered on it."""
    assert desk.shown(None).store is None
    assert desk.shown(asked(desk).store).store is None


def test_a_change_of_the_corpus_leaves_what_is_being_done(desk: Desk) -> None:
    """Turns, a running answer, an edit, the list and the evidence panel stay; the welcome is drawn again."""
    assert desk.refreshed(asked(desk).store) == View()
    assert "Ask 20 abstracts" in (desk.refreshed(None).transcript or "")


def test_a_corpus_that_cannot_be_searched_is_a_page_that_says_so(settings: Settings, seeds: Path) -> None:
    """The welcome names the trouble and the remedy, and no error is raised."""
    with Assistant.open(settings, embedder=ToyEmbedder(64)) as assistant:
        assistant.ingest([seeds])
    with Assistant.open(settings, embedder=ToyEmbedder(32)) as assistant:
        assert "RAG_EMBED_MODEL" in (Desk(assistant).shown(None).transcript or "")


def test_stages_come_before_the_answer(desk: Desk) -> None:
    """The page says what is being done, and the controls change with it."""
    first, *_, last = desk.ask(None, QUESTION, Choices(), NOT_EDITING)
    assert first.running
    assert "Searching" in (first.live or "")
    assert last.running is False
    assert last.live == ""


def test_an_empty_question_asks_nothing(desk: Desk) -> None:
    """Only a hint is given."""
    assert [view.announce for view in desk.ask(None, "  \n", Choices())] == ["Type a question first."]


def test_too_long_a_question_is_refused_in_a_sentence(desk: Desk) -> None:
    """The limit and the remedy are told in the conversation."""
    turn = from_json(asked(desk, "why " * 3000).store).current.turns[0]
    assert turn.answer is None
    assert "10,000 or fewer" in turn.error


def test_years_that_exclude_each_other_are_refused(desk: Desk) -> None:
    """A filter that cannot match is an error of the filter, not an abstention."""
    *_, view = desk.ask(None, QUESTION, Choices("2024", "2020"))
    assert "swap the two years" in (view.transcript or "")


def test_only_configured_composers_are_reached(desk: Desk) -> None:
    """A browser cannot send the corpus to a server of its own choosing."""
    *_, view = desk.ask(None, QUESTION, Choices(composer="ollama/other"))
    assert "ollama/other is not configured" in (view.transcript or "")


def test_a_page_that_has_not_loaded_its_composers_asks_that_of_the_settings(desk: Desk) -> None:
    """A question asked in the first second comes without one."""
    *_, view = desk.ask(None, QUESTION, Choices(composer=None))
    assert from_json(view.store).current.turns[0].answer


def test_editing_replaces_the_turn_and_what_came_after(desk: Desk) -> None:
    """The edited question takes the place of the old one."""
    store = asked(desk, "What about diffusion?", asked(desk).store).store
    edited = asked(desk, "What about graphs?", store, editing=0)
    assert [turn.question for turn in from_json(edited.store).current.turns] == ["What about graphs?"]


def test_retrying_asks_the_same_in_its_place(desk: Desk) -> None:
    """The question and the place of a turn come from the store."""
    assert desk.retried(asked(desk).store, "0") == (QUESTION, 0)


def test_thumbs_are_kept_in_the_catalog_with_the_whole_answer(desk: Desk, assistant: Assistant) -> None:
    """The feedback holds the abstracts' texts, which the browser does not keep."""
    store = asked(desk).store
    view = desk.act(store, {"do": "rate", "turn": "0", "good": "false"})
    (given,) = assistant.feedback()
    assert given.good is False
    assert given.answer["sources"][0]["text"]
    assert from_json(view.store).current.turns[0].good is False
    assert 'aria-pressed="true"' in (view.transcript or "")


def test_helpful_answers_are_saved_as_a_question_set(desk: Desk, assistant: Assistant) -> None:
    """The library offers it once something was judged."""
    shelves = Shelves(assistant)
    assert shelves.judged() == ""
    assert desk.act(None, {"do": "questions"}).outbox is None
    desk.act(asked(desk).store, {"do": "rate", "turn": "0", "good": "true"})
    assert "1 helpful, 0 not" in shelves.judged()
    file = desk.act(None, {"do": "questions"}).outbox
    assert file is not None
    assert QUESTION in file.content


def test_evidence_of_a_removed_abstract_keeps_the_quotes(desk: Desk, assistant: Assistant) -> None:
    """Removing an abstract leaves the conversations that cite it readable."""
    store = asked(desk).store
    answer = from_json(store).current.turns[0].answer
    assert answer is not None
    assistant.remove([source.id for source in answer.sources])
    shown = desk.act(store, {"do": "evidence", "turn": "0", "marker": "1"}).evidence or ""
    assert "no longer in the library" in shown
    assert "<mark>" in shown


@pytest.mark.parametrize(
    "action", [{"do": "open", "id": "nope"}, {"do": "rate", "turn": "7", "good": "true"}, {"do": "edit"}]
)
def test_stale_buttons_say_so(desk: Desk, action: dict[str, str]) -> None:
    """A button of another tab, or of a removed abstract, is answered with a sentence."""
    assert desk.act(None, action).announce


def test_an_unknown_action_does_nothing(desk: Desk) -> None:
    """What the page does not know it leaves alone."""
    assert desk.act(None, {"do": "format the disk"}) == View()


def test_conversations_can_be_switched_and_deleted(desk: Desk) -> None:
    """The list leads from one to the other; each keeps its turns."""
    first = asked(desk).store
    fresh = desk.act(first, {"do": "new"}).store
    both = asked(desk, "What about graphs?", fresh).store
    kept = from_json(both)
    assert len(kept.conversations) == 2
    back = desk.act(both, {"do": "switch", "id": kept.conversations[1].id})
    assert QUESTION in (back.transcript or "")
    gone = from_json(desk.act(both, {"do": "delete", "id": kept.open}).store)
    assert [each.title for each in gone.conversations] == [QUESTION]


def test_what_other_tabs_keep_and_delete_is_heard(desk: Desk) -> None:
    """It goes into this tab's store; the screen changes only when it is about the open conversation."""
    here, there = asked(desk), asked(desk, "What about graphs?")
    heard = desk.act(here.store, {"do": "heard", "news": [there.news]})
    assert [each.title for each in from_json(heard.store).conversations] == ["What about graphs?", QUESTION]
    assert from_json(heard.store).current.title == QUESTION
    assert heard.transcript is None
    gone = desk.act(here.store, {"do": "delete", "id": from_json(here.store).open}).news
    left = desk.act(heard.store, {"do": "heard", "news": [gone]})
    assert [each.title for each in from_json(left.store).conversations] == ["What about graphs?"]
    assert "Ask 20 abstracts" in (left.transcript or "")


def test_export_writes_the_texts_the_browser_does_not_keep(desk: Desk) -> None:
    """BibTeX has the abstract; a conversation without citations says that there is nothing to save."""
    file = desk.act(asked(desk).store, {"do": "export", "form": "bibtex"}).outbox
    assert file is not None
    assert "abstract = {Deep Neural Networks" in file.content
    assert desk.act(None, {"do": "export", "form": "ris"}).outbox is None


def test_examples_are_questions_that_are_answered(desk: Desk, assistant: Assistant) -> None:
    """What the first visit offers comes from the corpus and is not declined."""
    examples = desk.examples(assistant.count())
    assert examples
    assert all(not assistant.ask(question).abstained for question in examples)


class _Breaking:
    """An engine whose model server is gone, or which breaks."""

    def __init__(self, assistant: Assistant, error: Exception) -> None:
        self.assistant, self.error = assistant, error

    def __getattr__(self, name: str) -> object:
        return getattr(self.assistant, name)

    def stream(self, *_: object, **__: object) -> Iterator[object]:
        raise self.error
        yield


def test_errors_become_a_turn_with_a_remedy(assistant: Assistant) -> None:
    """What Footnote raises is shown as it is; anything else as a sentence without its traceback."""
    gone = Desk(_Breaking(assistant, LLMUnavailableError("The server is down; start it.")))  # type: ignore[arg-type]
    assert "The server is down; start it." in (asked(gone).transcript or "")
    broken = Desk(_Breaking(assistant, RuntimeError("secret detail")))  # type: ignore[arg-type]
    shown = asked(broken).transcript or ""
    assert "Asking again is safe" in shown
    assert "secret detail" not in shown


def test_closing_the_stream_closes_the_model(settings: Settings, seeds: Path) -> None:
    """Stop, or a closed tab, stops the model too."""
    model = ScriptedLLM(lambda prompt: "word " * 500)
    with Assistant.open(settings, embedder=ToyEmbedder(), llm=model) as assistant:
        assistant.ingest([seeds])
        views = Desk(assistant).ask(None, QUESTION, Choices())
        drafted = next(view for view in views if "draft" in (view.live or ""))
        assert "not yet checked" in (drafted.live or "")
        views.close()  # type: ignore[attr-defined]
    assert model.closed == 1


def test_a_stopped_question_stays_to_be_asked_again(desk: Desk) -> None:
    """From the first moment the browser keeps a turn that says so: neither Stop nor a reload loses the question."""
    kept = next(desk.ask(None, QUESTION, Choices())).store
    turn = from_json(kept).current.turns[0]
    assert turn.question == QUESTION
    assert "Stopped" in turn.error
    for view in (desk.stopped(kept), desk.shown(kept)):
        assert QUESTION in (view.transcript or "")
        assert view.store is None


def test_a_question_stopped_while_asked_again_keeps_its_answer(desk: Desk) -> None:
    """An edited one takes the old one's place, as it would with an answer."""
    store = asked(desk).store
    assert next(desk.ask(store, QUESTION, Choices(), editing=0)).store is None
    edited = from_json(next(desk.ask(store, "What about graphs?", Choices(), editing=0)).store)
    assert [(turn.question, turn.answer) for turn in edited.current.turns] == [("What about graphs?", None)]


def test_uploads_are_kept_and_reported(assistant: Assistant, tmp_path: Path) -> None:
    """A good file is added under its own name; another file of that name does not replace it."""
    shelves = Shelves(assistant)
    for folder, text in (
        ("a", "Sugar lowers mood in adults, a trial of two hundred people shows."),
        ("b", "Sleep helps memory."),
    ):
        upload = tmp_path / folder / "mine.txt"
        upload.parent.mkdir()
        upload.write_text(f"{text} It was repeated twice with the same outcome.\n")
        *_, report = shelves.ingest([str(upload)])
        assert "1 added" in report
    kept = sorted(path.name for path in (assistant.settings.folder / "uploads").iterdir())
    assert kept[0].startswith("mine-")
    assert kept[1] == "mine.txt"


def test_a_bad_upload_is_explained(assistant: Assistant, tmp_path: Path) -> None:
    """Bytes that are no text come back as a reason, and nothing is added."""
    upload = tmp_path / "photo.png"
    upload.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\xff\xfe" * 50)
    *_, report = Shelves(assistant).ingest([str(upload)])
    assert "photo.png" in report
    assert "rejected" in report or "error" in report
    assert assistant.count() == 0


def test_the_table_pages_searches_and_removes(desk: Desk, assistant: Assistant) -> None:
    """Rows come in pages, a search ranks them, removing takes one away."""
    shelves = Shelves(assistant)
    assert "Abstracts 1 to 20 of 20" in shelves.table()
    assert "closest to “diffusion”" in shelves.table("diffusion")
    assert shelves.remove(next(assistant.abstracts()).id).startswith("Removed: ")
    assert "of 19" in shelves.table(first=400)
    assert "no abstract" in shelves.remove("nope")


def test_filters_tell_how_many_are_left(desk: Desk, assistant: Assistant) -> None:
    """The count follows the filter, and a filter that cannot be is explained."""
    shelves = Shelves(assistant)
    source = next(iter(assistant.stats().sources))
    assert shelves.matching(Choices()) == "<p>All 20 abstracts</p>"
    assert "of 20 abstracts will be searched" in shelves.matching(Choices(sources=(source,)))
    assert "swap" in shelves.matching(Choices("3", "2"))
    assert "is not a year" in shelves.matching(Choices("MMXX"))


def test_the_map_marks_the_last_answer(desk: Desk, assistant: Assistant) -> None:
    """Every abstract is a point, the cited ones are ringed with their number."""
    shelves, marked = Shelves(assistant), desk.marked(asked(desk).store)
    waiting, drawn = shelves.map(marked)
    assert "Drawing a map of 20 abstracts" in waiting
    assert list(shelves.map(marked)) == [drawn]
    assert drawn.count("<circle") == 20 + drawn.count('r="10"')
    assert '<g class="rings"><circle' in drawn
    assert "</details>" in drawn
