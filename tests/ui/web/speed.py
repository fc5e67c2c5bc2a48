"""How fast the page answers: measured, not asserted, because clocks depend on the machine.

    python -m tests.ui.web.speed latency URL      Enter to the checked answer on screen, in a real browser
    python -m tests.ui.web.speed load URL         many users at once, each asking again as soon as it is answered

``URL`` is a running ``rag ui`` whose composer is quotes. Both ask the questions that the page's corpus is about when
``--questions FILE`` names one a line; without it, questions over the seeds.
"""

import argparse
import json
import random
import statistics
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

QUESTIONS = (
    "How does ACTS measure adversarial robustness?",
    "What are diffusion models used for?",
    "Which biases grow when datasets are scaled?",
    "How are large models aligned with human values?",
    "What limits principal component analysis?",
)


def latency(url: str, questions: list[str], rounds: int) -> list[float]:
    """Seconds from Enter to the checked answer on screen, one a question, after one that warms up."""
    from playwright.sync_api import sync_playwright

    from tests.ui.web.conftest import CHROMIUM, QUIET

    taken = []
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split()).new_page()
        page.goto(url)
        page.locator(".shelf").wait_for()
        for turn in range(rounds + 1):
            page.get_by_label("Question", exact=True).fill(questions[turn % len(questions)])
            started = time.perf_counter()
            page.keyboard.press("Enter")
            page.locator(f"#transcript #turn-{turn} .verdict").wait_for()
            taken.append(time.perf_counter() - started)
    return taken[1:]


def load(url: str, questions: list[str], users: int, seconds: float, pause: float) -> tuple[list[float], list[str]]:
    """Seconds of every answer that ``users`` got within ``seconds``, and every error.

    Users read an answer for ``pause`` seconds on average before they ask again.
    """
    submit = _submit_index(url)
    taken: list[float] = []
    errors: list[str] = []
    until = time.monotonic() + seconds

    def user(number: int) -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            asked = number
            time.sleep(random.uniform(0, pause))
            while time.monotonic() < until:
                started = time.perf_counter()
                problem = _ask(client, submit, questions[asked % len(questions)])
                if problem:
                    errors.append(problem)
                else:
                    taken.append(time.perf_counter() - started)
                asked += 1
                time.sleep(random.expovariate(1 / pause) if pause else 0)

    threads = [threading.Thread(target=user, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, errors


def _submit_index(url: str) -> int:
    """The number of the function that Enter in the question box calls."""
    config = httpx.get(f"{url}/config").json()
    box = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "question")
    return next(
        int(each["id"])
        for each in config["dependencies"]
        if [box, "submit"] in [list(target) for target in each["targets"]]
    )


def _ask(client: httpx.Client, submit: int, question: str) -> str:
    """Ask as the page does, through the queue; what went wrong, or nothing."""
    session = uuid.uuid4().hex
    data: list[Any] = [None, question, None, "", "", [], [], "quotes"]
    told = {"data": data, "fn_index": submit, "session_hash": session, "event_data": None}
    client.post("/gradio_api/queue/join", json=told).raise_for_status()
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
            if message.get("msg") == "process_completed":
                return "" if message.get("success") else json.dumps(message)[:300]
    return "The stream ended without an answer."


def _told(taken: list[float]) -> str:
    ranked = sorted(taken)
    return (
        f"{len(taken)} answers: median {statistics.median(ranked):.2f} s, "
        f"p95 {ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]:.2f} s, longest {ranked[-1]:.2f} s"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["latency", "load"])
    parser.add_argument("url")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0, help="seconds a user reads before asking again, on average")
    given = parser.parse_args()
    questions = given.questions.read_text("utf-8").splitlines() if given.questions else list(QUESTIONS)
    if given.what == "latency":
        print(_told(latency(given.url, questions, given.rounds)))
    else:
        taken, errors = load(given.url, questions, given.users, given.seconds, given.pause)
        print(f"{_told(taken)}; {len(errors)} errors", *errors[:3], sep="\n")


if __name__ == "__main__":
    main()
