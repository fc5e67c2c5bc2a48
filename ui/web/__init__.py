"""The chat page: ``build(assistant)`` makes it, ``serve(settings, ...)`` opens it. Gradio loads with ``ui.web.page``."""
