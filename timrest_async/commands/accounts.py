"""Accounts. The manual's documents: 269/1608 and 269/4919 (import), 269/38417 (check)."""

from collections.abc import Sequence
from math import inf
from typing import Annotated

from attrs import field, frozen

from timrest_async._bounds import Bounded, Items, as_list
from timrest_async._wire import Struct, Wire
from timrest_async.commands._command import Command
from timrest_async.commands._domain import Domain, endpoint
from timrest_async.commands._shared import AccountId
from timrest_async.errors import InputError

__all__ = [
    "AccountCheckResult",
    "AccountImportItem",
    "Accounts",
    "CheckAccounts",
    "CheckAccountsReply",
    "ImportAccount",
    "ImportAccounts",
    "ImportAccountsReply",
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
    """Its nickname, up to 500 bytes."""

    face_url: str | None = None
    """The address of its picture, up to 500 bytes."""


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
class ImportAccountsReply(Struct):
    """Which accounts were not imported."""

    fail_accounts: list[str] = field(factory=list[str])
    """Accounts that could not be imported although the call succeeded."""


@frozen(kw_only=True)
class ImportAccounts(Command[ImportAccountsReply]):
    """Register up to 100 accounts. Give either *accounts* or *account_list*.

    Importing an account again does no harm; those that failed are named in the reply. Document 269/4919.
    """

    path = "im_open_login_svc/multiaccount_import"
    repeatable_for = inf

    accounts: Annotated[list[AccountId] | None, Items(1, 100)] = field(default=None, kw_only=False)
    """Ids alone: the older form, understood everywhere."""

    account_list: Annotated[list[AccountImportItem] | None, Items(1, 100)] = None
    """Ids with nicknames and pictures, which are changed on accounts that exist."""

    def __attrs_post_init__(self) -> None:
        """Refuse none and both."""
        super().__attrs_post_init__()
        if (self.accounts is None) == (self.account_list is None):
            raise InputError("ImportAccounts takes exactly one of accounts and account_list")


@frozen
class UserIdItem(Bounded):
    """An account, as account commands list it."""

    user_id: Annotated[AccountId, Wire("UserID")]
    """The account's id."""


@frozen(kw_only=True)
class AccountCheckResult(Struct):
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


@frozen(kw_only=True)
class CheckAccountsReply(Struct):
    """What is known of each account."""

    result_item: list[AccountCheckResult]
    """One entry for each account."""


def _as_items(accounts: Sequence[str | UserIdItem]) -> list[UserIdItem]:
    return as_list([accounts] if isinstance(accounts, str) else accounts, _as_item)


def _as_item(account: str | UserIdItem) -> UserIdItem:
    return account if isinstance(account, UserIdItem) else UserIdItem(account)


@frozen(kw_only=True)
class CheckAccounts(Command[CheckAccountsReply]):
    """Tell which of up to 100 accounts are registered. Document 269/38417."""

    path = "im_open_login_svc/account_check"
    repeatable_for = inf

    check_item: Annotated[list[UserIdItem], Items(1, 100)] = field(converter=_as_items, kw_only=False)
    """The accounts; ids will do."""


class Accounts(Domain):
    """Accounts."""

    import_one = endpoint(ImportAccount)
    import_many = endpoint(ImportAccounts)
    check = endpoint(CheckAccounts)
