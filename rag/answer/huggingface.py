"""LlamaIndex's HuggingFaceLLM, with a stream that can be cancelled and that ends when the model fails.

The integration's own stream leaves the generating thread running when it is closed, and waits for ever when that
thread fails.
"""

import threading
from typing import Any

import torch
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen
from llama_index.core.llms.callbacks import llm_completion_callback
from llama_index.llms.huggingface import HuggingFaceLLM
from pydantic import PrivateAttr
from transformers import StoppingCriteria, StoppingCriteriaList, TextIteratorStreamer


class _Stop(StoppingCriteria):  # type: ignore[misc]
    def __init__(self) -> None:
        self.asked = threading.Event()

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **kwargs: Any) -> torch.Tensor:
        return torch.full((input_ids.shape[0],), self.asked.is_set(), device=input_ids.device)


class CancellableHuggingFaceLLM(HuggingFaceLLM):
    """A local transformers model; one draft at a time, further ones wait."""

    _one_at_a_time: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Stream the completion; closing the generator stops the model. Raises what the model raised."""

        def pieces() -> CompletionResponseGen:
            stop = _Stop()
            streamer = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
            failure: list[Exception] = []

            def generate() -> None:
                try:
                    inputs = self._tokenizer(prompt, return_tensors="pt").to(self._model.device)
                    self._model.generate(
                        **inputs,
                        streamer=streamer,
                        max_new_tokens=self.max_new_tokens,
                        stopping_criteria=StoppingCriteriaList([*self._stopping_criteria, stop]),
                        **self.generate_kwargs,
                    )
                except Exception as error:  # noqa: BLE001 - raised again below, in the thread that reads
                    failure.append(error)
                finally:
                    streamer.end()

            with self._one_at_a_time:
                thread = threading.Thread(target=generate)
                thread.start()
                try:
                    text = ""
                    for piece in streamer:
                        text += piece
                        yield CompletionResponse(text=text, delta=piece)
                finally:
                    stop.asked.set()
                    thread.join()
            if failure:
                raise failure[0]

        return pieces()
