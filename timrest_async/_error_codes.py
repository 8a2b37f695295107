"""Every error code of the service: what it means and what to do about it.

The numbers come from the service's public documents of 2018 to 2026; where two disagree, the sentence gives both
readings. A category says what is wrong: the signature (auth), a missing right (permission), a rule or state
(forbidden), the request itself (invalid_request, not_found, conflict, content), its amount (quota), its pace
(rate_limit), or the other side (server, network). In the ranges of CUSTOM_RANGES the application's own callback chose
the number.
"""

from typing import Final, NamedTuple


class ErrorCode(NamedTuple):
    """What one number means."""

    category: str
    """Which kind of failure it is, one of the words in the module's description."""

    meaning: str
    """One sentence on what happened."""

    advice: str
    """One or two sentences on what to do."""


ERROR_CODES: Final[dict[int, ErrorCode]] = {
    # -- history download and moderation: four digits
    1001: ErrorCode(
        "invalid_request",
        "The history download request is malformed.",
        "Check the command path open_msg_svc/get_history and, if you set it, base_url=.",
    ),
    1002: ErrorCode(
        "invalid_request",
        "A field of the history download is wrong, or the caller is not an administrator.",
        'Give chat_type "C2C" or "Group" and msg_time as YYYYMMDDHH. Check that identifier= is an app administrator.',
    ),
    1003: ErrorCode(
        "server",
        "The history download failed inside the service.",
        "Ask for the hour again later; if it stays, report the time of the call to the service's support.",
    ),
    1004: ErrorCode(
        "not_found",
        "The archive of that hour is not built yet, or nobody sent a message in it.",
        "Wait about an hour after the end of the wanted hour and ask again. A quiet hour never gets an archive.",
    ),
    1005: ErrorCode(
        "not_found",
        "The archive of that hour has been deleted because it is too old.",
        "Download archives within seven days, and ask for an hour of the last seven days.",
    ),
    2001: ErrorCode(
        "server",
        "The moderation service failed internally.",
        "Check the content again later; if it stays, report the time of the call to the service's support.",
    ),
    2002: ErrorCode(
        "invalid_request",
        "The moderation service does not know this command.",
        "Check the command path. Check region= too, since moderation may be offered in Singapore only.",
    ),
    2003: ErrorCode(
        "invalid_request",
        "A field of the moderation request is missing or wrong.",
        "Read ErrorInfo, then check the configuration name, the content type and the list lengths.",
    ),
    2004: ErrorCode(
        "permission",
        "The application or the caller may not use this moderation command.",
        "Check that identifier= is an app administrator and that sdkappid= is the application that bought moderation.",
    ),
    2015: ErrorCode(
        "permission",
        "Moderation is not switched on for the application.",
        "Switch on content moderation in the console, or leave the call out.",
    ),
    2016: ErrorCode(
        "quota",
        "One request carries more words than the moderation service takes.",
        "Split the words over several calls.",
    ),
    # -- group service, with message extension, robots and topics
    10001: ErrorCode(
        "auth",
        (
            "The live-group service does not accept the caller's login: the administrator account or its signature is "
            "wrong."
        ),
        "Check identifier=, secret_key= and sdkappid= of TimSession. A usersig= must be made for that identifier.",
    ),
    10002: ErrorCode(
        "server",
        "The group, extension or robot service failed internally.",
        (
            "The library has already retried; wait some minutes, then repeat the same command or ask the service's "
            "support."
        ),
    ),
    10003: ErrorCode(
        "invalid_request",
        "The group service does not know the command in the path.",
        "Correct the command path, both the part before the slash and the part after it; a repeat cannot help.",
    ),
    10004: ErrorCode(
        "invalid_request",
        "A field of the group request is missing or has a bad value.",
        "Read ErrorInfo, which names the field. For one message of an import, correct its send time.",
    ),
    10005: ErrorCode(
        "quota",
        "One request names more accounts than this group command takes.",
        "Split the accounts: 300 for adding or importing members, 100 for creating a group, 20 for banning.",
    ),
    10006: ErrorCode(
        "rate_limit",
        "This group command is called too often.",
        "Slow down: lower the rate of this command in the session, and count the other processes of the application.",
    ),
    10007: ErrorCode(
        "permission",
        "The caller may not do this, the group's type forbids it, or a switch in the console is off.",
        (
            "Check that identifier= is an app administrator. Then check whether the group's type allows the command, "
            "and the console's switch for it."
        ),
    ),
    10008: ErrorCode(
        "permission",
        "The service refused the request: older pages blame the signature, newer ones a missing Ultimate edition.",
        (
            "Check that the plan has this feature, then secret_key= or usersig=. If both are right, try again later "
            "yourself."
        ),
    ),
    10009: ErrorCode(
        "forbidden",
        "The owner of this group may not leave it.",
        "Hand the group to another member first, or dissolve it.",
    ),
    10010: ErrorCode(
        "not_found",
        "No such group exists, or it was dissolved.",
        "Check the group id, or create the group with tim.groups.create.",
    ),
    10011: ErrorCode(
        "invalid_request",
        "The group service could not read the body as JSON.",
        "Check hand-written bodies given to the call: one JSON object with values of the documented types.",
    ),
    10012: ErrorCode(
        "invalid_request",
        "The id of the account that acts is not valid.",
        "Give from_account or the operator as a string of 1 to 32 bytes, spelled as it was imported.",
    ),
    10013: ErrorCode(
        "conflict",
        "The account belongs to the group already.",
        "Treat it as done; nothing has to be added.",
    ),
    10014: ErrorCode(
        "quota",
        "The group has as many members as it may hold.",
        "Raise the group's member limit if the plan allows more, or remove members first.",
    ),
    10015: ErrorCode(
        "invalid_request",
        "The group id is malformed or unknown; one topic page uses the number for unreadable JSON instead.",
        (
            'Use the id exactly as tim.groups.create returned it, "@TGS#" included. For a topic command check the body '
            "too."
        ),
    ),
    10016: ErrorCode(
        "forbidden",
        "Your application's own callback refused the operation before it happened.",
        "Look into the log of your callback server: it answered ErrorCode 1. A repeat meets the same answer.",
    ),
    10017: ErrorCode(
        "forbidden",
        "The sender has been muted, in this group or everywhere.",
        "Lift the mute of from_account or wait until it ends, or send from another account.",
    ),
    10018: ErrorCode(
        "quota",
        "The reply would be larger than the 1 MB that the group service returns.",
        "Ask for fewer groups or members at a time, or for fewer fields with the response filter.",
    ),
    10019: ErrorCode(
        "not_found",
        "An account named in the request does not exist.",
        "Find it with tim.accounts.check and import it with tim.accounts.import_one, or correct the id.",
    ),
    10020: ErrorCode(
        "quota",
        "A message in the import is too long: 8000 bytes in older documents, 12 KB in those from 2023 on.",
        "Keep each message below 8000 bytes to be safe. Put long texts or files elsewhere and send a reference.",
    ),
    10021: ErrorCode(
        "conflict",
        "Another group has this id already.",
        "Choose another group_id, or leave it out in tim.groups.create and let the service assign one.",
    ),
    10023: ErrorCode(
        "rate_limit",
        "Messages go to the group too often; the oldest document reads it as an unknown command instead.",
        "Slow down: send fewer messages a second to this group. Try again later yourself with the same command value.",
    ),
    10024: ErrorCode(
        "conflict",
        "The invitation or application to join was dealt with earlier.",
        "Treat it as done, and read the member list if you need to know how it was decided.",
    ),
    10025: ErrorCode(
        "conflict",
        "The group id is in use, and the group belongs to the caller.",
        "Use the existing group as it is, or choose another group_id in tim.groups.create.",
    ),
    10026: ErrorCode(
        "forbidden",
        "This group command is blocked for the application's SDKAppID.",
        "Check that sdkappid= is the right application, then ask the service's support to unblock the command.",
    ),
    10030: ErrorCode(
        "not_found",
        "The group message to recall cannot be found.",
        "Check the group id and the msg_seq that the send returned. The message may have expired.",
    ),
    10031: ErrorCode(
        "forbidden",
        "The group message is too old to be recalled.",
        "Recall sooner, or lengthen the recall period in the console; clients get two minutes by default.",
    ),
    10032: ErrorCode(
        "forbidden",
        "This group message may not be recalled.",
        "Leave it, or hide it in your own clients. Notices and other special messages stay.",
    ),
    10033: ErrorCode(
        "forbidden",
        "Groups of this type do not support recalling messages.",
        "Leave the message. Use another group type where recall is needed, since live groups have none.",
    ),
    10034: ErrorCode(
        "forbidden",
        "Messages of this kind may not be deleted.",
        "Leave the message, or try to recall it instead.",
    ),
    10035: ErrorCode(
        "forbidden",
        "Live and broadcast groups do not support deleting messages.",
        "Leave the messages there, or use another group type where deletion is needed.",
    ),
    10036: ErrorCode(
        "quota",
        "The plan allows no further live groups (AVChatRoom).",
        "Dissolve live groups you no longer need, or upgrade the plan in the console.",
    ),
    10037: ErrorCode(
        "quota",
        "The account has created or joined as many groups as it may.",
        "Take the account out of groups it no longer needs, use another owner, or raise the limit by the plan.",
    ),
    10038: ErrorCode(
        "quota",
        "The wanted number of members is above what the plan allows for a group.",
        "Lower max_member_count or shorten the list of first members, or upgrade the plan.",
    ),
    10041: ErrorCode(
        "forbidden",
        "Recalling messages is switched off for the application.",
        "Switch on recall in the console, then call again.",
    ),
    10044: ErrorCode(
        "forbidden",
        "Groups of this type keep no message history.",
        "Record the messages yourself through the after-send callback, or use another group type.",
    ),
    10045: ErrorCode(
        "quota",
        "The key of a group attribute is longer than 32 bytes.",
        "Shorten the key to 32 bytes of UTF-8.",
    ),
    10046: ErrorCode(
        "quota",
        "The value of a group attribute is longer than 4000 bytes.",
        "Shorten the value, or spread it over several keys.",
    ),
    10047: ErrorCode(
        "quota",
        "The group would have more than 16 attributes.",
        "Delete attributes you no longer need, or pack several into one value.",
    ),
    10048: ErrorCode(
        "quota",
        "The attribute values of the group would exceed 16000 bytes together.",
        "Shorten values or delete attributes until all of them fit into 16000 bytes.",
    ),
    10049: ErrorCode(
        "rate_limit",
        "The attributes of this group are written too often.",
        "Slow down: gather changes into one write, and make at most five writes a second for one group.",
    ),
    10050: ErrorCode(
        "not_found",
        "The group has no attribute with the key to delete.",
        "Treat it as deleted, or check the spelling of the key.",
    ),
    10051: ErrorCode(
        "quota",
        "The range of messages to delete is too large.",
        "Delete in several calls, each over a smaller range of msg_seq.",
    ),
    10052: ErrorCode(
        "not_found",
        "The group has no message that could be deleted.",
        "Treat it as done, or check the group id and the range.",
    ),
    10053: ErrorCode(
        "quota",
        "The message mentions more than 30 members.",
        "Mention at most 30 accounts in group_at_info, or mention everybody with one entry.",
    ),
    10054: ErrorCode(
        "quota",
        "The group has too many members for one reply.",
        "Read the members page by page: set a limit, and go on with offset, or with next in a community.",
    ),
    10056: ErrorCode(
        "conflict",
        "Somebody else changed the group attributes between your read and your write.",
        "Read the attributes again, apply your change to them and write once more.",
    ),
    10058: ErrorCode(
        "quota",
        "The free edition's limit of 100 groups is reached.",
        "Dissolve groups you no longer need, or upgrade the plan in the console.",
    ),
    10059: ErrorCode(
        "permission",
        "This group feature comes only with the Ultimate edition.",
        "Upgrade the plan in the console, or do without the feature.",
    ),
    10060: ErrorCode(
        "quota",
        "The group has too many members for read receipts, which end at 200.",
        "Send without asking for receipts in this group, or use a smaller group.",
    ),
    10061: ErrorCode(
        "invalid_request",
        "Messages for online members only have no read receipts.",
        "Drop either online_only_flag or the request for a read receipt.",
    ),
    10062: ErrorCode(
        "not_found",
        "There is no read receipt for this message.",
        "Send with need_read_receipt=1, and check the msg_seq. Check too that receipts are on in the console.",
    ),
    10063: ErrorCode(
        "quota",
        "The group would have more than 20 counters.",
        "Delete counters you no longer need, or keep the others outside the group.",
    ),
    10070: ErrorCode("quota", "The group has as many pinned messages as it may.", "Unpin another message first."),
    10071: ErrorCode(
        "conflict",
        "The message is pinned in the group already.",
        "Treat it as done; the message does not have to be pinned twice.",
    ),
    11000: ErrorCode(
        "permission",
        "Communities are not switched on for the application.",
        "Switch on the community feature in the console, or upgrade to a plan that has it.",
    ),
    # -- one-to-one messages
    20001: ErrorCode(
        "invalid_request",
        "The service could not parse the message packet, perhaps because an account in it is unknown.",
        "Check msg_body against the message format. Check from_account and to_account with tim.accounts.check.",
    ),
    20002: ErrorCode(
        "auth",
        (
            "The message service rejects the login: newer documents say the UserSig expired, older ones that an "
            "internal check failed."
        ),
        (
            "Give secret_key= so that the library signs anew, or replace usersig=. Check identifier= and sdkappid= as "
            "well."
        ),
    ),
    20003: ErrorCode(
        "not_found",
        "The sender or the receiver is not a valid account, or was never imported.",
        "Import the account first with tim.accounts.import_one, or check the spelling of from_account and to_account.",
    ),
    20004: ErrorCode(
        "network",
        "A connection inside the service failed.",
        "The library has already retried; wait some minutes, then repeat the same command value.",
    ),
    20005: ErrorCode(
        "server",
        "The one-to-one message service failed internally.",
        (
            "The library has already retried; wait some minutes, then repeat the same command value or ask the "
            "service's support."
        ),
    ),
    20006: ErrorCode(
        "forbidden",
        "Your application's own before-send callback refused the message.",
        "Look into the log of your callback server: it answered ErrorCode 1. A repeat meets the same answer.",
    ),
    20007: ErrorCode(
        "forbidden",
        "The receiver has put the sender on its blacklist.",
        "Take the sender off the receiver's blacklist, or send from another account.",
    ),
    20008: ErrorCode(
        "invalid_request",
        "Sender and receiver belong to different applications.",
        "Check sdkappid= of TimSession, and import both accounts into that application.",
    ),
    20009: ErrorCode(
        "forbidden",
        "Neither account has the other as a friend (older documents, with the friendship check on).",
        "Make the two accounts friends, or switch off the friendship check in the console.",
    ),
    20010: ErrorCode(
        "forbidden",
        "The receiver does not have the sender as a friend (older documents, with the friendship check on).",
        "Add the sender to the receiver's friends, or switch off the friendship check in the console.",
    ),
    20011: ErrorCode(
        "forbidden",
        "The sender does not have the receiver as a friend (older documents, with the friendship check on).",
        "Add the receiver to the sender's friends, or switch off the friendship check in the console.",
    ),
    20012: ErrorCode(
        "forbidden",
        "The sender has been muted for one-to-one messages (older documents; newer ones check no mute).",
        "Lift the mute of from_account or wait until it ends, or send from another account.",
    ),
    20016: ErrorCode(
        "forbidden",
        "The time in which the message could be recalled is over.",
        "Recall sooner, or lengthen the recall period in the console; clients get two minutes by default.",
    ),
    20018: ErrorCode(
        "server",
        "Deleting stored one-to-one messages failed inside the service.",
        "Delete them later; if it stays, report the time of the call to the service's support.",
    ),
    20022: ErrorCode(
        "not_found",
        "No one-to-one message has the key given for the recall.",
        "Give msg_key exactly as the send returned it, with the same from_account and to_account.",
    ),
    20023: ErrorCode(
        "conflict",
        "The one-to-one message was recalled earlier.",
        "Treat it as done; nothing is left to recall.",
    ),
    20028: ErrorCode(
        "conflict",
        "Somebody else changed the message at the same moment.",
        "Read the message again, apply your change to it and try again yourself.",
    ),
    # -- device tokens, offline push, official accounts
    21005: ErrorCode(
        "invalid_request",
        "A client set its push token before it was logged in.",
        "Let the client log in first and set the token then; server calls do not cause this.",
    ),
    22001: ErrorCode(
        "invalid_request",
        "No certificate for offline push has been uploaded.",
        "Upload the vendor's push certificate in the console; server calls do not cause this.",
    ),
    22002: ErrorCode(
        "network",
        "A client's push registration met network trouble.",
        "Let the client try again later itself; server calls do not cause this.",
    ),
    22003: ErrorCode(
        "invalid_request",
        "A client uploaded an empty push token.",
        "Let the client ask the phone's push service for a token first; server calls do not cause this.",
    ),
    22004: ErrorCode(
        "quota",
        "A client's push token is above the 256 bytes allowed.",
        "Upload the vendor's token unchanged; server calls do not cause this.",
    ),
    22005: ErrorCode(
        "quota",
        "The data a client sent at login is longer than 1024 bytes.",
        "Shorten the client's login data; server calls do not cause this.",
    ),
    22006: ErrorCode(
        "rate_limit",
        "Messages of official accounts are sent too often.",
        "Slow down: one message a second for one official account, and at most two broadcasts an hour.",
    ),
    # -- message extension and reactions
    23001: ErrorCode(
        "conflict",
        "Somebody else changed the extension key first.",
        "Read the key again, take its latest Seq and write once more.",
    ),
    23002: ErrorCode(
        "invalid_request",
        "The message was not sent as one that can carry extensions.",
        "Send the message with support_message_extension=1 from the start.",
    ),
    23003: ErrorCode(
        "rate_limit",
        "The extension of one message is written more than 200 times a minute.",
        "Slow down: put up to 20 pairs into one call, and stay below 200 settings a minute for one message.",
    ),
    23004: ErrorCode(
        "not_found",
        "The message does not exist, or by another reading the extension to delete does not.",
        "Check the id of the message first. If you were deleting a key, treat it as deleted.",
    ),
    23005: ErrorCode(
        "quota",
        "The message has as many different reactions as it may.",
        "Remove a reaction, or use one that the message has already.",
    ),
    23006: ErrorCode(
        "quota",
        "As many accounts as possible have given this reaction.",
        "Use another reaction, or leave this one out.",
    ),
    23007: ErrorCode(
        "conflict",
        "The account has given this reaction already.",
        "Treat it as done; the reaction is there.",
    ),
    23008: ErrorCode(
        "not_found",
        "The message has no such reaction.",
        "Treat it as removed, or check the id of the reaction.",
    ),
    23009: ErrorCode(
        "not_found",
        "The account has not given this reaction.",
        "Treat it as removed, or check which account reacted.",
    ),
    # -- friends, blacklists, following
    30001: ErrorCode(
        "invalid_request",
        "A field of the relationship request is missing or wrong.",
        'Read ErrorInfo, which names the field. "Already_Exist" on a blacklist means it was done before.',
    ),
    30002: ErrorCode(
        "auth",
        "The SDKAppID does not fit the accounts of the relationship request.",
        "Check sdkappid= of TimSession, and that the accounts were imported into that application.",
    ),
    30003: ErrorCode(
        "not_found",
        "An account of the relationship request does not exist.",
        "Import the account with tim.accounts.import_one, or check the spelling of from_account and to_account.",
    ),
    30004: ErrorCode(
        "permission",
        "Relationship commands are open to administrators only.",
        "Use an app administrator as identifier= of TimSession.",
    ),
    30005: ErrorCode(
        "content",
        "A remark, greeting or friend group name contains sensitive words (documents up to 2020).",
        "Change the wording of the field and call again.",
    ),
    30006: ErrorCode(
        "server",
        "The relationship service failed internally.",
        "Try again later yourself; if it stays, report the time of the call to the service's support.",
    ),
    30007: ErrorCode(
        "network",
        "The relationship service did not get an answer in time.",
        "Try again later yourself; read the relationship first, since the change may have been made.",
    ),
    30008: ErrorCode(
        "conflict",
        "Two writes to the relationships of one account collided.",
        "Write for one account one call at a time, and put several targets into one batch.",
    ),
    30009: ErrorCode(
        "forbidden",
        "An administrator has barred the account from adding friends.",
        "Set Tag_Profile_IM_AdminForbidType of the account to AdminForbid_Type_None if it may add friends.",
    ),
    30010: ErrorCode(
        "quota",
        "The account has as many friends as it may.",
        "Delete friends of from_account first, or raise the limit by the plan.",
    ),
    30011: ErrorCode(
        "quota",
        "The account has as many friend groups as it may, usually 32.",
        "Delete a friend group first, or put the friend into an existing one.",
    ),
    30012: ErrorCode(
        "quota",
        "The account has as many waiting friend requests as it may.",
        "Answer or delete old requests first.",
    ),
    30013: ErrorCode(
        "quota",
        "The blacklist of the account is full, usually at 1000.",
        "Take other accounts off the blacklist first.",
    ),
    30014: ErrorCode(
        "quota",
        "The other account has as many friends as it may.",
        "Have the other account delete friends first, or leave the request out.",
    ),
    30015: ErrorCode("conflict", "The two accounts are friends already.", "Treat it as done; nothing has to be added."),
    30515: ErrorCode(
        "forbidden",
        "The account has put the other one on its own blacklist.",
        "Take the other account off the blacklist of from_account first.",
    ),
    30516: ErrorCode(
        "forbidden",
        "The other account turns down every friend request.",
        "Change Tag_Profile_IM_AllowType of the other account, or add with force_add_flags=1 if that is your decision.",
    ),
    30525: ErrorCode(
        "forbidden",
        "The other account has put this one on its blacklist.",
        "Have the other account take from_account off its blacklist first.",
    ),
    30539: ErrorCode(
        "forbidden",
        "The friend request was stored and waits for the other account to confirm it.",
        "Treat it as sent, not as failed, and wait for the confirmation.",
    ),
    30540: ErrorCode(
        "rate_limit",
        "The security policy stops the account from adding friends, since it asked too often.",
        "Slow down: stop adding friends for this account, and later spread its requests over hours.",
    ),
    30614: ErrorCode(
        "not_found",
        "There is no such waiting friend request.",
        "Read the waiting requests again; this one was answered, deleted or never made.",
    ),
    31704: ErrorCode("not_found", "The account to delete is not a friend.", "Treat it as deleted, or check the id."),
    31707: ErrorCode(
        "rate_limit",
        "The security policy stops the account from deleting friends.",
        "Slow down: stop deleting friends of this account, and later spread the deletions over hours.",
    ),
    31804: ErrorCode(
        "not_found",
        "An account in the relationship request is unknown to the service.",
        "Look it up with tim.accounts.check and import it with tim.accounts.import_one, or correct the id.",
    ),
    32100: ErrorCode(
        "quota",
        "The account follows as many others as it may.",
        "Let the account stop following somebody first.",
    ),
    32101: ErrorCode(
        "quota",
        "The other account has as many followers as it may.",
        "Leave the request out, or ask the service's support about a higher limit.",
    ),
    32102: ErrorCode(
        "quota",
        "The account has as many mutual follows as it may.",
        "Let the account stop following somebody it is mutually connected with.",
    ),
    32103: ErrorCode(
        "quota",
        "The other account has as many mutual follows as it may.",
        "Have the other account end a mutual follow first, or leave the request out.",
    ),
    # -- profiles
    40001: ErrorCode(
        "invalid_request",
        "A field of the profile request is missing or wrong.",
        "Read ErrorInfo, which names the field, and check the spelling of the tags.",
    ),
    40002: ErrorCode(
        "invalid_request",
        "The request does not say whose profile is wanted.",
        "Put at least one account id into to_account.",
    ),
    40003: ErrorCode(
        "not_found",
        "The account whose profile is meant does not exist.",
        "Import the account with tim.accounts.import_one, or check the spelling of the id.",
    ),
    40004: ErrorCode(
        "permission",
        "Profile commands are open to administrators only.",
        "Use an app administrator as identifier= of TimSession.",
    ),
    40005: ErrorCode(
        "content",
        "A profile field contains sensitive words (documents up to 2020).",
        "Change the wording of the nickname or field and call again.",
    ),
    40006: ErrorCode(
        "server",
        "The profile service failed internally.",
        "Try again later yourself; if it stays, report the time of the call to the service's support.",
    ),
    40007: ErrorCode(
        "permission",
        "The profile field may not be read.",
        "Leave the tag out, or give the field read permission in the console.",
    ),
    40008: ErrorCode(
        "permission",
        "The profile field may not be written.",
        "Leave the tag out, or give the field write permission in the console.",
    ),
    40009: ErrorCode(
        "not_found",
        "The profile has no field with this tag.",
        "Check the spelling of the tag. Create a custom field in the console before you use it.",
    ),
    40601: ErrorCode(
        "quota",
        "A profile value is longer than 500 bytes.",
        "Shorten the nickname, avatar address or field to 500 bytes of UTF-8.",
    ),
    40605: ErrorCode(
        "invalid_request",
        "A standard profile field does not accept this value.",
        "Use one of the values listed for the tag, such as Gender_Type_Female or AllowType_Type_AllowAny.",
    ),
    40610: ErrorCode(
        "invalid_request",
        "A profile value has a type the field does not take.",
        "Give a string or an unsigned integer, whichever the tag takes.",
    ),
    # -- conversations
    50001: ErrorCode(
        "not_found",
        "The account whose conversations are meant does not exist.",
        "Import the account with tim.accounts.import_one, or check the spelling of from_account.",
    ),
    50002: ErrorCode(
        "invalid_request",
        "A field of the conversation request is missing or wrong.",
        "Read ErrorInfo, which names the field. Give an account for type 1 and a group for type 2.",
    ),
    50003: ErrorCode(
        "permission",
        "Conversation commands are open to administrators only.",
        "Use an app administrator as identifier= of TimSession.",
    ),
    50004: ErrorCode(
        "server",
        "The conversation service failed internally.",
        "Try again later yourself; if it stays, report the time of the call to the service's support.",
    ),
    50005: ErrorCode(
        "network",
        "The conversation service did not get an answer in time.",
        "Try again later yourself; read the list first, since a change may have been made.",
    ),
    51006: ErrorCode(
        "quota",
        "One marking request holds no conversation, or more than 100.",
        "Send between 1 and 100 conversations in one call.",
    ),
    51007: ErrorCode(
        "server",
        "The group of a conversation could not be looked up, because of an internal fault or because it was dissolved.",
        "Check that the group exists; if it does, repeat the call later.",
    ),
    51008: ErrorCode(
        "quota",
        "The account would have more than 1000 marked or grouped conversations.",
        "Clear marks the account no longer needs first.",
    ),
    51009: ErrorCode(
        "not_found",
        "The account has no conversation group of this name.",
        "Check the name, or create the conversation group first.",
    ),
    51010: ErrorCode(
        "quota",
        "The account has its 20 conversation groups already.",
        "Delete a conversation group first, or put the conversations into an existing one.",
    ),
    51011: ErrorCode(
        "quota",
        "The name of the conversation group is longer than 32 bytes.",
        "Shorten the name to 32 bytes of UTF-8.",
    ),
    51012: ErrorCode(
        "quota",
        "The account has 50 pinned conversations already, which is the most.",
        "Unpin another conversation first.",
    ),
    51013: ErrorCode(
        "permission",
        "Standard marks and conversation groups come only with the Ultimate edition.",
        "Upgrade the plan in the console, or use custom marks, which need no edition.",
    ),
    # -- access layer: any command
    60002: ErrorCode(
        "invalid_request",
        "The access layer could not parse the HTTP request.",
        "Check that base_url= names the REST host of your region over HTTPS, then check the command path.",
    ),
    60003: ErrorCode(
        "invalid_request",
        "The access layer could not read the body as JSON.",
        'Check hand-written bodies given to the call: one JSON object in UTF-8, "{}" at least.',
    ),
    60004: ErrorCode(
        "auth",
        "The account or the signature in the URL or the body is wrong.",
        (
            "Check identifier=, secret_key= or usersig= and sdkappid= of TimSession. Check the accounts in the body as "
            "well."
        ),
    ),
    60005: ErrorCode(
        "auth",
        "The identifier or UserSig of the call, or an account in its body, is not accepted.",
        (
            "Check identifier=, secret_key= or usersig= and sdkappid= of TimSession. Check the accounts in the body as "
            "well."
        ),
    ),
    60006: ErrorCode(
        "auth",
        "The SDKAppID is not a valid one.",
        "Compare sdkappid= of TimSession with the number in the console.",
    ),
    60007: ErrorCode(
        "rate_limit",
        "The command is called more often than the service allows.",
        "Slow down: lower the rate of this command in the session, and count the other processes of the application.",
    ),
    60008: ErrorCode(
        "network",
        "The service timed out on the request, or could not parse it.",
        (
            "Try again later yourself with the same command value, so that a message is not delivered twice. If it "
            "stays, check base_url=."
        ),
    ),
    60009: ErrorCode(
        "invalid_request",
        "The path asks for something that does not exist.",
        "Check the command path, which is case-sensitive, and base_url=.",
    ),
    60010: ErrorCode(
        "permission",
        "The identifier of the call is not an app administrator.",
        "Use an app administrator as identifier= of TimSession, or make the account one in the console.",
    ),
    60011: ErrorCode(
        "rate_limit",
        "The application as a whole makes too many requests.",
        "Slow down: lower the rates of all sessions and processes with this sdkappid, or buy a higher rate.",
    ),
    60012: ErrorCode(
        "invalid_request",
        "The URL carries no SDKAppID.",
        "Give sdkappid= to TimSession, and check that no proxy drops the query of the URL.",
    ),
    60013: ErrorCode(
        "server",
        "The service produced an answer that it could not parse itself.",
        "Report the command and the time of the call to the service's support.",
    ),
    60014: ErrorCode(
        "network",
        "The service timed out while it looked up the account.",
        "Wait some minutes before you call again. If it stays, report the time of the call to the service's support.",
    ),
    60015: ErrorCode(
        "invalid_request",
        "An account id in the body is not a string.",
        'Write account ids as text, also those made of digits: "123", not 123.',
    ),
    60016: ErrorCode(
        "forbidden",
        "The application with this SDKAppID has been disabled.",
        "Check the application's state and payments in the console, then ask the service's support.",
    ),
    60017: ErrorCode(
        "forbidden",
        "This request has been disabled for the application.",
        "Ask the service's support to enable the command for your sdkappid.",
    ),
    60018: ErrorCode(
        "rate_limit",
        "The service turned the call away because too many came at once.",
        "Slow down: halve the rate of this command, then try again later yourself with the same command value.",
    ),
    60019: ErrorCode(
        "rate_limit",
        "The service receives too many calls from the application.",
        "Slow down: halve the rate of this command, then try again later yourself with the same command value.",
    ),
    60020: ErrorCode(
        "quota",
        "The plan has expired, or was not bought or is not active yet.",
        "Check the plan in the console; after buying or renewing it, wait five minutes and call again.",
    ),
    60021: ErrorCode(
        "permission",
        "The console does not allow calls from this IP address.",
        "Add the address from which your server calls to the allow-list in the console.",
    ),
    # -- accounts and signatures: any command
    70001: ErrorCode(
        "auth",
        "The UserSig has expired.",
        (
            "Make a new usersig=, or give secret_key= so that the library renews it. Check the server's clock and the "
            "signature's life."
        ),
    ),
    70002: ErrorCode(
        "auth",
        "The call carries an empty UserSig.",
        "Give TimSession a secret_key= or a usersig= that is not empty.",
    ),
    70003: ErrorCode(
        "auth",
        "The UserSig cannot be verified, often because it was cut off.",
        "Pass usersig= whole and unchanged. If you sign, check secret_key=: the console's text as it is, not decoded.",
    ),
    70005: ErrorCode(
        "auth",
        "The UserSig is not a valid one.",
        (
            "Check that secret_key= is the console's text unchanged. A usersig= must be whole and of version 2 "
            "(HMAC-SHA256)."
        ),
    ),
    70009: ErrorCode(
        "auth",
        "The UserSig was made with another key, usually that of another application.",
        (
            "Check that secret_key= and sdkappid= come from the same page of the console, and that the key was not "
            "replaced."
        ),
    ),
    70013: ErrorCode(
        "auth",
        "The UserSig was made for another identifier.",
        "Make usersig= for exactly the identifier= given to TimSession, letter by letter.",
    ),
    70014: ErrorCode(
        "auth",
        "The UserSig was made for another SDKAppID.",
        "Make usersig= with the same sdkappid= as given to TimSession, and with that application's secret key.",
    ),
    70016: ErrorCode(
        "auth",
        "The service has no key for the application, or the application lives in another data centre.",
        "Check region= or base_url= first, a usual cause. Then check sdkappid=, and that the console shows a key.",
    ),
    70020: ErrorCode(
        "not_found",
        "The SDKAppID is unknown, or its application lives in another data centre.",
        "Check region= or base_url= first, a usual cause. Then compare sdkappid= with the console.",
    ),
    70050: ErrorCode(
        "rate_limit",
        "Too many signature checks of the account failed or came too often.",
        "Slow down: stop for one minute, correct secret_key= or usersig=, then try again yourself.",
    ),
    70051: ErrorCode(
        "forbidden",
        "The account is on the service's blacklist.",
        "Use another account, and ask the service's support why this one is barred.",
    ),
    70052: ErrorCode(
        "auth",
        "The UserSig has been made invalid, for example by logging the account out.",
        (
            "Make a new usersig=, or give secret_key= and call again. Check that identifier= was not kicked and the "
            "key not replaced."
        ),
    ),
    70107: ErrorCode(
        "not_found",
        "No account with this id has been imported.",
        "Import the account first with tim.accounts.import_one, or check the spelling of the id.",
    ),
    70114: ErrorCode(
        "rate_limit",
        "The service restricts the account for reasons of security.",
        "Slow down: pause the calls about this account, then make fewer; ask the service's support if it stays.",
    ),
    70169: ErrorCode(
        "network",
        "The account service timed out internally.",
        (
            "Try again later yourself. Importing and checking accounts twice is harmless, sending a batch twice may "
            "not be."
        ),
    ),
    70202: ErrorCode(
        "network",
        "The account service did not answer in time.",
        "Try again later yourself; importing or checking an account twice does no harm.",
    ),
    70206: ErrorCode(
        "invalid_request",
        "The batch holds no account, or more than the account command takes.",
        "Send between 1 and 100 accounts in one tim.accounts.import_many or tim.accounts.check.",
    ),
    70398: ErrorCode(
        "quota",
        "The trial edition's limit of 100 accounts is reached.",
        "Delete accounts you no longer need, or upgrade the plan in the console.",
    ),
    70399: ErrorCode(
        "quota",
        "The plan seems to forbid this deleting and importing again of an account; the document is only partly clear.",
        "Read ErrorInfo, and check the plan's rules for accounts in the console.",
    ),
    70402: ErrorCode(
        "invalid_request",
        "A field of the account request is missing or wrong.",
        "Check that each account id is a string of 1 to 32 bytes, and that required fields are present.",
    ),
    70403: ErrorCode(
        "permission",
        "Account commands are open to administrators only.",
        "Use an app administrator as identifier= of TimSession.",
    ),
    70500: ErrorCode(
        "server",
        "The account service failed internally.",
        "Try again later yourself; if it stays, report the time of the call to the service's support.",
    ),
    71000: ErrorCode(
        "forbidden",
        "A paid application may not delete its accounts.",
        "Keep the account and empty its profile; by the documents only trial applications can delete.",
    ),
    72000: ErrorCode(
        "quota",
        "The trial edition's limit of daily active accounts is reached.",
        "Wait for the next day, or upgrade the plan in the console.",
    ),
    72001: ErrorCode(
        "permission",
        "Reading the status of accounts is switched off.",
        "Switch on the user status feature in the console.",
    ),
    72012: ErrorCode(
        "permission",
        "Subscribing to profile changes is switched off.",
        "Switch on profile subscription in the console.",
    ),
    # -- content and size checks
    80001: ErrorCode(
        "content",
        "The text did not pass the service's content check.",
        (
            "Change the wording; the same text is refused each time. Check the word lists in the console if it is "
            "harmless."
        ),
    ),
    80002: ErrorCode(
        "quota",
        "The message is too long: 8000 bytes in older documents, 12 KB in those from 2023 on.",
        "Keep msg_body below 8000 bytes to be safe. Put long texts or files elsewhere and send a reference.",
    ),
    80003: ErrorCode(
        "forbidden",
        "Your before-send callback failed or was too slow, and the application is set to refuse in that case.",
        "Get your callback server to answer in time, or let messages pass on failure in the console.",
    ),
    80004: ErrorCode(
        "content",
        "An image did not pass the service's content check.",
        "Replace the image; the same one is refused each time.",
    ),
    80005: ErrorCode(
        "content",
        "The content check took too long.",
        "Send the content later; if it stays, report the time of the call to the service's support.",
    ),
    80101: ErrorCode(
        "content",
        "The request was blocked by the service's security check because of its content.",
        "Change the content, and ask the service's support if it is harmless.",
    ),
    # -- packet checks of messages and push
    90001: ErrorCode(
        "invalid_request",
        "The body of the message or push request is not readable JSON.",
        "Check hand-written bodies given to the call: one JSON object with values of the documented types.",
    ),
    90002: ErrorCode(
        "invalid_request",
        "MsgBody is not an array, or an element in it breaks the message format.",
        "Give msg_body as text, one element or a list of elements. Check the fields of hand-written elements.",
    ),
    90003: ErrorCode(
        "invalid_request",
        "To_Account is missing or not a string, or the account does not exist.",
        "Give to_account as one string. If it looks right, import the account with tim.accounts.import_one.",
    ),
    90004: ErrorCode(
        "invalid_request",
        "MsgSeq is not a valid number.",
        "Leave msg_seq out so that the library draws it, or give an integer from 0 to 4294967295.",
    ),
    90005: ErrorCode(
        "invalid_request",
        "MsgRandom is absent or is something other than an integer.",
        "Leave msg_random out so that the library draws it, or give an integer from 0 to 4294967295.",
    ),
    90006: ErrorCode(
        "invalid_request",
        "MsgTimeStamp is absent or is something other than an integer.",
        "Give msg_time_stamp as a whole number of Unix seconds.",
    ),
    90007: ErrorCode(
        "invalid_request",
        "MsgBody has a type other than array.",
        "Give msg_body as text, one element or a list of elements; in a hand-written body wrap it in [ ].",
    ),
    90008: ErrorCode(
        "invalid_request",
        "From_Account is absent where it is needed, or does not exist.",
        "Give from_account and check its spelling, or import it with tim.accounts.import_one.",
    ),
    90009: ErrorCode(
        "permission",
        "Message and push commands are open to app administrators only.",
        "Use an app administrator as identifier= of TimSession; from_account may be any account.",
    ),
    90010: ErrorCode(
        "invalid_request",
        "The packet breaks the format of a message.",
        "Check the elements of msg_body and the types of the other fields against the message format.",
    ),
    90011: ErrorCode(
        "quota",
        "The request names more than 500 accounts.",
        "Split the accounts into batches of at most 500, one tim.messages.send_batch for each.",
    ),
    90012: ErrorCode(
        "not_found",
        "A receiver in To_Account was never imported.",
        "Import the account first with tim.accounts.import_one, or check the spelling of to_account.",
    ),
    90013: ErrorCode("quota", "A push tag takes more than 50 bytes.", "Shorten the tag to 50 bytes of UTF-8."),
    90014: ErrorCode(
        "quota",
        "The request asks for the state of too many push tasks at once.",
        "Ask for fewer tasks in one call.",
    ),
    90018: ErrorCode(
        "quota",
        "The request names more accounts than a tag or attribute command takes.",
        "Split the accounts into calls of at most 100.",
    ),
    90020: ErrorCode(
        "invalid_request",
        (
            'A push tag is illegal (oldest document: string pairs with keys "0" to "9") or, by newer ones, longer than '
            "50 bytes."
        ),
        'Use strings of at most 50 bytes as tags, and keys "0" to "9" for attributes.',
    ),
    90022: ErrorCode(
        "invalid_request",
        "TagsOr or TagsAnd holds the same tag twice.",
        "Remove the repeated tag from the condition.",
    ),
    90024: ErrorCode(
        "rate_limit",
        "Two pushes follow each other too closely.",
        "Slow down: leave more than one second between two pushes of the application.",
    ),
    90025: ErrorCode(
        "conflict",
        "A push with this MsgRandom was made earlier the same day, so this one counts as a repeat.",
        "Treat it as sent if you repeated a push. Use a fresh msg_random for a different one.",
    ),
    90026: ErrorCode(
        "invalid_request",
        "MsgLifeTime is longer than seven days.",
        "Set msg_life_time to at most 604800 s, or leave it out.",
    ),
    90027: ErrorCode(
        "invalid_request",
        "The Condition of the push is invalid.",
        "Use either tags or attributes in the condition, and check their spelling and types.",
    ),
    90030: ErrorCode(
        "invalid_request",
        "An import lacks an integer SyncFromOldSystem, or a push attribute is empty or longer than 50 bytes.",
        (
            "For an import give sync_from_old_system as 2 or 5, 1 in older versions. For push give attributes of 1 to "
            "50 bytes."
        ),
    ),
    90031: ErrorCode(
        "invalid_request",
        "SyncOtherMachine has a type other than integer.",
        "Set sync_other_machine to 1 or 2, or leave it out.",
    ),
    90032: ErrorCode(
        "quota",
        "A push condition or a tag call holds more than 10 tags.",
        "Use at most 10 tags at a time; add further ones to the account in another call.",
    ),
    90033: ErrorCode(
        "invalid_request",
        "A push attribute is invalid; older documents also mean bad JSON, too many items or a field that is too long.",
        (
            "Check that attributes exist and values are at most 50 bytes. Split long lists into calls of at most 100 "
            "accounts."
        ),
    ),
    90034: ErrorCode(
        "quota",
        "A tag in the push request is over the limit of 50 bytes.",
        "Shorten the tag to 50 bytes of UTF-8.",
    ),
    90035: ErrorCode(
        "invalid_request",
        "The tag or attribute is meant for the other kind of receiver, account id or registration id.",
        "Use tags and attributes that were made for the kind of id in the call.",
    ),
    90039: ErrorCode(
        "invalid_request",
        "The push selects by tags and by attributes at once.",
        "Use either tags or attributes in the condition, never both.",
    ),
    90040: ErrorCode(
        "invalid_request",
        "The push condition contains an empty tag.",
        "Remove the empty string from the tags of the condition.",
    ),
    90043: ErrorCode(
        "invalid_request",
        "OfflinePushInfo has a field of the wrong name or type.",
        "Build it with OfflinePushInfo, or check the hand-written one against the message format.",
    ),
    90044: ErrorCode(
        "invalid_request",
        "MsgLifeTime has a type other than integer.",
        "Give msg_life_time as a whole number of seconds, or leave it out.",
    ),
    90045: ErrorCode(
        "permission",
        "Pushing to all accounts is switched off for the application.",
        "Switch on push in the console; it may need another plan.",
    ),
    90046: ErrorCode("quota", "The account has as many push tags as it may.", "Remove tags of the account first."),
    90047: ErrorCode(
        "quota",
        "The pushes of the day are used up, 100 by default.",
        "Wait for the next day, or ask the service's support for a higher quota.",
    ),
    90048: ErrorCode(
        "not_found",
        "An account in the request does not exist.",
        "Import the account first with tim.accounts.import_one, or check the spelling of the id.",
    ),
    90049: ErrorCode(
        "not_found",
        "The push task to recall is unknown.",
        "Give the task id as the push returned it. Recall within 24 hours of the push.",
    ),
    90050: ErrorCode("conflict", "The push task was recalled earlier.", "Treat it as done; nothing is left to recall."),
    90051: ErrorCode(
        "rate_limit",
        "Pushes are recalled faster than one a second.",
        "Slow down: leave at least one second between two recalls of pushes.",
    ),
    90054: ErrorCode(
        "invalid_request",
        "The MsgKey is not valid.",
        "Give msg_key exactly as the send returned it; do not build it yourself.",
    ),
    90055: ErrorCode(
        "quota",
        "The batch packet is too long: 8 KB in the error pages, 12 KB for sends from 2023 on.",
        "Keep the whole packet below 8 KB to be safe: shorten msg_body, or send to fewer accounts at a time.",
    ),
    90057: ErrorCode(
        "invalid_request",
        "The push to a list of accounts was refused; no readable document says why.",
        "Read ErrorInfo, check the fields of the push, and ask the service's support.",
    ),
    90992: ErrorCode(
        "server",
        "The message service failed internally, or your application's callback does not answer.",
        "The library has already retried; if every call fails, check the callback URL of your application.",
    ),
    90994: ErrorCode(
        "server",
        "The status of accounts could not be read because the service failed internally.",
        "Try again later yourself; reading twice does no harm.",
    ),
    90995: ErrorCode(
        "server",
        "The service failed internally while it looked up the status of accounts.",
        "Try again later yourself; reading twice does no harm.",
    ),
    91000: ErrorCode(
        "server",
        "The message or push service failed internally.",
        (
            "The library has already retried; wait some minutes, then repeat the same command value or ask the "
            "service's support."
        ),
    ),
    91101: ErrorCode(
        "forbidden",
        "A web client lost its connection because the account logged in on too many pages.",
        "Close other pages of the account; server calls do not cause this.",
    ),
    93000: ErrorCode(
        "quota",
        "The packet is too long: 8 KB in older documents, 12 KB in those from 2023 on.",
        "Keep the whole packet below 8 KB to be safe. Put long texts or files elsewhere and send a reference.",
    ),
    # -- topics
    110002: ErrorCode(
        "invalid_request",
        "The topic could not be deleted.",
        "Read ErrorInfo for the reason, and check the group id and the topic id.",
    ),
    110003: ErrorCode("not_found", "The topic was deleted earlier.", "Treat it as deleted, or check the topic id."),
    # -- global mute and statistics
    130001: ErrorCode(
        "invalid_request",
        "The mute or statistics request is not readable JSON.",
        "Check hand-written bodies given to the call: one JSON object with values of the documented types.",
    ),
    130002: ErrorCode(
        "invalid_request",
        "Get_Account is missing from the question about a mute.",
        "Give get_account, the id of the account whose mute is wanted.",
    ),
    130003: ErrorCode(
        "invalid_request",
        "Get_Account does not name a valid account.",
        "Give get_account as a string, spelled as the account was imported.",
    ),
    130004: ErrorCode(
        "invalid_request",
        "Set_Account is missing from the mute request.",
        "Give set_account, the id of the account to mute.",
    ),
    130005: ErrorCode(
        "invalid_request",
        "Set_Account does not name a valid account.",
        "Give set_account as a string, spelled as the account was imported.",
    ),
    130008: ErrorCode(
        "invalid_request",
        "The mute request gives no time, neither for one-to-one nor for group messages.",
        "Give a time in seconds for one of the two or both: 0 lifts the mute, 4294967295 mutes for ever.",
    ),
    130009: ErrorCode(
        "server",
        "The statistics service could not open its database.",
        "Read the statistics later; if it stays, report the time of the call to the service's support.",
    ),
    130010: ErrorCode(
        "server",
        "The statistics service could not reach its database.",
        "Read the statistics later; if it stays, report the time of the call to the service's support.",
    ),
    130011: ErrorCode(
        "server",
        "The statistics service's database query failed.",
        "Read the statistics later; if it stays, report the time of the call to the service's support.",
    ),
    130012: ErrorCode(
        "server",
        "The statistics service could not read its database's result.",
        "Read the statistics later; if it stays, report the time of the call to the service's support.",
    ),
    130014: ErrorCode(
        "server",
        "The global mute service failed internally.",
        "Try again later yourself, which does no harm; if it stays, ask the service's support.",
    ),
}
"""What each number means, ascending."""

CUSTOM_RANGES: Final[tuple[tuple[range, ErrorCode], ...]] = (
    (
        range(10100, 10201),
        ErrorCode(
            "forbidden",
            "Your application's own callback refused the group message and chose this number.",
            "Look the number up in the code of your callback before group messages; a repeat meets the same.",
        ),
    ),
    (
        range(38000, 39001),
        ErrorCode(
            "forbidden",
            "Your application's own callback refused the friend request or its answer and chose this number.",
            "Look the number up in the code of your callbacks before friend requests and their answers.",
        ),
    ),
    (
        range(120001, 130001),
        ErrorCode(
            "forbidden",
            "Your application's own callback refused the one-to-one message and chose this number.",
            "Look the number up in the code of your callback before one-to-one messages; a repeat meets the same.",
        ),
    ),
)
"""Numbers that an application gives itself, and what to make of one."""
