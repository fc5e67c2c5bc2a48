"""What the page does when someone acts: from what the browser sent to what it shows. Knows no Gradio."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rag.answer.llm import available, preflight
from rag.assistant import Assistant
from rag.errors import FootnoteError, LLMError, NotFoundError, UsageError
from rag.records import Abstract, Draft, Finished, Retrieved
from ui.feedback import to_question_set
from ui.markup import escape
from ui.render import summary
from ui.web import evidence, exports, transcript
from ui.web.choices import Choices
from ui.web.conversation import Conversation, Shelf, Turn, from_json, new_conversation, with_texts
from ui.web.examples import example_questions

_log = logging.getLogger(__name__)

LONGEST_QUESTION = 10_000
_EXAMPLES = 4
_TRIED = 16
"""Candidates asked at most before the first page shows; at 60 ms each this stays under a second."""
NOT_EDITING = -1
_EMBEDDED = ("quotes", "smollm2")
"""Composers that reach no server: the only ones to be had besides the one of the settings."""


@dataclass(frozen=True, slots=True)
class View:
    """What changes on the page; None leaves a part as it is.

    ``store`` is what the browser keeps, ``news`` what its other tabs are told of it, ``editing`` the number of
    the turn whose question is being edited (``NOT_EDITING`` for none), ``announce`` what a screen reader says,
    ``outbox`` a file to save.
    """

    store: dict[str, Any] | None = None
    news: dict[str, Any] | None = None
    transcript: str | None = None
    live: str | None = None
    evidence: str | None = None
    shelf: str | None = None
    announce: str | None = None
    question: str | None = None
    editing: int | None = None
    edit_note: str | None = None
    running: bool | None = None
    outbox: exports.Download | None = None


class Desk:
    """The handlers of the chat, over one assistant; it holds no conversation, so users never meet."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._examples: tuple[int, tuple[str, ...]] = (-1, ())

    # Asking

    def ask(self, store: Any, question: str, choices: Choices, editing: int = NOT_EDITING) -> Iterator[View]:
        """Answer ``question`` in the open conversation: the stages and the draft, then the checked answer."""
        question = " ".join(question.split())
        if not question:
            yield View(announce="Type a question first.")
            return
        shelf = from_json(store)
        conversation = shelf.current if editing == NOT_EDITING else shelf.current.upto(editing)
        yield View(
            store=self._meanwhile(shelf, conversation, question),
            transcript=self._conversation(conversation) if conversation.turns else "",
            live=transcript.live_html(question, "Searching"),
            question="",
            editing=NOT_EDITING,
            edit_note="",
            running=True,
            announce="Searching",
        )
        turn = Turn(question)
        try:
            _check_length(question)
            turn = replace(turn, filters=choices.filters)
            for step in self._stream(turn, conversation.history, self._composer(choices.composer)):
                if isinstance(step, View):
                    yield step
                else:
                    turn = step
        except FootnoteError as error:
            turn = replace(turn, error=str(error))
        except Exception:  # noqa: BLE001 - the page has to say something, whatever broke; the traceback goes to the log
            _log.exception("A question could not be answered")
            turn = replace(turn, error=_UNEXPECTED)
        yield self._kept(shelf, conversation.with_turn(turn))

    def _stream(self, turn: Turn, history: list[tuple[str, str]], composer: str | None) -> Iterator[View | Turn]:
        """Views of the work in progress, and at last the finished turn. Closing it cancels the model."""
        events = self.assistant.stream(turn.question, history=history, filters=turn.filters or None, llm=composer)
        draft = ""
        with contextlib.closing(events):  # type: ignore[type-var]  # an iterator by contract, a generator in fact
            for event in events:
                match event:
                    case Retrieved(hits):
                        noun = "abstract" if len(hits) == 1 else "abstracts"
                        yield View(live=transcript.live_html(turn.question, f"Reading {len(hits)} {noun}"))
                    case Draft(text):
                        draft += text
                        yield View(live=transcript.live_html(turn.question, "Draft, not yet checked", draft))
                    case Finished(answer):
                        yield replace(turn, answer=answer)

    @staticmethod
    def _meanwhile(shelf: Shelf, conversation: Conversation, question: str) -> dict[str, Any] | None:
        """What the browser keeps until there is an answer, so that neither Stop nor a reload loses the question.

        A turn that says it was stopped, and can be asked again. A question asked again keeps its turn instead.
        """
        replaced = shelf.current.turns[len(conversation.turns) :]
        if replaced and replaced[0].question == question:
            return None
        return shelf.keep(conversation.with_turn(Turn(question, error=_STOPPED))).to_json()

    def stopped(self, store: Any) -> View:
        """The page after Stop: the conversation as the browser kept it meanwhile."""
        return replace(self.shown(store), announce="Stopped", running=False)

    def _kept(self, shelf: Shelf, conversation: Conversation) -> View:
        shelf = shelf.keep(conversation)
        last = conversation.turns[-1]
        said = f"{summary(last.answer)}. {last.answer.text}" if last.answer else last.error
        shown = self._evidence(conversation, len(conversation.turns) - 1) if last.answer else None
        return View(
            store=shelf.to_json(),
            news=_news(conversation),
            transcript=self._conversation(conversation),
            live="",
            evidence=shown,
            shelf=transcript.shelf_html(shelf),
            announce=said,
            running=False,
        )

    # Everything else a button of the transcript, the list or the panel can mean

    def act(self, store: Any, action: Mapping[str, Any]) -> View:
        """Do what a button says (its data attributes, as text); nothing for one that is not known.

        Errors come back as an announcement, and in the panel.
        """
        todo = self._actions().get(str(action.get("do")))
        if todo is None:
            return View()
        try:
            return todo(from_json(store), action)
        except FootnoteError as error:
            return View(evidence=evidence.problem(str(error)), announce=str(error))
        except (ValueError, IndexError, KeyError):
            return View(announce="That button belongs to a conversation that is no longer here; reload the page.")

    def _actions(self) -> dict[str, Callable[[Shelf, Mapping[str, Any]], View]]:
        return {
            "evidence": self._show_evidence,
            "open": self._open,
            "rate": self._rate,
            "edit": self._edit,
            "keep": lambda shelf, action: View(editing=NOT_EDITING, edit_note="", question=""),
            "new": lambda shelf, action: self._shown(Shelf(shelf.conversations, new_conversation().id)),
            "switch": lambda shelf, action: self._shown(Shelf(shelf.conversations, str(action["id"]))),
            "delete": self._delete,
            "heard": self._heard,
            "export": self._export,
            "questions": self._questions,
        }

    def retried(self, store: Any, turn: str) -> tuple[str, int]:
        """The question of a turn and its number, to be asked again in its place."""
        index = int(turn)
        return from_json(store).current.turns[index].question, index

    def shown(self, store: Any) -> View:
        """The page as the browser's store has it, after loading."""
        return replace(self._shown(from_json(store)), store=None)

    def refreshed(self, store: Any) -> View:
        """What a change of the corpus alters, the welcome; what is being read, edited or answered stays.

        So does the store: a question may have been answered since it was read.
        """
        current = from_json(store).current
        return View(transcript=None if current.turns else self._conversation(current))

    def _shown(self, shelf: Shelf, announce: str | None = None) -> View:
        current = shelf.current
        answered = [index for index, turn in enumerate(current.turns) if turn.answer]
        return View(
            store=shelf.to_json(),
            transcript=self._conversation(current),
            live="",
            evidence=self._evidence(current, answered[-1]) if answered else evidence.nothing_yet(),
            shelf=transcript.shelf_html(shelf),
            announce=announce,
            editing=NOT_EDITING,
            edit_note="",
        )

    def _show_evidence(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        marker = int(action.get("marker") or 1)
        return View(evidence=self._evidence(shelf.current, int(action["turn"]), marker, str(action.get("places", ""))))

    def _open(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        abstract = self.assistant.get(str(action["id"]))
        return View(evidence=evidence.abstract_evidence(abstract), announce=f"Opened: {abstract.heading}")

    def _rate(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        index, good = int(action["turn"]), action["good"] == "true"
        answer = shelf.current.turns[index].answer
        if answer is None:
            return View()
        self.assistant.add_feedback(with_texts(answer, self.find), good)
        conversation = shelf.current.rated(index, good)
        return View(
            store=shelf.keep(conversation).to_json(),
            news=_news(conversation),
            transcript=self._conversation(conversation),
            announce="Kept as helpful" if good else "Kept as not helpful",
        )

    def _delete(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        gone = str(action["id"])
        return replace(self._shown(shelf.without(gone), "Conversation deleted"), news={"gone": gone})

    def _heard(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        """What other tabs kept and deleted: each writes the whole store, and this one's would overwrite it."""
        after = shelf
        for news in action["news"]:
            for conversation in from_json(news.get("kept")).conversations:
                after = replace(after.keep(conversation), open=after.open)
            after = after.without(news.get("gone", ""))
        if after.current != shelf.current:
            return self._shown(after)
        return View(store=after.to_json(), shelf=transcript.shelf_html(after))

    def _edit(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        index = int(action["turn"])
        turns = shelf.current.turns
        return View(question=turns[index].question, editing=index, edit_note=transcript.editing_html(index))

    def _export(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        turns = tuple(
            replace(turn, answer=with_texts(turn.answer, self.find)) if turn.answer else turn
            for turn in shelf.current.turns
        )
        file = exports.download(replace(shelf.current, turns=turns), str(action["form"]))
        if not file.content:
            return View(announce="This conversation cites no abstract yet.")
        return View(outbox=file, announce=f"Saved {file.name}")

    def _questions(self, shelf: Shelf, action: Mapping[str, Any]) -> View:
        written = to_question_set(self.assistant.feedback())
        if not written:
            return View(announce="No answer was found helpful yet; only those make questions.")
        file = exports.Download("questions.jsonl", "application/jsonl", written)
        return View(outbox=file, announce=f"Saved {file.name}")

    # What the views are made of

    def find(self, abstract_id: str) -> Abstract | None:
        """The abstract as the catalog has it, or None when it is gone."""
        try:
            return self.assistant.get(abstract_id)
        except NotFoundError:
            return None

    def marked(self, store: Any) -> dict[str, int]:
        """The sources of the last answer of the open conversation: id → marker."""
        answers = [turn.answer for turn in from_json(store).current.turns if turn.answer]
        return {source.id: marker for marker, source in enumerate(answers[-1].sources, start=1)} if answers else {}

    def composers(self) -> list[str]:
        """The composers that work right now, the one of the settings first."""
        chosen = self.assistant.settings.llm
        return sorted(available(self.assistant.settings), key=lambda name: name != chosen)

    def _composer(self, name: str | None) -> str | None:
        """What to hand on as the composer; UsageError for one that neither comes with Footnote nor is configured.

        The settings' own goes unnamed, as on a page that has not loaded its choices: an LLM handed to
        ``Assistant.open`` stands in for it.
        """
        if not name or name == self.assistant.settings.llm:
            return None
        if name not in _EMBEDDED:
            raise UsageError(
                f"{name} is not configured; choose another composer, or set RAG_LLM={name} and start again."
            )
        return name

    def composer_problem(self) -> str:
        """Why the composer of the settings is not offered, in a sentence; empty when it is."""
        try:
            preflight(self.assistant.settings)
        except LLMError as error:
            return str(error)
        return ""

    def _conversation(self, conversation: Conversation) -> str:
        if conversation.turns:
            return transcript.conversation_html(conversation, (), 0)
        count = self.assistant.count()
        try:
            return transcript.conversation_html(conversation, self.examples(count), count)
        except FootnoteError as error:  # the corpus cannot be searched: its conversations can still be read
            welcome = transcript.conversation_html(conversation, (), count)
            return f'{welcome}<p class="error" role="alert">{escape(str(error))}</p>'

    def _evidence(self, conversation: Conversation, index: int, marker: int | None = None, places: str = "") -> str:
        answer = conversation.turns[index].answer
        if answer is None or not answer.sources:
            return evidence.nothing_yet()
        return evidence.answer_evidence(with_texts(answer, self.find), index, marker, places)

    def examples(self, count: int) -> tuple[str, ...]:
        """A few questions that the abstracts do answer, each from another one; found once per size of the corpus."""
        if self._examples[0] != count:
            found: list[str] = []
            seen: set[str] = set()
            for question in islice(example_questions(self.assistant.abstracts(limit=200)), _TRIED):
                answer = self.assistant.ask(question, llm="quotes")
                if not answer.abstained and answer.sources[0].id not in seen:
                    seen.add(answer.sources[0].id)
                    found.append(question)
                if len(found) == _EXAMPLES:
                    break
            self._examples = (count, tuple(found))
        return self._examples[1]


_STOPPED = "Stopped before the answer was checked; the draft was thrown away."
_UNEXPECTED = "Something broke inside Footnote; the terminal it was started from shows what. Asking again is safe."


def _news(conversation: Conversation) -> dict[str, Any]:
    return {"kept": Shelf((conversation,), conversation.id).to_json()}


def _check_length(question: str) -> None:
    if len(question) > LONGEST_QUESTION:
        raise UsageError(f"The question has {len(question):,} characters; ask it in {LONGEST_QUESTION:,} or fewer.")
