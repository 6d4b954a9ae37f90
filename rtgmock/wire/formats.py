"""The table of formats, and the formats by extension and by mime type."""

from __future__ import annotations

from rtgmock.wire.form import FORM, MULTIPART
from rtgmock.wire.json import JSON
from rtgmock.wire.xml import XML

ANSWERS = (JSON, XML)
BODIES = (JSON, XML, FORM)

EXTENSIONS = {form.extension: form for form in ANSWERS}
ANSWER_TYPES = {mime: form for form in ANSWERS for mime in form.mime_types}
BODY_TYPES = {mime: form for form in BODIES for mime in form.mime_types}
READABLE_TYPES = (*(form.mime_types[0] for form in BODIES), MULTIPART)
