"""The visitor API for the widget: what its button needs before anybody opens it."""

from django.http import HttpRequest
from ninja import Path, Router

from apps.chatbots.colours import palette_of
from apps.chatbots.preview import with_preview
from apps.chatbots.services import published_chatbot
from apps.conversations import schemas
from apps.conversations.guard import check_origin
from apps.core.database.threads import in_database
from apps.widget import texts

router = Router(tags=["Visitors"])


@router.get("/widget", response=schemas.WidgetOut, summary="What the widget's button looks like")
async def widget(request: HttpRequest, public_id: Path[str], lang: str = "", preview: str = "") -> schemas.WidgetOut:
    """Tell a page of an allowed site what to draw; any other is refused and draws nothing."""
    chatbot = await in_database(published_chatbot, public_id)
    check_origin(request, chatbot)
    shown = with_preview(chatbot, preview)
    accepted = request.headers.get("Accept-Language", "")
    language = texts.choose_language(of_bot=shown.language, asked=lang, accepted=accepted)
    found, palette = texts.texts_for(language), palette_of(shown.accent_colour)
    return schemas.WidgetOut(
        name=shown.name,
        language=language,
        direction=texts.direction(language),
        corner="start" if shown.widget_corner == "start" else "end",
        accent=palette.colour,
        on_accent=palette.on_colour,
        texts=schemas.WidgetTexts(
            launcher=found["widget_launcher"].replace("%s", shown.name),
            close=found["widget_close"],
            loading=found["widget_loading"],
        ),
    )
