"""The routes of forms that a run waits for: what is asked, and the answer. Knows no model and no store.

Who has the token may read and send: forms are the app's, not one user's (contract 5.10, 8.14).
"""

from functools import partial
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from parlour.domain.app import App
from parlour.domain.files import FileRef
from parlour.domain.message import Owner
from parlour.domain.problems import FormExpired, InvalidFormData, InvalidParam, NotFound
from parlour.domain.turn import Submission
from parlour.domain.values import json_form
from parlour.domain.workflow_run import Form
from parlour.http.house import House
from parlour.http.rim import app_of, body_of, json
from parlour.http.sent_files import found
from parlour.runs.resumptions import submitted
from parlour.wire import forms


def routes(house: House) -> list[Route]:
    path = "/v1/form/human_input/{form_token}"
    return [
        Route(path, partial(show, house), methods=["GET"]),
        Route(path, partial(submit, house), methods=["POST"]),
    ]


async def show(house: House, request: Request) -> Response:
    """What somebody is asked."""
    app = await app_of(house, request)
    form = await open_form(house, app, request.path_params["form_token"])
    return json(forms.shown(form.asked))


async def submit(house: House, request: Request) -> Response:
    """The answer: it is final, and the run goes on. One that does not fit leaves the form open."""
    app = await app_of(house, request)
    sent = forms.parse(await body_of(house, request))
    form = await open_form(house, app, request.path_params["form_token"])
    values = await looked_up(house, app, sent, form)
    await house.resumptions.submit(form, Submission(sent.action, values))
    house.guests.note(Owner(app.card.id, sent.user))
    return json(b"{}")


async def open_form(house: House, app: App, token: str) -> Form:
    """The form behind a token.

    Raises:
        NotFound, FormSubmitted, FormExpired: it is not there, or cannot be sent any more.
    """
    form = await house.forms.find(app.card.id, forms.token(token))
    if form is None:
        raise NotFound("Form not found")
    answered = form.submission
    if answered is not None and answered.action:
        raise submitted(form)
    if answered is not None or form.asked.expiration_time <= house.now():
        raise FormExpired(f"This form has expired, form_id={form.asked.form_id}")
    return form


async def looked_up(house: House, app: App, sent: forms.Sent, form: Form) -> dict[str, object]:
    """The values as they are kept, with the files in them found: those of the user who sends it.

    Raises:
        InvalidFormData: a value does not fit, or a file is not there.
    """
    values = forms.against(sent, form.asked)
    owner = Owner(app.card.id, sent.user)
    try:
        for field in forms.fields(form.asked):
            name, rules = field.output_variable_name, field.rules
            value = values[name]
            if isinstance(value, FileRef):
                values[name] = json_form(await found(house, app, owner, value, rules, name))
            elif isinstance(value, tuple):
                several = cast("tuple[FileRef, ...]", value)
                values[name] = [json_form(await found(house, app, owner, one, rules, name)) for one in several]
    except InvalidParam as problem:
        raise InvalidFormData(problem.message, params=problem.params) from problem
    return values
