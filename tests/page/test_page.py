"""The sandbox's page in a real browser, used as a developer would."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from timrest_async import (
    ApiError,
    Custom,
    Face,
    Image,
    Location,
    RateLimitedError,
    RetryPolicy,
    ServerError,
    Text,
)

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from tests.page.conftest import Look
    from timrest_async import TimSession
    from timrest_async.sandbox import Sandbox, Webhooks

TABS = ("messages", "try", "calls", "webhooks", "faults")
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


async def shows(locator: Locator, text: str) -> None:
    """Wait until *text* stands there."""
    await locator.filter(has_text=text).first.wait_for()


def option(page: Page, text: str) -> Locator:
    """Return the entry of a list that says *text*."""
    return page.locator("[role=option]:visible").filter(has_text=text)


async def focused(page: Page) -> str:
    """Return which element has the keyboard."""
    name: str = await page.evaluate("document.activeElement.id || document.activeElement.dataset.key || ''")
    return name


async def test_a_message_arrives_while_one_looks(box: Sandbox, tim: TimSession, look: Look) -> None:
    """It stands in its conversation at once, also where that did not exist before, and is said to who cannot see."""
    async with look(box) as page:
        await option(page, "Football").wait_for()
        await tim.messages.send("bob", "first", from_account="alice")
        await option(page, "alice ↔ bob").click()
        await shows(page.locator("#messages"), "first")
        await tim.messages.send("alice", [Text("second"), Face(6, "abc")], from_account="bob")
        await shows(page.locator("#messages [role=option]"), "second")
        await shows(page.locator("#messages .kind"), "Face")
        await shows(page.locator("#said"), "Message from bob: second [Face] 6 · abc")
        await shows(page.locator("#conversations [aria-selected=true] .count"), "2")


async def test_groups_show_messages_and_notices(box: Sandbox, tim: TimSession, look: Look) -> None:
    """Each element in words, with what is special about the message."""
    body = [
        Text("hi"),
        Location("here", 1.5, 2.5),
        Custom("data", desc="An order"),
        Image.at("https://example.com/a.png"),
    ]
    await tim.group_messages.send("team", body, from_account="alice", msg_priority="High")
    async with look(box) as page:
        await option(page, "Football").click()
        for words in ("Location here · 1.5 · 2.5", "Custom An order · data", "Image https://example.com/a.png"):
            await shows(page.locator("#messages .element"), words)
        await shows(page.locator("#messages .tag"), "High")
        notice = {"GroupId": "team", "Content": "Kick-off", "ToMembers_Account": ["bob"]}
        await tim.call("group_open_http_svc/send_group_system_notification", notice)
        await shows(page.locator("#messages .notice"), "System notice Kick-off")


async def test_what_was_said_can_be_read(box: Sandbox, tim: TimSession, look: Look) -> None:
    """Request, answer and Python stand beside a message; Esc goes back to it."""
    await tim.messages.send("bob", "hi", from_account="alice", msg_random=7, msg_seq=8)
    async with look(box) as page:
        await option(page, "alice ↔ bob").click()
        await page.locator("#messages [role=option]").click()
        await shows(page.locator("#details"), "Call 1")
        request, answer, code, stored = [await pre.inner_text() for pre in await page.locator("#details pre").all()]
        assert json.loads(request)["From_Account"] == "alice"
        assert json.loads(answer)["ActionStatus"] == "OK"
        assert code == 'await tim.messages.send("bob", "hi", from_account="alice", msg_seq=8, msg_random=7)\n'
        assert json.loads(stored)["MsgKey"].startswith("8_7_")
        assert await focused(page) == "details-title"
        await page.keyboard.press("Escape")
        assert await page.locator("#details").is_hidden()
        assert await focused(page) == "m1"


async def test_earlier_messages_can_be_asked_for(box: Sandbox, tim: TimSession, look: Look) -> None:
    """The latest stand there at first."""
    for number in range(60):
        await tim.messages.send("bob", f"number {number};", from_account="alice")
    async with look(box) as page:
        await option(page, "alice ↔ bob").click()
        await shows(page.locator("#messages"), "number 59;")
        assert await page.locator("#messages [role=option]").count() == 50
        await page.click("#earlier")
        await shows(page.locator("#messages"), "number 0;")
        assert await page.locator("#messages [role=option]").count() == 60
        assert await page.locator("#earlier").is_hidden()


@pytest.mark.parametrize("column", ["recalled", "IsRevoked", "MsgWithdrawTime"])
async def test_a_recalled_message_is_shown_as_such(box: Sandbox, tim: TimSession, look: Look, column: str) -> None:
    """Whatever the table calls it."""
    await tim.messages.send("bob", "oops", from_account="alice")
    async with look(box) as page:

        async def recall(route: Any) -> None:
            response = await route.fetch()
            await route.fulfill(json=[row | {column: 1} for row in await response.json()])

        await page.route("**/conversations/messages?*", recall)
        await option(page, "alice ↔ bob").click()
        await shows(page.locator("#messages .recalled"), "recalled")


EVIL = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<svg onload='window.hacked = 1'></svg>",
    "\"><iframe srcdoc='<script>parent.hacked = 1</script>'></iframe>",
    "javascript:window.hacked = 1",
    "{{constructor.constructor('window.hacked = 1')()}}",
]


async def test_what_users_write_is_text(box: Sandbox, tim: TimSession, look: Look) -> None:
    """Wherever it stands: in messages, names, ids, answers, faults and the Python."""
    box.state.add_account("<b>mallory</b>")
    box.state.add_group("<i>club</i>", name="<img src=x onerror='window.hacked = 1'>", owner="<b>mallory</b>")
    async with look(box) as page:
        for text in EVIL:
            body = [Text(text), Custom(text, desc=text)]
            await tim.messages.send("bob", body, from_account="<b>mallory</b>", cloud_custom_data=text)
            await tim.group_messages.send("<i>club</i>", body, from_account="<b>mallory</b>")
        await option(page, "<b>mallory</b> ↔ bob").click()
        for text in EVIL:
            await shows(page.locator("#messages .element"), text)
        await page.locator("#messages [role=option]").last.click()
        await shows(page.locator("#details"), EVIL[-1])
        await page.locator("#conversations [role=option]").filter(has_text="<img").click()
        await shows(page.locator("#open-title"), "<img src=x")
        await page.click("#tab-try")
        await page.fill("#field-r0", EVIL[1])
        await page.click("#send")
        await shows(page.locator("#python"), EVIL[1])
        await page.click("#tab-faults")
        await page.fill("#fault-path", EVIL[1])
        await page.click("#fault-form button.main")
        await shows(page.locator("#faults"), EVIL[1])
        assert await page.evaluate("window.hacked") is None
        assert await page.locator("main img, main iframe, main script, main b b, #messages svg").count() == 0


async def test_a_command_is_tried_with_the_keyboard_alone(box: Sandbox, look: Look) -> None:
    """From the search to the answer, without a mouse."""
    async with look(box) as page:
        await page.locator("#tab-messages").focus()
        await page.keyboard.press("ArrowRight")
        assert await focused(page) == "tab-try"
        await page.keyboard.press("/")
        assert await focused(page) == "search"
        await page.keyboard.type("account_import")
        await shows(page.locator("#found"), "of 171 commands")
        await page.keyboard.press("ArrowDown")
        assert await focused(page) == "im_open_login_svc/account_import"
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        assert await focused(page) == "command-title"
        await page.keyboard.press("Tab")  # the link to the manual
        await page.keyboard.press("Tab")
        assert await focused(page) == "field-r0"
        await page.keyboard.press("Control+A")
        await page.keyboard.type("carol")
        await page.keyboard.press("Control+Enter")
        await shows(page.locator("#answer-code"), "ErrorCode 0")
        await shows(page.locator("#python"), 'await tim.accounts.import_one("carol")')
        assert "carol" in box.state.accounts


@pytest.mark.usefixtures("hooks")
async def test_every_focus_can_be_seen(box: Sandbox, look: Look) -> None:
    """What has the keyboard has an outline, and what can have it has a name."""
    async with look(box) as page:
        for tab in TABS:
            await page.click(f"#tab-{tab}")
            unnamed = await page.evaluate(
                """[...document.querySelectorAll("button, input, select, textarea, a")]
                .filter((one) => one.checkVisibility() && !(one.labels?.length || one.textContent.trim()
                    || one.ariaLabel || one.placeholder)).map((one) => one.outerHTML)"""
            )
            assert unnamed == []
            await page.locator(f"#tab-{tab}").focus()
            for _ in range(6):
                await page.keyboard.press("Tab")
                now = "document.activeElement"
                outline = await page.evaluate(f"{now} === document.body ? '2px' : getComputedStyle({now}).outlineWidth")
                assert outline == "2px", await page.evaluate("document.activeElement.outerHTML")


async def test_form_and_json_say_the_same(box: Sandbox, look: Look) -> None:
    """A change in either is one in the other; what is no JSON is not sent."""
    async with look(box, "/#try") as page:
        await page.fill("#field-r0", "bob")
        assert json.loads(await page.input_value("#raw"))["To_Account"] == "bob"
        await page.click("#optional > summary")
        await page.locator("[data-wire=OnlineOnlyFlag]").select_option("1")
        await page.fill("[data-wire=MsgLifeTime]", "60")
        body = json.loads(await page.input_value("#raw"))
        assert (body["OnlineOnlyFlag"], body["MsgLifeTime"]) == (1, 60)
        await page.locator("[data-wire=OnlineOnlyFlag]").select_option("")
        assert "OnlineOnlyFlag" not in json.loads(await page.input_value("#raw"))
        await page.fill("#raw", json.dumps(body | {"From_Account": "alice", "MsgLifeTime": 5}))
        assert await page.input_value("[data-wire=From_Account]") == "alice"
        assert await page.input_value("[data-wire=MsgLifeTime]") == "5"
        await page.click("#send")
        await shows(page.locator("#python"), 'await tim.messages.send("bob", "hi", from_account="alice"')
        random = json.loads(await page.input_value("#raw"))["MsgRandom"]
        assert random != body["MsgRandom"]  # so that the next one is no repeat

        for wrong, words in (("{", "This is not JSON"), ("[]", "has to be a JSON object")):
            await page.fill("#raw", wrong)
            await shows(page.locator("#raw-wrong"), words)
            await page.click("#send")
        assert len(box.service.calls) == 1
        await page.click("#again")
        assert json.loads(await page.input_value("#raw"))["To_Account"] == "lumotuwe2"


async def test_every_form_can_be_sent(box: Sandbox, look: Look) -> None:
    """Whatever its fields: each of the commands gets an answer, if only that something is missing."""
    async with look(box, "/#try") as page:
        paths = await page.locator("#commands [role=option]").evaluate_all("all => all.map((one) => one.dataset.key)")
        assert len(paths) == 171
        for path in paths[::17]:
            await page.locator(f"#commands [data-key='{path}']").click()
            await shows(page.locator("#command-title"), path)
            await page.click("#send")
            await page.wait_for_selector("#answer-box:not([hidden])")
            assert box.service.calls[-1].path == path


async def test_calls_are_counted_against_the_cap(box: Sandbox, tim: TimSession, look: Look) -> None:
    """Chart, words and table tell the same; the log shows each call with what was said."""
    box.state.rules.calls_per_second = 3
    async with look(box, "/#calls") as page:
        await shows(page.locator("#chart-words"), "No calls")
        sending = (tim.messages.send("bob", f"{number}", from_account="alice") for number in range(5))
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert sum(isinstance(outcome, RateLimitedError) for outcome in outcomes) == 2
        await shows(page.locator("#rates"), "openim/sendmsg")
        await shows(page.locator("#chart-words"), "5 calls in the last 60 seconds")
        cells = await page.locator("#rates td").all_inner_texts()
        assert [cell.strip() for cell in cells] == ["openim/sendmsg", "5", "5", "3/s"]
        assert await page.locator("#rates .over").count() == 1
        assert await page.locator("#chart .bar").count() >= 2
        assert await page.locator("#chart .cap").count() == 1
        await page.locator("#rates button").click()
        assert await page.locator("#rates button").get_attribute("aria-pressed") == "true"
        await shows(page.locator("#chart-title"), "openim/sendmsg")
        await option(page, "60007").first.click()
        await shows(page.locator("#details pre"), "was called more than 3 times")


async def test_a_fault_is_added_and_met(box: Sandbox, tim: TimSession, look: Look) -> None:
    """It is listed until a program meets it; another is taken back."""
    async with look(box, "/#faults") as page:
        await page.fill("#fault-path", "openim/sendmsg")
        await page.fill("#fault-value", "91000")
        await page.click("#fault-form button.main")
        await shows(page.locator("#faults"), "openim/sendmsg · 1 \u00d7 · The service refuses with an ErrorCode 91000")
        with pytest.raises(ServerError):
            await tim.with_options(retry=RetryPolicy(attempts=1)).messages.send("bob", "hi")
        await page.locator("#faults li").wait_for(state="detached")
        await page.select_option("#fault-kind", "latency")
        await page.click("#fault-form button.main")
        await shows(page.locator("#fault-wrong"), "Say by how many seconds")
        await page.fill("#fault-latency", "0.5")
        await page.click("#fault-form button.main")
        await shows(page.locator("#faults"), "0.5 s late")
        await page.click("#clear-faults")
        await page.locator("#faults li").wait_for(state="detached")
        assert len(box.faults) == 0


async def test_deliveries_are_shown_as_they_come(box: Sandbox, tim: TimSession, hooks: Webhooks, look: Look) -> None:
    """What the application was asked and told, what it said to that, and why not, in words that stay words."""
    async with look(box, "/#webhooks") as page:
        await shows(page.locator("#deliveries-hint"), "No deliveries yet")
        await shows(page.locator("#webhooks-facts"), f"{hooks.address} · 5 of 56 callbacks are on · 0 waiting")
        await tim.messages.send("bob", "hi", from_account="alice")
        with pytest.raises(ApiError):
            await tim.messages.send("bob", "bad", from_account="alice")
        hooks.dropped = 3
        await hooks.stop()
        await hooks.fire("<i>Some.Newer</i>", {"x": "<img src=x onerror='window.hacked = 1'>"})
        await shows(page.locator("#webhooks-facts"), "3 dropped")
        failed, refused, told, asked = await page.locator("#deliveries [role=option]").all_inner_texts()
        assert re.search(r"#1\s+C2C.CallbackBeforeSendMsg\s+0\s.* ms", asked)
        assert re.search(r"#2\s+C2C.CallbackAfterSendMsg\s+0\s", told)
        assert re.search(r"#3\s+C2C.CallbackBeforeSendMsg\s+120001\s.*no <b>bad</b> words", refused)
        assert re.search(r"#4\s+<i>Some.Newer</i>\s+failed\s.*the webhooks are not running", failed)

        await option(page, "120001").click()
        await shows(page.locator("#details-title"), "Delivery 3")
        await shows(page.locator("#details-hint"), "no <b>bad</b> words")
        posted, answer = [json.loads(await pre.inner_text()) for pre in await page.locator("#details pre").all()]
        assert (posted["From_Account"], answer["ErrorCode"]) == ("alice", 120_001)
        await page.keyboard.press("Escape")
        assert await focused(page) == "3"
        await option(page, "Newer").click()
        await shows(page.locator("#details pre"), "<img src=x")
        assert await page.locator("#details pre").count() == 1
        assert await page.evaluate("window.hacked") is None


async def test_a_callback_is_fired(box: Sandbox, hooks: Webhooks, look: Look) -> None:
    """Any of them, with a sample that can be changed; the answer stands below, and the delivery beside it."""
    async with look(box, "/#webhooks") as page:
        assert await page.locator("#callback option").count() == 56
        assert await page.locator("#callback option", has_text="(switched off)").count() == 51
        await page.select_option("#callback", "C2C.CallbackBeforeSendMsg")
        await shows(page.locator("#callback-about"), "The service waits for the answer, and obeys it.")
        sample = json.loads(await page.input_value("#event"))
        assert abs(sample["MsgTime"] - box.clock.now()) < 60
        assert sample["MsgKey"] == f"{sample['MsgSeq']}_{sample['MsgRandom']}_{sample['MsgTime']}"
        sample["MsgBody"][0]["MsgContent"]["Text"] = "bad"
        await page.fill("#event", json.dumps(sample))
        await page.click("#fire")
        await shows(page.locator("#fired-code"), "120001")
        await shows(page.locator("#fired-answer"), '"ErrorInfo": "no <b>bad</b> words"')
        await option(page, "120001").wait_for()
        assert hooks.deliveries[-1].body == {"CallbackCommand": "C2C.CallbackBeforeSendMsg", **sample}

        for wrong, words in (("{", "This is not JSON"), ("[]", "has to be a JSON object")):
            await page.fill("#event", wrong)
            await page.click("#fire")
            await shows(page.locator("#event-wrong"), words)
        assert len(hooks.deliveries) == 1
        await page.click("#event-again")
        assert await page.locator("#fired").is_hidden()
        again = json.loads(await page.input_value("#event"))
        assert again["MsgBody"][0]["MsgContent"]["Text"] == "hi"
        assert again["MsgKey"] != sample["MsgKey"]  # so that it is no repeat
        await page.locator("#event").press("Control+Enter")
        await shows(page.locator("#fired-code"), "0")
        assert hooks.deliveries[-1].body["MsgKey"] == again["MsgKey"]


async def test_who_has_no_webhooks_reads_how_to_set_some(box: Sandbox, look: Look) -> None:
    """In place of a form that would lead nowhere."""
    async with look(box, "/#webhooks") as page:
        await shows(page.locator("#no-webhooks"), "timrest sandbox --webhook URL")
        assert await page.locator("#fire-form").is_hidden()
        assert await page.locator("#delivered").is_hidden()


async def test_data_goes_out_and_comes_back(box: Sandbox, tim: TimSession, look: Look) -> None:
    """All of it can be kept in a file, deleted, and read again; the page follows."""
    await tim.messages.send("bob", "hi", from_account="alice")
    async with look(box, "/#faults") as page:
        async with page.expect_download() as download:
            await page.click("#export")
        file = await (await download.value).path()
        page.on("dialog", lambda dialog: dialog.accept())
        await page.click("#forget")
        await shows(page.locator("#said"), "Done")
        await page.click("#tab-messages")
        await shows(page.locator("#conversations"), "Nothing yet")
        await page.click("#tab-faults")
        await page.set_input_files("#import-file", {"name": "s.json", "mimeType": "", "buffer": file.read_bytes()})
        await page.click("#tab-messages")
        await option(page, "alice ↔ bob").wait_for()
        assert "alice" in box.state.accounts


@pytest.mark.usefixtures("hooks")
async def test_the_language_changes(box: Sandbox, tim: TimSession, look: Look) -> None:
    """A Chinese browser gets Chinese; a button changes it, and the choice is remembered."""
    await tim.messages.send("bob", [Text("hi"), Face(1)], from_account="alice")
    async with look(box, locale="zh-CN") as page:
        assert await page.evaluate("document.documentElement.lang") == "zh-CN"
        await shows(page.locator("#tab-try"), "接口调试")
        await option(page, "alice ↔ bob").click()
        await shows(page.locator("#messages .kind"), "表情")
        for tab in TABS:
            await page.click(f"#tab-{tab}")
            shown = await page.locator("body").inner_text()
            assert not re.search(r"\b[a-z]+_of_|\bundefined\b|\{\d\}", shown)
        await page.click("#language")
        await shows(page.locator("#tab-try"), "Try a command")
        await page.reload()
        await shows(page.locator("#tab-try"), "Try a command")
        assert await page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_is_as_dark_as_one_likes(box: Sandbox, look: Look, scheme: str) -> None:
    """It follows the browser."""
    async with look(box, color_scheme=scheme) as page:
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", colour))) < 300) is (scheme == "dark")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.usefixtures("hooks")
async def test_a_phone_shows_everything(box: Sandbox, tim: TimSession, look: Look, locale: str) -> None:
    """360 pixels are enough: nothing has to be pushed aside."""
    await tim.messages.send("bob", "word" * 100, from_account="alice")
    async with look(box, locale=locale, **PHONE) as page:
        for tab in TABS:
            await page.locator(f"#tab-{tab}").tap()
            if tab == "messages":
                await option(page, "alice ↔ bob").tap()
                await page.locator("#messages [role=option]").tap()
                await page.locator("#details").wait_for()
            if tab == "try":
                await page.click("#optional > summary")
                await page.click("#send")
                await page.wait_for_selector("#answer-box:not([hidden])")
            if tab == "webhooks":
                await page.click("#fire")
                await page.wait_for_selector("#fired:not([hidden])")
            for whole in ("document.documentElement", "document.querySelector('#tabs')"):
                wide = await page.evaluate(f"{whole}.scrollWidth - {whole}.clientWidth")
                assert wide <= 0, tab
            if tab == "messages":
                await page.locator("#close").tap()


async def test_an_application_is_chosen(box: Sandbox, look: Look) -> None:
    """Where the sandbox plays several, each shows what is its own."""
    other = box.add_application(1_400_000_001, admins=["boss"])
    other.state.add_group("other", name="Chess")
    async with look(box) as page:
        await option(page, "Football").wait_for()
        await page.select_option("#application", "1400000001")
        await option(page, "Chess").wait_for()
        assert await option(page, "Football").count() == 0
        await page.click("#tab-try")
        assert await page.input_value("#identifier") == "boss"


async def test_a_page_finds_a_conversation(box: Sandbox, tim: TimSession, look: Look) -> None:
    """By a part of a name; / leads there, an arrow on to what was found."""
    await tim.messages.send("bob", "hi", from_account="alice")
    async with look(box) as page:
        await option(page, "alice ↔ bob").wait_for()
        await page.locator("#main").focus()
        await page.keyboard.press("/")
        assert await focused(page) == "find"
        await page.keyboard.type("Foot")
        await option(page, "alice ↔ bob").wait_for(state="detached")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press(" ")
        await shows(page.locator("#open-title"), "Football")
        await page.fill("#find", "nobody")
        await shows(page.locator("#conversations"), "Nothing found")


async def test_the_python_can_be_copied(box: Sandbox, look: Look) -> None:
    """It lies on the clipboard, and that is said."""
    permissions = ["clipboard-read", "clipboard-write"]
    async with look(box, "/#try", permissions=permissions) as page:
        await page.click("[data-copies=python]")
        await shows(page.locator("#said"), "Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == 'await tim.messages.send("lumotuwe2", "hi")\n'
