"""What is written in a figure."""

from __future__ import annotations


def texts(figure) -> str:
    """Return everything that is written in a figure."""
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))
