"""What clients send and see of avatars."""

from typing import Annotated, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from lamina.avatars.form import MAX_BYTES, MediaType
from lamina.ids import Href, Instant


class NewAvatar(BaseModel):
    """A picture to be uploaded."""

    model_config = ConfigDict(extra="forbid")

    content_type: Annotated[MediaType, Field(description="What the file will be.")]


class UploadFormView(BaseModel):
    """A form to be sent to `url` as `multipart/form-data`: `fields` as they are, then the picture as `file`."""

    model_config = ConfigDict(from_attributes=True)

    url: str = Field(examples=["https://files.s3.eu-central-1.amazonaws.com/"])
    fields: dict[str, str] = Field(examples=[{"key": "uploads/…", "Content-Type": "image/png", "policy": "…"}])
    max_bytes: int = Field(examples=[MAX_BYTES])
    expires_at: Instant


class UploadFormLinks(TypedDict):
    """Where to go from a form: to the user whose picture it takes."""

    self: Href
    user: Href
