"""Values that clients and a host's code give to images."""

from __future__ import annotations

from typing import Annotated

from ninja_orgkit.protocol.fields import Line, OrgkitInput, Text, example

Title = Annotated[str, Line(200)]
AltText = Annotated[str, Line(500)]


class OrgkitImageChange(OrgkitInput):
    """What to change of an image."""

    model_config = example(title="Evening", alt_text="The sun sets behind hills")

    title: Title = ""
    description: Text = ""
    alt_text: AltText = ""
