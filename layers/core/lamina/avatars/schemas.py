"""Request and response models of avatars."""

from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from lamina.avatars.form import MAX_BYTES, MediaType
from lamina.ids import Href, Instant


class NewAvatar(BaseModel):
    """The body to create an upload form."""

    model_config = ConfigDict(extra="forbid")

    content_type: Annotated[MediaType, Field(description="The media type of the file that will be uploaded.")]


class UploadFormView(BaseModel):
    """An upload form. Send it to `url` as `multipart/form-data`: all `fields` unchanged, then the picture as `file`."""

    model_config = ConfigDict(from_attributes=True)

    url: str = Field(examples=["https://files.s3.eu-central-1.amazonaws.com/"])
    fields: dict[str, str] = Field(examples=[{"key": "uploads/…", "Content-Type": "image/png", "policy": "…"}])
    max_bytes: int = Field(examples=[MAX_BYTES])
    expires_at: Instant


class UploadFormLinks(TypedDict):
    """Links of an upload form: the user that the avatar belongs to."""

    self: Href
    user: Href
