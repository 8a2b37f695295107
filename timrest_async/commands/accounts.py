"""Accounts: import them, delete them, tell who is registered and who is online."""

from collections.abc import Iterable
from math import inf
from typing import Annotated, Final, Literal

from attrs import field, frozen

from timrest_async._bounds import Bounded, Items, as_list
from timrest_async._wire import Targets, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint, split
from timrest_async.commands._reply import Outcome, Part, PartialReply, Result, failure
from timrest_async.commands._shared import AccountId, as_ids, as_optional_ids
from timrest_async.errors import Failure, InputError

__all__ = [
    "AccountCheckResult",
    "AccountDeleteResult",
    "AccountImportItem",
    "Accounts",
    "CheckAccounts",
    "CheckAccountsReply",
    "DeleteAccounts",
    "DeleteAccountsReply",
    "ImportAccount",
    "ImportAccounts",
    "ImportAccountsReply",
    "KickAccount",
    "OnlineStatusDetail",
    "OnlineStatusError",
    "OnlineStatusResult",
    "QueryOnlineStatus",
    "QueryOnlineStatusReply",
    "UserIdItem",
]


@frozen(kw_only=True)
class ImportAccount(Command[None]):
    """Register one account, or change the nickname and picture of one that is registered.

    Importing an account again does no harm. Document 269/1608.
    """

    path = "im_open_login_svc/account_import"
    repeatable_for = inf

    user_id: Annotated[AccountId, Wire("UserID")] = field(kw_only=False)
    """The account's id."""

    nick: str | None = None
    """Its nickname, up to 500 bytes; unchanged when left out."""

    face_url: str | None = None
    """The address of its picture, up to 500 bytes; unchanged when left out."""


@frozen
class AccountImportItem(Bounded):
    """One account of many to import."""

    user_id: Annotated[AccountId, Wire("UserID")]
    """The account's id."""

    nick: str | None = None
    """Its nickname."""

    face_url: str | None = None
    """The address of its picture."""


@frozen(kw_only=True)
class ImportAccountsReply(PartialReply):
    """Which accounts were not imported."""

    fail_accounts: list[str] = field(factory=list[str])
    """Accounts that could not be imported although the call succeeded."""

    def _failures(self) -> Iterable[Failure]:
        return [Failure(account, None) for account in self.fail_accounts]


@frozen(kw_only=True)
class ImportAccounts(Command[ImportAccountsReply]):
    """Register up to 100 accounts.

    Importing an account again does no harm; those that failed are named in the reply. Document 269/4919.
    """

    path = "im_open_login_svc/multiaccount_import"
    repeatable_for = inf

    accounts: Annotated[list[AccountId] | None, Items(1, 100), Targets()] = field(
        default=None, converter=as_optional_ids, kw_only=False
    )
    """Ids alone: the older form, understood everywhere. Exactly one of this and *account_list* goes out."""

    account_list: Annotated[list[AccountImportItem] | None, Items(1, 100), Targets()] = None
    """Ids with nicknames and pictures, which are changed on accounts that exist."""

    def __attrs_post_init__(self) -> None:
        """Refuse none and both."""
        if (self.accounts is None) == (self.account_list is None):
            raise InputError("ImportAccounts takes exactly one of accounts and account_list")


@frozen
class UserIdItem(Bounded):
    """An account, as account commands list it."""

    user_id: Annotated[AccountId, Wire("UserID")]
    """The account's id."""


def _as_items(accounts: Iterable[str | UserIdItem] | str) -> list[UserIdItem]:
    return as_list([accounts] if isinstance(accounts, str) else accounts, _as_item)


def _as_item(account: str | UserIdItem) -> UserIdItem:
    return account if isinstance(account, UserIdItem) else UserIdItem(account)


@frozen(kw_only=True)
class AccountDeleteResult(Result):
    """What became of one account."""

    user_id: Annotated[str, Wire("UserID")]
    """The account's id."""

    result_code: int = 0
    """0 when it was deleted, otherwise why not, such as 70107 for one that does not exist."""

    result_info: str | None = None
    """Why not, in the service's words."""

    @property
    def failure(self) -> Failure | None:
        """Why it was not deleted."""
        return failure(self.user_id, self.result_code, self.result_info)


@frozen(kw_only=True)
class DeleteAccountsReply(PartialReply):
    """What became of each account."""

    result_item: list[AccountDeleteResult] = field(factory=list[AccountDeleteResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


@frozen(kw_only=True)
class DeleteAccounts(Command[DeleteAccountsReply]):
    """Delete up to 100 accounts with their profiles and friends, for good.

    In 2023 the documents allowed this on the trial plan alone; others got 71000. Document 269/36443.
    """

    path = "im_open_login_svc/account_delete"
    repeatable_for = inf

    delete_item: Annotated[list[UserIdItem], Items(1, 100), Targets()] = field(converter=_as_items, kw_only=False)
    """The accounts, 1 to 100; ids will do."""


@frozen(kw_only=True)
class AccountCheckResult(Result):
    """What is known of one account."""

    user_id: Annotated[str, Wire("UserID")]
    """The account's id."""

    result_code: int = 0
    """0 when it was looked up, otherwise why not."""

    result_info: str | None = None
    """Why not, in the service's words."""

    account_status: str | None = None
    """``Imported`` or ``NotImported``."""

    @property
    def imported(self) -> bool:
        """Whether the account is registered."""
        return self.account_status == "Imported"

    @property
    def failure(self) -> Failure | None:
        """Why it could not be looked up."""
        return failure(self.user_id, self.result_code, self.result_info)


@frozen(kw_only=True)
class CheckAccountsReply(PartialReply):
    """What is known of each account."""

    result_item: list[AccountCheckResult] = field(factory=list[AccountCheckResult])
    """One entry for each account."""

    def _outcomes(self) -> Iterable[Outcome]:
        return self.result_item


@frozen(kw_only=True)
class CheckAccounts(Command[CheckAccountsReply]):
    """Tell which of up to 100 accounts are registered. Document 269/38417."""

    path = "im_open_login_svc/account_check"
    repeatable_for = inf

    check_item: Annotated[list[UserIdItem], Items(1, 100), Targets()] = field(converter=_as_items, kw_only=False)
    """The accounts, 1 to 100; ids will do."""


@frozen(kw_only=True)
class KickAccount(Command[None]):
    """Log one account out everywhere by making its UserSig worthless; a UserSig made later works again.

    A repeat ends what was opened between the two calls as well. Document 269/3853.
    """

    path = "im_open_login_svc/kick"
    repeatable_for = inf

    user_id: Annotated[AccountId, Wire("UserID")] = field(kw_only=False)
    """The account's id."""


@frozen(kw_only=True)
class OnlineStatusDetail(Part):
    """Whether an account is online on one platform."""

    platform: str | None = None
    """``iPhone``, ``Android``, ``Web``, ``PC``, ``iPad`` or ``Mac``; the spelling differs at times."""

    status: str | None = None
    """``Online``, ``PushOnline`` or ``Offline``."""


@frozen(kw_only=True)
class OnlineStatusResult(Result):
    """Whether an account is online."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    status: Annotated[str | None, Wire("Status", also=("State",))] = None
    """``Online`` if it is on any platform, ``PushOnline`` if a push reaches it, or ``Offline``."""

    detail: list[OnlineStatusDetail] = field(factory=list[OnlineStatusDetail])
    """The same for each platform, where that was asked for."""


@frozen(kw_only=True)
class OnlineStatusError(Result):
    """An account of which nothing can be said."""

    to_account: Annotated[str, Wire("To_Account")]
    """The account."""

    error_code: int | None = None
    """Why, such as 70107 for one that does not exist."""

    @property
    def failure(self) -> Failure:
        """Why nothing can be said."""
        return Failure(self.to_account, self.error_code)


@frozen(kw_only=True)
class QueryOnlineStatusReply(PartialReply):
    """Who is online, and of whom nothing can be said."""

    query_result: list[OnlineStatusResult] = field(factory=list[OnlineStatusResult])
    """The accounts whose state was found."""

    error_list: list[OnlineStatusError] = field(factory=list[OnlineStatusError])
    """The accounts whose state could not be read."""

    def _outcomes(self) -> Iterable[Outcome]:
        return [*self.query_result, *self.error_list]


@frozen(kw_only=True)
class QueryOnlineStatus(Command[QueryOnlineStatusReply]):
    """Tell which of up to 500 accounts are online. Document 269/2566."""

    path = "openim/query_online_status"
    repeatable_for = inf

    to_account: Annotated[list[AccountId], Items(1, 500), Wire("To_Account"), Targets()] = field(
        converter=as_ids, kw_only=False
    )
    """The accounts, 1 to 500."""

    is_need_detail: Literal[0, 1] | None = None
    """1: the state on each platform too."""


class Accounts(Domain):
    """Accounts: import, check, delete, who is online."""

    import_one: Final = endpoint(ImportAccount)
    import_many: Final = endpoint(ImportAccounts)
    import_all: Final = split(ImportAccounts)
    delete: Final = endpoint(DeleteAccounts)
    delete_all: Final = split(DeleteAccounts)
    check: Final = endpoint(CheckAccounts)
    check_all: Final = split(CheckAccounts)
    kick: Final = endpoint(KickAccount)
    query_online_status: Final = endpoint(QueryOnlineStatus)
    query_online_status_all: Final = split(QueryOnlineStatus)
