"""What a message is made of, and how a phone that is asleep announces it.

A message body is a list of elements, each a small value: ``[Text("red packet"), Face(6, "abc")]``. An element that
this library does not know, or that does not look as the manual says, arrives as :class:`Unknown` and goes out again
exactly as it came in.

The manual's documents: message format 269/2720 and 454/125492, offline push 269/133879 and 269/128209.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias, cast

from attrs import field, frozen

from timrest_async._bounds import U32, Between, Bounded, Bytes, Finite, Items
from timrest_async._wire import Struct, Wire
from timrest_async._words import shown
from timrest_async.errors import InputError

__all__ = [
    "AndroidInfo",
    "ApnsInfo",
    "Body",
    "Custom",
    "Element",
    "Face",
    "File",
    "HarmonyInfo",
    "Image",
    "ImageInfo",
    "LanguageContent",
    "LiveActivity",
    "Location",
    "MsgBody",
    "OfflinePushInfo",
    "Relay",
    "RelayedMessage",
    "Sound",
    "Text",
    "Unknown",
    "Video",
    "as_body",
    "as_optional_body",
]


class Element(Struct):
    """One piece of a message."""

    __slots__ = ()

    msg_type: str
    """The element's MsgType."""


Body: TypeAlias = str | Element | Sequence[Element]
"""What a caller may give as a message: text, one element, or several in order."""


def as_body(body: Body) -> list[Element]:
    """Turn what a caller gave into the list of elements that travels."""
    if isinstance(body, str):
        return [Text(body)] if body else []
    if isinstance(body, Element):
        return [body]
    return _as_elements(body)


def as_optional_body(body: Body | None) -> list[Element] | None:
    """Turn what a caller gives into a body, if there is any."""
    return None if body is None else as_body(body)


def _as_elements(given: object) -> list[Element]:
    if not isinstance(given, Sequence):
        raise InputError(f"a message body is a string, an element or a sequence of elements, not {shown(given)}")
    elements = list(cast("Sequence[object]", given))
    for element in elements:
        if not isinstance(element, Element):
            raise InputError(f"a message body is made of elements such as Text and Face, not {shown(element)}")
    return cast("list[Element]", elements)


@frozen
class Text(Element):
    """Words."""

    msg_type = "TIMTextElem"

    text: str
    """The text of the message; only the size of the whole packet limits it."""


@frozen
class Face(Element):
    """An emoji out of the application's own set."""

    msg_type = "TIMFaceElem"

    index: int
    """The number of the emoji, chosen by the application."""

    data: str | None = None
    """Anything the application wants to add; may hold control characters."""


@frozen
class Location(Bounded, Element):
    """A place on the map."""

    msg_type = "TIMLocationElem"

    desc: str
    """What the place is called."""

    latitude: Annotated[float, Finite()]
    """Degrees, -90 to 90."""

    longitude: Annotated[float, Finite()]
    """Degrees, -180 to 180."""


@frozen
class Custom(Element):
    """The application's own data. The service allows one in a message."""

    msg_type = "TIMCustomElem"

    data: Any
    """A string goes out as it is, any other JSON value as its JSON text; arrives as a string."""

    desc: str | None = None
    """A description, which is also the push text: without it a message of one custom element is not pushed."""

    ext: str | None = None
    """Handed on as ``ext`` of the APNs payload; ignored when OfflinePushInfo is given."""

    sound: str | None = None
    """The APNs sound file; ignored when OfflinePushInfo is given."""


@frozen(kw_only=True)
class Sound(Element):
    """A voice recording that lies at an address of yours."""

    msg_type = "TIMSoundElem"

    url: str
    """Where it can be downloaded; the service does not upload it for you."""

    uuid: Annotated[str, Wire("UUID")]
    """What identifies the recording everywhere; the manual advises the file's MD5."""

    size: int | None = None
    """Bytes."""

    second: int | None = None
    """Length in seconds."""

    download_flag: Annotated[int, Wire("Download_Flag")] = 2
    """How clients get it: 2, from the address."""


@frozen(kw_only=True)
class ImageInfo(Struct):
    """One size in which a picture is offered."""

    type: int
    """1 original, 2 large, 3 thumbnail."""

    size: int | None = None
    """Bytes."""

    width: int | None = None
    """Pixels."""

    height: int | None = None
    """Pixels."""

    url: Annotated[str, Wire("URL")]
    """Where it can be downloaded."""


@frozen(kw_only=True)
class Image(Element):
    """A picture that lies at an address of yours."""

    msg_type = "TIMImageElem"

    uuid: Annotated[str, Wire("UUID")]
    """What identifies the picture everywhere; the manual advises the file's MD5."""

    image_format: int
    """1 JPG, 2 GIF, 3 PNG, 4 BMP, 255 other."""

    image_info_array: list[ImageInfo]
    """The original, the large picture and the thumbnail."""

    @classmethod
    def at(cls, url: str, *, width: int = 0, height: int = 0, size: int | None = None, uuid: str | None = None) -> Self:
        """Describe one picture at *url*, *width* by *height* pixels (0: not known), offered in that size for all uses.

        The format is read off the address' ending; without a *uuid* the MD5 of the address stands for the picture.
        """
        ending = url.partition("?")[0].rpartition(".")[2].lower()
        return cls(
            uuid=uuid or hashlib.md5(url.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest(),
            image_format=_IMAGE_FORMATS.get(ending, 255),
            image_info_array=[
                ImageInfo(type=kind, size=size, width=width, height=height, url=url) for kind in (1, 2, 3)
            ],
        )


_IMAGE_FORMATS = {"jpg": 1, "jpeg": 1, "gif": 2, "png": 3, "bmp": 4}


@frozen(kw_only=True)
class File(Element):
    """A file that lies at an address of yours."""

    msg_type = "TIMFileElem"

    url: str
    """Where it can be downloaded."""

    uuid: Annotated[str, Wire("UUID")]
    """What identifies the file everywhere; the manual advises its MD5."""

    file_size: int
    """Bytes."""

    file_name: str
    """The name to show and to save it under."""

    download_flag: Annotated[int, Wire("Download_Flag")] = 2
    """How clients get it: 2, from the address."""


@frozen(kw_only=True)
class Video(Element):
    """A film that lies at an address of yours, with its cover picture."""

    msg_type = "TIMVideoFileElem"

    video_url: str
    """Where the film can be downloaded."""

    video_uuid: Annotated[str, Wire("VideoUUID")]
    """What identifies the film everywhere; the manual advises the file's MD5."""

    video_size: int
    """Bytes."""

    video_second: int
    """Length in seconds; 0 where a web client could not tell."""

    video_format: str
    """Such as ``mp4``."""

    video_download_flag: int = 2
    """How clients get the film: 2, from the address."""

    thumb_url: str
    """Where the cover picture can be downloaded."""

    thumb_uuid: Annotated[str, Wire("ThumbUUID")]
    """What identifies the cover picture everywhere."""

    thumb_size: int
    """Bytes."""

    thumb_width: int
    """Pixels."""

    thumb_height: int
    """Pixels."""

    thumb_format: str
    """Such as ``JPG``."""

    thumb_download_flag: int = 2
    """How clients get the cover picture: 2, from the address."""


@frozen(kw_only=True)
class RelayedMessage(Bounded):
    """One message inside a forwarded bundle."""

    from_account: Annotated[str, Wire("From_Account")]
    """Who sent it."""

    to_account: Annotated[str | None, Wire("To_Account")] = None
    """Who received it; one-to-one only."""

    group_id: str | None = None
    """The group it was sent to; groups only."""

    msg_seq: U32
    """Its sequence number."""

    msg_random: U32
    """Its random number."""

    msg_time_stamp: int
    """When it was sent, Unix seconds."""

    msg_body: Annotated[list[Element], Items(1, 2**31)] = field(converter=as_body)
    """Its elements."""

    cloud_custom_data: str | None = None
    """What its sender stored with it."""


@frozen(kw_only=True)
class Relay(Element):
    """Several messages forwarded as one. Give either *msg_list* or *json_msg_key*."""

    msg_type = "TIMRelayElem"

    title: str
    """The heading."""

    msg_num: int
    """How many messages are in it."""

    compatible_text: str
    """What a client shows that does not know bundles."""

    abstract_list: list[str]
    """The preview, line by line."""

    msg_list: list[RelayedMessage] | None = None
    """The messages, while they are at most 12 KB together."""

    json_msg_key: str | None = None
    """What clients fetch a larger bundle by; a server cannot."""

    def __attrs_post_init__(self) -> None:
        """Refuse a bundle with no messages, or with two sources of them."""
        if (self.msg_list is None) == (self.json_msg_key is None):
            raise InputError("Relay takes exactly one of msg_list and json_msg_key")


@frozen
class Unknown(Element):
    """An element this library has no class for; goes out again with the type and content with which it came in."""

    msg_type: str
    """Its MsgType."""

    msg_content: Any
    """Its MsgContent, untouched; ``None`` where it came without one."""


MsgBody: TypeAlias = Annotated[list[Element], Items(1, 2**31)]
"""A message body as it travels: at least one element."""


@frozen(kw_only=True)
class AndroidInfo(Bounded):
    """How Android phones announce a message. Vendor names are spelled as on the wire."""

    sound: str | None = None
    """The sound file; newer documents: without its ending."""

    push_style: Literal[0, 1] | None = None
    """0 default, 1 big text; Huawei, Honor and OPPO."""

    hua_wei_channel_id: Annotated[str | None, Wire("HuaWeiChannelID")] = None
    """The channel on EMUI 10 and later; wins over the console's."""

    xiao_mi_channel_id: Annotated[str | None, Wire("XiaoMiChannelID")] = None
    """The channel on MIUI 10 and later."""

    oppo_channel_id: Annotated[str | None, Wire("OPPOChannelID")] = None
    """The channel on Android 8 and later."""

    google_channel_id: Annotated[str | None, Wire("GoogleChannelID")] = None
    """The FCM channel on Android 8 and later."""

    vivo_classification: Annotated[Literal[0, 1] | None, Wire("VIVOClassification")] = None
    """0 marketing, 1 system (the service's default)."""

    vivo_category: Annotated[str | None, Wire("VIVOCategory")] = None
    """The message category at vivo."""

    vivo_notify_type: Annotated[str | None, Wire("VIVONotifyType")] = None
    """How vivo alerts: "1" to "4", a string although numeric."""

    hua_wei_importance: str | None = None
    """LOW or NORMAL."""

    ext_as_huawei_intent_param: Literal[0, 1] | None = None
    """0: Ext is the action, 1: Ext is an intent parameter."""

    hua_wei_category: str | None = None
    """The message category at Huawei; wins over the console's."""

    hua_wei_image: str | None = None
    """An https picture below 512 KB."""

    honor_image: str | None = None
    """An https picture below 512 KB."""

    honor_importance: str | None = None
    """LOW or NORMAL."""

    google_image: str | None = None
    """A JPG or PNG of at most 1 MB."""

    google_priority: str | None = None
    """normal or high."""

    oppo_category: Annotated[str | None, Wire("OPPOCategory")] = None
    """The message category at OPPO."""

    oppo_notify_level: Annotated[int | None, Wire("OPPONotifyLevel")] = None
    """1, 2 or 16; needs the category."""

    oppo_private_msg_template_id: Annotated[str | None, Wire("OPPOPrivateMsgTemplateId")] = None
    """A template registered at OPPO."""

    oppo_private_title_parameters: Annotated[dict[str, Any] | None, Wire("OPPOPrivateTitleParameters")] = None
    """What fills the template's title."""

    oppo_private_content_parameters: Annotated[dict[str, Any] | None, Wire("OPPOPrivateContentParameters")] = None
    """What fills the template's text."""

    mei_zu_notice_msg_type: Literal[0, 1] | None = None
    """0 or 1."""


@frozen(kw_only=True)
class LiveActivity(Bounded):
    """A live activity on an iPhone's lock screen."""

    la_id: Annotated[str, Bytes(64)]
    """Its id, at most 64 bytes."""

    event: str
    """update or end."""

    content_state: dict[str, Any]
    """What it shows."""

    dismissal_date: int | None = None
    """When it leaves the screen, Unix seconds."""


@frozen(kw_only=True)
class ApnsInfo(Bounded):
    """How iPhones announce a message."""

    sound: str | None = None
    """The sound file with its ending, at most 30 seconds."""

    badge_mode: Literal[0, 1] | None = None
    """1: do not count this message on the icon."""

    title: str | None = None
    """The title; wins over the one for all phones."""

    sub_title: str | None = None
    """The line below the title."""

    image: str | None = None
    """The address of a picture that the client may load."""

    mutable_content: Literal[0, 1] | None = None
    """1: let a service extension (iOS 10 and later) change it."""

    interruption_level: str | None = None
    """active, critical, passive or time-sensitive; iOS 15 and later."""

    content_available: Literal[0, 1] | None = None
    """1: wake the application silently; about three an hour are advised at most."""

    is_voip_push: Literal[0, 1] | None = None
    """1: a call."""

    live_activity: LiveActivity | None = None
    """Starts, changes or ends a live activity."""


@frozen(kw_only=True)
class HarmonyInfo(Bounded):
    """How HarmonyOS phones announce a message."""

    title: str | None = None
    """The title."""

    category: str | None = None
    """The message category."""

    image: str | None = None
    """The address of a picture."""

    sound: str | None = None
    """The sound file."""

    sound_duration: Annotated[int, Between(1, 60)] | None = None
    """Seconds, 1 to 60."""


@frozen(kw_only=True)
class LanguageContent(Struct):
    """The announcement in one language."""

    language: str
    """The language's code."""

    title: str | None = None
    """The title in that language."""

    desc: str | None = None
    """The text in that language."""


@frozen(kw_only=True)
class OfflinePushInfo(Bounded):
    """How a message is announced to who is not online. Whatever is left out keeps the service's default."""

    push_flag: Literal[0, 1] | None = None
    """0 announce, 1 do not."""

    title: str | None = None
    """The title."""

    desc: str | None = None
    """The text, in place of the elements' own."""

    ext: str | None = None
    """Handed on to the client: JSON text of about 1 KB is advised."""

    sound: str | None = None
    """The sound in the flat form of the old group document; :attr:`AndroidInfo.sound` and :attr:`ApnsInfo.sound` are
    where all later documents put it."""

    android_info: AndroidInfo | None = None
    """For Android."""

    apns_info: ApnsInfo | None = None
    """For iPhones."""

    harmony_info: HarmonyInfo | None = None
    """For HarmonyOS."""

    multi_language_content: list[LanguageContent] | None = None
    """The announcement by language."""

    badge_add_num: Annotated[int, Between(1, 99)] | None = None
    """Raise the number on the icon by this much, 1 to 99."""

    badge_set_num: Annotated[int, Between(0, 999)] | None = None
    """Set the number on the icon: up to 999 on iPhones, 99 elsewhere; wins over adding."""

    push_template_id: str | None = None
    """A template made in the console."""

    push_template_param: dict[str, Any] | None = None
    """What fills the template."""
